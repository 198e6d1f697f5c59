"""What people see and send: pages, forms, cookies."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from litestar import Litestar

from shared import clock
from shared.db import Database
from shared.identity import store
from shared.identity.model import Agent, Role
from shared.web import forms, sessions
from tests.polling import eventually

Browse = Callable[[Litestar], httpx2.AsyncClient]
Make = Callable[..., Litestar]
Enter = Callable[..., Awaitable[None]]


@pytest.fixture
def enter(client: httpx2.AsyncClient, database: Database, agent: Agent) -> Enter:
    """Open a session for the agent in the browser, as sign-in does."""

    async def enter(*, ago: timedelta = timedelta(0), lifetime: timedelta = timedelta(hours=1)) -> None:
        at = clock.now() - ago
        async with database.transaction() as tx:
            await sessions.create(tx, "the-key", agent=agent, data={}, at=at, expires_at=at + lifetime)
        client.cookies.set("cousu_trial_session", "the-key")

    return enter


def hidden(page: httpx2.Response, name: str) -> str:
    """Read a hidden field of the page."""
    found = re.search(rf'name="{name}" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


async def filled(client: httpx2.AsyncClient, **values: str) -> dict[str, str]:
    """Open the form and fill it in."""
    page = await client.get("/things")
    keys = {name: hidden(page, name) for name in ("_csrf_token", "_form_key")}
    return {**keys, **values}


async def titles(database: Database) -> list[str]:
    """What was kept."""
    return [row["title"] for row in await database.fetch("SELECT title FROM thing ORDER BY title")]


async def test_a_public_page_is_open_and_has_what_the_theme_needs(client: httpx2.AsyncClient) -> None:
    page = await client.get("/")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "Essai" in page.text
    assert "Choses" in page.text
    assert "Reprises" not in page.text
    assert hidden(page, "_csrf_token")


async def test_a_closed_page_leads_to_sign_in_and_remembers_where_one_was(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/things?state=open&q=a b")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/connexion?next=%2Fthings%3Fstate%3Dopen%26q%3Da%2520b"


async def test_a_session_opens_pages_but_never_the_api(client: httpx2.AsyncClient, enter: Enter) -> None:
    await enter()
    assert "sat95@cousu.test" in (await client.get("/things")).text
    assert (await client.get("/api/v1/things")).status_code == 401


async def test_a_bearer_token_does_not_open_pages(client: httpx2.AsyncClient, bearer: dict[str, str]) -> None:
    assert (await client.get("/things", headers=bearer)).status_code == 303


@pytest.mark.parametrize("over", ["idle", "absolute", "removed"])
async def test_a_session_that_is_over_opens_nothing(
    client: httpx2.AsyncClient, enter: Enter, database: Database, agent: Agent, over: str
) -> None:
    if over == "idle":
        await enter(ago=timedelta(minutes=61), lifetime=timedelta(hours=10))
    elif over == "absolute":
        await enter(ago=timedelta(minutes=59), lifetime=timedelta(minutes=58))
    else:
        await enter()
        async with database.transaction() as tx:
            await store.remove_agent(tx, email=agent.email, at=clock.now())
    answer = await client.get("/things")
    assert answer.status_code == 303
    assert 'cousu_trial_session=""' in answer.headers["set-cookie"]


async def test_using_a_session_keeps_it_alive(client: httpx2.AsyncClient, enter: Enter, database: Database) -> None:
    await enter(ago=timedelta(minutes=59), lifetime=timedelta(hours=10))
    assert (await client.get("/things")).status_code == 200
    seen = await database.fetchval("SELECT seen_at FROM web_session")
    assert clock.now() - seen < timedelta(minutes=1)


async def test_what_was_changed_for_an_agent_counts_at_his_next_page(
    client: httpx2.AsyncClient, enter: Enter, database: Database, agent: Agent
) -> None:
    await enter()
    assert "Reprises" not in (await client.get("/things")).text
    async with database.transaction() as tx:
        await store.add_agent(tx, email=agent.email, name=agent.name, roles=[Role.OPERATOR], at=clock.now())
    assert "Reprises" in (await client.get("/things")).text


async def test_a_form_is_kept_and_the_next_page_says_so_once(
    client: httpx2.AsyncClient, enter: Enter, database: Database
) -> None:
    await enter()
    answer = await client.post("/things", data=await filled(client, title="Une mairie"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/things/1")
    assert await titles(database) == ["Une mairie"]
    assert "C’est enregistré." in (await client.get("/things")).text
    assert "C’est enregistré." not in (await client.get("/things")).text


async def test_a_change_answers_to_its_request(client: httpx2.AsyncClient, enter: Enter, database: Database) -> None:
    await enter()
    await client.post("/things", data=await filled(client, title="Une mairie"), headers={"X-Request-ID": "request-42"})
    assert await database.fetchval("SELECT correlation FROM thing") == "request-42"


async def test_a_form_sent_twice_does_it_once_and_leads_to_the_same_page(
    client: httpx2.AsyncClient, enter: Enter, database: Database
) -> None:
    await enter()
    form = await filled(client, title="Une mairie")
    answers = await asyncio.gather(*(client.post("/things", data=form) for _ in range(4)))
    assert {(answer.status_code, answer.headers["location"]) for answer in answers} == {(303, "/things/1")}
    assert await titles(database) == ["Une mairie"]


async def test_going_back_and_sending_something_else_is_another_submission(
    client: httpx2.AsyncClient, enter: Enter, database: Database
) -> None:
    await enter()
    form = await filled(client, title="Une mairie")
    await client.post("/things", data=form)
    await client.post("/things", data=form | {"title": "Une école"})
    assert await titles(database) == ["Une mairie", "Une école"]


async def test_a_wrong_form_is_shown_again_with_what_was_typed(
    client: httpx2.AsyncClient, enter: Enter, database: Database
) -> None:
    await enter()
    answer = await client.post(
        "/things", data=await filled(client, title="<b>beaucoup trop long pour ce champ", amount="douze")
    )
    assert answer.status_code == 400
    assert "Au plus 20 caractères sont acceptés." in answer.text
    assert "Donnez un montant en euros" in answer.text
    assert "&lt;b&gt;beaucoup trop long" in answer.text
    assert await titles(database) == []
    blank = await client.post("/things", data=await filled(client, title="  "))
    assert "Ce champ est obligatoire." in blank.text


@pytest.mark.parametrize(
    ("title", "status", "said"),
    [
        ("Une réserve", 400, "Ce titre est réservé."),
        ("Un interdit", 403, "Votre rôle ne permet pas cette action."),
        ("Un disparu", 404, "n’existe pas, ou n’est pas dans votre périmètre"),
        ("Un doublon", 409, "pas possible dans l’état actuel"),
    ],
)
async def test_a_form_that_the_use_case_refuses_is_shown_again_and_changes_nothing(
    client: httpx2.AsyncClient, enter: Enter, database: Database, title: str, status: int, said: str
) -> None:
    await enter()
    form = await filled(client, title=title)
    for _ in range(2):  # sent again as it was, it is refused again
        answer = await client.post("/things", data=form)
        assert answer.status_code == status
        assert said in answer.text
        assert f'value="{title}"' in answer.text
    assert await titles(database) == []
    assert "C’est enregistré." not in (await client.get("/things")).text


@pytest.mark.parametrize("spoil", ["missing", "forged", "other_browser", "cross_site"])
async def test_a_form_that_is_not_from_our_page_is_refused(
    client: httpx2.AsyncClient, make_application: Make, browse: Browse, enter: Enter, database: Database, spoil: str
) -> None:
    await enter()
    form = await filled(client, title="Une mairie")
    headers = {}
    if spoil == "missing":
        del form["_csrf_token"]
    elif spoil == "forged":
        form["_csrf_token"] = "0" * 128
    elif spoil == "other_browser":
        form["_csrf_token"] = hidden(await browse(make_application()).get("/"), "_csrf_token")
    else:
        headers["Sec-Fetch-Site"] = "cross-site"
    answer = await client.post("/things", data=form, headers=headers)
    assert answer.status_code == 403
    assert "rechargez la page" in answer.text
    assert await titles(database) == []


async def test_a_form_sent_after_the_session_ended_says_so(client: httpx2.AsyncClient, enter: Enter) -> None:
    await enter()
    form = await filled(client, title="Une mairie")
    client.cookies.delete("cousu_trial_session")
    answer = await client.post("/things", data=form)
    assert answer.status_code == 401
    assert "rien n’a été enregistré" in answer.text


async def test_a_form_of_another_type_is_refused(client: httpx2.AsyncClient, enter: Enter) -> None:
    await enter()
    form = await filled(client)
    answer = await client.post("/things", json={"title": "x"}, headers={"x-csrftoken": form["_csrf_token"]})
    assert answer.status_code == 415


async def test_services_on_one_host_do_not_share_cookies(make_application: Make, browse: Browse) -> None:
    first, second = browse(make_application(name="intake")), browse(make_application(name="escalation"))
    for browser in (first, second):
        await browser.get("/")
    assert set(first.cookies) == {"cousu_intake_csrf"}
    assert set(second.cookies) == {"cousu_escalation_csrf"}


async def test_cookies_are_out_of_reach_of_scripts_and_other_sites(client: httpx2.AsyncClient) -> None:
    cookie = (await client.get("/")).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


@pytest.mark.parametrize(("path", "status"), [("/nowhere", 404), ("/broken", 500)])
async def test_people_get_a_page_when_something_is_wrong(client: httpx2.AsyncClient, path: str, status: int) -> None:
    answer = await client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert "camille" not in answer.text
    assert answer.headers["x-request-id"] in answer.text


async def test_htmx_is_told_to_go_to_sign_in(client: httpx2.AsyncClient) -> None:
    answer = await client.get(
        "/things", headers={"HX-Request": "true", "HX-Current-URL": "http://127.0.0.1:8999/things?page=2"}
    )
    assert answer.status_code == 401
    assert answer.headers["hx-redirect"] == "/connexion?next=%2Fthings%3Fpage%3D2"


async def test_a_sentence_reaches_people_without_an_account_too(client: httpx2.AsyncClient, database: Database) -> None:
    assert (
        await client.post("/greetings", data={"_csrf_token": hidden(await client.get("/"), "_csrf_token")})
    ).status_code == 303
    assert "Merci." in (await client.get("/")).text
    assert "Merci." not in (await client.get("/")).text
    assert await database.fetchval("SELECT count(*) FROM web_session WHERE agent_id IS NULL") == 1


async def test_a_session_closed_meanwhile_is_not_brought_back(enter: Enter, database: Database) -> None:
    await enter()
    async with database.transaction() as tx:
        await sessions.delete(tx, "the-key")
    async with database.transaction() as tx:
        await sessions.update(tx, "the-key", {"flash": [["info", "too late"]]})
    assert await database.fetchval("SELECT count(*) FROM web_session") == 0


async def test_people_are_told_when_the_database_is_away(
    make_application: Make, browse: Browse, fresh_database: Callable[[str], Awaitable[Any]]
) -> None:
    other = await Database.connect((await fresh_database("shared")).app_url, name="test")
    browser = browse(make_application(on=other))
    browser.cookies.set("cousu_trial_session", "any")
    await other.close()
    answer = await browser.get("/things")
    assert answer.status_code == 503
    assert "momentanément indisponible" in answer.text


async def test_old_sessions_and_form_keys_are_swept_away(
    make_application: Make, database: Database, enter: Enter
) -> None:
    await enter(ago=timedelta(hours=3), lifetime=timedelta(hours=10))
    async with database.transaction() as tx:
        await forms.claim(tx, b"o" * 32, at=clock.now() - timedelta(days=3))
        await forms.claim(tx, b"n" * 32, at=clock.now())

    async def swept() -> bool:
        kept = await database.fetch("SELECT fingerprint FROM form_submission")
        return await database.fetchval("SELECT count(*) FROM web_session") == 0 and len(kept) == 1

    async with make_application().lifespan():
        await eventually(swept)
