"""The service as it runs: built whole, over the real broker."""

import asyncio
import json
from collections.abc import Callable
from uuid import uuid4

import aio_pika
import httpx2
from pydantic import SecretStr

from services.intake.main import build
from services.intake.settings import Settings
from shared.db import Database
from shared.messaging.topology import EXCHANGE
from tests.intake.conftest import a_request


async def test_a_form_that_is_not_ours_files_over_the_exchange(
    database: Database, settings: Settings, broker_url: Callable[[str], str]
) -> None:
    whole = build(settings.model_copy(update={"amqp_url": SecretStr(broker_url("intake"))}), database)
    transport = httpx2.ASGITransport(app=whole)  # type: ignore[arg-type] # Litestar's scopes are narrower than ASGI's
    async with (
        whole.lifespan(),
        httpx2.AsyncClient(transport=transport, base_url="http://intake.test") as client,
        asyncio.timeout(60),
    ):
        while (await client.get("/health/ready")).status_code != 200:
            await asyncio.sleep(0.05)
        event = {
            "specversion": "1.0",
            "id": str(uuid4()),
            "source": "/forms/epci-vexin",
            "type": "forms.request_filed.v1",
            "data": a_request(),
        }
        async with await aio_pika.connect(broker_url("supervisor")) as connection:
            channel = await connection.channel()
            exchange = await channel.get_exchange(EXCHANGE)
            answers = await channel.declare_queue(exclusive=True)
            await answers.bind(exchange, "intake.request_submitted.#")
            message = aio_pika.Message(json.dumps(event).encode())
            await exchange.publish(message, routing_key="forms.request_filed.95")
            async with answers.iterator() as told:
                async for answer in told:
                    async with answer.process():
                        said = json.loads(answer.body)
                    break
    assert said["causationid"] == event["id"]
    assert said["data"]["filed_from"] == "/forms/epci-vexin"
    assert said["data"]["request"]["number"].startswith("95-")
    assert said["sequence"] == 1
