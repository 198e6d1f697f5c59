"""Alter messages on their way, as a broken network or somebody with the supervisor's password could."""

import json
import random
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

import aio_pika
import httpx2
from yarl import URL

from shared.messaging.connection import connect
from shared.messaging.envelope import CONTENT_TYPE, DIGEST, digest_of

EXCHANGE = "cousumain"
NETWORK = "network"
MOST = 60
TAKE_WITHIN = 3.0
RUBBISH_ID = "1"
"""The id that all forged envelopes have."""


@dataclass(slots=True)
class Tampered:
    """What became of the messages that were caught on their way."""

    caught: int = 0
    published: int = 0
    notes: list[str] = field(default_factory=list)


Alter = Callable[[list[aio_pika.abc.AbstractIncomingMessage]], Iterable[aio_pika.abc.AbstractMessage]]


async def as_the_network(amqp: str, management: str) -> str:
    """Give the address of an account that passes on what others published, in their names, as a wire does.

    Of the product's own accounts none may: the supervisor, who makes this one, publishes only as itself.
    """
    urls = [URL(one) for one in amqp.split(",")]
    vhost = quote(unquote(urls[0].raw_path[1:]) or "/", safe="")
    password = secrets.token_urlsafe()
    by = httpx2.BasicAuth(urls[0].user or "", urls[0].password or "")
    async with httpx2.AsyncClient(base_url=f"{management}/api", auth=by, timeout=10, trust_env=False) as client:
        account = {"password": password, "tags": "impersonator"}
        (await client.put(f"/users/{NETWORK}", json=account)).raise_for_status()
        everything = {"configure": ".*", "write": ".*", "read": ".*"}
        (await client.put(f"/permissions/{vhost}/{NETWORK}", json=everything)).raise_for_status()
    return ",".join(str(url.with_user(NETWORK).with_password(password)) for url in urls)


async def on_the_way(network: str, queue: str, alter: Alter) -> Tampered:
    """Take what waits in a queue, and put back what `alter` makes of it."""
    done = Tampered()
    async with await connect(network, "faults", within=10) as connection:
        channel = await connection.channel(publisher_confirms=True)
        there = await channel.get_queue(queue)
        caught: list[aio_pika.abc.AbstractIncomingMessage] = []
        while len(caught) < MOST:
            message = await there.get(fail=False, timeout=5)
            if message is None:
                break
            caught.append(message)
        for altered in alter(caught):
            await channel.default_exchange.publish(altered, routing_key=queue, timeout=10)
            done.published += 1
        for message in caught:
            await message.ack()
        done.caught = len(caught)
    return done


async def publish(amqp: str, messages: Iterable[tuple[str, aio_pika.Message]]) -> int:
    """Put messages on the exchange; give how many."""
    count = 0
    async with await connect(amqp, "faults", within=10) as connection:
        channel = await connection.channel(publisher_confirms=True)
        exchange = await channel.get_exchange(EXCHANGE)
        for routing_key, message in messages:
            await exchange.publish(message, routing_key=routing_key, timeout=10)
            count += 1
    return count


def copy(message: aio_pika.abc.AbstractIncomingMessage, body: bytes | None = None) -> aio_pika.Message:
    """Make a message like this one, with its properties, and perhaps with another body."""
    return aio_pika.Message(
        message.body if body is None else body,
        content_type=message.content_type,
        message_id=message.message_id,
        type=message.type,
        correlation_id=message.correlation_id,
        user_id=message.user_id,
        headers={key: value for key, value in message.headers.items() if not key.startswith("x-")},
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
    )


def reordered(chance: random.Random) -> Alter:
    """Shuffle them, and double one in three."""

    def alter(caught: list[aio_pika.abc.AbstractIncomingMessage]) -> list[aio_pika.Message]:
        messages = [copy(one) for one in caught] + [copy(one) for one in caught if chance.random() < 0.3]
        chance.shuffle(messages)
        return messages

    return alter


def duplicated(caught: list[aio_pika.abc.AbstractIncomingMessage]) -> list[aio_pika.Message]:
    """Give each three times."""
    return [copy(one) for one in caught for _ in range(3)]


def truncated(chance: random.Random) -> Alter:
    """Cut the end off one in three."""

    def alter(caught: list[aio_pika.abc.AbstractIncomingMessage]) -> list[aio_pika.Message]:
        return [
            copy(one, one.body[: chance.randrange(len(one.body))] if one.body and chance.random() < 0.3 else None)
            for one in caught
        ]

    return alter


def flipped(chance: random.Random) -> Alter:
    """Turn one bit over in one of three; every second time it makes one letter or digit of another, hard to see."""

    def flip(body: bytes) -> bytes:
        hidden = chance.random() < 0.5
        for _ in range(100):
            where, bit = chance.randrange(len(body)), 1 << chance.randrange(8)
            turned = bytes([body[where] ^ bit])
            if not hidden or (turned.isalnum() and body[where : where + 1].isalnum()):
                break
        return body[:where] + turned + body[where + 1 :]

    def alter(caught: list[aio_pika.abc.AbstractIncomingMessage]) -> list[aio_pika.Message]:
        return [copy(one, flip(one.body) if one.body and chance.random() < 0.3 else None) for one in caught]

    return alter


def rubbish(chance: random.Random, real: list[tuple[str, str]]) -> Iterable[tuple[str, aio_pika.Message]]:
    """Make messages that nobody can use, and true ones once more; `real` is (routing key, body)."""
    keys = ("intake.request_submitted.95", "qualification.request_registered.95", "escalation.decision_made.95", "x.y")
    envelope = {"specversion": "1.0", "id": RUBBISH_ID, "source": "/intake", "type": "intake.request_submitted.v1"}
    bodies = [
        b"",
        chance.randbytes(chance.randrange(1, 3_000)),
        b"{",
        b"null",
        b"[" * 5_000,
        json.dumps(envelope).encode(),
        json.dumps(envelope | {"data": {}, "sequence": 1, "subject": "\x00"}).encode(),
        json.dumps(envelope | {"data": {}, "sequence": 10**30, "subject": "s"}).encode(),
        json.dumps(envelope | {"data": {"request_id": "x"}, "sequence": 1, "subject": "s"}).encode(),
        json.dumps(envelope | {"data": {}, "type": "intake.events_missing.v1"}).encode(),
    ]
    for body in bodies:
        kind = chance.choice((None, "intake.request_submitted.v1", "qualification.events_missing.v1", "x" * 200))
        yield chance.choice(keys), aio_pika.Message(body, type=kind)
    for key, told in real:
        body = told.encode()
        yield key, aio_pika.Message(body, content_type=CONTENT_TYPE, headers={DIGEST: digest_of(body)})
