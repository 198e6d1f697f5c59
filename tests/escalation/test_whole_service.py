"""The service as it runs: built whole, over the real broker."""

import asyncio
import json
from collections.abc import Callable

import aio_pika
import httpx2
from pydantic import SecretStr

from services.escalation.main import build
from services.escalation.settings import Settings
from shared.db import Database
from shared.messaging.names import EXCHANGE
from tests.escalation.life import Ear, a_request_escalated
from tests.publishing import publish_as


async def test_an_escalation_comes_in_over_the_exchange_and_its_reception_goes_out(
    database: Database, settings: Settings, ear: Ear, broker_url: Callable[[str], str]
) -> None:
    whole = build(settings.model_copy(update={"amqp_url": SecretStr(broker_url("escalation"))}), database)
    transport = httpx2.ASGITransport(app=whole)  # type: ignore[arg-type] # Litestar's scopes are narrower than ASGI's
    escalated = ear.message(a_request_escalated())
    async with (
        whole.lifespan(),
        httpx2.AsyncClient(transport=transport, base_url=settings.public_url) as browser,
        asyncio.timeout(90),
    ):
        while (await browser.get("/health/ready")).status_code != 200:
            await asyncio.sleep(0.05)
        async with await aio_pika.connect(broker_url("supervisor")) as connection:
            channel = await connection.channel()
            exchange = await channel.get_exchange(EXCHANGE)
            answers = await channel.declare_queue(exclusive=True)
            await answers.bind(exchange, "escalation.escalation_received.95")
            await publish_as("qualification", broker_url, escalated.routing_key, escalated.body)
            async with answers.iterator() as told:
                async for answer in told:
                    async with answer.process():
                        said = json.loads(answer.body)
                    break
    assert said["causationid"] == json.loads(escalated.body)["id"]
    assert said["source"] == "/escalation"
    assert said["data"]["number"] == "95-2026-000123"
