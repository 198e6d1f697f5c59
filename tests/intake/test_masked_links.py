"""A secret link that somebody types or sends is masked before it is stored, published or shown."""

from typing import Any

import pytest

from shared.db import Database
from shared.messaging.inbox.inbox import Inbox
from tests.intake.conftest import Client, a_request, bearer, filed
from tests.intake.test_handlers import a_filed_event, inbox
from tests.intake.test_pages import begin, fill, send

__all__ = ["inbox"]
MASKED = "[lien personnel masqué]"


async def kept(database: Database, table: str, *columns: str) -> str:
    rows = await database.fetch(f"SELECT {', '.join(columns)} FROM {table}")
    return str([[str(value) for value in row.values()] for row in rows])


async def everything_kept(database: Database) -> str:
    """Give whatever may hold what was typed."""
    return "".join(
        [
            await kept(database, "journal", "body"),
            await kept(database, "request", "body"),
            await kept(database, "message", "text"),
            await kept(database, "draft", "answers"),
        ]
    )


@pytest.mark.parametrize("by", ["api", "page"])
async def test_a_message_that_holds_the_secret_link(client: Client, database: Database, by: str) -> None:
    mine = await filed(client)
    token = mine["access_token"]
    text = f"Mon lien : {mine['tracking_url']} et mon code {token}."
    if by == "api":
        await client.post(f"/api/v1/requests/{mine['id']}/messages", json={"text": text}, headers=bearer(token))
    else:
        page = await client.get(f"/suivi/{token}")
        sent = await send(client, page, f"/suivi/{token}/messages", text=text)
        assert sent.status_code == 303
    stored = await everything_kept(database)
    assert token not in stored
    assert stored.count(MASKED) == 4  # twice in the message, twice in its event
    seen = (await client.get(f"/api/v1/requests/{mine['id']}", headers=bearer(token))).json()
    assert seen["messages"][0]["text"] == f"Mon lien : http://intake.test/suivi/{MASKED} et mon code {MASKED}."


async def test_a_request_that_holds_one_from_any_side(client: Client, database: Database, inbox: Inbox) -> None:
    token = (await filed(client))["access_token"]
    typed: dict[str, Any] = {"description": f"Voir /suivi/{token}", "title": f"Projet {token}"}
    typed["contact"] = {**a_request()["contact"], "name": f"Jeanne {token}"}
    await filed(client, **typed)
    await inbox.process([a_filed_event(data=a_request(**typed))])
    draft = await begin(client)
    await fill(client, draft, "projet", title=typed["title"], description=typed["description"])
    stored = await everything_kept(database)
    assert token not in stored
    assert stored.count(MASKED) == 4 * (2 + 2) + 2  # an event and a row of two requests (the name twice), and the draft
