"""Every route of notifications, walked by people whom a request's mails do not concern."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from litestar import Litestar

from services.notifications.rendering import examples
from shared import clock
from shared.contracts import intake, qualification
from shared.contracts.vocabulary import Programme
from shared.db import Database
from shared.identity.model import Role
from shared.web import sessions
from tests.notifications.conftest import Client, People, World
from tests.notifications.test_webhook_pages import WISH
from tests.walking import Foreign, Person, Walk

CONTACT = {"audience": "departement", "scope": "95", "name": "Ailleurs", "email": "ailleurs@cousu.test"}
CHOICE = {"audience": "departement", "scope": "95", "destination": "mailbox", "template": "*", "cadence": "daily"}
MINE = "the caller's own choices, absence and bell"
COMMON = "a template, filled with nobody's data; who may change what is everybody's is asked before it is changed"
OWN = {
    "GET /modeles/{name}": COMMON,
    "GET /modeles/{name}/apercu": COMMON,
    "GET /api/v1/templates/{name}": COMMON,
    "POST /preferences/absence": MINE,
    "POST /preferences/retour": MINE,
    "PUT /api/v1/absence": MINE,
    "DELETE /api/v1/absence": MINE,
    "POST /abonnements/nouveau": "a département outside the perimeter is an error of its field",
    "POST /api/v1/webhooks": "as above",
    "POST /cloche/lues": MINE,
    "POST /api/v1/bell/read": MINE,
}


@pytest.fixture
def comes(database: Database, people: People) -> Callable[..., Awaitable[Person]]:
    """Make an agent with a token and a session."""

    async def come(role: Role, departement: str | None = None, programme: Programme | None = None) -> Person:
        at, key = clock.now(), secrets.token_urlsafe(16)
        headers = await people.token(role, departement, programme)
        agent = await people.agent(role, departement, programme)
        async with database.transaction() as tx:
            await sessions.create(tx, key, agent=agent, data={}, at=at, expires_at=at + timedelta(hours=1))
        token = headers["Authorization"].removeprefix("Bearer ")
        return Person(agent.name, token, {"cousu_notifications_session": key})

    return come


@pytest.fixture
async def foreign(client: Client, people: People, world: World, database: Database) -> Foreign:
    """The mails of a request of the Val-d'Oise that went to no national team, and a subscription to it."""
    sat = await people.token(Role.SAT_AGENT, "95")
    filed = examples.example_of(intake.RequestSubmitted)
    assert isinstance(filed, intake.RequestSubmitted)
    contact = filed.request.contact.model_copy(update={"email": "lavoir@mairie.test"})
    request = filed.request.model_copy(update={"title": "Sauver le lavoir", "contact": contact})
    await world.consume(filed.model_copy(update={"request": request}))
    await world.consume(examples.example_of(qualification.OrientedLocally))
    delivery = await database.fetchrow("SELECT id, recipient FROM delivery WHERE audience = 'applicant'")
    assert delivery is not None
    address = uuid4()
    async with database.transaction() as tx:
        await tx.execute(
            "INSERT INTO bad_address (id, address, since, answer, delivery_id) VALUES ($1, $2, now(), '550', $3)",
            address,
            delivery["recipient"],
            delivery["id"],
        )
    wish = {**WISH, "departements": ["95"]}
    webhook = await client.post("/api/v1/webhooks", json=wish, headers=await people.token(Role.OPERATOR))
    (notice,) = (await client.get("/api/v1/bell", headers=sat)).json()["items"]
    return Foreign(
        named={
            "delivery_id": [str(delivery["id"])],
            "address_id": [str(address)],
            "notice_id": [notice["id"]],
            "webhook_id": [webhook.json()["id"]],
            "team": ["departement:95"],
            "name": ["request_submitted"],
        },
        secret=["Sauver le lavoir", "lavoir@mairie.test", "Région Île-de-France"],
        form={
            "name": "Ailleurs",
            "email": "ailleurs@cousu.test",
            "url": "https://ailleurs.example/evenements",
            "departements": "95",
            "intake": "intake.request_submitted.v1",
            **{f"items.0.{name}": value for name, value in CHOICE.items()},
            "from_on": "2031-01-04",
            "until_on": "2031-01-05",
            "position": "0",
        },
        bodies={
            "PUT /api/v1/contacts": CONTACT,
            "PUT /api/v1/preferences": {"items": [CHOICE]},
            "POST /api/v1/webhooks": {**WISH, "name": "Ailleurs"},
            "POST /api/v1/webhooks/{webhook_id}/replay": {"position": 0},
        },
        queries={"/api/v1/contacts": "?audience=departement&scope=95"},
        own=OWN,
        left_out={"/cloche/flux": "a stream that does not end; tests/notifications/test_bell.py"},
        makes=[route for route, why in OWN.items() if why == MINE],
    )


async def test_nobody_reaches_a_mail_a_contact_or_a_subscription_outside_their_perimeter(
    app: Litestar, client: Client, database: Database, foreign: Foreign, comes: Callable[..., Awaitable[Person]]
) -> None:
    people = [
        Person("nobody"),
        await comes(Role.SAT_AGENT, "78"),
        await comes(Role.DELEGATE, "78"),
        await comes(Role.OPERATOR, "78"),
        await comes(Role.AUDITOR, "78"),
    ]
    national = [
        await comes(Role.NATIONAL_AGENT),
        await comes(Role.COMMITTEE_SECRETARY),
        await comes(Role.PROGRAMME_AGENT, None, Programme.FRANCE_SERVICES),
    ]
    of_each_service = replace(foreign, own={**OWN, "GET /annuaire/{team}": "how each département's service is reached"})
    found = await Walk(app, client, foreign, database).refused(*people)
    found += await Walk(app, client, of_each_service, database).refused(*national)
    assert not found, "\n".join(found)


async def test_the_walk_sends_what_the_rightful_may_send(
    app: Litestar, client: Client, database: Database, foreign: Foreign, comes: Callable[..., Awaitable[Person]]
) -> None:
    people = [await comes(Role.SAT_AGENT, "95"), await comes(Role.OPERATOR)]
    missed = await Walk(app, client, foreign, database).prove(
        *people, gone={"POST /api/v1/bad-addresses/{address_id}/trusted"}
    )
    assert not missed, "\n".join(missed)


async def test_whatever_an_agent_is_shown_leaves_a_trace(
    app: Litestar, client: Client, database: Database, foreign: Foreign, comes: Callable[..., Awaitable[Person]]
) -> None:
    missed = await Walk(app, client, foreign, database).untraced(await comes(Role.SAT_AGENT, "95"), "delivery_id")
    assert not missed, "\n".join(missed)
    assert await database.fetchval("SELECT count(*) FROM consultation") > 10
