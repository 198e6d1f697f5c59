"""One service's whole messaging: it consumes, applies, retries and relays while the application runs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import aio_pika
import structlog
from faststream.middlewares import AckPolicy
from faststream.rabbit import Channel, RabbitMessage

from shared.db import AWAY, Database
from shared.messaging import healing as heal
from shared.messaging import metrics, topology
from shared.messaging.addresses import WanderingBroker, lost_is_not_cancelled
from shared.messaging.consumers import Consumers
from shared.messaging.envelope import DIGEST, is_damaged
from shared.messaging.inbox import Inbox, Message, Patience
from shared.messaging.relay import BROKER_AWAY, CONFIRM_WITHIN, LEADER_LOCK, Relay
from shared.rounds import for_ever

log = structlog.get_logger(__name__)

PREFETCH = 100
"""Messages in hand at once, and so the most that one transaction applies."""

DECLARES_EVERY = 5.0
"""Seconds until a queue that somebody deleted under its consumer is fed again."""

RETRIES_EVERY = 0.5
"""Seconds between two looks at the held streams whose time has come."""

ASKS_EVERY = 2.0
"""Seconds, at most, between two looks for gaps."""

MEASURES_EVERY = 5.0
"""Seconds between two readings of what the gauges show."""

OUTBOX_OLD = 60.0
"""Seconds after which a waiting event makes the service not ready."""


async def _whole(message: Any) -> Any:
    """Give the handler the message as it came: the inbox reads the bytes itself."""
    return message


class Messenger:
    """Start it with the application and stop it with it; the service's own work needs neither broker nor messenger."""

    def __init__(
        self,
        database: Database,
        amqp_url: str,
        *,
        name: str,
        subscription: topology.Subscription,
        consumers: Consumers,
        patience: Patience | None = None,
        relay_poll: float = 0.5,
        healing: heal.Patience | None = None,
    ) -> None:
        self.database = database
        self.inbox = Inbox(database, consumers, patience)
        self.relay = Relay(database, amqp_url, name=name, poll=relay_poll)
        self.healer = heal.Healer(
            database, self.relay, service=name, queue=subscription.queue, alone=consumers.alone, patience=healing
        )
        self.subscription = subscription
        self._broker = WanderingBroker(
            amqp_url, name=f"{name} consumer", app_id=name, graceful_timeout=20, apply_types=False
        )
        self._subscriber = self._broker.subscriber(
            subscription.rabbit_queue(),
            channel=Channel(prefetch_count=PREFETCH),
            ack_policy=AckPolicy.MANUAL,
            decoder=_whole,
        )
        self._subscriber(self._on_message)
        self._arrived: asyncio.Queue[tuple[Message, asyncio.Future[None]]] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._consuming = False
        self._wanted = False
        self._declared: aio_pika.abc.AbstractChannel | None = None
        """Kept, because the connection refers to its channels but weakly, and declares again what it still finds."""
        database.on_record = self.relay.wake

    @contextlib.asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Run while the block runs."""
        self.start()
        try:
            yield
        finally:
            await self.stop()

    def start(self) -> None:
        """Begin at once, and connect when the broker is there."""
        rest = self.healer.patience
        for work in (self._consume, self._batch, self.relay.run):
            self._tasks.append(asyncio.create_task(work(), name=work.__qualname__))
        for one_round, every in (
            (self.inbox.retry_held, RETRIES_EVERY),
            (self._ask_for_what_is_missing, min(rest.before_asking, ASKS_EVERY)),
            (self._tell_heads, rest.heads_every),
            (self._declare_again, DECLARES_EVERY),
            (self._measure, MEASURES_EVERY),
        ):
            name = one_round.__qualname__
            self._tasks.append(asyncio.create_task(for_ever(one_round, every=every, name=name), name=name))

    async def stop(self) -> None:
        """Take no more, finish what is in hand, hand the rest back, and leave."""
        consume, batch, relay, *rounds = self._tasks
        for task in (consume, *rounds):
            task.cancel()
        if self._consuming:
            with contextlib.suppress(*BROKER_AWAY):
                await self._subscriber.stop()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(20):
                await self._arrived.join()
        batch.cancel()
        await self.relay.stop()
        await asyncio.wait([relay], timeout=35)
        relay.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(*BROKER_AWAY):
            await self.relay.close()
        with contextlib.suppress(*BROKER_AWAY):
            await self._broker.stop()

    async def missing(self) -> str | None:
        """Say what keeps this service from telling and hearing, if anything does."""
        if not self._consuming:
            return "rabbitmq: not consuming yet"
        row = await self.database.fetchrow(
            """
            SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND granted
                           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS led,
                   coalesce(extract(epoch FROM now() - min(waiting_since)), 0)::float AS age
            FROM outbox
            """,
            LEADER_LOCK,
        )
        if row is None or not row["led"]:
            return "relay: no leader"
        if row["age"] > OUTBOX_OLD:
            return f"relay: an event has waited for {row['age']:.0f} s"
        return None

    async def _consume(self) -> None:
        """Connect, declare and consume; try again until the broker is there; later aio-pika reconnects by itself."""
        while True:
            try:
                with lost_is_not_cancelled():
                    connection = await self._broker.connect()
                    self._declared = await connection.channel()
                    await topology.declare(self._declared, [self.subscription])
                    await self._broker.start()
            except BROKER_AWAY as error:
                log.info("consumer.broker_away", error=type(error).__name__)
                await asyncio.sleep(1)
            else:
                self._consuming = True
                log.info("consumer.started", queue=self.subscription.queue)
                return

    async def _declare_again(self) -> None:
        """Declare from time to time what somebody may have deleted under us; what stands costs a few round trips.

        After a reconnection aio-pika declares everything by itself. A deleted queue it makes again with its consumer
        alone, without the bindings: it would be ready, consumed, and for ever empty.
        """
        if not self._consuming:
            return
        try:
            async with asyncio.timeout(CONFIRM_WITHIN):
                with lost_is_not_cancelled():
                    connection = await self._broker.connect()
                    async with connection.channel() as channel:
                        await topology.declare(channel, [self.subscription])
        except BROKER_AWAY as error:
            log.info("consumer.broker_away", error=type(error).__name__)

    async def _on_message(self, message: RabbitMessage) -> None:
        """Acknowledge a message once it is safe in the database."""
        raw = message.raw_message
        damaged = is_damaged(message.body, raw.headers.get(DIGEST))
        if heal.is_control(raw.type):
            if not damaged:
                await self._heal(message)
            else:
                await _acknowledge(message)
            return
        safe: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        taken = Message(message.body, raw.routing_key or "", bool(raw.redelivered), damaged)
        self._arrived.put_nowait((taken, safe))
        await safe
        await _acknowledge(message)

    async def _heal(self, message: RabbitMessage) -> None:
        """Take what is said to heal; it may be lost, for it will be said again."""
        try:
            await self.healer.hear(message.body)
        except AWAY as error:
            log.warning("healing.database_away", error=type(error).__name__)
        except Exception:
            log.exception("healing.failed")
        await _acknowledge(message)

    async def _batch(self) -> None:
        """Apply together what arrived together; while the database is away, wait without giving anything back."""
        while True:
            batch = [await self._arrived.get()]
            while len(batch) < PREFETCH and not self._arrived.empty():
                batch.append(self._arrived.get_nowait())
            metrics.BATCH.observe(len(batch))
            await self._make_safe([message for message, _ in batch])
            for _, safe in batch:
                if not safe.done():
                    safe.set_result(None)
                self._arrived.task_done()

    async def _make_safe(self, messages: list[Message]) -> None:
        pause = 0.1
        while True:
            try:
                await self.inbox.take(messages)
            except AWAY as error:
                log.warning("inbox.database_away", error=type(error).__name__, messages=len(messages))
            except Exception:
                # Not the fault of one event (those are held): wait, and let the log say it, rather than drop anything.
                log.exception("inbox.failed", messages=len(messages))
            else:
                return
            await asyncio.sleep(pause)
            pause = min(pause * 2, 5.0)

    async def _ask_for_what_is_missing(self) -> None:
        """Want to know how far the streams go, once; then look for gaps."""
        if self._consuming:
            self._wanted = self._wanted or await self.healer.want_heads()
            await self.healer.ask()

    async def _tell_heads(self) -> None:
        """Tell how far our streams go; one copy of the service is enough, so the relay's does it."""
        if self.relay.leads:
            await self.healer.tell_recent_heads()

    async def _measure(self) -> None:
        """Keep the gauges true."""
        await measure(self.database)


async def _acknowledge(message: RabbitMessage) -> None:
    """Say that a message is done with; a broker that is away will give it again, and it will be known."""
    with contextlib.suppress(*BROKER_AWAY), lost_is_not_cancelled():
        await message.ack()


async def measure(database: Database) -> None:
    """Read the depth and the age of what waits, into the gauges."""
    row = await database.fetchrow(
        """
        SELECT (SELECT count(*) FROM outbox) AS outbox,
               (SELECT coalesce(extract(epoch FROM now() - min(waiting_since)), 0) FROM outbox)::float AS outbox_age,
               (SELECT count(*) FROM inbox_held) AS held,
               (SELECT count(*) FROM inbox_waiting) AS waiting,
               (SELECT coalesce(extract(epoch FROM now() - min(received_at)), 0) FROM inbox_waiting)::float
                   AS waiting_age,
               (SELECT count(*) FROM quarantine WHERE settled_at IS NULL) AS quarantine
        """
    )
    if row is not None:
        metrics.OUTBOX_EVENTS.set(row["outbox"])
        metrics.OUTBOX_AGE.set(row["outbox_age"])
        metrics.HELD_STREAMS.set(row["held"])
        metrics.WAITING_EVENTS.set(row["waiting"])
        metrics.WAITING_AGE.set(row["waiting_age"])
        metrics.QUARANTINE_OPEN.set(row["quarantine"])
