"""What a corrected decision changes, in French."""

from datetime import date

import pytest

from shared.contracts.escalation import Terms
from shared.contracts.vocabulary import CommitteeOutcome, SupportType
from shared.french.decisions import UNCHANGED, changes_fr

GRANTED = Terms(outcome=CommitteeOutcome.GRANTED, support_types=(SupportType.AMO_PUBLIQUE,), amount_cents=40_000_00)
RESERVED = GRANTED.model_copy(
    update={
        "outcome": CommitteeOutcome.GRANTED_WITH_RESERVE,
        "reserve": "Le # texte",
        "reserve_until": date(2027, 1, 31),
    }
)


@pytest.mark.parametrize(
    ("was", "changed", "lines"),
    [
        (GRANTED, {}, [UNCHANGED]),
        (
            GRANTED,
            {"amount_cents": 25_000_00},
            ["Montant\u00a0: 25\u00a0000\u00a0€ (auparavant\u00a0: 40\u00a0000\u00a0€)"],
        ),
        (
            GRANTED,
            {"outcome": CommitteeOutcome.REFUSED, "amount_cents": 0, "support_types": ()},
            [
                "Décision\u00a0: refus (auparavant\u00a0: accompagnement accordé)",
                "Types d’appui\u00a0: aucun (auparavant\u00a0: assistance à maîtrise d’ouvrage publique)",
                "Montant\u00a0: aucun (auparavant\u00a0: 40\u00a0000\u00a0€)",
            ],
        ),
        (RESERVED, {"reserve": "Un autre texte"}, ["Réserve\u00a0: reformulée"]),
        (
            RESERVED,
            {"reserve_until": None},
            ["Réserve à lever avant le\u00a0: sans date (auparavant\u00a0: dimanche 31\u00a0janvier 2027)"],
        ),
        (
            RESERVED,
            {"outcome": CommitteeOutcome.GRANTED, "reserve": None, "reserve_until": None},
            [
                "Décision\u00a0: accompagnement accordé (auparavant\u00a0: accompagnement accordé avec réserve)",
                "Réserve\u00a0: retirée",
            ],
        ),
    ],
)
def test_each_point_that_changes_is_said_with_what_it_was(
    was: Terms, changed: dict[str, object], lines: list[str]
) -> None:
    assert changes_fr(was.model_copy(update=changed), was) == lines


def test_the_order_of_the_supports_is_no_change() -> None:
    types = (SupportType.AMO_PUBLIQUE, SupportType.INGENIERIE_PROJET)
    one, other = (GRANTED.model_copy(update={"support_types": order}) for order in (types, types[::-1]))
    assert changes_fr(one, other) == [UNCHANGED]


def test_a_reserve_that_comes_is_named_and_not_quoted() -> None:
    said = " ".join(changes_fr(RESERVED, GRANTED))
    assert "Réserve\u00a0: ajoutée" in said
    assert "Le # texte" not in said
