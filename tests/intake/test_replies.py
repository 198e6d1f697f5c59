"""What the applicant answers to a mail is their message, like those that they write on their page."""

from uuid import UUID

from services.intake.handlers import handlers
from shared.clock import new_id
from shared.contracts import notifications
from shared.contracts.notifications import Audience
from shared.db import Database
from shared.messaging.inbox.inbox import Inbox
from shared.territory.territories import Territories
from tests.intake.conftest import Client, bearer, filed
from tests.intake.facts import at
from tests.wire import Streams


def a_reply(request_id: str, audience: Audience = "applicant") -> notifications.ReplyReceived:
    return notifications.ReplyReceived(
        request_id=UUID(request_id),
        departement="95",
        at=at(1),
        delivery_id=new_id(),
        event_id=new_id(),
        audience=audience,
        template="message_posted",
        reply_id=new_id(),
        text="Mardi nous convient.",
    )


async def told(database: Database) -> list[str]:
    rows = await database.fetch("SELECT type FROM journal ORDER BY position")
    return [row["type"] for row in rows]


async def test_an_answer_stands_among_the_messages_and_is_told(
    client: Client, database: Database, territories: Territories
) -> None:
    mine = await filed(client)
    await Inbox(database, handlers(territories)).process([Streams().message(a_reply(mine["id"]))])
    seen = (await client.get(f"/api/v1/requests/{mine['id']}", headers=bearer(mine["access_token"]))).json()
    assert [message["text"] for message in seen["messages"]] == ["Mardi nous convient."]
    assert (await told(database))[-1] == "intake.message_posted.v1"


async def test_what_a_provider_answers_is_not_the_applicant_s(
    client: Client, database: Database, territories: Territories
) -> None:
    mine = await filed(client)
    await Inbox(database, handlers(territories)).process([Streams().message(a_reply(mine["id"], "provider"))])
    assert await told(database) == ["intake.request_submitted.v1"]


async def test_an_answer_to_a_request_that_is_over_is_kept_and_told_too(
    client: Client, database: Database, territories: Territories
) -> None:
    mine = await filed(client)
    address, headers = f"/api/v1/requests/{mine['id']}", bearer(mine["access_token"])
    assert (await client.post(f"{address}/withdrawal", json={"motive": "Reporté."}, headers=headers)).is_success
    await Inbox(database, handlers(territories)).process([Streams().message(a_reply(mine["id"]))])
    seen = (await client.get(address, headers=headers)).json()
    assert (seen["status"], len(seen["messages"])) == ("withdrawn", 1)
    assert (await told(database))[-1] == "intake.message_posted.v1"
