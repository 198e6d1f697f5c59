"""While the work with them goes on, the applicant tells how it goes: of a step or of all of it, by program or page."""

from datetime import date
from html import unescape
from uuid import UUID

import pytest

from services.intake.handlers import handlers
from services.intake.settings import Settings
from shared.clock import new_id
from shared.db import Database
from shared.messaging.inbox.inbox import Inbox
from shared.territory.territories import Territories
from tests.intake.conftest import Client, filed
from tests.intake.facts import DUE, Life
from tests.intake.test_colleagues import ask, invite
from tests.intake.test_handlers import LATER
from tests.intake.test_pages import send
from tests.wire import Streams

SAID = {"text": "Les habitants ont été réunis deux fois.", "percent": 40}
LATER_DATE = date(2027, 3, 1)


class Work:
    """A request of which the work is under way, with one step."""

    def __init__(self, request_id: str, database: Database, territories: Territories) -> None:
        self.milestone = new_id()
        self.life = Life(UUID(request_id))
        self._wire = Streams()
        self._inbox = Inbox(database, handlers(territories))

    async def begins(self) -> None:
        """The national team accompanies the request, and sets a step."""
        await self.hears("accompanied", LATER)
        await self.hears("milestone_planned", LATER + 1, self.milestone)

    async def hears(self, what: str, *about: object) -> None:
        """Others tell something."""
        await self._inbox.process([self._wire.message(getattr(self.life, what)(*about))])


async def test_the_applicant_and_a_colleague_tell_how_the_work_goes(
    client: Client, database: Database, territories: Territories, settings: Settings
) -> None:
    mine = await filed(client)
    token = mine["access_token"]
    _, theirs = await invite(client, settings, mine)
    too_early = await ask(client, mine, token, "progress", SAID)
    assert (too_early.status_code, too_early.json()["code"]) == (409, "illegal_move")
    work = Work(mine["id"], database, territories)
    await work.begins()
    seen = (await ask(client, mine, token)).json()
    assert "progress" in seen["allowed_actions"]
    assert seen["milestones"] == [
        {"id": str(work.milestone), "title": "Diagnostic remis", "due_on": str(DUE), "reached_on": None}
    ]
    told = await ask(client, mine, token, "progress", {**SAID, "milestone_id": str(work.milestone)})
    assert told.status_code == 201, told.text
    told = await ask(client, mine, theirs, "progress", {"text": "Le conseil a délibéré."})
    assert told.status_code == 201, told.text
    assert [(step["label"], step["detail"], step["team"]) for step in told.json()["timeline"][-2:]] == [
        ("Avancement – Diagnostic remis – 40\u00a0%", SAID["text"], "applicant"),
        ("Avancement, par Dominique Petit", "Le conseil a délibéré.", "applicant"),
    ]
    facts = await database.fetch(
        "SELECT body::jsonb->'data' AS data FROM journal WHERE type = 'intake.progress_told.v1' ORDER BY position"
    )
    assert [
        (fact["data"]["milestone_id"], fact["data"]["milestone"], fact["data"]["percent"], fact["data"]["by"])
        for fact in facts
    ] == [
        (str(work.milestone), "Diagnostic remis", 40, None),
        (None, None, None, {"role": "applicant", "name": "Dominique Petit", "email": None}),
    ]
    await work.hears("completed", LATER + 60 * 24 * 365 * 9)
    assert (await ask(client, mine, token, "progress", SAID)).status_code == 409


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"text": " "}, "text"),
        ({"percent": 101}, "percent"),
        ({"percent": -1}, "percent"),
        ({"milestone_id": "diagnostic"}, "milestone_id"),
        ({"milestone_id": "0190a000-0000-7000-8000-000000000001"}, "milestone_id"),
    ],
)
async def test_what_cannot_be_told_is_named_by_its_field(
    client: Client, database: Database, territories: Territories, wrong: dict[str, object], field: str
) -> None:
    mine = await filed(client)
    await Work(mine["id"], database, territories).begins()
    refused = await ask(client, mine, mine["access_token"], "progress", {**SAID, **wrong})
    assert (refused.status_code, [error["field"] for error in refused.json()["errors"]]) == (400, [field])


async def test_the_step_of_another_request_is_none_of_this_one(
    client: Client, database: Database, territories: Territories
) -> None:
    mine, other = await filed(client), await filed(client)
    await Work(mine["id"], database, territories).begins()
    elsewhere = Work(other["id"], database, territories)
    await elsewhere.begins()
    about = {**SAID, "milestone_id": str(elsewhere.milestone)}
    assert (await ask(client, mine, mine["access_token"], "progress", about)).status_code == 400


async def test_a_step_is_shown_as_it_stands_whichever_fact_names_it_first(
    client: Client, database: Database, territories: Territories
) -> None:
    mine = await filed(client)
    work = Work(mine["id"], database, territories)
    await work.hears("milestone_postponed", LATER, work.milestone, LATER_DATE)
    (shown,) = (await ask(client, mine, mine["access_token"])).json()["milestones"]
    assert (shown["title"], shown["due_on"], shown["reached_on"]) == ("Diagnostic remis", str(LATER_DATE), None)
    await work.hears("milestone_reached", LATER + 1, work.milestone)
    (shown,) = (await ask(client, mine, mine["access_token"])).json()["milestones"]
    assert shown["reached_on"] == str(DUE)


async def test_what_others_tell_of_the_work_names_them_on_the_thread(
    client: Client, database: Database, territories: Territories
) -> None:
    mine = await filed(client)
    work = Work(mine["id"], database, territories)
    await work.begins()
    await work.hears("progress_reported", LATER + 2)
    step = (await ask(client, mine, mine["access_token"])).json()["timeline"][-1]
    assert step["label"] == "Avancement – Diagnostic remis – 40\u00a0%, par Atelier des Bourgs"


async def test_the_page_shows_the_steps_and_takes_what_is_told(
    client: Client, database: Database, territories: Territories
) -> None:
    mine = await filed(client)
    address = f"/suivi/{mine['access_token']}"
    assert "accompagnement de votre projet" not in unescape((await client.get(address)).text)
    work = Work(mine["id"], database, territories)
    await work.begins()
    page = await client.get(address)
    assert "Diagnostic remis" in page.text
    form = f"{address}/avancement"
    wrong = await send(client, page, form, **{"avancement.text": "Le chantier avance.", "avancement.percent": "140"})
    assert wrong.status_code == 400
    assert "Le chantier avance." in wrong.text
    assert 'href="#field-avancement.percent"' in wrong.text
    gone = await send(
        client, page, form, **{"avancement.text": "Le chantier avance.", "avancement.milestone_id": str(new_id())}
    )
    assert gone.status_code == 400
    assert "Le chantier avance." in gone.text
    assert 'href="#field-avancement.milestone_id"' in gone.text
    told = {"text": "Le chantier avance.", "percent": "60", "milestone_id": str(work.milestone)}
    done = await send(client, page, form, **{f"avancement.{name}": value for name, value in told.items()})
    assert done.headers["location"] == f"{address}#accompagnement"
    shown = unescape((await client.get(address)).text)
    assert "liront où en est le projet" in shown
    assert "Avancement – Diagnostic remis – 60\u00a0%" in shown
    await work.hears("milestone_reached", LATER + 3, work.milestone)
    await work.hears("completed", LATER + 60 * 24 * 365 * 9)
    over = await client.get(address)
    assert "Atteint le" in over.text
    assert "Diagnostic remis – atteint le" in (await client.get(f"{address}/imprimer")).text
    assert "/avancement" not in over.text
    late = await send(client, page, form, **{"avancement.text": "Trop tard."})
    assert late.status_code == 409
    assert "n’est pas possible à ce stade" in unescape(late.text)
