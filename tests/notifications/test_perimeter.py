"""Who sees and resends which mails: a team sees what reached it, and nobody sees all but those who run the service."""

import pytest

from services.notifications.rendering import examples
from shared.contracts import escalation, qualification
from shared.contracts.fact import Fact
from shared.contracts.vocabulary import Programme
from shared.identity.model import Role
from tests.notifications.conftest import Client, People, World

OURS, ANOTHER = Programme.PETITES_VILLES_DE_DEMAIN, Programme.FRANCE_SERVICES
FILED: tuple[type[Fact], ...] = ()
DIRECTED: tuple[type[Fact], ...] = (qualification.DirectedToProgramme,)
ESCALATED: tuple[type[Fact], ...] = (qualification.RequestEscalated, escalation.EscalationReceived)


async def total(client: Client, headers: dict[str, str], path: str = "/api/v1/deliveries") -> int:
    answer = await client.get(path, headers=headers)
    assert answer.status_code == 200
    found: int = answer.json()["total"]
    return found


@pytest.mark.parametrize(
    ("role", "departement", "programme", "life", "sees"),
    [
        (Role.SAT_AGENT, "95", None, FILED, True),
        (Role.SAT_AGENT, "78", None, ESCALATED, False),
        (Role.DELEGATE, "95", None, FILED, True),
        (Role.NATIONAL_AGENT, None, None, FILED, False),
        (Role.NATIONAL_AGENT, None, None, DIRECTED, False),
        (Role.NATIONAL_AGENT, None, None, ESCALATED, True),
        (Role.COMMITTEE_SECRETARY, None, None, FILED, False),
        (Role.COMMITTEE_SECRETARY, None, None, ESCALATED, True),
        (Role.PROGRAMME_AGENT, None, OURS, FILED, False),
        (Role.PROGRAMME_AGENT, None, OURS, DIRECTED, True),
        (Role.PROGRAMME_AGENT, None, ANOTHER, DIRECTED, False),
        (Role.PROGRAMME_AGENT, None, ANOTHER, ESCALATED, False),
        (Role.OPERATOR, None, None, FILED, True),
        (Role.OPERATOR, "78", None, ESCALATED, False),
        (Role.AUDITOR, None, None, FILED, True),
        (Role.AUDITOR, "95", None, FILED, True),
    ],
)
async def test_an_agent_sees_the_mails_of_a_request_once_it_reached_their_team(
    client: Client,
    people: People,
    world: World,
    role: Role,
    departement: str | None,
    programme: str | None,
    life: tuple[type[Fact], ...],
    sees: bool,
) -> None:
    await world.filed()
    mail = await world.database.fetchval("SELECT id FROM delivery WHERE audience = 'applicant'")
    await world.consume(*(examples.example_of(kind) for kind in life))
    assert await world.held() == []
    headers = await people.token(role, departement, programme)
    assert (await total(client, headers) > 0) is sees
    assert (await total(client, headers, f"/api/v1/deliveries?request_id={examples.REQUEST_ID}") > 0) is sees
    assert (await client.get(f"/api/v1/deliveries/{mail}", headers=headers)).status_code == (200 if sees else 404)
    resent = await client.post(f"/api/v1/deliveries/{mail}/resend", headers=headers)
    if not sees:
        assert resent.status_code == (403 if role is Role.AUDITOR else 404)
        assert await world.database.fetchval("SELECT asked_by FROM delivery WHERE id = $1", mail) is None


@pytest.mark.parametrize(
    ("role", "departement", "sees"),
    [
        (Role.SAT_AGENT, "95", True),
        (Role.SAT_AGENT, "78", False),
        (Role.NATIONAL_AGENT, None, False),
        (Role.PROGRAMME_AGENT, None, False),
        (Role.OPERATOR, None, True),
    ],
)
async def test_the_local_providers_that_a_departement_asked_are_its_own(
    client: Client,
    people: People,
    world: World,
    role: Role,
    departement: str | None,
    sees: bool,
) -> None:
    await world.filed()
    await world.consume(examples.example_of(qualification.OrientedLocally))
    headers = await people.token(role, departement, OURS if role is Role.PROGRAMME_AGENT else None)
    assert (await total(client, headers, "/api/v1/providers") > 0) is sees


async def test_examples_are_filled_only_with_requests_that_the_agent_sees(
    client: Client, people: People, world: World
) -> None:
    await world.filed()
    number = await world.database.fetchval("SELECT number FROM known_request")
    await people.enters(client, Role.NATIONAL_AGENT)
    assert f'value="{number}"' not in (await client.get("/modeles/request_submitted")).text
    await world.consume(*(examples.example_of(kind) for kind in ESCALATED))
    assert f'value="{number}"' in (await client.get("/modeles/request_submitted")).text


async def test_a_departemental_operator_keeps_no_mailbox_of_the_national_team(client: Client, people: People) -> None:
    limited = await people.token(Role.OPERATOR, "95")

    async def enter(audience: str, scope: str | None) -> int:
        entry = {"audience": audience, "scope": scope, "name": "Ailleurs", "email": "ailleurs@cousu.test"}
        return (await client.put("/api/v1/contacts", headers=limited, json=entry)).status_code

    teams = [("national", None), ("committee", None), ("operator", None), ("programme", OURS.value)]
    assert [await enter(*team) for team in teams] == [403] * 4
    assert [await enter("departement", code) for code in ("95", "78")] == [200, 404]
