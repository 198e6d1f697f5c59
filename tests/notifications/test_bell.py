"""The bell rings for what an agent's teams are told; each agent reads alone."""

import asyncio
import contextlib
import re
import time
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import pytest

from services.notifications.adapters import event_stream
from services.notifications.adapters.event_stream import EventStream
from services.notifications.reads.bell import unread
from services.notifications.rendering import examples
from services.notifications.web.pages import bell
from services.notifications.web.pages.bell import count_unread
from shared.contracts import escalation, qualification
from shared.db import Database, Reader
from shared.identity.model import Role
from tests.notifications.conftest import Client, People, World
from tests.notifications.test_absence import a_colleague
from tests.notifications.test_pages import hidden
from tests.polling import eventually


async def test_it_rings_for_one_s_teams_and_departements_alone(client: Client, people: People, world: World) -> None:
    here = await people.token(Role.SAT_AGENT, "95")
    elsewhere = await people.token(Role.SAT_AGENT, "78")
    delegate = await people.token(Role.DELEGATE, "95")
    national = await people.token(Role.NATIONAL_AGENT)
    auditor = await people.token(Role.AUDITOR)
    await world.filed()
    await world.consume(examples.example_of(qualification.OutcomeProposed))
    await world.consume(examples.example_of(escalation.EscalationReceived))
    rung = {}
    for name, headers in {
        "here": here, "elsewhere": elsewhere, "delegate": delegate, "national": national, "auditor": auditor,
    }.items():  # fmt: skip
        answer = (await client.get("/api/v1/bell", headers=headers)).json()
        rung[name] = [notice["event_type"] for notice in answer["items"]]
    assert rung == {
        "here": ["intake.request_submitted.v1"],
        "elsewhere": [],
        "delegate": ["qualification.outcome_proposed.v1"],
        "national": ["escalation.escalation_received.v1"],
        "auditor": [],
    }


async def test_what_came_before_an_agent_does_not_ring_for_him(client: Client, people: People, world: World) -> None:
    await world.filed()
    headers = await people.token(Role.SAT_AGENT, "95")
    assert (await client.get("/api/v1/bell", headers=headers)).json()["total"] == 0


async def test_an_agent_reads_one_and_then_all_and_his_colleague_none(
    client: Client, people: People, world: World, database: Database
) -> None:
    headers = await people.token(Role.SAT_AGENT, "95")
    colleague = await a_colleague(database, "bruno")
    await world.filed()
    await world.consume(examples.example_of(qualification.ProposalRejected))
    await world.consume(examples.example_of(escalation.InformationRequested))
    newest = (await client.get("/api/v1/bell", headers=headers)).json()["items"][0]
    assert newest["href"] == f"http://qualification.test/demandes/{examples.REQUEST_ID}"
    read = await client.post(f"/api/v1/bell/{newest['id']}/read", headers=headers)
    assert read.json() == {"unread": 2}
    left = (await client.get("/api/v1/bell", params={"unread": "true"}, headers=headers)).json()
    assert newest["id"] not in [notice["id"] for notice in left["items"]]
    assert (await client.post("/api/v1/bell/read", headers=headers)).json() == {"unread": 0}
    assert (await client.get("/api/v1/bell", headers=headers)).json()["total"] == 3
    assert (await count_unread(database, colleague)).unread == 3


async def test_another_team_s_notice_cannot_be_read(
    client: Client, people: People, world: World, database: Database
) -> None:
    headers = await people.token(Role.SAT_AGENT, "78")
    await world.filed()
    notice = await database.fetchval("SELECT id FROM delivery WHERE audience = 'departement'")
    assert (await client.post(f"/api/v1/bell/{notice}/read", headers=headers)).status_code == 404


async def test_the_page_works_with_one_click_each(client: Client, people: People, world: World) -> None:
    await people.enters(client, Role.SAT_AGENT, "95")
    assert "Rien de nouveau" in (await client.get("/cloche")).text
    await world.filed()
    await world.consume(examples.example_of(qualification.ProposalRejected))
    page = (await client.get("/cloche")).text
    assert "2\u00a0nouveautés ne sont pas lues" in page
    csrf = {"_csrf_token": hidden(page, "_csrf_token")}
    one = re.search(r'action="(/cloche/[-0-9a-f]+/lue)"', page)
    assert one is not None
    assert (await client.post(one[1], data=csrf)).status_code == 303
    assert "Une nouveauté n’est pas lue" in (await client.get("/cloche")).text
    assert (await client.post("/cloche/lues", data=csrf)).status_code == 303
    assert "Tout est lu" in (await client.get("/cloche")).text


async def test_the_stream_tells_the_number_and_each_change_of_it(
    database: Database, people: People, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "LOOKS_EVERY", 0.05)
    agent = await people.agent(Role.SAT_AGENT, "95")
    told = bell._counts(EventStream(database), agent)  # noqa: SLF001 - a client in this process gets a stream only as a whole
    async with contextlib.aclosing(told), asyncio.timeout(30):
        assert (await anext(told)).data == "0"
        await world.filed()
        assert (await anext(told)).data == "1"


async def test_the_stream_ends_after_a_while_and_is_asked_for_again(
    client: Client, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bell, "LASTS", 0.5)
    await people.enters(client, Role.SAT_AGENT, "95")
    answer = await client.get("/cloche/flux")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert f"retry: {bell.COMES_BACK_AFTER}" in answer.text


async def test_however_many_pages_listen_the_database_is_asked_once_at_a_time(
    database: Database, people: People, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "LOOKS_EVERY", 0.05)
    asked: list[int] = []
    count = unread

    async def counted(reader: Reader, holders_of: Mapping[UUID, list[str]], *, at: datetime) -> dict[UUID, int]:
        asked.append(len(holders_of))
        return await count(reader, holders_of, at=at)

    monkeypatch.setattr("services.notifications.reads.bell.unread", counted)

    async def a_look_with_all_of_them() -> bool:
        return bool(asked)

    agents = [await people.agent(Role.SAT_AGENT, "95"), await people.agent(Role.SAT_AGENT, "78")]
    bells = EventStream(database)
    async with contextlib.AsyncExitStack() as pages:
        listeners = [await pages.enter_async_context(bells.listening(agents[n % 2])) for n in range(20)]
        asked.clear()
        began = time.monotonic()
        await eventually(a_look_with_all_of_them)
        await world.filed()
        told = await asyncio.gather(*(listener.other_than(0, within=30) for listener in listeners[::2]))
        looks = (time.monotonic() - began) / event_stream.LOOKS_EVERY
        assert told == [1] * 10
        assert [listener.unread for listener in listeners[1::2]] == [0] * 10
        assert set(asked) == {2}
        assert len(asked) <= looks + 1

    async def nobody_looks() -> bool:
        return not await looking()

    await eventually(nobody_looks)
    asked.clear()
    await asyncio.sleep(4 * event_stream.LOOKS_EVERY)
    assert asked == [], "nobody listens, nobody asks"


async def looking() -> bool:
    """Tell whether some page listens, so that the database is looked at."""
    return any(task.get_name() == "event_stream" for task in asyncio.all_tasks())


@pytest.mark.parametrize(
    ("origin", "allowed"), [("http://qualification.test", True), ("http://evil.test", False), (None, False)]
)
async def test_other_services_pages_may_listen_and_strangers_may_not(
    client: Client, people: People, monkeypatch: pytest.MonkeyPatch, origin: str | None, *, allowed: bool
) -> None:
    monkeypatch.setattr(bell, "LASTS", 0.0)
    await people.enters(client, Role.SAT_AGENT, "95")
    answer = await client.get("/cloche/flux", headers={"Origin": origin} if origin else {})
    assert answer.headers.get("access-control-allow-origin") == (origin if allowed else None)
    assert answer.headers["cross-origin-resource-policy"] == ("same-site" if allowed else "same-origin")


async def test_who_is_not_signed_in_hears_nothing(client: Client) -> None:
    answer = await client.get("/cloche/flux", headers={"Origin": "http://escalation.test"})
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "http://escalation.test"


async def test_a_session_that_is_over_hears_nothing(client: Client, people: People, database: Database) -> None:
    await people.enters(client, Role.SAT_AGENT, "95")
    async with database.transaction() as tx:
        await tx.execute("UPDATE web_session SET created_at = now() - interval '2 h', expires_at = now()")
    assert (await client.get("/cloche/flux")).status_code == 204
