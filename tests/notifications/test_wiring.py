"""The service's subscriber, inbox and handlers belong together, as FastStream's test broker shows."""

from services.notifications.main import messenger_of
from services.notifications.settings import Settings
from services.notifications.usecases.parts import Parts
from shared.db import Database
from tests.contracts.examples import EXAMPLES
from tests.wiring import applied, publish_to_subscriber


async def test_an_event_that_is_published_reaches_the_inbox(
    database: Database, settings: Settings, parts: Parts
) -> None:
    messenger = messenger_of(settings, database, parts)
    await publish_to_subscriber(messenger, EXAMPLES["intake.request_submitted.v1"])
    assert await applied(messenger, EXAMPLES["intake.request_submitted.v1"]) == 1
