"""Every route of the operators' page, walked by operators of elsewhere and by those who are none."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from urllib.parse import quote

import httpx2
import pytest
from litestar import Litestar

from services.operations.adapters.connections import Watched
from services.operations.reads import causes, quarantine
from services.operations.reads.held import Held
from shared import clock
from shared.clock import new_id
from shared.contracts.vocabulary import Programme
from shared.db import Database
from shared.identity import store
from shared.identity.model import DEPARTEMENTAL, Role
from shared.web import sessions
from tests.conftest import FreshDatabase
from tests.operations.conftest import Scene
from tests.operations.test_gaps import a_gap_that_nothing_fills
from tests.operations.test_obstacles import a_mail
from tests.operations.test_perimeter import held as held_by_another_name
from tests.operations.trouble import a_dead_letter
from tests.walking import Foreign, Person, Walk

held = held_by_another_name
TAKEN_AWAY_BY_THE_PAGE = (
    "POST /api/v1/quarantine/{service}/causes/{key}/replay",
    "POST /api/v1/quarantine/{service}/causes/{key}/discard",
    "POST /api/v1/waiting/{service}/discard",
    "POST /api/v1/deliveries/resend-refused",
)
WHOLE = "an answer about all of a source is an error of the field that narrows it"
OWN = {
    "POST /retenues/{service}": "what is held no more, or is not seen, leads back to the list",
    "POST /api/v1/events/resend": WHOLE,
}


@pytest.fixture
async def mails(fresh_database: Callable[[str], Awaitable[FreshDatabase]], scene: Scene) -> AsyncIterator[Database]:
    """The service that sends mails, which the page watches too."""
    database = await Database.connect((await fresh_database("notifications")).app_url, name="test")
    assert isinstance(scene.connections.services, dict)
    scene.connections.services["notifications"] = Watched("notifications", database, "notifications")
    yield database
    await database.close()


@pytest.fixture
def comes(own_database: Database) -> Callable[..., Awaitable[Person]]:
    """Make somebody with a token and a session."""

    async def come(role: Role, *departements: str) -> Person:
        at, key = clock.now(), secrets.token_urlsafe(16)
        name = f"{role}{''.join(departements)}"
        async with own_database.transaction() as tx:
            agent = await store.add_agent(
                tx,
                email=f"{name}@cousu.test",
                name=name,
                roles=[role],
                departements=departements or (["95"] if role in DEPARTEMENTAL else []),
                programmes=[Programme.FRANCE_SERVICES.value] if role is Role.PROGRAMME_AGENT else [],
                at=at,
            )
            token = await store.issue_token(tx, agent_id=agent.id, name="walk", at=at)
            await sessions.create(tx, key, agent=agent, data={}, at=at, expires_at=at + timedelta(hours=1))
        return Person(name, token, {"cousu_operations_session": key})

    return come


@pytest.fixture
async def foreign(scene: Scene, held: Held, mails: Database) -> Foreign:
    """Trouble of each kind, all of it of the Val-d'Oise (95)."""
    [unreadable] = await quarantine.list_quarantined(scene.escalation, "escalation")
    [cause] = await causes.list_causes(scene.escalation, "escalation")
    gap = await a_gap_that_nothing_fills(scene)
    mail = await a_mail(mails, new_id())
    await a_dead_letter(scene, "escalation", b"dead")
    return Foreign(
        named={
            "service": ["escalation"],
            "message_id": [str(unreadable.id)],
            "key": [cause.key],
            "queue": ["escalation.dead"],
            "mail_id": [str(mail)],
            "reference": [held.subject],
        },
        secret=[held.event_id, str(unreadable.id), str(mail)],
        form={
            "event_id": held.event_id,
            "why": "essai",
            "source": "/intake",
            "action": "retry",
            "words": "550 no such user",
            "group": f"escalation {held.code} {held.type}",
            "sure": "true",
        },
        bodies={
            "POST /quarantaine/{service}/{message_id}": {"action": "discard"},
            "POST /quarantaine/{service}/cause/{key}": {"action": "discard", "until": clock.now().isoformat()},
            "POST /api/v1/held/{service}/retry-all": {"why": "essai"},
            "POST /api/v1/waiting/{service}/discard": {
                "source": gap.source,
                "subject": gap.subject,
                "why": "essai",
            },
            "POST /api/v1/events/resend": {"source": "/intake", "request": held.subject, "why": "essai"},
        },
        queries={
            "/retenues/{service}": f"?evenement={held.event_id}",
            "/retenues/{service}/attente": f"?source={quote(gap.source)}&demande={gap.subject}",
        },
        own=OWN,
    )


async def test_nobody_reaches_what_is_of_another_departement(
    page: Litestar,
    browse: httpx2.AsyncClient,
    scene: Scene,
    mails: Database,
    foreign: Foreign,
    comes: Callable[..., Awaitable[Person]],
) -> None:
    people = [
        Person("nobody"),
        await comes(Role.OPERATOR, "78"),
        await comes(Role.AUDITOR, "78"),
        *[await comes(role) for role in Role if role not in {Role.OPERATOR, Role.AUDITOR}],
    ]
    found = await Walk(page, browse, foreign, scene.escalation, scene.intake, mails).refused(*people)
    assert not found, "\n".join(found)


async def test_the_walk_sends_what_an_operator_may_send(
    page: Litestar, browse: httpx2.AsyncClient, foreign: Foreign, comes: Callable[..., Awaitable[Person]]
) -> None:
    missed = await Walk(page, browse, foreign).prove(await comes(Role.OPERATOR), gone=TAKEN_AWAY_BY_THE_PAGE)
    assert not missed, "\n".join(missed)
