"""Messages are new to each reader until they answer or say that they have read them."""

from uuid import UUID

import httpx2

from services.intake.handlers import handlers
from services.intake.settings import Settings
from shared.db import Database
from shared.messaging.inbox.inbox import Inbox
from shared.territory.territories import Territories
from tests.intake.conftest import Client, filed
from tests.intake.facts import Life
from tests.intake.test_colleagues import ask, invite
from tests.intake.test_handlers import LATER
from tests.intake.test_pages import hidden, send
from tests.wire import Streams


def told(answer: httpx2.Response) -> tuple[int, list[bool]]:
    body = answer.json()
    return body["unread_messages"], [message["unread"] for message in body["messages"]]


async def test_what_the_departement_writes_is_new_to_each_reader_until_he_has_read_it(
    client: Client, database: Database, territories: Territories, settings: Settings
) -> None:
    mine = await filed(client)
    _, colleague = await invite(client, settings, mine)
    inbox, wire, life = Inbox(database, handlers(territories)), Streams(), Life(UUID(mine["id"]))
    assert told(await ask(client, mine, mine["access_token"])) == (0, [])
    await inbox.process([wire.message(life.written(LATER)), wire.message(life.written(LATER + 1))])
    assert told(await ask(client, mine, mine["access_token"])) == (2, [True, True])
    assert told(await ask(client, mine, mine["access_token"], "messages/read", {})) == (0, [False, False])
    assert told(await ask(client, mine, colleague)) == (2, [True, True])
    assert told(await ask(client, mine, colleague, "messages", {"text": "Merci"})) == (0, [False, False, False])
    await inbox.process([wire.message(life.written(LATER + 2))])
    assert told(await ask(client, mine, colleague))[0] == 1
    assert told(await ask(client, mine, mine["access_token"]))[0] == 1
    assert await database.fetchval("SELECT count(*) FROM journal") == 3


async def test_the_page_names_what_is_new_and_takes_that_it_was_read(
    client: Client, database: Database, territories: Territories
) -> None:
    mine = await filed(client)
    address = f"/suivi/{mine['access_token']}"
    life = Life(UUID(mine["id"]))
    assert "non lu" not in (await client.get(address)).text
    await Inbox(database, handlers(territories)).process([Streams().message(life.written(LATER))])
    page = await client.get(address)
    assert '<a href="#messages">1\u00a0message non lu</a>' in page.text
    assert "<title>(1) Demande" in page.text
    assert ">Non lu<" in page.text
    for _ in range(2):
        done = await client.post(f"{address}/messages/lus", data=hidden(page, f"{address}/messages/lus"))
        assert done.headers["location"] == f"{address}#messages"
    assert "non lu" not in (await client.get(address)).text.lower()
    await send(client, page, f"{address}/messages", text="Merci")
    assert "non lu" not in (await client.get(address)).text.lower()
