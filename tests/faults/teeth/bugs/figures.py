"""Bugs in what keeps small groups out of the published figures."""

from typing import Any

from tests.faults.teeth.bug import bug
from tests.faults.teeth.changes import around, instead, returning

DISCLOSURE = "services.intake.domain.disclosure"


def _drawn_anew(original: Any, self: Any, before: Any) -> None:
    shown = dict(self._months.shown)
    original(self, before)
    self._months.shown = shown


BUGS = (
    bug(
        "tables_not_compared",
        "A published table may say of the whole what leaves a small part of another table no room.",
        "published_figures",
        f"{DISCLOSURE}:_Parts.limit",
        returning(1_000_000),
    ),
    bug(
        "month_published_again",
        "A month that is over is published with another number once more is known of it.",
        "published_figures",
        f"{DISCLOSURE}:_Drawing.close_months",
        around(_drawn_anew),
    ),
    bug(
        "moments_not_compared",
        "Figures are published whatever their difference with earlier ones says.",
        "published_figures",
        f"{DISCLOSURE}:_Drawing.reveals",
        returning(False),
    ),
    bug(
        "sum_changed_by_anybody",
        "A published sum of money changes by the grant of a single applicant.",
        "published_figures",
        f"{DISCLOSURE}:is_group",
        instead(lambda changes: any(changes.values())),
    ),
)
