"""What is in hand is made safe together, or one by one where something went wrong; nothing is answered before."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence

import asyncpg
import pytest

from shared.messaging.batcher import MessageBatcher, Outcome
from shared.messaging.inbox.inbox import Inbox
from shared.messaging.inbox.message import Message


class Taking(Inbox):
    """An inbox that fails as it is told to, and remembers what it was given."""

    def __init__(self, failures: Sequence[Exception] = (), fatal: bytes = b"", *, one_is_safe: bool = True) -> None:
        self.given: list[list[tuple[bytes, bool]]] = []
        self._failures, self._fatal, self._one_is_safe = list(failures), fatal, one_is_safe

    async def process(self, messages: Sequence[Message], safe: Callable[[Message], None] = print) -> list[Message]:
        """Fail as long as there are failures left, in the middle of what is given."""
        self.given.append([(message.body, message.redelivered) for message in messages])
        if self._failures:
            if self._one_is_safe:
                safe(messages[0])
            raise self._failures.pop(0)
        fatal = [message for message in messages if message.body == self._fatal]
        for message in messages:
            if message not in fatal:
                safe(message)
        return fatal


@contextlib.asynccontextmanager
async def running(batcher: MessageBatcher) -> AsyncIterator[None]:
    task = asyncio.create_task(batcher.run())
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def settled(batcher: MessageBatcher, *messages: Message) -> list[Outcome]:
    async with asyncio.timeout(10), running(batcher):
        return await asyncio.gather(*(batcher.submit(message) for message in messages))


async def test_what_arrived_together_is_taken_together() -> None:
    inbox = Taking()
    messages = Message(b"1", ""), Message(b"2", "", redelivered=True), Message(b"3", "")
    assert await settled(MessageBatcher(inbox), *messages) == [Outcome.ACK] * 3
    assert inbox.given == [[(b"1", False), (b"2", True), (b"3", False)]]


async def test_each_is_answered_as_soon_as_it_is_safe_and_does_not_wait_for_its_neighbours() -> None:
    seen: list[bytes] = []

    class Slow(Taking):
        async def process(self, messages: Sequence[Message], safe: Callable[[Message], None] = print) -> list[Message]:
            """Let the first be safe, and the second take for ever."""
            safe(messages[0])
            await asyncio.sleep(60)
            return []

    batcher = MessageBatcher(Slow())

    async def settle(body: bytes) -> None:
        await batcher.submit(Message(body, ""))
        seen.append(body)

    async with running(batcher):
        tasks = [asyncio.create_task(settle(body)) for body in (b"1", b"2")]
        async with asyncio.timeout(5):
            await tasks[0]
        assert seen == [b"1"]
    batcher.release()
    await asyncio.gather(*tasks)


@pytest.mark.parametrize("failure", [ConnectionResetError(), asyncpg.UndefinedTableError("no such table")])
async def test_after_a_failure_what_is_not_safe_yet_is_given_again_as_begun_before(failure: Exception) -> None:
    inbox = Taking([failure])
    assert await settled(MessageBatcher(inbox), Message(b"1", ""), Message(b"2", "")) == [Outcome.ACK, Outcome.ACK]
    assert inbox.given == [[(b"1", False), (b"2", False)], [(b"2", True)]]


class Gated(Inbox):
    """An inbox in which each message waits until it is let through."""

    def __init__(self) -> None:
        self.inside: list[bytes] = []
        self._through: dict[bytes, asyncio.Event] = defaultdict(asyncio.Event)

    async def process(self, messages: Sequence[Message], safe: Callable[[Message], None] = print) -> list[Message]:
        """Have one message inside until it is let through."""
        (message,) = messages
        self.inside.append(message.body)
        await self._through[message.body].wait()
        self.inside.remove(message.body)
        safe(message)
        return []

    async def let(self, body: bytes) -> None:
        """Let a message through, and everything go on that can."""
        self._through[body].set()
        await all_goes_on()


async def all_goes_on() -> None:
    """Let everything go on that can: with a gated inbox nothing waits for a clock or a socket."""
    for _ in range(20):
        await asyncio.sleep(0)


async def given(batcher: MessageBatcher, body: bytes, *, redelivered: bool = False) -> asyncio.Task[Outcome]:
    task = asyncio.create_task(batcher.submit(Message(body, "", redelivered=redelivered)))
    await all_goes_on()
    return task


async def test_while_one_is_under_way_the_next_begins_and_is_answered_after_it() -> None:
    inbox = Gated()
    batcher = MessageBatcher(inbox)
    async with asyncio.timeout(10), running(batcher):
        answers = [await given(batcher, body) for body in (b"1", b"2", b"3")]
        assert inbox.inside == [b"1", b"2"]
        await inbox.let(b"2")
        assert inbox.inside == [b"1"]
        assert not any(answer.done() for answer in answers)
        await inbox.let(b"1")
        assert [answer.done() for answer in answers] == [True, True, False]
        assert inbox.inside == [b"3"]
        await inbox.let(b"3")
        assert await asyncio.gather(*answers) == [Outcome.ACK] * 3


async def test_while_one_that_was_begun_before_is_under_way_nothing_else_is() -> None:
    inbox = Gated()
    batcher = MessageBatcher(inbox)
    async with asyncio.timeout(10), running(batcher):
        for body in (b"1", b"2", b"3"):
            await given(batcher, body, redelivered=body == b"2")
        for body in (b"1", b"2", b"3"):
            assert inbox.inside == [body]
            await inbox.let(body)


async def test_one_that_kills_its_reader_belongs_to_the_dead_letters_and_its_neighbours_do_not() -> None:
    messages = [Message(body, "", redelivered=True) for body in (b"1", b"poison", b"3")]
    outcomes = await settled(MessageBatcher(Taking(fatal=b"poison")), *messages)
    assert outcomes == [Outcome.ACK, Outcome.REJECT, Outcome.ACK]


async def test_what_could_not_be_finished_at_a_stop_goes_back() -> None:
    batcher = MessageBatcher(Taking([ConnectionResetError() for _ in range(100)], one_is_safe=False))
    settling = [asyncio.create_task(batcher.submit(Message(bytes([number]), ""))) for number in range(3)]
    async with running(batcher):
        await asyncio.sleep(0.05)
        await batcher.drain(within=0.1)
        assert not any(task.done() for task in settling)
    batcher.release()
    async with asyncio.timeout(5):
        assert await asyncio.gather(*settling) == [Outcome.RELEASE] * 3
