"""Messages are made safe together where they are new, and alone where they came before."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence

import asyncpg
import structlog

from shared.db import Cause, Database, Transaction
from shared.messaging import metrics
from shared.messaging.consumers import Consumers, Heard
from shared.messaging.envelope import Unreadable
from shared.messaging.inbox import attempts, held, quarantine, streams
from shared.messaging.inbox.attempts import FATAL_AFTER
from shared.messaging.inbox.held import Patience
from shared.messaging.inbox.message import Message
from shared.messaging.inbox.streams import Stream

log = structlog.get_logger(__name__)

UNSTORABLE = (asyncpg.DataError, UnicodeError)
"""What is raised outside any handler for a message that can be read and not be written down."""


class Inbox:
    """Applies what one service hears to its own database."""

    def __init__(self, database: Database, consumers: Consumers, patience: Patience | None = None) -> None:
        self._database = database
        self._consumers = consumers
        self._patience = patience or Patience()

    async def take(self, messages: Sequence[Message]) -> None:
        """Make each message safe: applied, known already, kept for its turn, held or in quarantine.

        When it returns, all may be acknowledged. It raises only what says that the database is away; then nothing
        was changed, and the same messages are to be given again.
        """
        together = [message for message in messages if not message.redelivered]
        if together:
            await self._apply_or_put_aside(together)
        for message in messages:
            if message.redelivered:
                await self._apply_carefully(message)

    async def _apply_carefully(self, message: Message) -> None:
        """Count a redelivered message before it is begun, alone, so that one that kills the process is found."""
        fingerprint = hashlib.sha256(message.body).digest()
        begun = await attempts.begin(self._database, fingerprint)
        await self._apply_or_put_aside([message], fatal=begun > FATAL_AFTER, counted=fingerprint)

    async def _apply_or_put_aside(
        self, messages: Sequence[Message], *, fatal: bool = False, counted: bytes | None = None
    ) -> None:
        """Apply; what the database cannot hold goes to quarantine alone, and takes no other message with it."""
        try:
            await self._apply(messages, fatal=fatal, counted=counted)
        except UNSTORABLE as error:
            if len(messages) > 1:
                for message in messages:
                    await self._apply_or_put_aside([message])
                return
            async with self._database.transaction() as tx:
                await quarantine.put_aside(tx, messages[0], f"PostgreSQL cannot hold it ({type(error).__name__})")
                if counted is not None:
                    await attempts.end(tx, counted)

    async def _apply(self, messages: Sequence[Message], *, fatal: bool, counted: bytes | None) -> None:
        heard_of: dict[tuple[str, str], list[Heard]] = defaultdict(list)
        unreadable: list[tuple[Message, str]] = []
        for message in messages:
            if message.damaged:
                unreadable.append((message, "damaged on its way: the body does not fit its hash"))
                continue
            try:
                heard = self._consumers.hear(message.body)
            except Unreadable as error:
                unreadable.append((message, str(error)))
            else:
                heard_of[heard.subject, heard.source].append(heard)
        async with self._database.transaction() as tx:
            for message, reason in unreadable:
                await quarantine.put_aside(tx, message, reason)
            for stream in await streams.lock(tx, sorted(heard_of)):
                await self._advance(tx, stream, heard_of[stream.subject, stream.source], fatal=fatal)
            if counted is not None:
                await attempts.end(tx, counted)

    async def _advance(self, tx: Transaction, stream: Stream, messages: list[Heard], *, fatal: bool) -> None:
        """Apply what is next in the stream, keep what is not, then go on with what had been kept."""
        before = stream.applied
        for heard in sorted(messages, key=lambda item: item.sequence):
            if heard.sequence <= stream.applied:
                metrics.DUPLICATES.inc()
            elif stream.held or heard.sequence > stream.applied + 1:
                await streams.keep(tx, heard)
                stream.waiting = True
            elif fatal:
                await held.hold(tx, heard, f"ended its consumer {FATAL_AFTER} times", first_retry=None)
                stream.held = True
            elif not await self._apply_next(tx, stream, heard):
                stream.held = True
        if stream.waiting and not stream.held:
            await self._drain(tx, stream)
        if stream.applied != before:
            await streams.save(tx, stream)

    async def _drain(self, tx: Transaction, stream: Stream) -> bool:
        """Apply what was kept and is next now; tell whether all went well.

        What was kept may have come once more meanwhile and be applied already.
        """
        await streams.forget_kept(tx, stream)
        while body := await streams.next_kept(tx, stream):
            if not await self._apply_next(tx, stream, self._consumers.hear(body)):
                return False
            await streams.forget_kept(tx, stream)
        return True

    async def _apply_next(self, tx: Transaction, stream: Stream, heard: Heard) -> bool:
        """Apply one event in a savepoint; a failure holds its stream and touches nothing else."""
        if heard.handler is not None:
            envelope = heard.envelope
            tx.cause = Cause(envelope.correlationid or envelope.id, envelope.id, envelope.traceparent)
            with structlog.contextvars.bound_contextvars(event_id=envelope.id, request_id=envelope.subject):
                try:
                    async with tx.savepoint():
                        await heard.handler(tx, heard.fact)
                except Exception as error:
                    if tx.connection.is_closed():
                        raise
                    await held.hold(tx, heard, held.reason(error), first_retry=self._patience.first)
                    log.warning("event.held", type=envelope.type, source=envelope.source, exc_info=True)
                    return False
                log.info("event.applied", type=envelope.type, source=envelope.source, sequence=heard.sequence)
        stream.applied += 1
        metrics.APPLIED.inc()
        return True

    async def retry_held(self, *, most: int = 20) -> int:
        """Try again the held streams whose time has come; tell how many were tried.

        The attempt is counted and committed before it begins, so that one that kills the process is not tried for ever.
        """
        tried = 0
        while tried < most:
            async with self._database.transaction() as tx:
                due = await held.take_due(tx, self._patience)
            if due is None:
                break
            await self.go_on(due["subject"], due["source"])
            tried += 1
        return tried

    async def go_on(self, subject: str, source: str) -> bool:
        """Apply what a held stream kept, in order; release it when all could be applied."""
        async with self._database.transaction() as tx:
            for stream in await streams.lock(tx, [(subject, source)]):
                before = stream.applied
                released = await self._drain(tx, stream)
                if stream.applied != before:
                    await streams.save(tx, stream)
                if released:
                    await held.release(tx, stream.subject, stream.source)
                    log.info("stream.released", source=stream.source, request_id=stream.subject)
                return released
        return True
