"""Invited colleagues: what each link opens and allows, what is told of it, and when it ends."""

import asyncio
from dataclasses import fields
from typing import Any
from uuid import UUID

import httpx2
import pytest

from services.intake.domain.colleagues import MOST, Colleague
from services.intake.handlers import handlers
from services.intake.reads.tracking import RequestView
from services.intake.settings import Settings
from shared.clock import new_id
from shared.contracts import notifications
from shared.db import Database
from shared.links import Links
from shared.messaging.inbox.inbox import Inbox
from shared.territory.territories import Territories
from tests.intake.conftest import Client, bearer, filed
from tests.intake.facts import Life
from tests.intake.test_documents import PDF
from tests.intake.test_handlers import LATER
from tests.intake.test_pages import hidden, send
from tests.wire import Streams

DOMINIQUE = {"name": "Dominique Petit", "email": "direction@cergy.test"}


async def ask(
    client: Client, mine: dict[str, Any], token: str, action: str = "", body: object | None = None
) -> httpx2.Response:
    """Ask something of a request, as whoever has this token."""
    address = f"/api/v1/requests/{mine['id']}{'/' if action else ''}{action}"
    if body is None:
        return await client.get(address, headers=bearer(token))
    return await client.post(address, json=body, headers=bearer(token))


def mailed(settings: Settings, mine: dict[str, Any], generation: int = 1) -> str:
    """Give the token that notifications puts into the contact's mails."""
    return Links(settings.tracking_key.get_secret_value(), "mailed").token(UUID(mine["id"]), generation)


async def invite(client: Client, settings: Settings, mine: dict[str, Any], **changes: str) -> tuple[str, str]:
    """Confirm the contact and invite a colleague; give their id and the token that notifications mails to them."""
    assert (await client.get(f"/suivi/{mailed(settings, mine)}")).status_code == 200
    answer = await ask(client, mine, mine["access_token"], "colleagues", {**DOMINIQUE, **changes})
    assert answer.status_code == 201, answer.text
    colleague = answer.json()["colleagues"][-1]["id"]
    return colleague, Links(settings.tracking_key.get_secret_value(), "colleague").token(UUID(colleague))


async def test_programs_are_given_what_is_described_and_nothing_that_only_the_page_shows(
    client: Client, settings: Settings
) -> None:
    mine = await filed(client)
    await invite(client, settings, mine)
    shown = (await client.get(f"/api/v1/requests/{mine['id']}", headers=bearer(mine["access_token"]))).json()
    assert set(shown) == set(RequestView.model_fields)
    assert set(shown["colleagues"][0]) == {one.name for one in fields(Colleague)}


async def test_a_colleague_follows_and_acts_by_a_link_of_his_own(
    client: Client, database: Database, settings: Settings
) -> None:
    mine = await filed(client)
    colleague, token = await invite(client, settings, mine)
    shown = (await ask(client, mine, token)).json()
    assert shown["tracking_url"].endswith(token)
    assert mine["access_token"] not in str(shown)
    assert set(shown["allowed_actions"]) == {"messages", "documents"}
    written = await ask(client, mine, token, "messages", {"text": "Bonjour"})
    assert written.status_code == 201
    assert [(one["author"], one["author_name"]) for one in written.json()["messages"]] == [
        ("applicant", "Dominique Petit")
    ]
    joined = await client.post(
        f"/api/v1/requests/{mine['id']}/documents", files={"document": ("plan.pdf", PDF)}, headers=bearer(token)
    )
    assert joined.status_code == 201
    told = await database.fetch("SELECT type, body::jsonb->'data' AS data FROM journal ORDER BY position")
    assert [(row["type"], row["data"].get("by") and row["data"]["by"]["name"]) for row in told] == [
        ("intake.request_submitted.v1", None),
        ("intake.colleague_invited.v1", None),
        ("intake.message_posted.v1", "Dominique Petit"),
        ("intake.document_added.v1", "Dominique Petit"),
    ]
    assert told[1]["data"]["colleague_id"] == colleague


async def test_the_page_does_not_tell_a_colleague_that_he_asked_for_the_withdrawal(
    client: Client, settings: Settings
) -> None:
    mine = await filed(client)
    _, token = await invite(client, settings, mine)
    await ask(client, mine, mine["access_token"], "withdrawal", {"motive": "Abandon"})
    page = (await client.get(f"/suivi/{token}")).text
    assert "Le retrait de cette demande a été demandé le" in page
    assert "Votre demande de retrait" not in page
    assert "Votre demande de retrait" in (await client.get(f"/suivi/{mine['access_token']}")).text


@pytest.mark.parametrize(
    ("action", "body"), [("withdrawal", {"motive": "Abandon"}), ("colleagues", {"name": "X", "email": "x@cergy.test"})]
)
async def test_a_colleague_neither_gives_up_nor_invites(
    client: Client, settings: Settings, action: str, body: dict[str, str]
) -> None:
    mine = await filed(client)
    _, token = await invite(client, settings, mine)
    refused = await ask(client, mine, token, action, body)
    assert (refused.status_code, refused.json()["code"]) == (409, "illegal_move")
    assert action not in refused.json()["allowed_actions"]


async def test_a_colleague_takes_no_invitation_back(client: Client, settings: Settings) -> None:
    mine = await filed(client)
    colleague, token = await invite(client, settings, mine)
    assert (await ask(client, mine, token, f"colleagues/{colleague}/removal", {})).status_code == 409
    assert (await ask(client, mine, token)).status_code == 200


async def test_an_invitation_that_is_taken_back_opens_nothing(
    client: Client, database: Database, settings: Settings
) -> None:
    mine = await filed(client)
    colleague, token = await invite(client, settings, mine)
    removed = await ask(client, mine, mine["access_token"], f"colleagues/{colleague}/removal", {})
    assert (removed.status_code, removed.json()["colleagues"]) == (200, [])
    assert (await ask(client, mine, token)).status_code == 401
    assert (await ask(client, mine, token, "messages", {"text": "Bonjour"})).status_code == 401
    assert (await client.get(f"/suivi/{token}")).status_code == 404
    assert await database.fetchval("SELECT count(*) FROM journal WHERE type = 'intake.colleague_removed.v1'") == 1
    again = await ask(client, mine, mine["access_token"], f"colleagues/{colleague}/removal", {})
    assert again.status_code == 409
    _, anew = await invite(client, settings, mine)
    assert (await ask(client, mine, anew)).status_code == 200


async def test_a_link_that_ends_while_it_is_used_does_nothing(client: Client, database: Database) -> None:
    """The right to act is looked at where the request is locked, not only at the door."""
    mine = await filed(client)
    async with database.transaction() as tx:
        await tx.execute("SELECT FROM request WHERE id = $1 FOR UPDATE", UUID(mine["id"]))
        late = asyncio.create_task(ask(client, mine, mine["access_token"], "messages", {"text": "Trop tard"}))
        await until_somebody_waits(database)
        await tx.execute("UPDATE request SET link_generation = 2 WHERE id = $1", UUID(mine["id"]))
    assert (await late).status_code == 404
    assert await database.fetchval("SELECT count(*) FROM message") == 0


async def until_somebody_waits(database: Database) -> None:
    while not await database.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
        await asyncio.sleep(0.01)


async def test_the_colleague_of_one_request_sees_no_other(client: Client, settings: Settings) -> None:
    mine, other = await filed(client), await filed(client)
    colleague, token = await invite(client, settings, mine)
    assert (await ask(client, other, token)).status_code == 404
    removal = await ask(client, other, other["access_token"], f"colleagues/{colleague}/removal", {})
    assert removal.status_code == 404
    assert (await ask(client, mine, Links("t" * 32, "colleague").token(new_id()))).status_code == 401


async def test_nobody_is_invited_twice_nor_without_end(client: Client, settings: Settings) -> None:
    mine = await filed(client)
    await invite(client, settings, mine)
    for email in ("Direction@cergy.test", "mairie@cergy.test"):
        refused = await ask(client, mine, mine["access_token"], "colleagues", {"name": "X", "email": email})
        assert (refused.status_code, refused.json()["code"]) == (409, "already_invited")
    for place in range(1, MOST):
        await invite(client, settings, mine, email=f"{place}@cergy.test")
    refused = await ask(client, mine, mine["access_token"], "colleagues", {"name": "X", "email": "x@cergy.test"})
    assert refused.json()["code"] == "too_many_invitations"
    wrong = await ask(client, mine, mine["access_token"], "colleagues", {"name": "", "email": "nowhere"})
    assert {error["field"] for error in wrong.json()["errors"]} == {"name", "email"}


async def invited(database: Database) -> list[dict[str, Any]]:
    """Give what was told of invitations."""
    rows = await database.fetch("SELECT body::jsonb->'data' AS data FROM journal WHERE type LIKE '%colleague_invited%'")
    return [row["data"] for row in rows]


async def test_an_invitation_waits_until_a_mailed_link_of_the_contact_is_opened_and_leaves_once(
    client: Client, database: Database, settings: Settings
) -> None:
    """Whoever files names any contact and has the link of the answer: that one proves nothing."""
    mine = await filed(client)
    waiting = await ask(client, mine, mine["access_token"], "colleagues", DOMINIQUE)
    assert (waiting.status_code, [one["waiting"] for one in waiting.json()["colleagues"]]) == (201, [True])
    twice = await ask(client, mine, mine["access_token"], "colleagues", DOMINIQUE)
    assert twice.json()["code"] == "already_invited"
    page = await client.get(f"/suivi/{mine['access_token']}")
    assert "invitation en attente" in page.text
    assert await invited(database) == []
    opened = await asyncio.gather(*(client.get(f"/suivi/{mailed(settings, mine)}") for _ in range(5)))
    assert {one.status_code for one in opened} == {200}
    (told,) = await invited(database)
    assert (told["email"], told["colleague_id"]) == (DOMINIQUE["email"], waiting.json()["colleagues"][0]["id"])
    seen = (await ask(client, mine, mine["access_token"])).json()["colleagues"]
    assert [(one["id"], one["waiting"]) for one in seen] == [(told["colleague_id"], False)]
    await ask(client, mine, mine["access_token"], "colleagues", DOMINIQUE | {"email": "dgs@cergy.test"})
    assert len(await invited(database)) == 2, "a confirmed contact waits no more"
    assert await database.fetchval("SELECT count(*) FROM waiting_invitation") == 0


async def test_a_waiting_invitation_is_taken_back_and_none_leaves_once_the_request_is_over(
    client: Client, database: Database, settings: Settings
) -> None:
    mine = await filed(client)
    waiting = (await ask(client, mine, mine["access_token"], "colleagues", DOMINIQUE)).json()["colleagues"][0]["id"]
    await ask(client, mine, mine["access_token"], "colleagues", DOMINIQUE | {"email": "dgs@cergy.test"})
    gone = await ask(client, mine, mine["access_token"], f"colleagues/{waiting}/removal", {})
    assert [one["email"] for one in gone.json()["colleagues"]] == ["dgs@cergy.test"]
    await ask(client, mine, mine["access_token"], "withdrawal", {"motive": "Abandon"})
    async with database.transaction() as tx:
        await tx.execute("UPDATE request SET status = 'closed'")
    assert (await client.get(f"/suivi/{mailed(settings, mine)}")).status_code == 200
    assert await invited(database) == []
    assert await database.fetchval("SELECT count(*) FROM waiting_invitation") == 0


async def test_the_page_says_that_an_invitation_waits_for_the_mailed_link(client: Client, settings: Settings) -> None:
    mine = await filed(client)
    address = f"/suivi/{mine['access_token']}"
    await send(client, await client.get(address), f"{address}/collegues", **DOMINIQUE)
    page = await client.get(address)
    assert "Elle part dès que vous ouvrez le lien de suivi reçu par courriel" in page.text
    assert "Des invitations attendent" in page.text
    opened = await client.get(f"/suivi/{mailed(settings, mine)}")
    assert "invitation en attente" not in opened.text
    assert f'action="/suivi/{mailed(settings, mine)}/messages"' in opened.text, "its forms go on with the same link"


async def test_a_colleague_is_invited_and_removed_by_the_page(client: Client, settings: Settings) -> None:
    mine = await filed(client)
    await client.get(f"/suivi/{mailed(settings, mine)}")
    address = f"/suivi/{mine['access_token']}"
    page = await client.get(address)
    wrong = await send(client, page, f"{address}/collegues", name="Dominique Petit", email="direction")
    assert wrong.status_code == 400
    assert 'value="Dominique Petit"' in wrong.text
    assert 'href="#field-email"' in wrong.text
    done = await send(client, page, f"{address}/collegues", **DOMINIQUE)
    assert done.headers["location"] == f"{address}#collegues"
    page = await client.get(address)
    assert "L’invitation est envoyée" in page.text
    (colleague,) = (await ask(client, mine, mine["access_token"])).json()["colleagues"]
    token = Links(settings.tracking_key.get_secret_value(), "colleague").token(UUID(colleague["id"]))

    theirs = await client.get(f"/suivi/{token}")
    assert "à l’invitation de Cabinet de la mairie" in theirs.text
    assert mine["access_token"] not in theirs.text
    assert "Retirer" not in theirs.text
    assert "/collegues" not in theirs.text
    await send(client, theirs, f"/suivi/{token}/messages", text="Bonjour")
    assert "Dominique Petit" in (await client.get(f"{address}")).text

    removal = f"{address}/collegues/{colleague['id']}/retrait"
    gone = await client.post(removal, data=hidden(page, removal))
    assert gone.status_code == 303
    assert "L’accès est retiré" in (await client.get(address)).text
    closed = await client.get(f"/suivi/{token}")
    assert closed.status_code == 404
    assert "Ce lien n’ouvre aucune demande" in closed.text


async def test_a_mail_that_does_not_reach_a_colleague_is_told_beside_his_name(
    client: Client, database: Database, settings: Settings, territories: Territories
) -> None:
    mine = await filed(client)
    colleague, _ = await invite(client, settings, mine)
    life = Life(UUID(mine["id"]))
    failed = notifications.DeliveryFailed(
        request_id=life.request_id,
        departement="95",
        at=life.written(LATER).at,
        delivery_id=new_id(),
        event_id=new_id(),
        audience="applicant",
        template="message_posted",
        colleague_id=UUID(colleague),
        reason="550 no such user",
    )
    await Inbox(database, handlers(territories)).process([Streams().message(failed)])
    page = await client.get(f"/suivi/{mine['access_token']}")
    assert "Nos courriels ne lui parviennent pas" in page.text
    assert "Nos courriels ne vous parviennent pas" not in page.text
