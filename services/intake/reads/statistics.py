"""Read the published snapshots of the public figures, the latest and earlier ones."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import msgspec

from services.intake.domain.disclosure import NOTE, Counts, Tables, published
from services.intake.reads.delays import DELAY_STEPS, Delay
from services.intake.reads.outcomes import ANSWERED, LOCAL, OUTCOMES
from shared.contracts.vocabulary import ApplicantKind, RequestKind
from shared.db import Reader
from shared.territory.model import Territory

COMPARED: Final = 100
"""With so many earlier snapshots a new one is compared."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """What was granted, in euro cents: by the committee, and by the départements on their own envelopes.

    None while fewer than five applicants were granted something.
    """

    national_granted_cents: int | None = None
    local_support_cents: int | None = None


@dataclass(frozen=True, slots=True)
class Opinions:
    """What applicants say of what came of it: means from 1 to 5, None while fewer than five of them have."""

    answers: int | None = None
    need_met: float | None = None
    progress: float | None = None
    satisfaction: float | None = None


@dataclass(frozen=True, slots=True)
class Results:
    """What is published of the requests of a territory: how many there are. The rest is null."""

    requests: int | None
    outcomes: Counts = field(default_factory=lambda: dict.fromkeys(OUTCOMES))
    amounts: Amounts = field(default_factory=Amounts)
    opinions: Opinions = field(default_factory=Opinions)


@dataclass(frozen=True, slots=True)
class Statistics:
    """The public figures of one moment; a null number, or a group that is not named, is too small to be published.

    Numbers of requests are rounded down, as the `note` says. `at` is null until the first snapshot is published.
    `answered` adds up the outcomes that are answers, as they are published, and `share_answered_locally` divides two
    rounded numbers. Amounts and opinions hold what had been published in groups of five applicants or more.
    `by_status` is always null, and stays for programs that look for it: `outcomes` says what becomes of requests.
    """

    at: datetime | None = None
    total: int | None = None
    outcomes: Counts = field(default_factory=lambda: dict.fromkeys(OUTCOMES))
    amounts: Amounts = field(default_factory=Amounts)
    opinions: Opinions = field(default_factory=Opinions)
    by_status: Counts | None = None
    by_kind: Counts = field(default_factory=lambda: {kind.value: None for kind in RequestKind})
    by_departement: dict[str, int] = field(default_factory=dict)
    by_region: dict[str, int] = field(default_factory=dict)
    by_month: Counts = field(default_factory=dict)
    answered: int | None = None
    answered_locally: int | None = None
    share_answered_locally: float | None = None
    delays: tuple[Delay, ...] = tuple(Delay(step, None, None) for step in DELAY_STEPS)
    note: str = NOTE

    def requests_of(self, territory: Territory) -> int | None:
        """Return how many requests a territory filed; None where that is not published."""
        if territory.kind is ApplicantKind.REGION:
            return self.by_region.get(territory.code)
        return self.by_departement.get(territory.code) if territory.kind is ApplicantKind.DEPARTEMENT else None


def statistics_of(
    tables: Tables, *, at: datetime, amounts: Amounts, opinions: Opinions, delays: tuple[Delay, ...]
) -> Statistics:
    """Return the public figures; what is derived is derived from published numbers only."""
    answered, locally = sum(tables.outcomes[one] for one in ANSWERED), tables.outcomes[LOCAL]
    return Statistics(
        at=at,
        total=tables.total or None,
        outcomes=published(tables.outcomes),
        amounts=amounts,
        opinions=opinions,
        by_kind=published(tables.kinds),
        by_departement={code: count for code, count in sorted(tables.departements.items()) if count},
        by_region={code: count for code, count in sorted(tables.regions.items()) if count},
        by_month=published(tables.months),
        answered=answered or None,
        answered_locally=locally or None,
        share_answered_locally=round(locally / answered, 2) if locally else None,
        delays=delays,
    )


def tables_of(figures: Statistics) -> Tables:
    """Return the numbers of requests of a snapshot, to compare the next one with."""
    return Tables(
        total=figures.total or 0,
        kinds=_numbers(figures.by_kind),
        months=_numbers(figures.by_month),
        outcomes=_numbers(figures.outcomes),
        departements=figures.by_departement,
        regions=figures.by_region,
    )


async def statistics(reader: Reader) -> Statistics:
    """Return the latest snapshot."""
    found = await reader.fetchval("SELECT figures FROM published_figures ORDER BY period DESC LIMIT 1")
    return read(found) if found else Statistics()


async def snapshots(reader: Reader) -> list[Statistics]:
    """Return the latest snapshots, the oldest of them first."""
    rows = await reader.fetch("SELECT figures FROM published_figures ORDER BY period DESC LIMIT $1", COMPARED)
    return [read(row["figures"]) for row in reversed(rows)]


def read(stored: Any) -> Statistics:
    """Return a snapshot as it was stored; the note is that of today's version."""
    return msgspec.convert({**stored, "note": NOTE}, Statistics)


def _numbers(counts: Counts) -> dict[str, int]:
    return {name: count or 0 for name, count in counts.items()}
