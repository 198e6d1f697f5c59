"""Check the financing plan of a project: shares add up, and the applicant's share follows the cost rule."""

from collections.abc import Sequence

from shared.contracts.escalation import FinancingShare
from shared.contracts.vocabulary import FinancerKind
from shared.errors import Invalid
from shared.french.numbers import euros


def check_shares(total_cents: int, shares: Sequence[FinancingShare], *, fully_covered: bool | None) -> None:
    """Refuse (`Invalid`) shares that do not add up, and an applicant's part that is not what the département settled.

    Whom the rule covers in full pays nothing, everybody else pays a part; how much is not ours to say.
    """
    if any(share.amount_cents <= 0 for share in shares):
        raise Invalid.field("shares", "Chaque part doit être supérieure à zéro.")
    given = sum(share.amount_cents for share in shares)
    if given != total_cents:
        gap = abs(total_cents - given)
        raise Invalid.field(
            "shares",
            f"Les parts font {euros(given)} pour un coût total de {euros(total_cents)} : "
            f"il {'manque' if given < total_cents else 'y a en trop'} {euros(gap)}.",
        )
    own = sum(share.amount_cents for share in shares if share.kind is FinancerKind.APPLICANT)
    if fully_covered and own:
        raise Invalid.field(
            "shares", "Le département a retenu une prise en charge complète : la collectivité ne paie rien."
        )
    if fully_covered is False and not own:
        raise Invalid.field(
            "shares", "Le département a retenu un cofinancement : indiquez la part que paie la collectivité."
        )
