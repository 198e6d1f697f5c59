"""Programs that are not ours and speak to the exchange: a form of an EPCI, and a publisher of rubbish."""

import asyncio
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import aio_pika
from aio_pika.abc import AbstractChannel

from deploy.local.places import REPOSITORY
from tests.actors import Json
from tests.steps import a_body
from tests.system import System

EXCHANGE = "cousumain"
CLIENT = REPOSITORY / "docs" / "form_client.py"


@dataclass(frozen=True, slots=True)
class ForeignForm:
    """A form of somebody else: all that it knows is the address that `cousu-main form add` printed."""

    amqp_url: str

    @classmethod
    def added(cls, system: System, name: str | None = None) -> "ForeignForm":
        """Have an operator make an account."""
        return cls(system.command("form", "add", name or f"epci-{uuid4().hex[:8]}"))

    @property
    def account(self) -> str:
        """Its user at the broker, and the queue of its answers."""
        return urlsplit(self.amqp_url).username or ""

    @property
    def name(self) -> str:
        """What `form add` was told."""
        return self.account.removeprefix("form.")

    def event(self, **changes: Any) -> Json:
        """Write a filed request under its own source."""
        return {
            "specversion": "1.0",
            "id": str(uuid4()),
            "source": f"/forms/{self.name}",
            "type": "forms.request_filed.v1",
            "data": a_body(),
            **changes,
        }

    def publishes(self, *bodies: bytes, key: str = "forms.request_filed.95", user_id: str | None = "") -> None:
        """Publish bytes, as its account unless told otherwise."""
        run(self._publish(bodies, key, self.account if user_id == "" else user_id))

    def files(self, *events: Json) -> None:
        """Publish events under the key that it may use."""
        self.publishes(*(json.dumps(event).encode() for event in events))

    def reads(self, count: int) -> list[Json]:
        """Wait for so many answers."""
        answers: list[Json] = run(self._read(count))
        return answers

    async def _publish(self, bodies: tuple[bytes, ...], key: str, user_id: str | None) -> None:
        async with await aio_pika.connect(self.amqp_url) as connection:
            exchange = await (await connection.channel()).get_exchange(EXCHANGE, ensure=False)
            for body in bodies:
                message = aio_pika.Message(body, user_id=user_id, delivery_mode=2)
                await exchange.publish(message, routing_key=key)

    async def _read(self, count: int) -> list[Json]:
        async with asyncio.timeout(60), await aio_pika.connect(self.amqp_url) as connection:
            queue = await own_queue(await connection.channel(), self.account)
            found: list[Json] = []
            async with queue.iterator() as answers:
                async for answer in answers:
                    async with answer.process():
                        found.append(json.loads(answer.body))
                    if len(found) == count:
                        return found
        raise AssertionError("the broker closed the connection")

    def runs_the_sample(self, request: Json, filed_id: str) -> Json:
        """Run `docs/form_client.py` as its reader would; give what it prints."""
        done = subprocess.run(  # noqa: S603 - our own sample
            [sys.executable, CLIENT],
            env=os.environ | {"AMQP_URL": self.amqp_url, "FILED_ID": filed_id},
            input=json.dumps(request),
            capture_output=True,
            check=True,
            text=True,
            timeout=90,
        )
        answer: Json = json.loads(done.stdout)
        return answer


async def own_queue(channel: AbstractChannel, account: str) -> aio_pika.abc.AbstractQueue:
    """Give a queue without declaring it."""
    return await channel.get_queue(account, ensure=False)


def publish(system: System, routing_key: str, body: bytes) -> None:
    """Put any bytes on the exchange, as somebody who may."""
    run(_publish(system.endpoints["amqp"], routing_key, body))


async def _publish(amqp: str, routing_key: str, body: bytes) -> None:
    async with await aio_pika.connect(amqp) as connection:
        exchange = await (await connection.channel()).get_exchange(EXCHANGE)
        await exchange.publish(aio_pika.Message(body), routing_key=routing_key)


def run(work: Any) -> Any:
    """Run to its end what is asynchronous, also where a loop runs in this thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result(timeout=90)
