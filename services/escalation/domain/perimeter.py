"""Perimeter of an agent: all dossiers for the national team, those of its programme for a programme's team."""

from collections.abc import Collection
from dataclasses import dataclass

from shared.contracts.vocabulary import Role

_SEE_EVERY_PROGRAMME = frozenset(
    {Role.NATIONAL_AGENT.value, Role.COMMITTEE_SECRETARY.value, Role.OPERATOR.value, "auditor"}
)


@dataclass(frozen=True, slots=True)
class Perimeter:
    """Ready for `= ANY($1)`; None means all of them."""

    departements: list[str] | None = None
    programmes: list[str] | None = None

    @classmethod
    def of(cls, *, roles: Collection[str], departements: list[str] | None, programmes: Collection[str]) -> "Perimeter":
        """Narrow to programmes whoever acts only for some."""
        only_programmes = Role.PROGRAMME_AGENT.value in roles and _SEE_EVERY_PROGRAMME.isdisjoint(roles)
        return cls(departements, sorted(programmes) if only_programmes else None)

    def narrowed(self, *, departements: Collection[str] | None, programme: str | None) -> "Perimeter":
        """Narrow it to what lies in these départements and concerns this programme; None narrows nothing."""
        return Perimeter(
            _both(self.departements, departements), _both(self.programmes, None if programme is None else {programme})
        )


def _both(seen: list[str] | None, wanted: Collection[str] | None) -> list[str] | None:
    if wanted is None:
        return seen
    return sorted(wanted if seen is None else set(seen) & set(wanted))
