"""Quarantined messages grouped by what is wrong with them, and one decision for all of a group.

A group has one cause: the reasons of its messages are alike but for names, numbers and ids. Damaged messages are groups
of their own, for they are never sent again.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from pydantic import BaseModel

from services.operations.adapters.connections import Watched
from services.operations.domain.actions import Action
from services.operations.store import record
from services.operations.usecases.quarantine import COLUMNS, SEEN, Quarantined
from shared.db import Reader
from shared.errors import NotFound
from shared.messaging.inbox import resubmitted

PREVIEWED: Final = 10
"""Messages of a group that are shown."""

MOST_CAUSES: Final = 100
"""Groups of a service that are listed, those with the most messages: strangers can invent causes."""

BATCH: Final = 500
"""Messages decided in one transaction."""

MOST: Final = 5000
"""Messages decided by one order: it stays within the time of a request."""

Settlement = Literal["replayed", "discarded"]

_CAUSE: Final = (
    "regexp_replace(reason, "
    r"""'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|''[^'']*''|"[^"]*"|[0-9]+', '…', 'g')"""
)
_KEY: Final = f"left(md5(damaged::text || {_CAUSE}), 16)"
_OPEN: Final = f"{SEEN} AND settled_at IS NULL"


class NoSuchCause(NotFound):
    """No message that waits for a decision has this cause (any more)."""

    code = "no_such_cause"
    title = "No message of this cause waits"
    sentence = "Aucun message de cette cause n’attend plus de décision dans ce service."


class Cause(BaseModel):
    """Messages of a service that nobody has decided about and that have the same cause; `key` names the group."""

    service: str
    key: str
    reason: str
    """As the messages have it, if they all have the same; else what they have in common."""
    damaged: bool
    messages: int
    first_at: datetime
    last_at: datetime


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


async def list_causes(reader: Reader, service: str, *, perimeter: list[str] | None = None) -> list[Cause]:
    """Give the groups of messages that wait for a decision, the largest first."""
    rows = await reader.fetch(
        f"""
        SELECT {_KEY} AS key, damaged, count(*) AS messages, min(received_at) AS first_at, max(received_at) AS last_at,
               CASE WHEN min(reason) = max(reason) THEN min(reason) ELSE min({_CAUSE}) END AS reason
        FROM quarantine
        WHERE {_OPEN}
        GROUP BY 1, 2
        ORDER BY messages DESC, first_at
        LIMIT $2
        """,
        perimeter,
        MOST_CAUSES,
    )
    return [Cause(service=service, **row) for row in rows]


async def show(reader: Reader, service: str, key: str, *, perimeter: list[str] | None = None) -> Cause:
    """Give one group; refuses with `NoSuchCause`."""
    found = [one for one in await list_causes(reader, service, perimeter=perimeter) if one.key == key]
    if not found:
        raise NoSuchCause
    return found[0]


async def preview(reader: Reader, service: str, key: str, *, perimeter: list[str] | None = None) -> list[Quarantined]:
    """Give the first messages of a group."""
    rows = await reader.fetch(
        f"SELECT {COLUMNS} FROM quarantine WHERE {_OPEN} AND {_KEY} = $2 ORDER BY received_at, id LIMIT $3",
        perimeter,
        key,
        PREVIEWED,
    )
    return [Quarantined(service=service, **row) for row in rows]


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
        f"SELECT count(*) FROM quarantine WHERE {_OPEN} AND {_KEY} = $2 AND received_at <= $3",
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
                WHERE {_OPEN} AND {_KEY} = $2 AND received_at <= $3 AND NOT (damaged AND $4 = 'replayed')
                ORDER BY received_at, id
                LIMIT $7
                FOR UPDATE SKIP LOCKED
            )
            UPDATE quarantine
            SET settled_at = now(), settled_by = $5, settlement = $4, why = $6
            FROM chosen
            WHERE id = chosen_id
            RETURNING id, reason, CASE WHEN $4 = 'replayed' THEN body END AS body, routing_key, user_id, damaged
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
        if decision.settlement == "replayed":
            await resubmitted.add(tx, [resubmitted.message_of(row) for row in rows])
        action = {"replayed": Action.QUARANTINE_REPLAY_ALL, "discarded": Action.QUARANTINE_DISCARD_ALL}[
            decision.settlement
        ]
        target = f"{len(rows)} messages, cause {key}, the first {rows[0]['id']}: {rows[0]['reason']}"
        await record.note(tx, by=decision.by, action=action, target=target, why=decision.why)
        return len(rows)
