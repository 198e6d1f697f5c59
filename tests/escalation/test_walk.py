"""Every route of the national team's service, walked by people whom a dossier or the whole country does not concern."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import httpx2
import pytest
from litestar import Litestar

from shared import clock
from shared.clock import new_id
from shared.contracts.vocabulary import Programme
from shared.db import Database
from shared.identity import store as identity
from shared.identity.model import Role
from shared.web import sessions
from tests.escalation.life import Ear, Program, a_lot, a_scheduled_dossier, directed_to_programme
from tests.escalation.test_accompaniment import a_link, upload
from tests.today import today
from tests.walking import Foreign, Person, Walk

pytestmark = [
    pytest.mark.usefixtures("envelope"),
    # The file of a form that is refused before it is read is closed by the collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

OURS, ANOTHER = Programme.PETITES_VILLES_DE_DEMAIN, Programme.FRANCE_SERVICES
TABLE = {"table": ("table.csv", b"Code\n95355\n", "text/csv")}
OF_THE_STATE = {"kind": "state_operator"}
FINANCING = {"total_cents": 5, "shares": [{"kind": "anct", "financer": "ANCT", "amount_cents": 5}]}
OWN = {
    f"GET {path}": "a programme's sheet and territories are told to every département; its requests are filtered"
    for address in ("/programmes/{programme}", "/api/v1/programmes/{programme}")
    for path in (
        address,
        f"{address}/fiche",
        f"{address}/territoires",
        f"{address}/territoires.csv",
        f"{address}/territoires/import",
        f"{address}/territories",
        f"{address}/territories.csv",
        f"{address}/requests",
    )
}


@pytest.fixture
def comes(database: Database) -> Callable[..., Awaitable[Person]]:
    """Make an agent with a token and a session."""

    async def come(role: Role, *departements: str, programme: Programme | None = None) -> Person:
        at, key = clock.now(), f"key-{role}-{departements}-{programme}"
        async with database.transaction() as tx:
            agent = await identity.add_agent(
                tx,
                email=f"{role}{''.join(departements)}@cousu.test",
                name=f"{role} {' '.join(departements)}".strip(),
                roles=[role],
                departements=departements,
                programmes=[programme.value] if programme else [],
                at=at,
            )
            token = await identity.issue_token(tx, agent_id=agent.id, name="walk", at=at)
            await sessions.create(tx, key, agent=agent, data={}, at=at, expires_at=at + timedelta(hours=1))
        return Person(agent.name, token, {"cousu_escalation_session": key})

    return come


@pytest.fixture
async def foreign(ear: Ear, national: Program, secretary: Program, received: str) -> Foreign:
    """A dossier of the Val-d'Oise that is accompanied, a request directed to a programme, and the country's papers."""
    session = await a_scheduled_dossier(national, secretary, received)
    lot = await a_lot(national)
    verdict = {"request_id": received, "outcome": "granted_with_reserve", "motive": "Vu.", "reserve": "Délibération."}
    granted = {"amount_cents": 1_000_000, "reserve_blocks": "payment"}
    decided = await secretary.post(f"/sessions/{session}/decisions", {**verdict, **granted}, status=201)
    dossier = f"/escalations/{received}"
    lines = [{"price_id": lot["prices"][0]["id"], "quantity": 1}]
    order = {"kind": "external", "lot_id": lot["id"], "lines": lines}
    seen = await national.post(f"{dossier}/mobilisations", order, status=201)
    await national.post(f"{dossier}/accompaniment", {"starts_on": today(-90), "ends_on": today(400)})
    milestone = await national.post(f"{dossier}/milestones", {"title": "Diagnostic", "due_on": today(45)}, status=201)
    ign = {"name": "IGN", "kind": "state_operator", "offer": "Cartes", "fields": ["fonds_europeens"]}
    operator = await national.post("/operators", ign, status=201)
    seat = {"name": "Mme Durand", "valid_from": "2026-01-01"}
    member = await secretary.post("/committee-members", seat, status=201)
    token = await a_link(national, seen)
    await national._browser.post(f"/api/v1/provider-links/{token}/deliverables", files=upload())  # noqa: SLF001 - as a provider does
    shown = await national.get(dossier)
    directed = directed_to_programme(new_id(), OURS)
    await ear.hears(directed)
    await national.post(f"/programmes/{OURS.value}/territories/import", {"table": "Code\n95355\n"})
    return Foreign(
        named={
            "request_id": [received, str(directed.request_id)],
            "session_id": [session],
            "decision_id": [decided["id"]],
            "mobilisation_id": [shown["mobilisations"][0]["id"]],
            "milestone_id": [milestone["created"]],
            "deliverable_id": [shown["deliverables"][0]["id"]],
            "document_id": [shown["documents"][0]["id"]],
            "envelope_id": [(await national.get("/envelopes"))["items"][0]["id"]],
            "operator_id": [operator["id"]],
            "member_id": [member["id"]],
            "contract_id": [lot["contract_id"]],
            "lot_id": [lot["id"]],
            "price_id": [lot["prices"][1]["id"]],
            "programme": [OURS.value],
            "kind": ["commune"],
            "code": ["95355"],
            "token": [f"{token[:-5]}aaaaa"],
            "link": [token],
        },
        secret=[
            "Redonner vie aux commerces",
            "Revitaliser la place",
            "mairie@magny.test",
            "contact@atelier.test",
            "Délibération.",
            "AC-2026-02",
            "Comité de décembre",
            "Mme Durand",
        ],
        form={
            "opinion": "Recevable.",
            "question": "Où en est le projet ?",
            "motive": "Au vu du dossier.",
            "session_id": session,
            "request_id": received,
            "request_ids": [received],
            "direction": "up",
            "text": "Réunion tenue.",
            "kind": "external",
            "resource": "Atelier",
            "starts_on": today(-90),
            "ends_on": today(400),
            "title": "Étape",
            "due_on": today(300),
            "report": "Le projet est prêt.",
            "carry_reason": "La commande se poursuit.",
            "held_on": today(),
            "total_cents": 5,
            "shares.0.kind": "anct",
            "shares.0.financer": "ANCT",
            "shares.0.amount_cents": "5",
            "interlocutor": "Une chargée de mission",
            "lines.0.price_id": lot["prices"][0]["id"],
            "lines.0.quantity": "1",
            "outcome": "granted",
            "support_types": ["ingenierie_projet"],
            "name": "Cerema",
            "offer": "Études",
            "year": "2031",
            "reference": "AC-2027-01",
            "subject": "Études",
            "number": "7",
            "holder": "Atelier",
            "ceiling_cents": 100_000,
            "prices.0.label": "Jour",
            "prices.0.unit": "jour",
            "prices.0.price_cents": "800",
            "lot_id": lot["id"],
            "price_id": lot["prices"][0]["id"],
            "email": "autre@atelier.test",
            "reached_on": today(-28),
            "valid_from": "2026-01-01",
            "approved_by": "Mme Durand",
            "member": "Mme Durand",
        },
        bodies={
            "POST /api/v1/escalations/{request_id}/financing": FINANCING,
            "POST /api/v1/programmes/{programme}/territories/import": {"table": "Code\n95127\n"},
            "POST /api/v1/sessions/{session_id}/attendance": {"present": []},
            "POST /api/v1/decisions/{decision_id}/correction": {
                "outcome": "granted",
                "motive": "Au vu du dossier.",
                "amount_cents": 1_000_000,
            },
            "POST /decisions/{decision_id}/correction": {"amount_cents": "10 000"},
            "POST /api/v1/operators": ign | {"name": "Cerema"},
            "POST /api/v1/operators/{operator_id}": ign,
            "POST /enveloppes": {"amount_cents": "5000000"},
            "POST /enveloppes/{envelope_id}": {"amount_cents": "5000000"},
            "POST /demandes/{request_id}/mobilisations/{mobilisation_id}/livraison": {"amount_cents": "1"},
            "POST /demandes/{request_id}/mobilisations/{mobilisation_id}/paiement": {"amount_cents": "1"},
            "POST /comite/membres": {"role": "voting"},
            "POST /comite/membres/{member_id}": {"role": "voting", "name": "Mme Durand"},
            "POST /moyens/operateurs": OF_THE_STATE,
            "POST /moyens/operateurs/{operator_id}": OF_THE_STATE,
            "POST /demandes/{request_id}/livrable": upload(),
            "POST /prestataires/{token}/livrables": upload(),
            "POST /api/v1/escalations/{request_id}/deliverables": ("document", upload()["document"]),
            "POST /api/v1/provider-links/{token}/deliverables": ("document", upload()["document"]),
            "POST /programmes/{programme}/territoires/import": TABLE,
        },
        queries={"/api/v1/evaluations/results": "?by=programme"},
    )


async def test_nobody_reaches_a_dossier_or_a_paper_outside_their_perimeter(
    app: Litestar,
    browser: httpx2.AsyncClient,
    database: Database,
    foreign: Foreign,
    comes: Callable[..., Awaitable[Person]],
) -> None:
    walk = Walk(app, browser, replace(foreign, own=OWN), database)
    people = [
        Person("nobody"),
        await comes(Role.PROGRAMME_AGENT, programme=ANOTHER),
        await comes(Role.OPERATOR, "78"),
        await comes(Role.AUDITOR, "78"),
        await comes(Role.SAT_AGENT, "78"),
    ]
    found = await walk.refused(*people)
    assert not found, "\n".join(found)


async def test_the_walk_sends_what_the_rightful_may_send(
    app: Litestar,
    browser: httpx2.AsyncClient,
    database: Database,
    foreign: Foreign,
    comes: Callable[..., Awaitable[Person]],
) -> None:
    people = [
        Person("provider", values={"token": foreign.named["link"]}),
        await comes(Role.NATIONAL_AGENT),
        await comes(Role.COMMITTEE_SECRETARY),
        await comes(Role.PROGRAMME_AGENT, programme=OURS),
    ]
    missed = await Walk(app, browser, foreign, database).prove(
        *people, gone={"DELETE /api/v1/programmes/{programme}/territories/{kind}/{code}"}
    )
    assert not missed, "\n".join(missed)


async def test_whatever_an_agent_is_shown_leaves_a_trace(
    app: Litestar,
    browser: httpx2.AsyncClient,
    database: Database,
    foreign: Foreign,
    comes: Callable[..., Awaitable[Person]],
) -> None:
    missed = await Walk(app, browser, foreign, database).untraced(
        await comes(Role.NATIONAL_AGENT), "request_id", "decision_id", "session_id"
    )
    assert not missed, "\n".join(missed)
    assert await database.fetchval("SELECT count(*) FROM consultation") > 10
