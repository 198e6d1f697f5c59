"""Replay or discard all quarantined messages of one cause."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from pydantic import BaseModel

from services.operations.adapters.connections import Watched
from services.operations.domain.actions import Action
from services.operations.reads.causes import KEY, OPEN, show
from services.operations.store import record

BATCH: Final = 500
"""Messages decided in one transaction."""

MOST: Final = 5000
"""Messages decided by one order: it stays within the time of a request."""


Settlement = Literal["replayed", "discarded"]


class Settled(BaseModel):
    """How many messages of a group were decided, and how many of those that waited at the beginning are left."""

    settled: int
    left: int


@dataclass(frozen=True, slots=True)
class Decision:
    """What is decided about all messages of a group, by whom and why; `at` bounds which: those received before."""

    settlement: Settlement
    by: str
    why: str
    at: datetime
    perimeter: list[str] | None = None


async def settle(watched: Watched, key: str, decision: Decision) -> Settled:
    """Have the service take all messages of a group again, or put them away for good: at most `MOST` at once.

    Each batch is one transaction and one record of what was done. Refuses with `NoSuchCause`.
    """
    record.motive(decision.why)
    await show(watched.database, watched.name, key, perimeter=decision.perimeter)
    settled = 0
    while settled < MOST and (count := await _settle_batch(watched, key, decision)):
        settled += count
    left = await watched.database.fetchval(
        f"SELECT count(*) FROM quarantine WHERE {OPEN} AND {KEY} = $2 AND received_at <= $3",
        decision.perimeter,
        key,
        decision.at,
    )
    return Settled(settled=settled, left=left)


async def _settle_batch(watched: Watched, key: str, decision: Decision) -> int:
    async with watched.database.transaction() as tx:
        rows = await tx.fetch(
            f"""
            WITH chosen AS (
                SELECT id AS chosen_id FROM quarantine
                WHERE {OPEN} AND {KEY} = $2 AND received_at <= $3 AND NOT (damaged AND $4 = 'replayed')
                ORDER BY received_at, id
                LIMIT $7
                FOR UPDATE SKIP LOCKED
            )
            UPDATE quarantine
            SET settled_at = now(), settled_by = $5, settlement = $4, why = $6
            FROM chosen
            WHERE id = chosen_id
            RETURNING id, reason
            """,
            decision.perimeter,
            key,
            decision.at,
            decision.settlement,
            decision.by,
            record.motive(decision.why),
            BATCH,
        )
        if not rows:
            return 0
        action = {"replayed": Action.QUARANTINE_REPLAY_ALL, "discarded": Action.QUARANTINE_DISCARD_ALL}[
            decision.settlement
        ]
        target = f"{len(rows)} messages, cause {key}, the first {rows[0]['id']}: {rows[0]['reason']}"
        await record.note(tx, by=decision.by, action=action, target=target, why=decision.why)
        return len(rows)
