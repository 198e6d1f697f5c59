"""How the tests bring about what operators mend."""

import contextlib
from typing import TYPE_CHECKING

import aio_pika
from aio_pika.abc import AbstractChannel

from services.operations.reads import held
from services.operations.reads.held import Held
from shared.clock import new_id
from shared.contracts.intake import MessagePosted
from shared.db import Database, Transaction
from shared.messaging.inbox.dead_letters import ParkedMessages
from shared.messaging.inbox.inbox import Inbox
from shared.messaging.inbox.message import Message
from shared.messaging.names import EXCHANGE
from tests.polling import eventually
from tests.shared.messaging.conftest import a_message
from tests.wire import wire

if TYPE_CHECKING:
    from tests.operations.conftest import Scene


class CannotApply:
    """A handler that fails for the texts it was told, and remembers what it applied."""

    def __init__(self) -> None:
        self.texts: set[str] = set()
        self.applied: list[str] = []

    async def apply(self, _: Transaction, fact: MessagePosted) -> None:
        """Apply, or raise."""
        if fact.text in self.texts:
            raise RuntimeError("cannot be applied yet")
        self.applied.append(fact.text)


async def a_held_stream(inbox: Inbox, broken: CannotApply, database: Database, *, given_up: bool = False) -> Held:
    """Three events of one stream, of which the first cannot be applied."""
    broken.texts.add("first")
    request_id = new_id()
    texts = ("first", "second", "third")
    messages = [wire(a_message(request_id, text), number) for number, text in enumerate(texts, start=1)]
    await inbox.process([Message(body, "intake.message_posted.95") for body in messages])
    if given_up:

        async def nobody_tries_it() -> bool:
            await inbox.retry_held()
            return (await held.list_held(database, "escalation"))[0].given_up

        await eventually(nobody_tries_it)
    return next(one for one in await held.list_held(database, "escalation") if one.subject == str(request_id))


async def an_unreadable_message(inbox: Inbox, body: bytes = b"not an envelope") -> None:
    await inbox.process([Message(body, "intake.message_posted.95")])


async def publish(channel: AbstractChannel, body: bytes, routing_key: str) -> None:
    exchange = await channel.get_exchange(EXCHANGE, ensure=False)
    await exchange.publish(aio_pika.Message(body, delivery_mode=2), routing_key=routing_key)


async def a_dead_letter(scene: "Scene", queue: str, body: bytes) -> None:
    """A message that its consumer refused, and that escalation keeps."""
    await scene.channel.default_exchange.publish(aio_pika.Message(body, delivery_mode=2), routing_key=queue)
    await bury(scene.channel, queue)
    assert await parked_for(scene, queue).store_dead() == 1


def parked_for(scene: "Scene", queue: str) -> ParkedMessages:
    """What the broker has parked for escalation."""
    return ParkedMessages(scene.escalation, lambda: contextlib.nullcontext(scene.channel), dead_queue=f"{queue}.dead")


async def bury(channel: AbstractChannel, queue: str) -> None:
    """Refuse the next message of a queue for good."""
    before = await depth(channel, f"{queue}.dead")
    source = await channel.declare_queue(queue, passive=True)

    async def refused() -> bool:
        message = await source.get(fail=False)
        if message is not None:
            await message.reject(requeue=False)
        return message is not None

    await eventually(refused)

    async def buried() -> bool:
        return await depth(channel, f"{queue}.dead") > before

    await eventually(buried)


async def depth(channel: AbstractChannel, queue: str) -> int:
    """How many messages are ready in a queue."""
    return (await channel.declare_queue(queue, passive=True)).declaration_result.message_count or 0


async def taken(channel: AbstractChannel, queue: str) -> aio_pika.abc.AbstractIncomingMessage:
    """Take the next message of a queue."""
    source = await channel.declare_queue(queue, passive=True)
    found: list[aio_pika.abc.AbstractIncomingMessage] = []

    async def there() -> bool:
        message = await source.get(fail=False, no_ack=True)
        if message is not None:
            found.append(message)
        return bool(found)

    await eventually(there)
    return found[0]
