"""The messenger: starts and stops the messaging of a service (consumer, inbox, relay, gap recovery, periodic work)."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

import structlog
from aio_pika.abc import AbstractIncomingMessage

from shared.contracts.fact import Fact
from shared.db import AWAY, Database, retry_conflicts
from shared.messaging import asyncapi, gauges, topology
from shared.messaging.accounts import Origins
from shared.messaging.acknowledger import Acknowledger
from shared.messaging.authenticity import Authenticity, Sender
from shared.messaging.batcher import PREFETCH, MessageBatcher, Outcome
from shared.messaging.connection import node_loss_as_error
from shared.messaging.consumer import Consumer
from shared.messaging.control_messages import is_control
from shared.messaging.envelope import DIGEST, is_damaged
from shared.messaging.handlers import EventHandlers
from shared.messaging.inbox.dead_letters import ParkedMessages
from shared.messaging.inbox.held import RetryPolicy
from shared.messaging.inbox.inbox import Inbox
from shared.messaging.inbox.message import Message
from shared.messaging.names import LEADER_LOCK, OUTBOX_OLD, OUTBOX_STALE
from shared.messaging.publisher import CONFIRM_WITHIN
from shared.messaging.recovery.gap_recovery import GapRecovery
from shared.messaging.recovery.gaps import RecoveryPolicy
from shared.messaging.relay import Relay
from shared.readiness import Degraded
from shared.rounds import for_ever
from shared.stopping import deadline, end

log = structlog.get_logger(__name__)

DECLARES_EVERY = 5.0
"""Seconds between two declarations of queue and bindings, which may have been deleted."""

WATCHES_EVERY = 5.0
"""Seconds between two checks that the broker still delivers to us."""

RETRIES_EVERY = 0.5
"""Seconds between two polls for held streams that are due."""

PROCESSES_RESUBMITTED_EVERY = 1.0
"""Seconds between two polls for resubmitted messages."""

TAKES_PARKED_EVERY = 5.0
"""Seconds between two polls for dead letters, and for what foreign forms filed before there was a queue."""

TAKES_PARKED_WITHIN = 60.0
"""Seconds that taking parked messages may take; the rest stays for the next poll."""

LOOKS_EVERY = 5.0
"""Seconds between two polls for stuck streams."""

ASKS_EVERY = 2.0
"""Seconds, at most, between two polls for gaps."""

SETTLES_EVERY = 60.0
"""Seconds between two polls for parked events beyond their bound, and for forks that are no longer reported."""

MEASURES_EVERY = 5.0
"""Seconds between two updates of the gauges."""

FORGETS_EVERY = 3600.0
"""Seconds between two deletions of old attempts."""

FINISHES_WITHIN = 20.0
"""Seconds that messages in hand may take at a stop; then the broker gets them back."""

LEADERLESS_FOR = 5.0
"""Seconds without a leading relay that are not reported: a change of relays."""


class Messenger:
    """Messaging of one service. Start and stop it with the application, which works without the broker."""

    def __init__(
        self,
        database: Database,
        amqp_url: str,
        *,
        name: str,
        subscription: topology.Subscription,
        handlers: EventHandlers,
        publishes: Sequence[type[Fact]] = (),
        filing: asyncapi.Filing | None = None,
        retry_policy: RetryPolicy | None = None,
        relay_poll: float = 0.5,
        recovery_policy: RecoveryPolicy | None = None,
        origins: Origins | None = None,
    ) -> None:
        """Build what consumes, applies and publishes; nothing is connected before `start`.

        Args:
            database: the service's own; its journal and outbox are relayed.
            amqp_url: one address of the broker, or several separated by commas.
            name: the service's.
            subscription: its queue, and what leads there.
            handlers: what is done about the events that come.
            publishes: the events that its AsyncAPI document describes.
            filing: what programs of others may publish to it.
            retry_policy: how a held stream is tried again.
            relay_poll: seconds between two polls of the outbox.
            recovery_policy: when missing events are asked for.
            origins: which sources belong to which broker user.
        """
        self._interface = asyncapi.Interface(name, subscription, publishes, filing)
        self.database = database
        authenticity = Authenticity(origins or Origins(), subscription.queue)
        self.inbox = Inbox(database, handlers, retry_policy, service=name, authenticity=authenticity)
        self.relay = Relay(database, amqp_url, name=name, poll=relay_poll)
        self.recovery = GapRecovery(
            database,
            self.relay,
            service=name,
            queue=subscription.queue,
            alone=handlers.alone,
            policy=recovery_policy,
            authenticity=authenticity,
        )
        self.consumer = Consumer(
            amqp_url,
            self._on_message,
            name=name,
            subscription=subscription,
            prefetch=PREFETCH,
            declare_publishers=self._interface.declare_publishers,
        )
        self._parked = ParkedMessages(database, self.consumer.channel, dead_queue=subscription.dead_queue)
        self._has_filings = filing is not None
        self.batcher = MessageBatcher(self.inbox)
        self._acknowledger = Acknowledger()
        self._tasks: list[asyncio.Task[None]] = []
        self._wanted = False
        self._led_at: float | None = None
        database.on_record = self.relay.wake

    def describe(self) -> dict[str, Any]:
        """Return the service's AsyncAPI document, of the subscriber that runs."""
        return self._interface.document(self.consumer.broker)

    @contextlib.asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Run while the block runs."""
        self.start()
        try:
            yield
        finally:
            await self.stop()

    def start(self) -> None:
        """Start all tasks; the connection is made when the broker is there."""
        policy = self.recovery.policy
        for work in (self.consumer.start, self.batcher.run, self.relay.run):
            self._tasks.append(asyncio.create_task(work(), name=work.__qualname__))
        for run_once, every in (
            (self.inbox.retry_held, RETRIES_EVERY),
            (self.inbox.resume_stuck, LOOKS_EVERY),
            (self.inbox.process_resubmitted, PROCESSES_RESUBMITTED_EVERY),
            (self._take_parked, TAKES_PARKED_EVERY),
            (self.inbox.forget_old_attempts, FORGETS_EVERY),
            (self.inbox.trim_parked, SETTLES_EVERY),
            (self._recover_gaps, min(policy.before_asking, ASKS_EVERY)),
            (self._publish_heads, policy.heads_every),
            (self.consumer.declare_again, DECLARES_EVERY),
            (self.consumer.watch, WATCHES_EVERY),
            (self.recovery.forget_settled_forks, SETTLES_EVERY),
            (self._measure, MEASURES_EVERY),
        ):
            name = run_once.__qualname__
            self._tasks.append(asyncio.create_task(for_ever(run_once, every=every, name=name), name=name))

    async def stop(self) -> None:
        """Stop consuming, finish the messages in hand, leave the rest to the broker, and close the connections."""
        consume, batcher, relay, *rounds = self._tasks
        await end(consume, *rounds)
        await self.consumer.cancel()
        await self.batcher.drain(within=deadline.left(FINISHES_WITHIN))
        await end(batcher)
        self.batcher.release()
        await self.relay.stop()
        await asyncio.wait([relay], timeout=deadline.left(CONFIRM_WITHIN))
        await end(relay)
        await asyncio.gather(self.consumer.close(), self.relay.close())

    async def missing(self) -> str | None:
        """Return what this copy lacks to be ready, `Degraded` where all copies share it; None if nothing."""
        if not self.consumer.has_consumed:
            return "rabbitmq: not consuming yet"
        if not self.consumer.started:
            return Degraded("rabbitmq: not consuming, and connecting again")
        row = await self.database.fetchrow(
            """
            SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND granted
                           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS led,
                   coalesce(extract(epoch FROM now() - min(waiting_since)
                                    FILTER (WHERE queue = '' AND unsendable_since IS NULL)), 0)::float AS age,
                   count(*) FILTER (WHERE unsendable_since IS NOT NULL) AS unsendable
            FROM outbox
            """,
            LEADER_LOCK,
        )
        if row is None:
            raise LookupError("an aggregate without a row")
        if row["led"]:
            self._led_at = time.monotonic()
        elif self._led_at is None or time.monotonic() - self._led_at > LEADERLESS_FOR:
            return Degraded("relay: no leader")
        if row["age"] > OUTBOX_OLD:
            return Degraded(f"relay: an event has waited for {row['age']:.0f} s")
        if row["unsendable"]:
            return Degraded(f"relay: {row['unsendable']} events are refused by the broker")
        return None

    async def _on_message(self, message: AbstractIncomingMessage) -> None:
        """Process a message, and answer the broker once its effect is committed."""
        damaged = is_damaged(message.body, message.headers.get(DIGEST))
        sender = Sender(message.user_id, message.routing_key or "")
        if is_control(message.type) and not sender.is_foreign:
            # A redelivered control message may have ended its consumer; it will be sent again.
            if not damaged and not message.redelivered:
                await self._handle_control(message.body, sender)
            outcome = Outcome.ACK
        else:
            taken = Message(message.body, sender.routing_key, bool(message.redelivered), damaged, sender)
            outcome = await self.batcher.submit(taken)
        if outcome is Outcome.ACK:
            await self._acknowledger.acknowledge(message)
        elif outcome is Outcome.REJECT:
            await self._acknowledger.reject(message)

    async def _handle_control(self, body: bytes, sender: Sender) -> None:
        """Handle a control message; after an error it is dropped, and will be sent again."""
        try:
            await retry_conflicts(lambda: self.recovery.handle(body, sender), resumable=True)
        except AWAY as error:
            log.warning("recovery.database_away", error=type(error).__name__)
        except Exception:
            log.exception("recovery.failed")

    async def _recover_gaps(self) -> None:
        """Request the heads of all streams once; then request missing events and report forks."""
        if self.consumer.started:
            self._wanted = self._wanted or await self.recovery.request_heads()
            await self.recovery.request_missing()
            await self.recovery.report_forks()

    async def _take_parked(self) -> None:
        """Store the dead letters of our queue; process what foreign forms filed before there was one."""
        if not self.consumer.started:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TAKES_PARKED_WITHIN):
                with node_loss_as_error():
                    await self._parked.store_dead()
                    if self._has_filings:
                        await self._parked.process_unrouted_filings(self.inbox.process_unrouted)

    async def _publish_heads(self) -> None:
        """Publish the heads of our streams, in the copy whose relay leads."""
        if self.relay.leads:
            await self.recovery.publish_recent_heads()

    async def _measure(self) -> None:
        """Update the gauges; have the leader check its watermark when the outbox ages."""
        if await gauges.measure(self.database) > OUTBOX_STALE:
            self.relay.check_watermark()
