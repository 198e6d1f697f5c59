"""Bugs in how a service publishes: the transaction, the journal and the relay."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from aiormq.exceptions import ChannelPreconditionFailed

from shared.db import AWAY
from shared.messaging import relay
from shared.messaging.envelope import DIGEST
from shared.messaging.publisher import UnsendableError
from tests.faults.teeth.bug import Bug, bug
from tests.faults.teeth.changes import (
    around,
    instead,
    lacking,
    outside_the_transaction,
    passing,
    returning,
    reworded,
    skipped,
)
from tests.faults.teeth.patch import Make, Patch

JOURNAL = "shared.messaging.journal"
RELAY = "shared.messaging.relay"
WATERMARK = "shared.messaging.outbox_watermark:OutboxWatermark"
PUBLISHER = "shared.messaging.publisher"


class _AfterCommit:
    """A connection on which statements run once its transaction is committed."""

    def __init__(self, tx: Any) -> None:
        self._tx, self._pool = tx, tx.connection._holder._pool  # noqa: SLF001 - asyncpg shows nobody the pool

    async def execute(self, *given: Any) -> None:
        self._tx.after_commit.append(lambda: asyncio.ensure_future(self._pool.execute(*given)))


class _Unconfirmed:
    """An exchange whose confirmations nobody waits for."""

    publishing: ClassVar[set[Any]] = set()

    def __init__(self, exchange: Any) -> None:
        self._exchange = exchange

    async def publish(self, *given: Any, **named: Any) -> None:
        self.publishing.add(asyncio.ensure_future(self._exchange.publish(*given, **named)))


class _Unasked:
    """A connection that is not asked whether it is still there."""

    async def fetchval(self, _: str) -> None:
        await asyncio.sleep(0)


async def _all_confirmed(original: Any, self: Any, rows: Sequence[Any]) -> Any:
    return replace(await original(self, rows), confirmed=list(rows))


async def _forgotten_when_read(original: Any, connection: Any, *given: Any, **named: Any) -> Any:
    if rows := await original(connection, *given, **named):
        await relay._forget(connection, rows)  # noqa: SLF001 - the relay's own way to do it
    return rows


def _by_the_last_position(self: Any, rows: Sequence[Any], *, room: int) -> None:  # noqa: ARG001 - as the original
    self.position = max((row["position"] for row in rows if row["queue"] == ""), default=self.position)


async def _tried_for_ever(original: Any, *given: Any, **named: Any) -> Any:
    try:
        return await original(*given, **named)
    except UnsendableError as error:
        if isinstance(error.__cause__, ChannelPreconditionFailed):
            return False
        raise


async def _raising_unless_confirmed(original: Any, *given: Any, **named: Any) -> bool:
    if not await original(*given, **named):
        raise LookupError("the broker is away")
    return True


def _stops_the_relay_at(*errors: type[BaseException]) -> Make:
    async def stop(original: Any, self: Any, *given: Any) -> Any:
        try:
            return await original(self, *given)
        except errors:
            self._stopping.set()
            raise

    return around(stop)


def _without_digest(original: Any, *given: Any, **named: Any) -> Any:
    message = original(*given, **named)
    del message.headers[DIGEST]
    return message


class _RoundsEnd(BaseException):
    """What no round catches."""


async def _ending_with_the_database(original: Any, job: Callable[[], Any], **named: Any) -> None:
    async def run_or_end() -> None:
        try:
            await job()
        except AWAY as away:
            raise _RoundsEnd from away

    try:
        await original(run_or_end, **named)
    except _RoundsEnd:
        return


BUGS = (
    bug(
        "journal_outside_the_transaction",
        "The event is written by another connection: it stays when the change that it tells is rolled back.",
        "kills_recording",
        f"{JOURNAL}:record",
        outside_the_transaction,
    ),
    bug(
        "recorded_after_the_commit",
        "The event is written in a transaction of its own, once the change is committed.",
        "kills_committed",
        f"{JOURNAL}:record",
        passing(tx=lambda tx: replace(tx, connection=_AfterCommit(tx))),
    ),
    bug(
        "outbox_forgotten",
        "The event is written to the journal and not to the outbox when its stream exists already.",
        "order",
        f"{JOURNAL}:_RECORD",
        reworded("SELECT position FROM entry", "SELECT position FROM entry WHERE sequence = 1"),
    ),
    bug(
        "chain_without_its_past",
        "The hash of an event no longer covers the event before it.",
        "order",
        f"{JOURNAL}:_RECORD",
        lacking("s.hash ||"),
    ),
    bug(
        "no_confirms",
        "The relay does not wait for the broker to confirm.",
        "broker",
        f"{PUBLISHER}:Publisher._publish",
        passing(there=_Unconfirmed),
    ),
    bug(
        "forgets_what_was_not_confirmed",
        "The relay deletes the whole batch from the outbox, confirmed or not.",
        "broker",
        f"{RELAY}:Relay._publish",
        around(_all_confirmed),
    ),
    bug(
        "deletes_before_it_publishes",
        "The relay empties the outbox first and publishes then.",
        "broker",
        f"{RELAY}:_next",
        around(_forgotten_when_read),
    ),
    bug(
        "walks_by_the_last_id",
        "The relay remembers how far it came, and never looks at a smaller number that was committed later.",
        "watermark",
        f"{WATERMARK}.observe",
        instead(_by_the_last_position),
    ),
    bug(
        "watermark_by_completed_ids",
        "The relay takes one past the highest completed transaction id for an id that nobody has.",
        "watermark",
        f"{RELAY}:_next",
        reworded("pg_current_xact_id()", "pg_snapshot_xmax(s)"),
    ),
    bug(
        "watermark_one_transaction_early",
        "The relay passes a position while the last transaction that may have drawn a smaller one still runs.",
        "watermark",
        f"{WATERMARK}.observe",
        passing(rows=lambda rows: [{**row, "oldest": row["oldest"] + 1} for row in rows]),
    ),
    bug(
        "silent_leader_keeps_its_lease",
        "A follower waits until PostgreSQL gives the vanished leader's session up by itself.",
        "lease",
        f"{RELAY}:_END_SILENT_LEADER",
        reworded("a.state_change >", "a.state_change > 1000 *"),
    ),
    bug(
        "late_answer_is_published",
        "A leader that was frozen publishes what it had read, without asking whether it still leads.",
        "lease",
        f"{RELAY}:Relay._answer",
        passing(connection=lambda _: _Unasked()),
    ),
    bug(
        "refused_for_its_size_is_tried_for_ever",
        "A message that the broker closes the channel on counts as a broker that is away.",
        "unsendable",
        f"{PUBLISHER}:Publisher._publish",
        around(_tried_for_ever),
    ),
    bug(
        "suspected_is_set_aside",
        "A message counts as unsendable without a second channel that shows that the broker is there.",
        "unsendable",
        f"{PUBLISHER}:Publisher._opens_channels",
        returning(True),
    ),
    bug(
        "set_aside_without_a_mark",
        "What was set aside is not marked: each leader tries it again and again.",
        "unsendable",
        f"{RELAY}:Relay._set_aside",
        skipped,
    ),
    bug(
        "passed_events_stay_passed",
        "A leader whose outbox ages does not look whether its watermark has passed something.",
        "aged_outbox",
        f"{RELAY}:Relay._check",
        skipped,
    ),
    bug(
        "relay_ends_with_the_database",
        "The relay's task ends when PostgreSQL goes away.",
        "database",
        f"{RELAY}:Relay._lead",
        _stops_the_relay_at(*AWAY),
    ),
    Bug(
        "relay_ends_with_the_broker",
        "What a publish raises while the broker is away ends the relay's task.",
        "broker",
        (
            Patch(f"{PUBLISHER}:Publisher._publish", around(_raising_unless_confirmed)),
            Patch(f"{RELAY}:Relay._relay", _stops_the_relay_at(LookupError)),
        ),
    ),
    bug(
        "no_digest",
        "What is published carries no hash of its body.",
        "damage",
        f"{PUBLISHER}:message_of",
        around(_without_digest),
    ),
    bug(
        "rounds_end_with_the_database",
        "A service's rounds (held streams, heads, lost mails) end when PostgreSQL goes away.",
        "database_and_failing",
        "shared.rounds:for_ever",
        around(_ending_with_the_database),
    ),
)
