"""The service's subscriber, inbox and handlers belong together, as FastStream's test broker shows."""

from services.intake.main import messenger_of
from services.intake.settings import Settings
from shared.db import Database
from shared.territory.territories import Territories
from tests.contracts.examples import EXAMPLES
from tests.wiring import applied, publish_to_subscriber


async def test_an_event_that_is_published_reaches_the_inbox(
    database: Database, settings: Settings, territories: Territories
) -> None:
    messenger = messenger_of(settings, database, territories)
    await publish_to_subscriber(messenger, EXAMPLES["qualification.request_registered.v1"])
    assert await applied(messenger, EXAMPLES["qualification.request_registered.v1"]) == 1
