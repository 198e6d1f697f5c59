"""The outbox relay: publishes the events in the outbox, and deletes those that the broker confirmed."""

import asyncio
import contextlib
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NotRequired, TypedDict, TypeVar

import structlog
from aio_pika import Message

from shared import tracing
from shared.db import AWAY, Connection, Database, Row, retry_conflicts
from shared.messaging import metrics
from shared.messaging.envelope import trace_of
from shared.messaging.names import BACKUP_LOCK, EVERYBODY, LEADER_LOCK, LEASE, RESEND_EXCHANGE
from shared.messaging.outbox_watermark import OutboxWatermark
from shared.messaging.publisher import CONFIRM_WITHIN, Publisher, UnsendableError, message_of

log = structlog.get_logger(__name__)

T = TypeVar("T")

NEW = 100
AGAIN = 25
"""New and resent events of a batch, at most: resending much does not delay new events."""

BATCHES = 4
"""Batches that wait for confirmations at once: new events do not wait for earlier ones.

Times the size of a batch it bounds the publishes under way, which aiormq walks on each multiple acknowledgement.
"""


FORGETS_WITHIN = 0.1
"""Seconds that a confirmed event stays in the outbox, at most: it is deleted with the next poll.

A relay that dies meanwhile leaves it to the next one, which publishes it again; consumers recognise the duplicate.
"""


HEARTBEAT_EVERY = 2.0
"""Seconds after which an idle leader sends PostgreSQL a heartbeat; well below `LEASE`."""


@dataclass(frozen=True, slots=True)
class Published:
    """The outcome of a batch; the other events are published again."""

    confirmed: list[Row]
    """Events that the broker confirmed."""
    unsendable: list[tuple[Row, str]]
    """Events that the broker refuses for their content, each with the reason."""


@dataclass(frozen=True, slots=True)
class _Batch:
    """Events that are being published together."""

    rows: Sequence[Row]
    publishing: asyncio.Task[Published]


class Relay:
    """One per process; among the processes of a database, one leads and publishes.

    The leader polls the outbox over the session that holds the advisory lock. That session is its lease: PostgreSQL
    knows how long it has been idle, and a follower ends a session that was idle for `LEASE`, as that of a machine that
    vanished. A leader that resumes finds its session ended before it polls.
    """

    def __init__(self, database: Database, amqp_url: str, *, name: str, poll: float = 0.5) -> None:
        """`poll` is in seconds and below `HEARTBEAT_EVERY` where there are followers."""
        self._database = database
        self.publisher = Publisher(amqp_url, name=name)
        self._poll = poll
        self._wake = asyncio.Event()
        self._stopping = asyncio.Event()
        self._checks = False
        """Whether to check the watermark with the next poll."""
        self._leads = False
        self._answered = 0.0
        """When PostgreSQL last answered the session that leads."""

    @property
    def leads(self) -> bool:
        """Whether this process leads, as far as it can know."""
        return self._leads and asyncio.get_running_loop().time() - self._answered < LEASE

    def wake(self) -> None:
        """Poll now: a transaction that recorded an event was committed."""
        self._wake.set()

    def check_watermark(self) -> None:
        """Check the watermark with the next poll: an event has waited for long."""
        self._checks = True
        self._wake.set()

    async def run(self) -> None:
        """Lead when no other relay does, and publish, until `stop`."""
        while not self._stopping.is_set():
            try:
                async with self._database.connection() as connection:
                    await self._lead(connection)
            except AWAY as error:
                log.warning("relay.database_away", error=type(error).__name__)
            except Exception:
                # A relay that ended would let the outbox grow for ever: log the error and try again.
                log.exception("relay.failed")
            finally:
                self._leads = False
                metrics.LEADING.set(0)
            await self._rest(self._poll)  # also when woken: only the leader polls

    async def stop(self) -> None:
        """Finish the batches under way, and let another relay lead."""
        self._stopping.set()
        self._wake.set()

    async def close(self) -> None:
        """Close the connection to the broker; call it after `run` has ended."""
        await self.publisher.close()

    async def _lead(self, connection: Connection) -> None:
        if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LEADER_LOCK):
            if pid := await connection.fetchval(_END_SILENT_LEADER, LEADER_LOCK, LEASE):
                log.error("relay.silent_leader_ended", pid=pid)
            return
        # A deletion from the outbox that is lost in a crash only leads to a duplicate: no wait for the disk.
        # The planner sees an empty outbox, and would read it sequentially.
        await connection.execute("SET synchronous_commit = off")
        await connection.execute("SET enable_seqscan = off")
        log.info("relay.leading")
        self._leads, self._answered = True, asyncio.get_running_loop().time()
        metrics.LEADING.set(1)
        await self._relay(connection)

    async def _relay(self, connection: Connection) -> None:
        """Poll and publish batches until stopped; finish those under way."""
        under_way: list[_Batch] = []
        confirmed: list[Row] = []
        watermark = OutboxWatermark()
        self._wake.set()
        try:
            while under_way or not self._stopping.is_set():
                await self._heartbeat(connection)
                if self._may_poll(under_way) and not await self._with_heartbeat(connection, self.publisher.connect()):
                    await self._rest(1.0)
                elif self._may_poll(under_way):
                    self._wake.clear()
                    known = [row for batch in under_way for row in batch.rows]
                    await self._check(connection, watermark, [*known, *confirmed])
                    poll = partial(_next, connection, confirmed, known, after=watermark.position)
                    rows = await self._answer(connection, retry_conflicts(poll))
                    watermark.observe(rows, room=NEW)
                    confirmed = []
                    if rows:
                        under_way.append(_Batch(rows, asyncio.create_task(self._publish(rows))))
                    if len(rows) >= NEW:
                        self._wake.set()
                if not self._may_poll(under_way):
                    await self._pause(under_way, FORGETS_WITHIN if confirmed else self._poll)
                for batch in [batch for batch in under_way if batch.publishing.done()]:
                    under_way.remove(batch)
                    published = batch.publishing.result()
                    confirmed += published.confirmed
                    await self._set_aside(connection, published.unsendable)
                    if len(published.confirmed) + len(published.unsendable) < len(batch.rows):
                        watermark.reset()
                        await self._rest(1.0)
                        self._wake.set()
            await _forget(connection, confirmed)
        finally:
            for batch in under_way:
                batch.publishing.cancel()
            await asyncio.gather(*(batch.publishing for batch in under_way), return_exceptions=True)

    async def _answer(self, connection: Connection, statement: Awaitable[T]) -> T:
        """Await a statement of the leader; raises an error of asyncpg where its session was ended meanwhile.

        The answer may have been in a buffer while this process was frozen and another relay led.
        """
        asked = asyncio.get_running_loop().time()
        answer = await statement
        if asyncio.get_running_loop().time() - asked > LEASE:
            await connection.fetchval("SELECT 1")
        self._answered = asyncio.get_running_loop().time()
        return answer

    async def _heartbeat(self, connection: Connection) -> None:
        """Send PostgreSQL a heartbeat, if the session was idle for a while."""
        if asyncio.get_running_loop().time() - self._answered > HEARTBEAT_EVERY:
            await self._answer(connection, connection.fetchval("SELECT 1"))

    async def _check(self, connection: Connection, watermark: OutboxWatermark, known: Sequence[Row]) -> None:
        """If asked to, reset the watermark where it has passed an unpublished event."""
        if not self._checks:
            return
        self._checks = False
        counting = connection.fetchval(_PASSED, watermark.position, [row["position"] for row in known])
        if passed := await self._answer(connection, counting):
            log.error("relay.watermark_passed_events", events=passed, position=watermark.position)
            metrics.PASSED.inc(passed)
            watermark.reset()

    async def _with_heartbeat(self, connection: Connection, work: Awaitable[T]) -> T:
        """Await slow work, and send heartbeats meanwhile."""
        task = asyncio.ensure_future(work)
        try:
            while not (await asyncio.wait([task], timeout=HEARTBEAT_EVERY))[0]:
                await self._heartbeat(connection)
            return task.result()
        finally:
            task.cancel()

    def _may_poll(self, under_way: Sequence[_Batch]) -> bool:
        """Return whether an event may wait and there is room for another batch."""
        return self._wake.is_set() and len(under_way) < BATCHES and not self._stopping.is_set()

    async def _publish(self, rows: Sequence[Row]) -> Published:
        """Publish a batch with pipelined confirmations, then alone the events that may be unsendable."""
        began = asyncio.get_running_loop().time()
        suspects: list[Row] = []
        publishing = [asyncio.create_task(self._publish_one(row, suspects)) for row in rows]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CONFIRM_WITHIN):
                await asyncio.gather(*publishing)
        outcomes = [not one.cancelled() and one.result() for one in publishing]
        confirmed = [row for row, done in zip(rows, outcomes, strict=True) if done]
        unsendable: list[tuple[Row, str]] = []
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CONFIRM_WITHIN):
                await self._publish_alone(suspects, confirmed, unsendable)
        metrics.PUBLISHED.inc(len(confirmed))
        if (unconfirmed := len(rows) - len(confirmed) - len(unsendable)) > 0:
            log.warning("relay.unconfirmed", events=unconfirmed)
        await self.publisher.doubt(since=None if confirmed or unsendable else began)
        return Published(confirmed, unsendable)

    async def _publish_one(self, row: Row, suspects: list[Row]) -> bool:
        trace = trace_of(row["body"])
        try:
            if row["queue"] == "":
                return await self._publish_first(row, _message(row, trace), trace)
            return await self.publisher.send(_message(row, trace), **_way(row))
        except UnsendableError:
            suspects.append(row)
            return False

    async def _publish_alone(
        self, suspects: Sequence[Row], confirmed: list[Row], unsendable: list[tuple[Row, str]]
    ) -> None:
        """Publish, each over a channel of its own, the events that were under way when a channel was closed.

        The broker closes a channel because of one event, and does not say which.
        """
        for row in suspects:
            try:
                if await self.publisher.send_alone(_message(row, trace_of(row["body"])), **_way(row)):
                    confirmed.append(row)
            except UnsendableError as refused:
                log.error("relay.unsendable", event_id=str(row["id"]), type=row["type"], reason=str(refused))  # noqa: TRY400 - the reason is logged
                metrics.UNSENDABLE.inc()
                unsendable.append((row, str(refused)))

    async def _set_aside(self, connection: Connection, unsendable: Sequence[tuple[Row, str]]) -> None:
        """Mark unsendable events, which no relay publishes until an operator orders it."""
        if unsendable:
            marking = connection.execute(
                _SET_ASIDE,
                [row["position"] for row, _ in unsendable],
                [row["queue"] for row, _ in unsendable],
                [reason for _, reason in unsendable],
            )
            await self._answer(connection, marking)

    async def _publish_first(self, row: Row, message: Message, trace: str | None) -> bool:
        """Publish a new event, as a step of its trace, and measure how long it waited."""
        began = asyncio.get_running_loop().time()
        facts = {
            "messaging.system": "rabbitmq",
            "messaging.operation.type": "send",
            "messaging.message.id": message.message_id,
            "messaging.rabbitmq.destination.routing_key": row["routing_key"],
        }
        with tracing.step(f"publish {row['type']}", tracing.SpanKind.PRODUCER, after=trace, **facts) as step:
            sent = await self.publisher.send(message, row["routing_key"])
            if not sent:
                step.fail("not confirmed")
        if sent:
            metrics.PUBLISHED_AFTER.observe(max(0.0, row["waited"]) + asyncio.get_running_loop().time() - began)
        return sent

    async def publish_control(self, body: str, routing_key: str, *, event_id: str, wire_type: str) -> bool:
        """Publish a control message, or an answer to a form, which may be lost; return whether it was confirmed."""
        if not await self.publisher.connect():
            return False
        await self._database.fetchval("SELECT pg_advisory_xact_lock_shared($1)", BACKUP_LOCK)
        try:
            async with asyncio.timeout(CONFIRM_WITHIN):
                return await self.publisher.send(message_of(body, event_id=event_id, wire_type=wire_type), routing_key)
        except UnsendableError as refused:
            log.error("relay.unsendable", event_id=event_id, type=wire_type, reason=str(refused))  # noqa: TRY400 - same
            return False
        except TimeoutError:
            return False

    async def _pause(self, under_way: Sequence[_Batch], seconds: float) -> None:
        """Wait until a batch is done, an event was committed or the time is over; then poll."""
        happens: list[asyncio.Task[Any]] = [batch.publishing for batch in under_way]
        woken = asyncio.create_task(self._wake.wait())
        try:
            if len(under_way) < BATCHES and not self._stopping.is_set():
                happens.append(woken)
            if happens and not (await asyncio.wait(happens, timeout=seconds, return_when=asyncio.FIRST_COMPLETED))[0]:
                self._wake.set()
        finally:
            woken.cancel()

    async def _rest(self, seconds: float) -> None:
        """Wait before the next try; only a stop ends it early."""
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            pass


class _Way(TypedDict):
    """Routing key and exchange of a row of the outbox."""

    routing_key: str
    exchange: NotRequired[str]
    returned_is_done: NotRequired[bool]


def _way(row: Row) -> _Way:
    """Return where a row is published to; a resent event whose queue is gone counts as confirmed."""
    if row["queue"] in {"", EVERYBODY}:
        return {"routing_key": row["routing_key"]}
    return {"routing_key": row["queue"], "exchange": RESEND_EXCHANGE, "returned_is_done": True}


def _message(row: Row, trace: str | None) -> Message:
    return message_of(row["body"], event_id=str(row["id"]), wire_type=row["type"], trace=trace)


_END_SILENT_LEADER = """
    WITH silent AS MATERIALIZED (
        SELECT a.pid
        FROM pg_locks l
        JOIN pg_stat_activity a USING (pid)
        WHERE l.locktype = 'advisory' AND l.granted AND l.classid = 0 AND l.objid = $1 AND l.objsubid = 1
          AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND a.wait_event_type = 'Client' AND clock_timestamp() - a.state_change > make_interval(secs => $2)
    )
    SELECT pid FROM silent WHERE pg_terminate_backend(pid)
"""
"""Ends a session that is idle; one with a long statement under way is not.

Materialized, because PostgreSQL may otherwise call `pg_terminate_backend` before it joins.
"""

_FORGET = """
    DELETE FROM outbox
    WHERE ctid = ANY (ARRAY(
        SELECT (SELECT o.ctid FROM outbox o WHERE o.position = k.position AND o.queue = k.queue)
        FROM unnest($1::bigint[], $2::text[]) AS k (position, queue)
    ))
"""
"""Row by row, as `_next` reads the journal: a join that was planned while the tables were small would read them
sequentially each time."""


_PASSED = """
    SELECT count(*) FROM outbox
    WHERE queue = '' AND unsendable_since IS NULL AND position <= $1 AND position <> ALL ($2::bigint[])
"""

_SET_ASIDE = """
    UPDATE outbox o
    SET unsendable_since = now(), unsendable_reason = left(k.reason, 500)
    FROM unnest($1::bigint[], $2::text[], $3::text[]) AS k (position, queue, reason)
    WHERE o.position = k.position AND o.queue = k.queue
"""


async def _next(connection: Connection, confirmed: Sequence[Row], under_way: Sequence[Row], *, after: int) -> list[Row]:
    """Delete confirmed events from the outbox, and return the oldest waiting ones that are not under way.

    These are new events behind the position `after`, and up to `AGAIN` resent ones.
    """
    known = [*under_way, *confirmed]
    return await connection.fetch(
        f"""
        WITH confirmed AS ({_FORGET}
        ), shared AS MATERIALIZED (
            SELECT pg_advisory_xact_lock_shared({BACKUP_LOCK})
        ), known AS MATERIALIZED (
            SELECT * FROM unnest($5::bigint[], $6::text[]) AS k (position, queue)
        ), new AS MATERIALIZED (
            SELECT position, queue FROM outbox
            WHERE queue = '' AND unsendable_since IS NULL AND position > $7
              AND position NOT IN (SELECT position FROM known WHERE queue = '')
            ORDER BY position LIMIT $3
        ), waiting AS (
            SELECT position, queue FROM new
            UNION ALL
            (SELECT position, queue FROM outbox
             WHERE queue <> '' AND unsendable_since IS NULL
               AND (position, queue) NOT IN (SELECT position, queue FROM known)
             ORDER BY position, queue
             LIMIT CASE WHEN EXISTS (SELECT FROM new) THEN $4 ELSE $3 + $4 END)
        )
        SELECT w.position, w.queue, j.id, j.type, j.routing_key, j.body,
               extract(epoch FROM clock_timestamp() - j.recorded_at)::float AS waited,
               pg_snapshot_xmin(s)::text::bigint AS oldest, pg_current_xact_id()::text::bigint AS next
        FROM waiting w
        CROSS JOIN shared
        CROSS JOIN pg_current_snapshot() s
        CROSS JOIN LATERAL (SELECT * FROM journal WHERE journal.position = w.position OFFSET 0) j
        ORDER BY w.queue <> '', w.position, w.queue
        """,
        [row["position"] for row in confirmed],
        [row["queue"] for row in confirmed],
        NEW,
        AGAIN,
        [row["position"] for row in known],
        [row["queue"] for row in known],
        after,
    )


async def _forget(connection: Connection, confirmed: Sequence[Row]) -> None:
    """Delete confirmed events from the outbox."""
    await connection.execute(_FORGET, [row["position"] for row in confirmed], [row["queue"] for row in confirmed])
