"""The inbox: applies consumed messages exactly once and in the order of their stream, a batch in one transaction.

Read `Inbox.process` first, then `_apply_at_once` and `_advance`. A message is applied, recognised as applied before,
parked until its turn, or quarantined; an event whose handler fails holds its stream and is retried (`held`).
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from functools import partial

import asyncpg
import structlog

from shared.db import AWAY, CONFLICTS, Cause, Database, Transaction, retry_conflicts
from shared.messaging import metrics
from shared.messaging.authenticity import Authenticity
from shared.messaging.envelope import Unreadable
from shared.messaging.handlers import ConsumedEvent, EventHandlers, Handler
from shared.messaging.inbox import attempts, forks, held, observability, parking, quarantine, resubmitted, streams
from shared.messaging.inbox.attempts import FATAL_AFTER, MARKED_AFTER, Attempt
from shared.messaging.inbox.held import Code, RetryPolicy
from shared.messaging.inbox.message import Message, fingerprint_of
from shared.messaging.inbox.parking import ParkedEvent
from shared.messaging.inbox.parsing import Reading, read
from shared.messaging.inbox.streams import Stream

log = structlog.get_logger(__name__)

UNSTORABLE = (asyncpg.DataError, UnicodeError)
"""Raised outside handlers for a message that can be parsed and that PostgreSQL cannot store."""

STUCK_AFTER = 5.0
"""Seconds for which the next event of a stream may be parked before its stream counts as stuck."""


_OF_THE_TRANSACTION = (asyncpg.InsufficientResourcesError, *CONFLICTS)
"""Errors of the transaction, not of the event: they hold no stream, and the batch is tried again."""


class BatchFailedError(Exception):
    """An event of a batch failed: the batch is applied again, each event in a savepoint."""


KILLS = f"ended its consumer {FATAL_AFTER} times"


def _ignore(_: Message) -> None:
    """Do nothing: the caller waits for the whole batch."""


def _notify(messages: Iterable[Message], safe: Callable[[Message], None]) -> None:
    for message in messages:
        safe(message)


class Inbox:
    """Applies the events that one service consumes, in its own database."""

    def __init__(
        self,
        database: Database,
        handlers: EventHandlers,
        retry_policy: RetryPolicy | None = None,
        *,
        service: str = "",
        authenticity: Authenticity | None = None,
    ) -> None:
        """Events that `service` published itself are ignored.

        `authenticity` checks messages that come from a queue; a service that is rebuilt from journals needs none.
        """
        self._database = database
        self._consumers = handlers
        self._retry_policy = retry_policy or RetryPolicy()
        self._service = service
        self._authenticity = authenticity
        self._newer_tried = False

    async def process(self, messages: Sequence[Message], safe: Callable[[Message], None] = _ignore) -> list[Message]:
        """Store the effect of each message: applied, known, parked, held, ignored or quarantined.

        `safe` is called with each message that may be acknowledged. Returns the messages to reject: they end every
        process that reads them. Raises where the database is away, or fails for another reason than one event; give
        the messages for which `safe` was not called again then, as redelivered.
        """
        new = [message for message in messages if not message.redelivered]
        if new:
            await self._process_together(new)
            _notify(new, safe)
        before = [message for message in messages if message.redelivered]
        if not before:
            return []
        first = await attempts.begin_first(self._database, [message.fingerprint for message in before])
        if together := [message for message in before if message.fingerprint in first]:
            async with self._uncounted_if_interrupted(list(first)):
                await self._process_together(together, list(first))
            _notify(together, safe)
        fatal: list[Message] = []
        for message in before:
            if message.fingerprint in first:
                continue
            if await self._process_counted(message):
                safe(message)
            else:
                fatal.append(message)
        return fatal

    async def process_resubmitted(self) -> int:
        """Process the messages that an operator flagged for another attempt; return how many.

        A message that ends its reader comes back to the quarantine.
        """
        taken = 0
        while waiting := await resubmitted.following(self._database):
            async with self._processed([message for _, message in waiting]) as tx:
                await resubmitted.mark_taken(tx, [message_id for message_id, _ in waiting])
            taken += len(waiting)
        while given := await resubmitted.handed_over(self._database):
            async with self._processed([message for _, message in given]) as tx:
                await resubmitted.forget(tx, [position for position, _ in given])
            taken += len(given)
        return taken

    async def process_unrouted(self, messages: Sequence[Message]) -> None:
        """Process messages that came past the queue; one that ends its reader is quarantined."""
        async with self._processed(messages):
            pass

    @contextlib.asynccontextmanager
    async def _processed(self, messages: Sequence[Message]) -> AsyncIterator[Transaction]:
        """Process messages, and give the transaction that quarantines those that end their reader."""
        fatal = await self.process(messages)
        async with self._database.transaction() as tx:
            for message in fatal:
                await quarantine.put_aside(tx, message, KILLS)
                await attempts.leave_one(tx, message.fingerprint, readable=False)
            yield tx

    async def retry_held(self, *, most: int = 20) -> int:
        """Retry the held streams that are due; return how many."""
        if not self._newer_tried:
            await held.try_newer_now(self._database)
            self._newer_tried = True
        tried = 0
        while tried < most:
            async with self._database.transaction() as tx:
                due = await held.take_due(tx)
            if due is None:
                break
            tried += 1
            if due["code"] == Code.FORKED and not await self._fits_now(due["subject"], due["source"]):
                continue
            await self.resume(due["subject"], due["source"])
        return tried

    async def resume_stuck(self, *, after: float = STUCK_AFTER, most: int = 20) -> int:
        """Apply parked events that are next and that no process applies; return how many streams went on.

        The process that applied their predecessor died before it came to them.
        """
        left = await parking.stuck(self._database, seconds=after, most=most)
        for subject, source in left:
            log.warning("stream.left_behind", source=source, request_id=subject)
            await self.resume(subject, source)
        return len(left)

    async def resume(self, subject: str, source: str) -> bool:
        """Apply the parked events of a stream, each counted and in its own transaction; release the stream at the end.

        Returns whether all could be applied.
        """
        while True:
            while parked := await parking.next_parked(self._database, subject, source):
                if parked.rivals:
                    if not await self._choose(subject, source):
                        return False
                    continue
                attempt = await attempts.begin(self._database, parked.fingerprint)
                async with self._uncounted_if_interrupted([parked.fingerprint]):
                    went_on = await retry_conflicts(partial(self._apply_parked_alone, parked, attempt))
                if not went_on:
                    return False
            async with self._database.transaction() as tx:
                await streams.lock(tx, [(subject, source)])
                if await parking.next_parked(tx, subject, source) is None:
                    if await held.release(tx, subject, source):
                        log.info("stream.released", source=source, request_id=subject)
                    return True

    async def _choose(self, subject: str, source: str) -> bool:
        """Choose between parked events that have the next number; return whether the stream may go on."""
        async with self._database.transaction() as tx:
            (stream,) = await streams.lock(tx, [(subject, source)])
            following = await parking.next_parked(tx, subject, source)
            return following is None or not following.rivals or await forks.choose(tx, stream)

    async def _fits_now(self, subject: str, source: str) -> bool:
        """Release a forked stream that shows no contradiction any more; return whether it was released."""
        async with self._database.transaction() as tx:
            (stream,) = await streams.lock(tx, [(subject, source)], lowest=[1])
            fits = await forks.check_again(tx, stream)
            if fits and await held.release(tx, subject, source, forked=True):
                log.info("stream.fork_settled", source=source, request_id=subject)
            return fits

    async def trim_parked(self) -> None:
        """Delete parked events beyond the bound of a source."""
        if dropped := await parking.trim_parked(self._database):
            log.warning("inbox.parked_events_dropped", events=dropped)

    async def forget_old_attempts(self) -> None:
        """Delete the attempts of messages that were not redelivered for a week."""
        if gone := await attempts.forget_old(self._database):
            log.info("inbox.attempts_forgotten", messages=gone)

    async def _process_together(self, messages: Sequence[Message], begun: Sequence[bytes] = ()) -> None:
        """Process messages in one transaction; one that PostgreSQL cannot store is quarantined alone."""
        try:
            taken = await self._apply(read(messages, self._consumers, self._service, self._authenticity), begun)
        except UNSTORABLE:
            taken = [stream for message in messages for stream in await self._process_alone(message)]
        await self._resume_after(taken)

    async def _process_counted(self, message: Message) -> bool:
        """Process a message whose earlier attempt did not end, and count this attempt first.

        Returns False for a message that is to be rejected: it ended its reader too often.
        """
        attempt = await attempts.begin(self._database, message.fingerprint)
        if attempt.kills_its_reader:
            metrics.FATAL.inc()
            log.error("message.kills_its_reader", routing_key=message.routing_key, attempts=attempt.number)
            return False
        async with self._uncounted_if_interrupted([message.fingerprint]):
            taken = await self._process_alone(message, attempt)
        await self._resume_after(taken)
        return True

    async def _resume_after(self, taken: Iterable[Stream]) -> None:
        """Apply the parked events behind those just applied, in transactions of their own.

        If one of them ends the process, the message before it is not blamed.
        """
        for stream in taken:
            if stream.waiting and not stream.held:
                await self.resume(stream.subject, stream.source)

    @contextlib.asynccontextmanager
    async def _uncounted_if_interrupted(self, begun: Sequence[bytes]) -> AsyncIterator[None]:
        """Undo the count of attempts that end by our cancellation or by an error of the database.

        A message that ends the database itself is still found: its attempts cannot be undone then.
        """
        try:
            yield
        except (asyncio.CancelledError, *AWAY, *CONFLICTS):
            with contextlib.suppress(*AWAY, *CONFLICTS):
                await attempts.uncount(self._database, begun)
            raise

    async def _process_alone(self, message: Message, attempt: Attempt | None = None) -> list[Stream]:
        """Apply or quarantine one message; return its stream."""
        reading = read([message], self._consumers, self._service, self._authenticity)
        if attempt is not None and attempt.number > MARKED_AFTER:
            await attempts.mark_readable(self._database, message.fingerprint)
        try:
            return await self._apply(reading, [message.fingerprint], attempt)
        except UNSTORABLE as error:
            async with self._database.transaction() as tx:
                await self._put_aside(tx, message, f"PostgreSQL cannot hold it ({type(error).__name__})")
                await attempts.end(tx, [message.fingerprint])
            return []

    async def _apply(self, reading: Reading, begun: Sequence[bytes], attempt: Attempt | None = None) -> list[Stream]:
        """Apply a parsed batch in one transaction, which deletes its attempts too; return the streams to resume.

        Savepoints cost two statements an event, more than all other statements together. The first try has none; if
        an event fails, the batch is applied again with a savepoint for each. A conflict of transactions (deadlock,
        serialization) is retried at once: no event has failed.
        """
        apply = partial(self._apply_at_once, reading, begun, attempt)
        try:
            return await retry_conflicts(partial(apply, apart=False))
        except BatchFailedError:
            return await retry_conflicts(partial(apply, apart=True))

    async def _apply_at_once(
        self, reading: Reading, begun: Sequence[bytes], attempt: Attempt | None, *, apart: bool
    ) -> list[Stream]:
        async with self._database.transaction() as tx:
            if begun:
                await attempts.end(tx, begun)
            for message, reason in reading.aside:
                await self._put_aside(tx, message, reason)
            keys = sorted(reading.events)
            locked = await streams.lock(
                tx,
                keys,
                [reading.events[key][0].request for key in keys],
                lowest=[min(one.sequence for one in reading.events[key]) for key in keys],
            )
            moved: list[Stream] = []
            for stream in sorted(locked, key=reading.lock_order):
                if moved and moved[-1].subject == stream.subject:
                    moved = await self._move_on(tx, moved)  # handlers read the latest moment of their request
                before = stream.applied
                await self._advance(tx, stream, reading.events[stream.subject, stream.source], attempt, apart=apart)
                if stream.applied != before:
                    moved.append(stream)
                if stream.waiting and not stream.held and not begun:
                    moved = await self._move_on(tx, moved)
                    await self._drain(tx, stream, apart=apart)
            await self._move_on(tx, moved)
        return locked if begun else []

    async def _put_aside(self, tx: Transaction, message: Message, reason: str) -> None:
        """Quarantine a message, unless its publisher is answered and nothing else is to be done."""
        answer = self._consumers.answer
        if answer is None or not await answer(tx, message, reason):
            await quarantine.put_aside(tx, message, reason)

    async def _advance(
        self, tx: Transaction, stream: Stream, messages: list[ConsumedEvent], attempt: Attempt | None, *, apart: bool
    ) -> None:
        """Apply the events that are next in the stream, and park the others."""
        for event in sorted(messages, key=lambda item: item.sequence):
            if event.repeated is not None and stream.held:
                continue  # the first event of this id is retried; the publisher repeats it to be answered
            if event.sequence <= stream.applied:
                await self._process_applied(tx, stream, event, apart=apart)
            elif event.sequence > stream.applied + streams.MOST_AHEAD:
                tx.after_commit.append(partial(observability.too_far_ahead, event))
            elif stream.held or event.sequence > stream.applied + 1 or event.sequence in stream.parked:
                await parking.park(tx, ParkedEvent.of(event), needed=event.sequence == stream.applied + 1)
                stream.parked.add(event.sequence)
            elif not stream.continues(event.previous):
                await forks.hold_on_event(tx, stream, event)
            elif attempt is not None and attempt.kills:
                await held.hold_for_good(tx, ParkedEvent.of(event), KILLS)
                stream.held = True
            elif not await self._apply_next(tx, stream, event, apart=apart):
                stream.held = True

    async def _process_applied(self, tx: Transaction, stream: Stream, event: ConsumedEvent, *, apart: bool) -> None:
        """Process an event whose number is applied already: a duplicate, a repetition to answer, or the sign of a fork.

        A repetition that fails changes nothing: its publisher may repeat it once more.
        """
        if event.repeated is not None:
            error = await self._handle(tx, event, event.repeated, apart=apart)
            if error is not None:
                log.warning("event.not_repeated", type=event.envelope.type, source=event.source, exc_info=error)
        elif stream.remembers(event.sequence, fingerprint_of(event.body)):
            tx.after_commit.append(metrics.DUPLICATES.inc)
        else:
            await forks.hold_on_event(tx, stream, event)

    async def _drain(self, tx: Transaction, stream: Stream, *, apart: bool) -> None:
        """Apply the parked events that are next now."""
        while parked := await parking.next_parked(tx, stream.subject, stream.source):
            if parked.rivals:
                if not await forks.choose(tx, stream):
                    return
                continue
            if not await self._apply_parked(tx, stream, parked, apart=apart):
                return
            await self._move_on(tx, [stream])

    async def _move_on(self, tx: Transaction, moved: Sequence[Stream]) -> list[Stream]:
        """Save the positions of streams and delete their applied parked events; return an empty list."""
        if moved:
            await streams.save(tx, moved)
        for stream in moved:
            if stream.waiting:
                await parking.delete_applied(tx, stream)
        return []

    async def _apply_parked_alone(self, parked: ParkedEvent, attempt: Attempt) -> bool:
        """Apply a parked event in its own transaction; return whether its stream may go on."""
        async with self._database.transaction() as tx:
            await attempts.end(tx, [parked.fingerprint])
            (stream,) = await streams.lock(tx, [(parked.subject, parked.source)])
            if stream.applied + 1 == parked.sequence:
                if attempt.kills:
                    await held.hold_for_good(tx, parked, KILLS)
                    return False
                if not await self._apply_parked(tx, stream, parked, apart=True):
                    return False
            await self._move_on(tx, [stream])
        return True

    async def _apply_parked(self, tx: Transaction, stream: Stream, parked: ParkedEvent, *, apart: bool) -> bool:
        """Apply a parked event; one that only an older version of this service could parse holds its stream."""
        try:
            event = self._consumers.parse(parked.body)
        except Unreadable as error:
            await held.hold(tx, parked, held.reason(error), self._retry_policy)
            return False
        if not stream.continues(event.previous):
            await forks.hold_on_event(tx, stream, event)
            return False
        return await self._apply_next(tx, stream, event, apart=apart)

    async def _apply_next(self, tx: Transaction, stream: Stream, event: ConsumedEvent, *, apart: bool) -> bool:
        """Apply one event and return whether it succeeded; in a savepoint (`apart`) a failure only holds its stream."""
        error = await self._handle(tx, event, event.handler, apart=apart)
        if error is not None:
            await held.hold(tx, ParkedEvent.of(event), held.reason(error), self._retry_policy, Code.of(error))
            envelope = event.envelope
            known = {"event_id": envelope.id, "request_id": envelope.subject}
            if Code.of(error) is Code.WAITS_FOR_ANOTHER:
                log.info("event.waits_for_another", type=envelope.type, source=envelope.source, **known)
            else:
                log.warning("event.held", type=envelope.type, source=envelope.source, **known, exc_info=error)
            return False
        stream.advance(event)
        tx.after_commit.append(partial(observability.applied, event))
        return True

    async def _handle(
        self, tx: Transaction, event: ConsumedEvent, handler: Handler | None, *, apart: bool
    ) -> Exception | None:
        """Call the handler of an event, if there is one; return its error where it ran in a savepoint."""
        if handler is None:
            return None
        envelope = event.envelope
        with (
            structlog.contextvars.bound_contextvars(event_id=envelope.id, request_id=envelope.subject),
            observability.step(event) as step,
        ):
            tx.cause = Cause(envelope.correlationid or envelope.id, envelope.id, step.traceparent)
            try:
                async with tx.savepoint() if apart else contextlib.nullcontext():
                    await handler(tx, event.fact)
            except Exception as error:
                if tx.connection.is_closed() or isinstance(error, _OF_THE_TRANSACTION):
                    raise
                if not apart:
                    raise BatchFailedError from error
                step.fail(type(error).__name__)
                return error
        return None
