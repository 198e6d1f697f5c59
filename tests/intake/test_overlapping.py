"""What an applicant does while an event is applied to the same request is not lost."""

from uuid import UUID

from services.intake.domain.colleagues import Holder
from services.intake.handlers import handlers
from services.intake.usecases.context import Context
from services.intake.usecases.messages import ProvideInformation, provide_information
from shared import clock
from shared.db import Database, Transaction
from shared.messaging.inbox.inbox import Inbox
from shared.territory.territories import Territories
from tests.intake.conftest import Client, bearer, filed
from tests.intake.facts import Life
from tests.intake.test_handlers import LATER
from tests.overlapping import second_beside
from tests.wire import Streams


async def test_information_given_while_an_event_is_applied_still_counts(
    client: Client, database: Database, territories: Territories
) -> None:
    mine, wire, inbox = await filed(client), Streams(), Inbox(database, handlers(territories))
    life = Life(UUID(mine["id"]))
    await inbox.process(
        [wire.message(one) for one in (life.registered(LATER), life.examined(LATER), life.asked(LATER))]
    )

    async def provide(tx: Transaction) -> None:
        do = Context(tx, Holder(UUID(mine["id"]), generation=1), clock.now())
        await provide_information(do, ProvideInformation(text="Le plan."))

    qualified = wire.message(life.qualified(LATER + 1))
    await second_beside(database, provide, lambda: inbox.process([qualified]))
    shown = await client.get(f"/api/v1/requests/{mine['id']}", headers=bearer(mine["access_token"]))
    assert shown.json()["status"] == "under_examination"
