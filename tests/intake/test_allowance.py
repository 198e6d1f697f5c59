"""How much the applicant's side may write: refused with words, never lost, and an answer always has room."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from services.intake.handlers import handlers
from shared.allowance import Allowance
from shared.clock import new_id
from shared.contracts.notifications import ReplyReceived
from shared.db import Database
from shared.messaging.inbox.inbox import Inbox
from shared.territory.territories import Territories
from tests.intake.conftest import Client, bearer, filed
from tests.intake.test_handlers import LATER, life_of
from tests.intake.test_pages import send
from tests.wire import Streams

MOST = Allowance()
KEPT = "Un texte que je ne veux pas perdre."


async def wrote(database: Database, mine: dict[str, Any], count: int, *, days_ago: int = 0, text: str = "Oui.") -> None:
    """So much was written before."""
    at = datetime.now(UTC) - timedelta(days=days_ago)
    async with database.transaction() as tx:
        await tx.execute(
            """
            INSERT INTO message (id, request_id, at, author, text)
            SELECT gen_random_uuid(), $1, $2, 'applicant', $3 FROM generate_series(1, $4)
            """,
            mine["id"],
            at,
            text,
            count,
        )


async def post(client: Client, mine: dict[str, Any], what: str, text: str = KEPT) -> Any:
    """Write by program."""
    headers = bearer(mine["access_token"])
    return await client.post(f"/api/v1/requests/{mine['id']}/{what}", json={"text": text}, headers=headers)


async def test_what_is_too_much_for_a_day_may_be_sent_the_next(client: Client, database: Database) -> None:
    mine = await filed(client)
    await wrote(database, mine, MOST.texts_a_day - 1)
    assert (await post(client, mine, "messages")).status_code == 201
    refused = await post(client, mine, "messages")
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_texts")
    assert 86_400 - 600 < int(refused.headers["Retry-After"]) <= 86_400
    assert "envoyez-le demain" in refused.json()["detail"]
    async with database.transaction() as tx:
        await tx.execute("UPDATE message SET at = at - interval '25 hours'")
    assert (await post(client, mine, "messages")).status_code == 201


async def test_the_wait_ends_when_one_text_is_a_day_old(client: Client, database: Database) -> None:
    mine = await filed(client)
    await wrote(database, mine, 1)
    async with database.transaction() as tx:
        await tx.execute("UPDATE message SET at = at - interval '20 hours'")
    await wrote(database, mine, MOST.texts_a_day - 1)
    refused = await post(client, mine, "messages")
    assert 4 * 3_600 - 600 < int(refused.headers["Retry-After"]) <= 4 * 3_600


async def test_a_request_holds_so_many_texts_and_no_more(client: Client, database: Database) -> None:
    mine = await filed(client)
    await wrote(database, mine, MOST.texts, days_ago=10)
    refused = await post(client, mine, "messages")
    assert (refused.status_code, refused.json()["code"]) == (409, "too_much_written")
    assert "Joignez un document" in refused.json()["detail"]
    assert "1\u00a0000\u00a0000 caractères" in refused.json()["detail"]
    assert await database.fetchval("SELECT count(*) FROM message") == MOST.texts


async def test_a_request_holds_so_many_characters_and_no_more(client: Client, database: Database) -> None:
    mine = await filed(client)
    await wrote(database, mine, MOST.characters // 10_000 - 1, days_ago=10, text="é" * 10_000)
    assert (await post(client, mine, "messages", "a" * 9_000)).status_code == 201
    assert (await post(client, mine, "messages", "a" * 1_001)).json()["code"] == "too_much_written"
    assert (await post(client, mine, "messages", "a" * 1_000)).status_code == 201


async def test_the_page_shows_what_was_typed_and_says_why_it_was_not_sent(client: Client, database: Database) -> None:
    mine = await filed(client)
    await wrote(database, mine, MOST.texts_a_day)
    address = f"/suivi/{mine['access_token']}"
    refused = await send(client, await client.get(address), f"{address}/messages", text=KEPT)
    assert refused.status_code == 429
    assert KEPT in refused.text
    assert "envoyez-le demain" in refused.text
    assert await database.fetchval("SELECT count(*) FROM message") == MOST.texts_a_day


async def test_what_was_asked_can_always_be_answered_and_a_mail_is_never_dropped(
    client: Client, database: Database, territories: Territories
) -> None:
    inbox = Inbox(database, handlers(territories))
    mine, wire = await filed(client), Streams()
    life = life_of(mine)
    await inbox.process(
        [wire.message(fact) for fact in (life.registered(LATER), life.examined(LATER), life.asked(LATER))]
    )
    await wrote(database, mine, MOST.texts)
    assert (await post(client, mine, "messages")).status_code == 409
    assert (await post(client, mine, "information", "Voici le plan.")).status_code == 200
    reply = ReplyReceived(
        request_id=UUID(mine["id"]),
        departement="95",
        at=datetime.now(UTC),
        delivery_id=new_id(),
        event_id=new_id(),
        audience="applicant",
        template="request_submitted",
        reply_id=new_id(),
        text="Écrit par courriel.",
    )
    await inbox.process([wire.message(reply)])
    texts = [row["text"] for row in await database.fetch("SELECT text FROM message")]
    assert {"Voici le plan.", "Écrit par courriel."} <= set(texts)
