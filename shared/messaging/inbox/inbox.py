"""Messages are made safe together where nothing speaks against it, and alone where an attempt did not end."""

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
from shared.messaging.inbox import attempts, forks, held, observability, quarantine, resubmitted, streams
from shared.messaging.inbox.attempts import FATAL_AFTER, MARKED_AFTER, Attempt
from shared.messaging.inbox.held import Code, RetryPolicy
from shared.messaging.inbox.message import Message, fingerprint_of
from shared.messaging.inbox.parsing import Reading, read
from shared.messaging.inbox.streams import ParkedEvent, Stream

log = structlog.get_logger(__name__)

UNSTORABLE = (asyncpg.DataError, UnicodeError)
"""What is raised outside any handler for a message that can be read and not be written down."""

STUCK_AFTER = 5.0
"""Seconds for which an event that is next may be kept before nobody is thought to have it in hand any more."""


_OF_THE_TRANSACTION = (asyncpg.InsufficientResourcesError, *CONFLICTS)
"""What a handler may meet that is not the fault of its event: nothing is held for it."""


class BatchFailedError(Exception):
    """An event of many in one transaction cannot be applied: they are to be applied again, each in a savepoint."""


KILLS = f"ended its consumer {FATAL_AFTER} times"


def _ignore(_: Message) -> None:
    """Whoever waits for all of them need not be told of each."""


def _notify(messages: Iterable[Message], safe: Callable[[Message], None]) -> None:
    for message in messages:
        safe(message)


class Inbox:
    """Applies what one service hears to its own database."""

    def __init__(
        self,
        database: Database,
        handlers: EventHandlers,
        retry_policy: RetryPolicy | None = None,
        *,
        service: str = "",
        authenticity: Authenticity | None = None,
    ) -> None:
        """Take the table of what is heard; events that `service` told itself are left aside.

        What comes from a queue is checked by `authenticity`; a service that is rebuilt from journals has none.
        """
        self._database = database
        self._consumers = handlers
        self._retry_policy = retry_policy or RetryPolicy()
        self._service = service
        self._authenticity = authenticity
        self._newer_tried = False

    async def process(self, messages: Sequence[Message], safe: Callable[[Message], None] = _ignore) -> list[Message]:
        """Make each message safe: applied, known already, kept for its turn, held, left aside or in quarantine.

        `safe` is told of each as soon as it may be acknowledged. The others are given back: they end whoever reads
        them, and are to be rejected. It raises what says that the database is away, or fails in a way that is no one
        event's fault; then those of which `safe` was not told are to be given again, as redelivered ones.
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
        """Take the messages that an operator handed over; tell how many. One that ends its reader is put aside."""
        taken = 0
        while waiting := await resubmitted.following(self._database):
            fatal = await self.process([message for _, message in waiting])
            async with self._database.transaction() as tx:
                for message in fatal:
                    await quarantine.put_aside(tx, message, KILLS)
                await resubmitted.forget(tx, [position for position, _ in waiting])
            taken += len(waiting)
        return taken

    async def retry_held(self, *, most: int = 20) -> int:
        """Try again the held streams whose time has come; tell how many were tried."""
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
        """Apply what is next and waits, and nobody applies; tell how many streams went on.

        Who had applied what it waited for died before coming to it, and what would have brought it to mind, that same
        message once more, was lost.
        """
        left = await streams.stuck(self._database, seconds=after, most=most)
        for subject, source in left:
            log.warning("stream.left_behind", source=source, request_id=subject)
            await self.resume(subject, source)
        return len(left)

    async def resume(self, subject: str, source: str) -> bool:
        """Apply what a stream kept, one event a transaction, each counted; release it when all could be applied."""
        while True:
            while kept := await streams.next_parked(self._database, subject, source):
                if kept.rivals:
                    if not await self._choose(subject, source):
                        return False
                    continue
                attempt = await attempts.begin(self._database, kept.fingerprint)
                async with self._uncounted_if_interrupted([kept.fingerprint]):
                    went_on = await retry_conflicts(partial(self._apply_parked_alone, kept, attempt))
                if not went_on:
                    return False
            async with self._database.transaction() as tx:
                await streams.lock(tx, [(subject, source)])
                if await streams.next_parked(tx, subject, source) is None:
                    if await held.release(tx, subject, source):
                        log.info("stream.released", source=source, request_id=subject)
                    return True

    async def _choose(self, subject: str, source: str) -> bool:
        """Leave one of the parked events that have the next number; tell whether the stream may go on."""
        async with self._database.transaction() as tx:
            (stream,) = await streams.lock(tx, [(subject, source)])
            following = await streams.next_parked(tx, subject, source)
            return following is None or not following.rivals or await forks.choose(tx, stream)

    async def _fits_now(self, subject: str, source: str) -> bool:
        """Tell whether a forked stream shows no contradiction any more; then it is released."""
        async with self._database.transaction() as tx:
            (stream,) = await streams.lock(tx, [(subject, source)], lowest=[1])
            fits = await forks.check_again(tx, stream)
            if fits and await held.release(tx, subject, source, forked=True):
                log.info("stream.fork_settled", source=source, request_id=subject)
            return fits

    async def trim_parked(self) -> None:
        """Keep what is parked within its bounds."""
        if dropped := await streams.trim_parked(self._database):
            log.warning("inbox.parked_events_dropped", events=dropped)

    async def forget_old_attempts(self) -> None:
        """Forget the attempts of messages that did not come back for a week."""
        if gone := await attempts.forget_old(self._database):
            log.info("inbox.attempts_forgotten", messages=gone)

    async def _process_together(self, messages: Sequence[Message], begun: Sequence[bytes] = ()) -> None:
        """Take messages at once; what the database cannot hold goes to quarantine alone, and takes no other with it."""
        try:
            taken = await self._apply(read(messages, self._consumers, self._service, self._authenticity), begun)
        except UNSTORABLE:
            taken = [stream for message in messages for stream in await self._process_alone(message)]
        await self._resume_after(taken)

    async def _process_counted(self, message: Message) -> bool:
        """Take one that was begun before and did not end, counted before it is begun; tell whether it is safe."""
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
        """Apply what had waited for events that were begun before: after them, who are not to blame if it kills."""
        for stream in taken:
            if stream.waiting and not stream.held:
                await self.resume(stream.subject, stream.source)

    @contextlib.asynccontextmanager
    async def _uncounted_if_interrupted(self, begun: Sequence[bytes]) -> AsyncIterator[None]:
        """Count attempts back when it is we who break them off, or the database that does not let them end.

        A message that ends the database itself is still found: then its attempts cannot be counted back either.
        """
        try:
            yield
        except (asyncio.CancelledError, *AWAY, *CONFLICTS):
            with contextlib.suppress(*AWAY, *CONFLICTS):
                await attempts.uncount(self._database, begun)
            raise

    async def _process_alone(self, message: Message, attempt: Attempt | None = None) -> list[Stream]:
        """Apply one message, or put it aside; give the stream it belongs to."""
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
        """Apply what was read, in one transaction, which ends its attempts; give the streams that may go on after it.

        What is new takes with it what had waited for it. Two savepoints' statements for each event cost more than all
        the rest: there are none until an event fails, and then everything is done again with them. A batch that meets
        a conflict of transactions is applied again at once: no event of it has failed.
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
            keys = sorted(reading.heard)
            locked = await streams.lock(
                tx,
                keys,
                [reading.heard[key][0].request for key in keys],
                lowest=[min(one.sequence for one in reading.heard[key]) for key in keys],
            )
            moved: list[Stream] = []
            for stream in sorted(locked, key=reading.lock_order):
                if moved and moved[-1].subject == stream.subject:
                    moved = await self._move_on(tx, moved)  # what is told next of a request asks for its latest moment
                before = stream.applied
                await self._advance(tx, stream, reading.heard[stream.subject, stream.source], attempt, apart=apart)
                if stream.applied != before:
                    moved.append(stream)
                if stream.waiting and not stream.held and not begun:
                    moved = await self._move_on(tx, moved)
                    await self._drain(tx, stream, apart=apart)
            await self._move_on(tx, moved)
        return locked if begun else []

    async def _put_aside(self, tx: Transaction, message: Message, reason: str) -> None:
        """Put a message in quarantine, unless who published it is answered and can do all there is to do."""
        answer = self._consumers.answer
        if answer is None or not await answer(tx, message, reason):
            await quarantine.put_aside(tx, message, reason)

    async def _advance(
        self, tx: Transaction, stream: Stream, messages: list[ConsumedEvent], attempt: Attempt | None, *, apart: bool
    ) -> None:
        """Apply what is next in the stream, and keep what is not."""
        for heard in sorted(messages, key=lambda item: item.sequence):
            if heard.repeated is not None and stream.held:
                continue  # the first of its id is tried again, and whoever wants an answer publishes once more
            if heard.sequence <= stream.applied:
                await self._process_applied(tx, stream, heard, apart=apart)
            elif heard.sequence > stream.applied + streams.MOST_AHEAD:
                tx.after_commit.append(partial(observability.too_far_ahead, heard))
            elif stream.held or heard.sequence > stream.applied + 1 or heard.sequence in stream.parked:
                await streams.park(tx, ParkedEvent.of(heard), needed=heard.sequence == stream.applied + 1)
                stream.parked.add(heard.sequence)
            elif not stream.continues(heard.previous):
                await forks.hold_on_event(tx, stream, heard)
            elif attempt is not None and attempt.kills:
                await held.hold_for_good(tx, ParkedEvent.of(heard), KILLS)
                stream.held = True
            elif not await self._apply_next(tx, stream, heard, apart=apart):
                stream.held = True

    async def _process_applied(self, tx: Transaction, stream: Stream, heard: ConsumedEvent, *, apart: bool) -> None:
        """Take an event whose place in its stream is applied: it is known, repeated by a stranger, or shows a fork.

        A repetition that fails changes nothing: whoever wants an answer publishes it again.
        """
        if heard.repeated is not None:
            error = await self._handle(tx, heard, heard.repeated, apart=apart)
            if error is not None:
                log.warning("event.not_repeated", type=heard.envelope.type, source=heard.source, exc_info=error)
        elif stream.remembers(heard.sequence, fingerprint_of(heard.body)):
            tx.after_commit.append(metrics.DUPLICATES.inc)
        else:
            await forks.hold_on_event(tx, stream, heard)

    async def _drain(self, tx: Transaction, stream: Stream, *, apart: bool) -> None:
        """Apply what was kept and is next now; it may have come once more meanwhile and be applied already."""
        while kept := await streams.next_parked(tx, stream.subject, stream.source):
            if kept.rivals:
                if not await forks.choose(tx, stream):
                    return
                continue
            if not await self._apply_parked(tx, stream, kept, apart=apart):
                return
            await self._move_on(tx, [stream])

    async def _move_on(self, tx: Transaction, moved: Sequence[Stream]) -> list[Stream]:
        """Remember how far streams are, and drop what had been kept of them until there; none is left to do."""
        if moved:
            await streams.save(tx, moved)
        for stream in moved:
            if stream.waiting:
                await streams.delete_applied(tx, stream)
        return []

    async def _apply_parked_alone(self, kept: ParkedEvent, attempt: Attempt) -> bool:
        """Apply a kept event in a transaction of its own; tell whether its stream may go on."""
        async with self._database.transaction() as tx:
            await attempts.end(tx, [kept.fingerprint])
            (stream,) = await streams.lock(tx, [(kept.subject, kept.source)])
            if stream.applied + 1 == kept.sequence:
                if attempt.kills:
                    await held.hold_for_good(tx, kept, KILLS)
                    return False
                if not await self._apply_parked(tx, stream, kept, apart=True):
                    return False
            await self._move_on(tx, [stream])
        return True

    async def _apply_parked(self, tx: Transaction, stream: Stream, kept: ParkedEvent, *, apart: bool) -> bool:
        """Apply a kept event; one that an older version could read, and this one cannot, holds its stream."""
        try:
            heard = self._consumers.parse(kept.body)
        except Unreadable as error:
            await held.hold(tx, kept, held.reason(error), self._retry_policy)
            return False
        if not stream.continues(heard.previous):
            await forks.hold_on_event(tx, stream, heard)
            return False
        return await self._apply_next(tx, stream, heard, apart=apart)

    async def _apply_next(self, tx: Transaction, stream: Stream, heard: ConsumedEvent, *, apart: bool) -> bool:
        """Apply one event; in a savepoint (`apart`) a failure holds its stream and touches nothing else."""
        error = await self._handle(tx, heard, heard.handler, apart=apart)
        if error is not None:
            await held.hold(tx, ParkedEvent.of(heard), held.reason(error), self._retry_policy, Code.of(error))
            envelope = heard.envelope
            known = {"event_id": envelope.id, "request_id": envelope.subject}
            if Code.of(error) is Code.WAITS_FOR_ANOTHER:
                log.info("event.waits_for_another", type=envelope.type, source=envelope.source, **known)
            else:
                log.warning("event.held", type=envelope.type, source=envelope.source, **known, exc_info=error)
            return False
        stream.advance(heard)
        tx.after_commit.append(partial(observability.applied, heard))
        return True

    async def _handle(
        self, tx: Transaction, heard: ConsumedEvent, handler: Handler | None, *, apart: bool
    ) -> Exception | None:
        """Call a handler of an event, if it has one; give what it failed with, where it was in a savepoint."""
        if handler is None:
            return None
        envelope = heard.envelope
        with (
            structlog.contextvars.bound_contextvars(event_id=envelope.id, request_id=envelope.subject),
            observability.step(heard) as step,
        ):
            tx.cause = Cause(envelope.correlationid or envelope.id, envelope.id, step.traceparent)
            try:
                async with tx.savepoint() if apart else contextlib.nullcontext():
                    await handler(tx, heard.fact)
            except Exception as error:
                if tx.connection.is_closed() or isinstance(error, _OF_THE_TRANSACTION):
                    raise
                if not apart:
                    raise BatchFailedError from error
                step.fail(type(error).__name__)
                return error
        return None
