"""Cost of the support: fully covered for small applicants, shared for others, unless an agent decides otherwise."""

from typing import Final

from shared.contracts.intake import Applicant
from shared.contracts.vocabulary import ApplicantKind
from shared.errors import Invalid

COMMUNE_BELOW: Final = 3_500
EPCI_BELOW: Final = 15_000
"""Inhabitants below which the support is fully covered (ANCT board, 10 March 2021)."""


def is_fully_covered(applicant: Applicant) -> bool:
    """Return what the rule says; an applicant of unknown population shares the cost."""
    if applicant.population is None:
        return False
    if applicant.kind is ApplicantKind.COMMUNE:
        return applicant.population < COMMUNE_BELOW
    if applicant.kind is ApplicantKind.EPCI:
        return applicant.population < EPCI_BELOW
    return False


def settle(applicant: Applicant, chosen: bool | None, motive: str | None) -> tuple[bool, str | None]:  # noqa: FBT001 - yes, no, or not said
    """Return whether the support is fully covered, and the motive where that departs from the rule.

    Refuses (`Invalid`) a departure from the rule without its motive.
    """
    rule = is_fully_covered(applicant)
    if chosen is None or chosen == rule:
        return rule, None
    if not motive or not motive.strip():
        raise Invalid.field(
            "cost_motive",
            "La règle prévoit ici "
            + ("une prise en charge complète" if rule else "un cofinancement")
            + "\u00a0: indiquez pourquoi vous vous en écartez.",
        )
    return chosen, motive.strip()
