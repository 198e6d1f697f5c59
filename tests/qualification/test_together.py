"""Several cases at once, and the queue taken home: by the pages and by the API."""

import csv
import io
import zipfile
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest

from services.qualification.web import exports
from shared.identity.model import Agent
from shared.messaging.inbox.inbox import Inbox
from tests.qualification.acting import done
from tests.qualification.conftest import Browser, Program
from tests.qualification.life import Life

SignIn = Callable[[Agent], Awaitable[Browser]]
THREE = 3


@pytest.fixture
async def agent(browser: SignIn, sat: Program) -> Browser:
    """The SAT agent in front of the pages."""
    return await browser(sat.agent)


@pytest.fixture
async def lives(inbox: Inbox) -> list[Life]:
    """Three requests that were filed."""
    lives = [Life(inbox) for _ in range(THREE)]
    for place, life in enumerate(lives, start=1):
        await life.submitted(number=f"95-2026-{place:06d}")
    return lives


def ids(lives: list[Life]) -> list[str]:
    """Their identifiers, as one sends them."""
    return [str(life.request_id) for life in lives]


async def cases_of(program: Program) -> dict[str, Any]:
    """The queue as programs see it, by request."""
    return {item["request_id"]: item for item in (await program.get("/cases")).json()["items"]}


async def test_several_cases_are_given_at_once(sat: Program, lives: list[Life]) -> None:
    answer = await sat.post("/cases/assignments", {"request_ids": ids(lives), "email": sat.agent.email})
    assert answer.status_code == 200
    assert sorted(one["request_id"] for one in answer.json()["done"]) == sorted(ids(lives))
    assert {item["assignee"]["email"] for item in (await cases_of(sat)).values()} == {sat.agent.email}


async def test_what_cannot_begin_is_named_and_the_rest_begins(sat: Program, lives: list[Life]) -> None:
    await done(sat, lives[0], "examination")
    unknown = str(uuid4())
    answer = (await sat.post("/cases/examinations", {"request_ids": [*ids(lives), unknown]})).json()
    assert sorted(one["request_id"] for one in answer["done"]) == sorted(ids(lives[1:]))
    assert {one["request_id"]: one["code"] for one in answer["refused"]} == {
        ids(lives)[0]: "illegal_move",
        unknown: "not_found",
    }
    assert {item["state"] for item in (await cases_of(sat)).values()} == {"under_examination"}


async def test_nothing_is_given_to_somebody_who_is_no_colleague(sat: Program, lives: list[Life]) -> None:
    answer = await sat.post("/cases/assignments", {"request_ids": ids(lives), "email": "personne@cousu.test"})
    assert answer.status_code == 400
    assert not any(item["assignee"] for item in (await cases_of(sat)).values())


async def test_cases_of_another_departement_stay_as_they_are(
    sat: Program, neighbour: Program, lives: list[Life]
) -> None:
    answer = await neighbour.post("/cases/examinations", {"request_ids": ids(lives)})
    assert {one["code"] for one in answer.json()["refused"]} == {"not_found"}
    assert {item["state"] for item in (await cases_of(sat)).values()} == {"registered"}


async def test_the_page_gives_the_chosen_cases_and_says_for_how_many(
    agent: Browser, sat: Program, lives: list[Life]
) -> None:
    answer = await agent.send("/", "/ensemble?sort=number", cases=ids(lives[:2]), act="give", email=sat.agent.email)
    assert answer.headers["location"] == "/?sort=number"
    assert "C’est fait pour 2\u00a0demandes." in (await agent.get("/")).text
    assert sum(item["assignee"] is not None for item in (await cases_of(sat)).values()) == 2


async def test_the_page_says_for_how_many_it_was_not_possible(agent: Browser, sat: Program, lives: list[Life]) -> None:
    filled = await agent.filled("/", cases=ids(lives), act="examine")
    await done(sat, lives[0], "examination")
    await agent.send_again(filled, "/ensemble")
    page = (await agent.get("/")).text
    assert "C’est fait pour 2\u00a0demandes." in page
    assert "Pas pour 1\u00a0demande" in page


@pytest.mark.usefixtures("lives")
async def test_choosing_nothing_is_said_and_the_choice_of_a_colleague_is_kept(
    agent: Browser, delegate: Program
) -> None:
    nothing = await agent.send("/", "/ensemble", act="give", email=delegate.agent.email)
    assert nothing.status_code == 400
    assert "Choisissez au moins une demande" in nothing.text
    assert f'<option value="{delegate.agent.email}" selected' in nothing.text


async def test_the_ticks_are_kept_when_nobody_was_chosen(agent: Browser, lives: list[Life]) -> None:
    answer = await agent.send("/", "/ensemble", cases=ids(lives[:1]), act="give", email="")
    assert answer.status_code == 400
    assert "Choisissez à qui confier les demandes." in answer.text
    assert answer.text.count(" checked>") == 1


async def test_the_queue_is_taken_home_as_text_with_its_filters(
    agent: Browser, sat: Program, lives: list[Life]
) -> None:
    await done(sat, lives[0], "examination")
    answer = await agent.get("/demandes.csv?state=registered&sort=-number")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    assert tuple(rows[0]) == exports.COLUMNS
    assert [row[0] for row in rows[1:]] == ["95-2026-000003", "95-2026-000002"]
    assert {row[6] for row in rows[1:]} == {"Enregistrée"}


@pytest.mark.usefixtures("lives")
async def test_the_queue_is_taken_home_as_a_spreadsheet(sat: Program) -> None:
    answer = await sat.get("/cases.ods")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as sheet:
        assert sheet.read("mimetype") == b"application/vnd.oasis.opendocument.spreadsheet"
        content = sheet.read("content.xml").decode()
    assert content.count("<table:table-row>") == 1 + THREE
    assert 'office:value-type="date"' in content


async def test_what_somebody_typed_never_becomes_a_formula(sat: Program, inbox: Inbox) -> None:
    await Life(inbox).submitted(title='=HYPERLINK("http://example.test")')
    text = (await sat.get("/cases.csv")).content.decode("utf-8-sig")
    assert """'=HYPERLINK(""http://example.test"")""" in text


@pytest.mark.usefixtures("lives")
async def test_nobody_takes_home_what_he_may_not_see(neighbour: Program) -> None:
    text = (await neighbour.get("/cases.csv")).content.decode("utf-8-sig")
    assert len(text.splitlines()) == 1


@pytest.mark.usefixtures("lives")
async def test_a_list_that_is_too_long_is_to_be_filtered(sat: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "MOST", 2)
    refused = await sat.get("/cases.csv")
    assert refused.status_code == 409
    assert refused.json()["code"] == "too_many_cases"
    assert "3 demandes" in refused.json()["detail"]
