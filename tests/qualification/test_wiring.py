"""The whole service over the real broker: what it hears becomes a case, what it tells leaves."""

from collections.abc import Callable

import httpx2

from services.qualification.main import build, messenger_of
from services.qualification.settings import Settings
from shared.contracts import intake
from shared.db import Database
from shared.messaging.inbox.inbox import Inbox
from tests.contracts.examples import EXAMPLES
from tests.polling import eventually
from tests.publishing import publish_as
from tests.qualification.acting import told
from tests.qualification.life import Life, a_request
from tests.wiring import applied, publish_to_subscriber


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
        message = life.message(intake.RequestSubmitted(**life.about(), request=a_request()))
        await publish_as("intake", broker_url, message.routing_key, message.body)

        async def is_told() -> bool:
            waiting = await database.fetchval("SELECT count(*) FROM outbox")
            return await told(database, life) == ["request_registered"] and waiting == 0

        await eventually(is_told, within=60)


async def test_an_event_that_is_published_to_the_test_broker_reaches_the_inbox(
    database: Database, settings: Settings
) -> None:
    messenger = messenger_of(settings, database)
    await publish_to_subscriber(messenger, EXAMPLES["intake.request_submitted.v1"])
    assert await applied(messenger, EXAMPLES["intake.request_submitted.v1"]) == 1
