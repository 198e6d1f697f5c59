"""The whole service over the real broker: what it hears becomes a case, what it tells leaves."""

from collections.abc import Callable

import aio_pika
import httpx2

from services.qualification.main import build
from services.qualification.settings import Settings
from shared.contracts import intake
from shared.db import Database
from shared.messaging import names
from shared.messaging.inbox import Inbox
from tests.polling import eventually
from tests.qualification.acting import told
from tests.qualification.life import Life, a_request


async def test_a_request_that_intake_publishes_becomes_a_case_and_is_answered(
    database: Database, settings: Settings, inbox: Inbox, broker_url: Callable[[str], str]
) -> None:
    wired = Settings.model_validate({**settings.model_dump(), "amqp_url": broker_url("qualification")})
    app = build(wired, database)
    life = Life(inbox)
    transport = httpx2.ASGITransport(app=app)  # type: ignore[arg-type] # Litestar's scopes are narrower than ASGI's
    async with app.lifespan(), httpx2.AsyncClient(transport=transport, base_url=wired.public_url) as client:

        async def is_ready() -> bool:
            return (await client.get("/health/ready")).status_code == 200

        await eventually(is_ready, within=60)
        connection = await aio_pika.connect(broker_url("intake"))
        async with connection:
            message = life.message(intake.RequestSubmitted(**life.about(), request=a_request()))
            channel = await connection.channel()
            exchange = await channel.get_exchange(names.EXCHANGE, ensure=False)
            await exchange.publish(aio_pika.Message(message.body), message.routing_key)

        async def is_told() -> bool:
            waiting = await database.fetchval("SELECT count(*) FROM outbox")
            return await told(database, life) == ["request_registered"] and waiting == 0

        await eventually(is_told, within=60)
