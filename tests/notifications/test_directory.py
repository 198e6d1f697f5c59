"""The directory: each team keeps how it is reached, and mails go there from then on."""

import re

import pytest

from services.notifications.rendering import examples
from shared.contracts import escalation, qualification
from shared.contracts.vocabulary import Programme
from shared.db import Database
from shared.identity.model import Role
from tests.notifications.conftest import Client, People, World
from tests.notifications.test_handlers import recipients
from tests.notifications.test_pages import hidden

HERE = {"audience": "departement", "scope": "95", "name": "SAT du Val-d’Oise", "email": "sat@val-doise.test"}


async def test_what_a_team_entered_holds_from_then_on_in_what_goes_to_it_and_in_what_names_it(
    client: Client, people: People, world: World, database: Database
) -> None:
    headers = await people.token(Role.SAT_AGENT, "95")
    entered = await client.put("/api/v1/contacts", json=HERE, headers=headers)
    assert (entered.status_code, entered.json()["source"]) == (200, "entered")
    await world.filed()
    assert await recipients(database, "new_request") == ["sat@val-doise.test"]
    text = await database.fetchval("SELECT text_body FROM delivery WHERE audience = 'applicant'")
    assert "SAT du Val-d’Oise" in text
    assert "sat@val-doise.test" in text
    assert "01.34.25.26.00" in text, "what was not entered stays as it was known"
    left = await client.delete("/api/v1/contacts", params={"audience": "departement", "scope": "95"}, headers=headers)
    assert (left.json()["email"], left.json()["source"]) == ("anct95@val-doise.gouv.fr", "configured")


async def test_a_mail_that_had_no_address_goes_where_the_team_is_reached_now(
    client: Client, people: People, world: World, database: Database
) -> None:
    await world.filed()
    directed = examples.example_of(qualification.DirectedToProgramme)
    assert isinstance(directed, qualification.DirectedToProgramme)
    await world.consume(directed.model_copy(update={"programme": Programme.RURALITES}))
    operator = await people.token(Role.OPERATOR)
    failed = await database.fetchval("SELECT id FROM delivery WHERE audience = 'programme'")
    assert (await client.post(f"/api/v1/deliveries/{failed}/resend", headers=operator)).status_code == 409
    national = await people.token(Role.NATIONAL_AGENT)
    team = {"audience": "programme", "scope": "ruralites", "name": "Ruralités", "email": "ruralites@anct.test"}
    assert (await client.put("/api/v1/contacts", json=team, headers=national)).status_code == 200
    again = await client.post(f"/api/v1/deliveries/{failed}/resend", headers=operator)
    assert (again.json()["recipient"], again.json()["status"]) == ("ruralites@anct.test", "queued")


@pytest.mark.parametrize(
    ("role", "departement", "audience", "scope", "status"),
    [
        (Role.SAT_AGENT, "95", "delegate", "95", 200),
        (Role.SAT_AGENT, "78", "departement", "95", 404),
        (Role.SAT_AGENT, "95", "national", None, 403),
        (Role.SAT_AGENT, "95", "programme", "ruralites", 403),
        (Role.NATIONAL_AGENT, None, "departement", "95", 403),
        (Role.COMMITTEE_SECRETARY, None, "committee", None, 200),
        (Role.OPERATOR, None, "departement", "2A", 200),
        (Role.AUDITOR, None, "operator", None, 403),
        (Role.OPERATOR, None, "programme", "rien", 404),
        (Role.OPERATOR, None, "applicant", None, 404),
        (Role.OPERATOR, None, "departement", None, 404),
    ],
)
async def test_each_team_keeps_its_own_entry(
    client: Client,
    people: People,
    role: Role,
    departement: str | None,
    audience: str,
    scope: str | None,
    status: int,
) -> None:
    headers = await people.token(role, departement)
    sent = HERE | {"audience": audience, "scope": scope}
    assert (await client.put("/api/v1/contacts", json=sent, headers=headers)).status_code == status


async def test_local_providers_who_were_asked_are_listed_and_a_dead_address_comes_first(
    client: Client, people: People, world: World, database: Database
) -> None:
    await world.filed()
    await world.consume(examples.example_of(qualification.OrientedLocally))
    headers = await people.token(Role.SAT_AGENT, "95")
    (provider,) = (await client.get("/api/v1/providers", headers=headers)).json()["items"]
    assert (provider["email"], provider["takes_no_mail"]) == ("accueil@agence.test", False)
    async with database.transaction() as tx:
        await tx.execute(
            """
            INSERT INTO bad_address (id, address, since, answer, delivery_id)
            SELECT id, recipient, now(), '550 5.1.1 unknown', id FROM delivery WHERE audience = 'provider'
            """
        )
    (provider,) = (await client.get("/api/v1/providers", params={"q": "AGENCE"}, headers=headers)).json()["items"]
    assert provider["takes_no_mail"]
    elsewhere = await people.token(Role.SAT_AGENT, "78")
    assert (await client.get("/api/v1/providers", headers=elsewhere)).json()["total"] == 0


async def test_the_committee_is_told_of_its_agenda_once_a_day(world: World, database: Database) -> None:
    await world.filed()
    await world.consume(examples.example_of(escalation.SessionScheduled))
    mail = await database.fetchrow("SELECT recipient, cadence, text_body FROM delivery WHERE audience = 'committee'")
    assert mail is not None
    assert (mail["recipient"], mail["cadence"]) == ("comite@cousu.test", "daily")
    assert f"http://escalation.test/comite/{examples.OTHER_ID}" in mail["text_body"]


async def test_an_agent_reads_the_directory_and_keeps_his_team_s_entry(client: Client, people: People) -> None:
    await people.enters(client, Role.SAT_AGENT, "95")
    page = (await client.get("/annuaire")).text
    assert "anct95@val-doise.gouv.fr" in page
    assert "Délégué territorial – 95" in page
    assert "– 78" not in page
    assert "Équipe nationale" not in (await client.get("/annuaire", params={"q": "délégué"})).text.split("<main")[1]
    form = (await client.get("/annuaire/departement:95")).text
    csrf = {"_csrf_token": hidden(form, "_csrf_token")}
    sent = csrf | {"name": "SAT", "email": "sat@val-doise.test", "phone": "01 02 03 04 05"}
    assert (await client.post("/annuaire/departement:95", data=sent)).status_code == 303
    assert "Saisie par" in (await client.get("/annuaire/departement:95")).text
    refused = await client.post("/annuaire/departement:95", data=sent | {"email": "rien", "name": "Ce nom reste"})
    assert refused.status_code == 400
    assert "Ce nom reste" in refused.text
    assert (await client.post("/annuaire/departement:95/retrait", data=csrf)).status_code == 303
    assert "anct95@val-doise.gouv.fr" in (await client.get("/annuaire/departement:95")).text
    other = (await client.get("/annuaire/national")).text
    assert "tenue par une autre équipe" in other
    assert not re.search(r'action="/annuaire/national"', other)
    assert (await client.post("/annuaire/national", data=sent)).status_code == 403
    assert (await client.get("/annuaire/departement:78")).status_code == 404
