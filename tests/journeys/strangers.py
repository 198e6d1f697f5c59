"""Programs that are not ours and speak to the exchange: a form of an EPCI, and a publisher of rubbish."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import aio_pika

from tests.journeys.people import Json
from tests.journeys.steps import a_body
from tests.system import System

EXCHANGE = "cousumain"


def file_by_the_exchange(system: System, *, times: int = 1, event_id: str | None = None, **changes: Any) -> Json:
    """Publish a filed request (so many times the very same event) and wait for intake's first answer to it."""
    event = {
        "specversion": "1.0",
        "id": event_id or str(uuid4()),
        "source": "/forms/epci-vexin",
        "type": "forms.request_filed.v1",
        "time": "2026-11-24T10:00:00+01:00",
        "datacontenttype": "application/json",
        "data": a_body(**changes),
    }
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, _file(system.endpoints["amqp"], event, times)).result(timeout=60)


async def _file(amqp: str, event: Json, times: int) -> Json:
    async with await aio_pika.connect(amqp) as connection:
        channel = await connection.channel()
        exchange = await channel.get_exchange(EXCHANGE)
        mine = await channel.declare_queue(exclusive=True)
        for key in ("intake.request_submitted.#", "forms.request_refused.#"):
            await mine.bind(exchange, key)
        for _ in range(times):
            await exchange.publish(
                aio_pika.Message(json.dumps(event).encode(), content_type="application/cloudevents+json"),
                routing_key="forms.request_filed.95",
            )
        async with asyncio.timeout(30), mine.iterator() as answers:
            async for answer in answers:
                async with answer.process():
                    said: Json = json.loads(answer.body)
                    if said["data"].get("filed_id") == event["id"] or said.get("causationid") == event["id"]:
                        return said
    raise AssertionError("no answer")


def publish(system: System, routing_key: str, body: bytes) -> None:
    """Put any bytes on the exchange."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, _publish(system.endpoints["amqp"], routing_key, body)).result(timeout=60)


async def _publish(amqp: str, routing_key: str, body: bytes) -> None:
    async with await aio_pika.connect(amqp) as connection:
        exchange = await (await connection.channel()).get_exchange(EXCHANGE)
        await exchange.publish(aio_pika.Message(body), routing_key=routing_key)
