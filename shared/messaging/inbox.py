"""What a service hears takes effect here: exactly once, in the order of its stream, in one transaction."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
import structlog

from shared.clock import new_id
from shared.db import Cause, Database, Transaction
from shared.errors import Refusal
from shared.messaging import metrics
from shared.messaging.consumers import Consumers, Heard
from shared.messaging.envelope import Unreadable

log = structlog.get_logger(__name__)

FATAL_AFTER = 10
"""A message begun this often without an end kills its consumer: its stream is held instead."""

UNSTORABLE = (asyncpg.DataError, UnicodeError)
"""What is raised outside any handler for a message that can be read and not be written down."""


@dataclass(frozen=True, slots=True)
class Message:
    """What came from the queue."""

    body: bytes
    routing_key: str
    redelivered: bool = False
    damaged: bool = False
    """The body is not the one that was sent: it may still read well, and mean something else."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How a held stream is tried again: seconds before the n-th attempt double up to a bound, with jitter."""

    first: float = 1.0
    longest: float = 300.0
    attempts: int = 20


@dataclass(slots=True)
class _Stream:
    """Where one stream stands while its transaction runs."""

    source: str
    subject: str
    applied: int
    held: bool
    waiting: bool


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

    async def _apply_or_put_aside(
        self, messages: Sequence[Message], *, fatal: bool = False, forget: bytes | None = None
    ) -> None:
        """Apply; what the database cannot hold goes to quarantine alone, and takes no other message with it."""
        try:
            await self._apply(messages, fatal=fatal, forget=forget)
        except UNSTORABLE as error:
            if len(messages) > 1:
                for message in messages:
                    await self._apply_or_put_aside([message])
                return
            async with self._database.transaction() as tx:
                await _quarantine(tx, messages[0], f"PostgreSQL cannot hold it ({type(error).__name__})")
                if forget is not None:
                    await tx.execute("DELETE FROM inbox_attempt WHERE fingerprint = $1", forget)

    async def _apply_carefully(self, message: Message) -> None:
        """Count a redelivered message before it is begun, alone, so that one that kills the process is found."""
        fingerprint = hashlib.sha256(message.body).digest()
        async with self._database.transaction() as tx:
            attempts = await tx.fetchval(
                """
                INSERT INTO inbox_attempt AS a (fingerprint) VALUES ($1)
                ON CONFLICT (fingerprint) DO UPDATE SET attempts = a.attempts + 1
                RETURNING attempts
                """,
                fingerprint,
            )
        await self._apply_or_put_aside([message], fatal=attempts > FATAL_AFTER, forget=fingerprint)

    async def _apply(self, messages: Sequence[Message], *, fatal: bool = False, forget: bytes | None = None) -> None:
        streams: dict[tuple[str, str], list[Heard]] = defaultdict(list)
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
                streams[heard.subject, heard.source].append(heard)
        async with self._database.transaction() as tx:
            for message, reason in unreadable:
                await _quarantine(tx, message, reason)
            for stream in await _lock(tx, sorted(streams)):
                await self._advance(tx, stream, streams[stream.subject, stream.source], fatal=fatal)
            if forget is not None:
                await tx.execute("DELETE FROM inbox_attempt WHERE fingerprint = $1", forget)

    async def _advance(self, tx: Transaction, stream: _Stream, messages: list[Heard], *, fatal: bool) -> None:
        """Apply what is next in the stream, keep what is not, then go on with what had been kept."""
        before = stream.applied
        for heard in sorted(messages, key=lambda item: item.sequence):
            if heard.sequence <= stream.applied:
                metrics.DUPLICATES.inc()
            elif stream.held or heard.sequence > stream.applied + 1:
                await _keep(tx, heard)
                stream.waiting = True
            elif fatal:
                await self._hold(tx, heard, f"ended its consumer {FATAL_AFTER} times", for_good=True)
                stream.held = True
            elif not await self._apply_next(tx, stream, heard):
                stream.held = True
        if stream.waiting and not stream.held:
            await self._drain(tx, stream)
        if stream.applied != before:
            await _save(tx, stream)

    async def _drain(self, tx: Transaction, stream: _Stream) -> bool:
        """Apply what was kept and is next now; tell whether all went well.

        What was kept may have come once more meanwhile and be applied already.
        """
        await _forget_kept(tx, stream)
        while body := await _next_kept(tx, stream):
            if not await self._apply_next(tx, stream, self._consumers.hear(body)):
                return False
            await _forget_kept(tx, stream)
        return True

    async def _apply_next(self, tx: Transaction, stream: _Stream, heard: Heard) -> bool:
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
                    await self._hold(tx, heard, _reason(error))
                    log.warning("event.held", type=envelope.type, source=envelope.source, exc_info=True)
                    return False
                log.info("event.applied", type=envelope.type, source=envelope.source, sequence=heard.sequence)
        stream.applied += 1
        metrics.APPLIED.inc()
        return True

    async def _hold(self, tx: Transaction, heard: Heard, reason: str, *, for_good: bool = False) -> None:
        await _keep(tx, heard)
        await tx.execute(
            """
            INSERT INTO inbox_held (source, subject, sequence, event_id, type, reason, attempts, next_attempt_at)
            VALUES ($1, $2, $3, $4, $5, $6, 1,
                    CASE WHEN NOT $7 THEN now() + make_interval(secs => $8 * (0.75 + random() / 2)) END)
            ON CONFLICT (subject, source) DO UPDATE SET
                sequence = EXCLUDED.sequence,
                event_id = EXCLUDED.event_id,
                type = EXCLUDED.type,
                reason = EXCLUDED.reason,
                last_attempt_at = now()
            """,
            heard.source,
            heard.subject,
            heard.sequence,
            heard.envelope.id,
            heard.envelope.type,
            reason,
            for_good,
            self._patience.first,
        )
        metrics.HELD.inc()

    async def retry_held(self, *, most: int = 20) -> int:
        """Try again the held streams whose time has come; tell how many were tried.

        The attempt is counted and committed before it begins, so that one that kills the process is not tried for ever.
        """
        tried = 0
        while tried < most:
            async with self._database.transaction() as tx:
                row = await tx.fetchrow(
                    """
                    UPDATE inbox_held AS h SET
                        attempts = h.attempts + 1,
                        last_attempt_at = now(),
                        next_attempt_at = CASE WHEN h.attempts + 1 < $1 THEN
                            now() + make_interval(
                                secs => least($3, $2 * power(2, least(h.attempts, 30))) * (0.75 + random() / 2))
                        END
                    WHERE (h.subject, h.source) = (
                        SELECT subject, source FROM inbox_held
                        WHERE next_attempt_at <= now()
                        ORDER BY next_attempt_at
                        LIMIT 1
                        FOR UPDATE SKIP LOCKED
                    )
                    RETURNING h.subject, h.source
                    """,
                    self._patience.attempts,
                    self._patience.first,
                    self._patience.longest,
                )
            if row is None:
                break
            await self.go_on(row["subject"], row["source"])
            tried += 1
        return tried

    async def go_on(self, subject: str, source: str) -> bool:
        """Apply what a held stream kept, in order; release it when all could be applied."""
        async with self._database.transaction() as tx:
            for stream in await _lock(tx, [(subject, source)]):
                before = stream.applied
                released = await self._drain(tx, stream)
                if stream.applied != before:
                    await _save(tx, stream)
                if released:
                    await tx.execute(
                        "DELETE FROM inbox_held WHERE subject = $1 AND source = $2", stream.subject, stream.source
                    )
                    log.info("stream.released", source=stream.source, request_id=stream.subject)
                return released
        return True


def _reason(error: Exception) -> str:
    """Say why in a line for the operator; database details, which may quote personal data, stay out."""
    said = error.code if isinstance(error, Refusal) else getattr(error, "message", None) or str(error)
    return f"{type(error).__name__}: {said}"[:500]


async def _lock(tx: Transaction, keys: list[tuple[str, str]]) -> list[_Stream]:
    """Lock the streams, always in the same order, and tell where they stand.

    Two statements: what stands is read after the lock was obtained, for the copy of the service that held it before
    may have kept or held something meanwhile.
    """
    if not keys:
        return []
    subjects, sources = [key[0] for key in keys], [key[1] for key in keys]
    await tx.execute(
        """
        INSERT INTO inbox_stream (subject, source)
        SELECT * FROM unnest($1::text[], $2::text[]) AS k (subject, source) ORDER BY 1, 2
        ON CONFLICT (subject, source) DO UPDATE SET changed_at = now()
        """,
        subjects,
        sources,
    )
    rows = await tx.fetch(
        """
        SELECT s.source, s.subject, s.applied,
               EXISTS (SELECT FROM inbox_held h WHERE h.subject = s.subject AND h.source = s.source) AS held,
               EXISTS (SELECT FROM inbox_waiting w WHERE w.subject = s.subject AND w.source = s.source) AS waiting
        FROM inbox_stream s
        JOIN unnest($1::text[], $2::text[]) AS k (subject, source)
            ON s.subject = k.subject AND s.source = k.source
        ORDER BY s.subject, s.source
        """,
        subjects,
        sources,
    )
    return [_Stream(**row) for row in rows]


async def _save(tx: Transaction, stream: _Stream) -> None:
    """Remember how far the stream is applied."""
    await tx.execute(
        "UPDATE inbox_stream SET applied = $3, changed_at = now() WHERE subject = $1 AND source = $2",
        stream.subject,
        stream.source,
        stream.applied,
    )


async def _keep(tx: Transaction, heard: Heard) -> None:
    """Keep an event until its turn."""
    await tx.execute(
        """
        INSERT INTO inbox_waiting (source, subject, sequence, event_id, type, body, departement)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT DO NOTHING
        """,
        heard.source,
        heard.subject,
        heard.sequence,
        heard.envelope.id,
        heard.envelope.type,
        heard.body,
        heard.envelope.departement or "",
    )


async def _next_kept(tx: Transaction, stream: _Stream) -> bytes | None:
    """Give the kept event that is next in the stream, if it is there."""
    body: bytes | None = await tx.fetchval(
        "SELECT body FROM inbox_waiting WHERE subject = $1 AND source = $2 AND sequence = $3",
        stream.subject,
        stream.source,
        stream.applied + 1,
    )
    return body


async def _forget_kept(tx: Transaction, stream: _Stream) -> None:
    """Drop what was kept and is applied."""
    await tx.execute(
        "DELETE FROM inbox_waiting WHERE subject = $1 AND source = $2 AND sequence <= $3",
        stream.subject,
        stream.source,
        stream.applied,
    )


async def _quarantine(tx: Transaction, message: Message, reason: str) -> None:
    """Put an unreadable message aside, with its bytes."""
    await tx.execute(
        "INSERT INTO quarantine (id, reason, routing_key, body) VALUES ($1, $2, $3, $4)",
        new_id(),
        reason[:500],
        message.routing_key[:300].replace("\x00", "\ufffd"),
        message.body,
    )
    metrics.QUARANTINED.inc()
    log.warning("message.quarantined", reason=reason[:500])
