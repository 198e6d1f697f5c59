"""Bugs in how a service consumes: acknowledgement, inbox, order, held streams, quarantine."""

import asyncio
import copy
from collections.abc import Callable, Sequence
from typing import Any

import asyncpg

from shared.db import AWAY
from shared.messaging.control_messages import is_control
from shared.messaging.inbox import held
from tests.faults.teeth.bug import Bug, bug
from tests.faults.teeth.changes import around, in_turn, instead, passing, returning, reworded, skipped
from tests.faults.teeth.patch import Patch

MESSENGER = "shared.messaging.messenger:Messenger"
INBOX = "shared.messaging.inbox.inbox"
STREAMS = "shared.messaging.inbox.streams"
PARKING = "shared.messaging.inbox.parking"

NOBODY_LOOKS_AFTER = Patch(f"{INBOX}:Inbox.resume_stuck", returning(0))


async def _acknowledged_first(original: Any, self: Any, message: Any) -> None:
    if not is_control(message.type):
        await message.ack()
    await original(self, message)


async def _acknowledged_once(original: Any, self: Any, message: Any) -> None:
    if not message.processed:
        await original(self, message)


async def _safe_while_the_database_is_away(
    original: Any, self: Any, messages: Sequence[Any], safe: Callable[[Any], None] = lambda _: None
) -> Any:
    try:
        return await original(self, messages, safe)
    except AWAY:
        for message in messages:
            safe(message)
        return []


async def _place_kept_later(original: Any, self: Any, tx: Any, moved: Sequence[Any]) -> list[Any]:
    async def keep() -> None:
        async with self._database.transaction() as later:
            await original(self, later, moved)

    if moved:
        tx.after_commit.append(lambda: asyncio.ensure_future(keep()))
    return []


async def _applied_when_it_comes(
    original: Any, self: Any, tx: Any, stream: Any, messages: Sequence[Any], *given: Any, **named: Any
) -> None:
    before = min(one.sequence for one in messages) - 1
    if before > stream.applied and not stream.held:
        stream.applied, stream.hash = before, None
    await original(self, tx, stream, messages, *given, **named)


async def _swallowed(original: Any, *given: Any, **named: Any) -> None:
    await original(*given, **named)


async def _released_in_any_case(original: Any, self: Any, subject: str, source: str) -> bool:
    resumed: bool = await original(self, subject, source)
    if not resumed:
        async with self._database.transaction() as tx:
            await held.release(tx, subject, source)
    return resumed


def _rubbish_raises(original: Any, *given: Any, **named: Any) -> Any:
    reading = original(*given, **named)
    if reading.aside:
        raise LookupError("a message cannot be read")
    return reading


def _knowing_nothing_alone(handlers: Any) -> Any:
    others = copy.copy(handlers)
    others.alone = frozenset()
    return others


BUGS = (
    Bug(
        "acknowledged_before_the_commit",
        "A message is acknowledged before what it does is committed.",
        "kills_hearing",
        (
            Patch(f"{MESSENGER}._on_message", around(_acknowledged_first)),
            Patch("shared.messaging.acknowledger:Acknowledger.acknowledge", around(_acknowledged_once)),
        ),
    ),
    bug(
        "acknowledged_while_the_database_is_away",
        "Messages that could not be written because PostgreSQL was away are acknowledged all the same.",
        "database",
        f"{INBOX}:Inbox.process",
        around(_safe_while_the_database_is_away),
        within="shared.messaging.batcher:MessageBatcher._try",
    ),
    bug(
        "no_inbox",
        "An event that was applied before is applied again.",
        "order",
        f"{INBOX}:Inbox._process_applied",
        instead(lambda self, tx, stream, heard, *, apart: self._apply_next(tx, stream, heard, apart=apart)),
    ),
    bug(
        "place_kept_after_the_commit",
        "How far a stream was applied is written in a transaction of its own, after that of the effect.",
        "kills_committed",
        f"{INBOX}:Inbox._move_on",
        around(_place_kept_later),
        within=f"{INBOX}:Inbox._apply_at_once",
    ),
    bug(
        "in_the_order_of_arrival",
        "An event is applied when it comes, whatever came before it.",
        "order",
        f"{INBOX}:Inbox._advance",
        around(_applied_when_it_comes),
    ),
    bug(
        "what_comes_early_is_dropped",
        "An event that comes before its turn is acknowledged and forgotten.",
        "order",
        f"{PARKING}:park",
        skipped,
        within=f"{INBOX}:Inbox._advance",
    ),
    Bug(
        "what_waited_is_never_applied",
        "An event that waited for its predecessor is not applied when that one has come.",
        "order",
        (
            Patch(f"{INBOX}:Inbox._drain", skipped),
            Patch(f"{INBOX}:Inbox._resume_after", skipped),
            NOBODY_LOOKS_AFTER,
        ),
    ),
    bug(
        "what_waited_and_came_again_waits_for_ever",
        "An event that waited and comes once more with its predecessor stays among the waiting.",
        "tests_of_order",
        f"{PARKING}:delete_applied",
        skipped,
    ),
    bug(
        "gaps_are_jumped",
        "When an event is missing, the next one that waits is applied in its place.",
        "order",
        f"{PARKING}:next_parked",
        in_turn(
            reworded("AND w.sequence = s.applied + 1", "AND w.sequence > s.applied"),
            reworded("count(*) OVER () - 1 AS rivals", "0::bigint AS rivals"),
            reworded("ORDER BY w.received_at", "ORDER BY w.sequence"),
        ),
    ),
    bug(
        "failures_are_swallowed",
        "An event whose handler fails is logged and counts as applied.",
        "failing",
        f"{INBOX}:Inbox._handle",
        around(_swallowed),
        within=f"{INBOX}:Inbox._apply_next",
    ),
    bug(
        "held_streams_are_never_tried_again",
        "A stream that is held stays so, until somebody acts.",
        "failing",
        f"{INBOX}:Inbox.retry_held",
        returning(0),
    ),
    Bug(
        "released_although_it_failed_again",
        "A held stream is released after one more attempt, although that failed too, and nobody looks after.",
        "failing",
        (
            Patch(f"{INBOX}:Inbox.resume", around(_released_in_any_case)),
            NOBODY_LOOKS_AFTER,
        ),
    ),
    bug(
        "rubbish_blocks_the_queue",
        "A message that cannot be read is no case for quarantine: it makes its whole batch fail, again and again.",
        "order",
        "shared.messaging.inbox.parsing:read",
        around(_rubbish_raises),
    ),
    bug(
        "damage_is_not_looked_for",
        "The hash that a message carries is not compared with its body.",
        "damage",
        "shared.messaging.envelope:is_damaged",
        returning(False),
    ),
    bug(
        "transfers_wait_in_their_stream",
        "A fact that stands alone is put into a stream of which this instance hears nothing else.",
        "order",
        "shared.messaging.handlers:EventHandlers.parse",
        passing(self=_knowing_nothing_alone),
    ),
    bug(
        "deleted_queue_is_not_fed_again",
        "A queue that somebody deleted comes back without its bindings.",
        "queue_deleted",
        "shared.messaging.consumer:Consumer.declare_again",
        skipped,
    ),
    Bug(
        "streams_are_not_locked",
        "Two who apply events of one stream at the same time wait for each other neither at it nor at its request.",
        "tests_of_order",
        (
            Patch(
                f"{STREAMS}:lock",
                in_turn(
                    reworded("DO UPDATE SET changed_at = now()", "DO NOTHING"),
                    reworded("pg_advisory_xact_lock(hashtextextended(k.request, 0))", "NULL"),
                ),
            ),
        ),
    ),
    bug(
        "deliveries_are_limited",
        "The queues have RabbitMQ's default delivery limit.",
        "delivered_often",
        "shared.messaging.topology:DELIVERY_LIMIT",
        instead(20),
    ),
    bug(
        "deadlock_counts_as_failure",
        "An event whose batch PostgreSQL rolled back for another one's sake is held, as if it had failed.",
        "conflicts",
        f"{INBOX}:_OF_THE_TRANSACTION",
        instead((asyncpg.InsufficientResourcesError,)),
    ),
    bug(
        "two_sources_of_one_request_beside_each_other",
        "Two batches apply events of one request from two sources at once, and lock its rows in different orders.",
        "conflicts",
        f"{STREAMS}:lock",
        reworded("pg_advisory_xact_lock(hashtextextended(k.request, 0))", "k.request"),
    ),
    bug(
        "deadlocks_are_not_retried",
        "What PostgreSQL rolled back for another one's sake is not run again.",
        "conflicts",
        "shared.db:retry_conflicts",
        instead(lambda work, *, resumable=False: work()),
    ),
    bug(
        "repeated_after_its_commit",
        "What met a deadlock is run again although it had committed a part.",
        "conflicts",
        "shared.db:retry_conflicts",
        passing(resumable=instead(True)),
    ),
)
