"""While an agent is away their copies go to a colleague; the team's mailbox is never left out."""

import re
from datetime import date, timedelta

import pytest

from services.notifications.domain.preferences import Cadence
from services.notifications.usecases.absence import SetAbsence, end_absence, set_absence
from services.notifications.usecases.preferences import Choice, Choose, choose
from shared import clock
from shared.commands import NoBody
from shared.db import Database
from shared.errors import Invalid
from shared.identity import store as identity
from shared.identity.model import Agent, Role
from tests.notifications.conftest import Client, People, World, acting
from tests.notifications.test_pages import hidden


async def a_colleague(database: Database, name: str, departement: str = "95") -> Agent:
    async with database.transaction() as tx:
        return await identity.add_agent(
            tx,
            email=f"{name}@cousu.test",
            name=name.capitalize(),
            roles=[Role.SAT_AGENT],
            departements=[departement],
            at=clock.now(),
        )


async def wants_copies(database: Database, agent: Agent) -> None:
    async with database.transaction() as tx:
        await choose(
            acting(tx, agent),
            Choose(items=[Choice(audience="departement", cadence=Cadence.INSTANT, destination="personal")]),
        )


async def goes_away(database: Database, agent: Agent, stand_in: Agent | None, *, since: int = 0) -> None:
    today = date.today()  # noqa: DTZ011 - a day before or after changes nothing here
    absence = SetAbsence(
        from_on=today - timedelta(days=2 + since),
        until_on=today + timedelta(days=2),
        stand_in=stand_in.id if stand_in else None,
    )
    async with database.transaction() as tx:
        await set_absence(acting(tx, agent), absence)


async def recipients(database: Database) -> set[str]:
    return {row["recipient"] for row in await database.fetch("SELECT recipient FROM delivery")}


async def test_a_colleague_gets_the_copies_and_reads_in_whose_place(world: World, database: Database) -> None:
    away, colleague = await a_colleague(database, "anne"), await a_colleague(database, "bruno")
    await wants_copies(database, away)
    await goes_away(database, away, colleague)
    await world.filed()
    assert await recipients(database) == {"contact@commune.test", "anct95@val-doise.gouv.fr", "bruno@cousu.test"}
    bodies = await database.fetch("SELECT recipient, text_body FROM delivery WHERE audience = 'departement'")
    told = {row["recipient"]: "à la place de Anne" in row["text_body"] for row in bodies}
    assert told == {"anct95@val-doise.gouv.fr": False, "bruno@cousu.test": True}


async def test_a_colleague_who_wants_copies_himself_gets_one_mail(world: World, database: Database) -> None:
    away, colleague = await a_colleague(database, "anne"), await a_colleague(database, "bruno")
    for agent in (away, colleague):
        await wants_copies(database, agent)
    await goes_away(database, away, colleague)
    await world.filed()
    assert await database.fetchval("SELECT count(*) FROM delivery WHERE recipient = 'bruno@cousu.test'") == 1


async def test_without_a_colleague_the_mailbox_alone_is_told(world: World, database: Database) -> None:
    away = await a_colleague(database, "anne")
    await wants_copies(database, away)
    await goes_away(database, away, None)
    await world.filed()
    assert await recipients(database) == {"contact@commune.test", "anct95@val-doise.gouv.fr"}


async def test_who_is_back_gets_his_copies_again(world: World, database: Database) -> None:
    away = await a_colleague(database, "anne")
    await wants_copies(database, away)
    await goes_away(database, away, None)
    async with database.transaction() as tx:
        await end_absence(acting(tx, away), NoBody())
    await world.filed()
    assert "anne@cousu.test" in await recipients(database)


async def test_a_colleague_who_lost_his_perimeter_gets_nothing(world: World, database: Database) -> None:
    away, colleague = await a_colleague(database, "anne"), await a_colleague(database, "bruno")
    await wants_copies(database, away)
    await goes_away(database, away, colleague)
    await a_colleague(database, "bruno", "78")
    await world.filed()
    assert "bruno@cousu.test" not in await recipients(database)


@pytest.mark.parametrize(
    ("absence", "field"),
    [
        (SetAbsence(from_on=date(2099, 5, 2), until_on=date(2099, 5, 1)), "until_on"),
        (SetAbsence(from_on=date(2020, 5, 1), until_on=date(2020, 5, 2)), "until_on"),
    ],
)
async def test_an_absence_that_cannot_be_is_refused(database: Database, absence: SetAbsence, field: str) -> None:
    agent = await a_colleague(database, "anne")
    with pytest.raises(Invalid) as refused:
        async with database.transaction() as tx:
            await set_absence(acting(tx, agent), absence)
    assert [error.field for error in refused.value.errors] == [field]


async def test_nobody_stands_in_who_sees_less(database: Database) -> None:
    agent, stranger = await a_colleague(database, "anne"), await a_colleague(database, "bruno", "78")
    with pytest.raises(Invalid):
        await goes_away(database, agent, stranger)


async def test_an_absence_is_set_shown_and_ended_by_program(client: Client, people: People, database: Database) -> None:
    headers = await people.token(Role.SAT_AGENT, "95")
    colleague = await a_colleague(database, "bruno")
    body = {"from_on": "2099-07-01", "until_on": "2099-07-15", "stand_in": str(colleague.id)}
    kept = await client.put("/api/v1/absence", headers=headers, json=body)
    assert kept.status_code == 200
    shown = (await client.get("/api/v1/absence", headers=headers)).json()
    assert shown == body | {"colleagues": [{"id": str(colleague.id), "name": "Bruno"}]}
    ended = await client.delete("/api/v1/absence", headers=headers)
    assert ended.json()["from_on"] is None


async def test_an_absence_is_set_on_the_page_and_a_wrong_one_keeps_what_was_typed(
    client: Client, people: People, database: Database
) -> None:
    await people.enters(client, Role.SAT_AGENT, "95")
    colleague = await a_colleague(database, "bruno")
    page = (await client.get("/preferences")).text
    csrf = {"_csrf_token": hidden(page, "_csrf_token")}
    typed = csrf | {"from_on": "2099-07-15", "until_on": "2099-07-01", "stand_in": str(colleague.id)}
    refused = await client.post("/preferences/absence", data=typed)
    assert refused.status_code == 400
    assert "Indiquez un jour qui suit" in refused.text
    assert re.search(rf'<option value="{colleague.id}" selected>', refused.text)
    kept = await client.post("/preferences/absence", data=typed | {"until_on": "2099-07-20"})
    assert kept.status_code == 303
    assert "Vous êtes noté absent du mercredi" in (await client.get("/preferences")).text
    assert (await client.post("/preferences/retour", data=csrf)).status_code == 303
    assert "Vous êtes noté absent" not in (await client.get("/preferences")).text
