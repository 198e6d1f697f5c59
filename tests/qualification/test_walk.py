"""Every route of the départements' service, walked by people of elsewhere."""

import secrets
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest
from litestar import Litestar

from shared import clock
from shared.clock import new_id
from shared.contracts import intake
from shared.contracts.vocabulary import Outcome
from shared.db import Database
from shared.identity.model import Role
from shared.messaging.inbox.inbox import Inbox
from shared.web import sessions
from tests.qualification.acting import CAUE, ESCALATION, ORIENTATION, answered, done
from tests.qualification.conftest import LINKS, PACT_LINKS, Client, Program, Programs
from tests.qualification.life import GRID, Life, in_days
from tests.qualification.test_pact_parties import link_of
from tests.qualification.test_pacts_api import ACTION, COMMUNE, DIAGNOSIS, EPCI, PACT, must, ready
from tests.walking import Foreign, Person, Walk

PONTOISE = {"name": "Pontoise", "kind": "commune", "code": "95500"}
TABLE = {
    "table": ("table.csv", "Nom;Nature;Adresse électronique\nCAUE du Vexin;CAUE;caue@vexin.test\n".encode(), "text/csv")
}
# The file of a form that is refused before it is read is closed by the collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
OWN = {
    "GET /deposer": "leads to the form by which one files for a collectivité",
    "POST /api/v1/filing-mandates": "as above",
    "POST /ensemble": "says which of the cases it passed over",
    "POST /api/v1/cases/assignments": "as above",
    "POST /api/v1/cases/examinations": "as above",
    "POST /annuaire/nouveau": "adds to the catalogue of the caller's own département",
    "POST /annuaire/import": "as above",
    "POST /api/v1/providers": "as above",
    "POST /api/v1/providers/import": "as above",
    "POST /pactes/nouveau": "a département or a case outside the perimeter is an error of its field",
    "POST /api/v1/pacts": "as above",
}


@pytest.fixture
def comes(database: Database, program: Programs) -> Callable[..., Awaitable[Person]]:
    """Make an agent with a token and a session."""

    async def come(role: Role, *departements: str) -> Person:
        at, key = clock.now(), secrets.token_urlsafe(16)
        name = f"{role}{''.join(departements)}"
        made = await program(name, role, *departements)
        async with database.transaction() as tx:
            await sessions.create(tx, key, agent=made.agent, data={}, at=at, expires_at=at + timedelta(hours=1))
        return Person(name, made.token, {"cousu_qualification_session": key})

    return come


@pytest.fixture
async def foreign(
    client: Client, database: Database, inbox: Inbox, sat: Program, delegate: Program, life: Life
) -> Foreign:
    """Three cases: one asks a provider, one is examined, one has local work; the catalogue and a pact."""
    letters = (await answered(sat, delegate, life, ORIENTATION))["letters"]
    worked = Life(inbox)
    await worked.submitted(number="95-2026-000003")
    asked = await answered(sat, delegate, worked, ORIENTATION)
    worker = LINKS.token(UUID(asked["orientations"][0]["id"]))
    for step, body in (
        ("acceptance", {}),
        ("local-work", {"ends_on": str(in_days(400))}),
        ("milestones", {"title": "Diagnostic", "due_on": str(in_days(30))}),
    ):
        assert (await client.post(f"/api/v1/orientations/{worker}/{step}", json=body)).status_code in {200, 201}
    rapport = {"document": ("rapport.pdf", b"%PDF-1.4 rapport")}
    sent = await client.post(f"/api/v1/orientations/{worker}/deliverables", files=rapport)
    work = sent.json()["local_work"]
    other = Life(inbox)
    await other.submitted(number="95-2026-000002")
    await done(sat, other, "examination")
    pact = await ready(sat, delegate)
    await must(sat, f"{pact}/signatures", {"party": EPCI})
    shown = await must(sat, f"{pact}/versions")
    orientation = await database.fetchval("SELECT id FROM orientation WHERE request_id = $1", life.request_id)
    document = intake.Document(
        id=new_id(), name="plan.pdf", media_type="application/pdf", size=10, sha256="0" * 64, added_at=clock.now()
    )
    await life.tell(intake.DocumentAdded(**life.about(), document=document))
    return Foreign(
        named={
            "request_id": [str(life.request_id), str(other.request_id), str(worked.request_id)],
            "milestone_id": [work["milestones"][0]["id"]],
            "deliverable_id": [work["deliverables"][0]["id"]],
            "provider_id": [str(CAUE.id)],
            "pact_id": [shown["id"]],
            "action_id": [shown["actions"][0]["id"]],
            "party_id": [shown["parties"][2]["id"]],
            "number": ["1"],
            "document_id": [str(document.id)],
            "letter_id": [letters[0]["id"]],
            "outcome": [outcome.value for outcome in Outcome],
            "token": [LINKS.token(orientation)[:-5] + "aaaaa", PACT_LINKS.token(orientation)],
            "links": [LINKS.token(orientation), worker, await link_of(database)],
        },
        secret=[
            "Redonner vie au centre-bourg",
            "mairie@magny.test",
            "CAUE du Val",
            "cc@vexin.test",
            "Ouvrir une halle",
        ],
        form={
            **GRID,
            **{name: value for name, value in ACTION.items() if name != "partners"},
            "title": "Élargir le marché",
            "email": "sat95@cousu.test",
            "request_ids": str(other.request_id),
            "cases": [str(life.request_id), str(other.request_id)],
            "act": "give",
            "items": "Le plan du bourg",
            "text": "Bonjour.",
            "motive": "Au vu du dossier.",
            "provider_id": str(CAUE.id),
            "support_types": ["ingenierie_projet"],
            "amount_cents": "1000",
            "programme": "petites_villes_de_demain",
            "motive_code": "local_offer_insufficient",
            "providers_tried.0.provider_id": str(CAUE.id),
            "providers_tried.0.answer": "Pas de disponibilité.",
            "departement": "95",
            "name": "Maire",
            "kind": "Association",
            "confirmed": "on",
            "function": "Maire",
            "authority": "Délibération du 4 janvier",
            "parties.0.name": COMMUNE,
            "strengths": "Un patrimoine",
            "party": shown["parties"][2]["id"],
            "owner": shown["parties"][2]["id"],
            "action_id": shown["actions"][0]["id"],
            "status": "under_way",
            "percent": "10",
            "summary": "Revue tenue.",
            "ends_on": str(in_days(500)),
            "report": "Le diagnostic est remis.",
            "reason": "no_result",
        },
        bodies={
            "POST /pactes/{pact_id}/parties": {"kind": "commune", "code": "95127", "name": ""},
            "POST /pactes/{pact_id}/parties/{party_id}/modification": PONTOISE,
            "POST /api/v1/pacts/{pact_id}/parties": {"kind": "commune", "code": "95637"},
            "POST /api/v1/pacts/{pact_id}/parties/{party_id}/correction": PONTOISE,
            "POST /annuaire/import": TABLE,
            "POST /demandes/{request_id}/livrables": rapport,
            "POST /orientations/{token}/livrables": rapport,
            "POST /api/v1/cases/{request_id}/deliverables": ("document", rapport["document"]),
            "POST /api/v1/orientations/{token}/deliverables": ("document", rapport["document"]),
            "POST /annuaire/nouveau": {"departement": ""},
            "POST /api/v1/providers/import": {"table": TABLE["table"][1].decode()},
            "POST /api/v1/pacts": {**PACT, "request_id": str(other.request_id)},
            "POST /api/v1/pacts/{pact_id}/diagnosis": DIAGNOSIS,
            "POST /api/v1/cases/{request_id}/proposal": ESCALATION,
        },
        queries={"/api/v1/evaluations/results": "?by=field"},
        own=OWN,
        makes={
            "POST /annuaire/nouveau",
            "POST /annuaire/import",
            "POST /api/v1/providers",
            "POST /api/v1/providers/import",
        },
    )


async def test_nobody_reaches_a_case_a_pact_or_a_provider_of_another_departement(
    standing: Litestar,
    client: Client,
    database: Database,
    foreign: Foreign,
    comes: Callable[..., Awaitable[Person]],
) -> None:
    people = [
        Person("nobody"),
        await comes(Role.SAT_AGENT, "78"),
        await comes(Role.DELEGATE, "78"),
        await comes(Role.OPERATOR, "78"),
        await comes(Role.AUDITOR, "78"),
        await comes(Role.NATIONAL_AGENT),
        await comes(Role.COMMITTEE_SECRETARY),
    ]
    found = await Walk(standing, client, foreign, database).refused(*people)
    assert not found, "\n".join(found)


async def test_the_walk_sends_what_the_rightful_may_send(
    standing: Litestar,
    client: Client,
    database: Database,
    foreign: Foreign,
    comes: Callable[..., Awaitable[Person]],
) -> None:
    people = [
        *(Person("whoever has the link", values={"token": [link]}) for link in foreign.named["links"]),
        await comes(Role.SAT_AGENT, "95"),
        await comes(Role.DELEGATE, "95"),
    ]
    missed = await Walk(standing, client, foreign, database).prove(*people)
    assert not missed, "\n".join(missed)


async def test_whatever_an_agent_is_shown_leaves_a_trace(
    standing: Litestar,
    client: Client,
    database: Database,
    foreign: Foreign,
    comes: Callable[..., Awaitable[Person]],
) -> None:
    missed = await Walk(standing, client, foreign, database).untraced(await comes(Role.SAT_AGENT, "95"), "request_id")
    assert not missed, "\n".join(missed)
    assert await database.fetchval("SELECT count(*) FROM consultation") > 10
