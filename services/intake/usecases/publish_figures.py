"""Publish a snapshot of the public figures at a fixed interval, with disclosure control (ADR 44)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

import msgspec

from services.intake.domain.disclosure import STEP, Rhythm, is_group, publish, round_down, rounded_cents
from services.intake.reads.delays import delays
from services.intake.reads.outcomes import count
from services.intake.reads.statistics import Amounts, Opinions, snapshots, statistics_of, tables_of
from services.intake.store import published
from shared.db import Database, Transaction

_UNIT: Final[Mapping[Rhythm, str]] = {
    Rhythm.MONTH: "month",
    Rhythm.WEEK: "week",
    Rhythm.DAY: "day",
    Rhythm.MOMENT: "milliseconds",
}
"""What `date_trunc` calls the period of one snapshot."""


async def publish_if_due(database: Database, rhythm: Rhythm, region_of: Mapping[str, str], *, at: datetime) -> bool:
    """Publish a snapshot, unless there is one of this period; return whether a new one says something new."""
    unit = _UNIT[rhythm]
    if await published.is_published(database, unit, at=at):
        return False
    async with database.transaction() as tx:
        await published.lock_snapshots(tx)
        if await published.is_published(tx, unit, at=at):
            return False
        return await publish_figures(tx, unit, region_of, at=at)


async def publish_figures(tx: Transaction, unit: str, region_of: Mapping[str, str], *, at: datetime) -> bool:
    """Publish a snapshot of now, in place of the latest when it says the same."""
    earlier = await snapshots(tx)
    figures = statistics_of(
        publish(await count(tx, at), region_of, [tables_of(one) for one in earlier]),
        at=at,
        amounts=await _amounts(tx),
        opinions=await _opinions(tx),
        delays=await delays(tx),
    )
    is_new = not earlier or replace(figures, at=earlier[-1].at) != earlier[-1]
    if not is_new:
        await published.remove_latest(tx)
    await published.add_snapshot(tx, unit, msgspec.to_builtins(figures), at=at)
    return is_new


async def _amounts(tx: Transaction) -> Amounts:
    for team, changes in (await published.changed_amounts(tx)).items():
        if is_group(changes):
            await published.publish_amounts(tx, team)
    sums = {team: rounded_cents(cents) for team, cents in (await published.published_amounts(tx)).items()}
    return Amounts(sums.get("national"), sums.get("departement"))


async def _opinions(tx: Transaction) -> Opinions:
    if is_group(await published.new_evaluations(tx)):
        await published.publish_evaluations(tx)
    answers, need_met, progress, satisfaction = await published.means(tx)
    return Opinions(round_down(answers, STEP), need_met, progress, satisfaction) if answers else Opinions()
