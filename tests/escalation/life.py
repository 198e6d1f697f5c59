"""Steps in the life of a dossier: the events and API calls that move it on."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import httpx2

from services.escalation.domain.durations import Durations
from services.escalation.handlers import handlers
from shared import clock
from shared.clock import new_id
from shared.contracts import intake, qualification
from shared.contracts.fact import Actor, Fact
from shared.contracts.vocabulary import (
    ApplicantKind,
    EscalationMotive,
    Field,
    LocalOffer,
    Programme,
    RequestKind,
    Role,
    SupportType,
    Team,
)
from shared.db import Database
from shared.messaging.inbox.inbox import Inbox
from shared.messaging.inbox.message import Message
from tests.today import today
from tests.wire import Streams

Json = dict[str, Any]

DELEGATE = Actor(role=Role.DELEGATE, name="Délégué du Val-d’Oise", email="delegue95@cousu.test")
SAT = Actor(role=Role.SAT_AGENT, name="Agent du SAT", email="sat95@cousu.test")
FILED_AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


class Ear:
    """Gives facts to the service as the broker would, each at its place in its stream."""

    def __init__(self, database: Database, durations: Durations) -> None:
        self.database = database
        self.inbox = Inbox(database, handlers(durations))
        self._streams = Streams()

    def message(self, fact: Fact, *, event_id: UUID | None = None) -> Message:
        """Wrap a fact in its envelope."""
        return self._streams.message(fact, id=str(event_id or new_id()))

    async def hears(self, *facts: Fact) -> None:
        """Apply facts, and fail when one was held or could not be read."""
        await self.inbox.process([self.message(fact) for fact in facts])
        held = await self.database.fetch("SELECT type, reason FROM inbox_held")
        assert not held, [dict(row) for row in held]
        assert await self.database.fetchval("SELECT count(*) FROM quarantine") == 0


class Program:
    """A program that acts as an agent and only knows the API."""

    def __init__(self, browser: httpx2.AsyncClient, token: str) -> None:
        self._browser = browser
        self.headers = {"Authorization": f"Bearer {token}"}

    async def ask(self, method: str, path: str, body: object = None) -> httpx2.Response:
        """Call, whatever the answer."""
        return await self._browser.request(method, f"/api/v1{path}", headers=self.headers, json=body)

    async def get(self, path: str) -> Json:
        """Read."""
        answer = await self.ask("GET", path)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    async def post(self, path: str, body: object = None, *, status: int = 200) -> Json:
        """Act."""
        answer = await self.ask("POST", path, {} if body is None else body)
        assert answer.status_code == status, answer.text
        found: Json = answer.json()
        return found

    async def refused(self, path: str, body: object, status: int) -> Json:
        """Act, and be refused with this status; gives the problem."""
        answer = await self.ask("POST", path, body)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"].startswith("application/problem+json")
        problem: Json = answer.json()
        return problem


def a_request(number: str = "95-2026-000123", **changes: Any) -> intake.Request:
    """What a commune filed."""
    given: dict[str, Any] = {
        "number": number,
        "applicant": intake.Applicant(
            kind=ApplicantKind.COMMUNE,
            code="95355",
            name="Magny-en-Vexin",
            departement="95",
            departements=("95",),
            population=5779,
        ),
        "contact": intake.Contact(
            name="Secrétariat de mairie", role="Secrétaire", email="mairie@magny.test", phone="01 00 00 00 00"
        ),
        "kind": RequestKind.TAILORED_SUPPORT,
        "title": "Redonner vie aux commerces du centre-bourg",
        "description": "Quatre locaux sont vides sur la place. Nous cherchons une aide pour définir le projet.",
        "support_types": (SupportType.INGENIERIE_PROJET,),
        "fields": (Field.REVITALISATION_COMMERCIALE, Field.HABITAT),
        "budget_cents": 35_000_000,
        "engineering_sought": "Le CAUE a été consulté.",
        "submitted_at": FILED_AT,
    }
    return intake.Request(**{**given, **changes})


def a_document(name: str = "plan.pdf") -> intake.Document:
    """A file that the applicant joined."""
    return intake.Document(
        id=new_id(), name=name, media_type="application/pdf", size=48_213, sha256="0" * 64, added_at=FILED_AT
    )


def a_dossier(request: intake.Request | None = None, **changes: Any) -> qualification.Dossier:
    """What the département knows."""
    given: dict[str, Any] = {
        "request": request or a_request(),
        "qualification": qualification.Qualification(
            need=4,
            capacity=1,
            complexity=4,
            urgency=3,
            maturity=2,
            local_offer=LocalOffer.INSUFFICIENT,
            opinion="Besoin réel, commune sans ingénierie.",
            fully_covered=False,
        ),
        "messages": (qualification.DossierMessage(at=FILED_AT, author=Team.APPLICANT, text="Voici le plan du bourg."),),
        "documents": (a_document(),),
        "history": (
            qualification.DossierStep(
                at=FILED_AT, type="intake.request_submitted.v1", label="Demande déposée", team=Team.APPLICANT
            ),
        ),
    }
    return qualification.Dossier(**{**given, **changes})


def a_request_escalated(
    request_id: UUID | None = None,
    *,
    number: str = "95-2026-000123",
    at: datetime | None = None,
    dossier: qualification.Dossier | None = None,
    departement: str = "95",
) -> qualification.RequestEscalated:
    """The département could not answer alone."""
    return qualification.RequestEscalated(
        request_id=request_id or new_id(),
        departement=departement,
        at=at or clock.now() - timedelta(minutes=5),
        evidence=qualification.Evidence(
            motive_code=EscalationMotive.LOCAL_OFFER_INSUFFICIENT,
            motive="L’offre locale ne couvre pas le volet commercial.",
            providers_tried=(
                qualification.ProviderTried(
                    provider_id=new_id(), name="CAUE du Val-d’Oise", answer="Plan de charge complet."
                ),
            ),
            opinion="Avis favorable du préfet.",
        ),
        dossier=dossier or a_dossier(a_request(number)),
        service=qualification.Service(
            name="Service de l’accompagnement des territoires – DDT95",
            address="5 avenue Bernard Hirsch, CS20105, 95010 Cergy-Pontoise cedex",
            email="anct95@val-doise.gouv.fr",
            phone="01.34.25.26.00",
        ),
        by=DELEGATE,
    )


def directed_to_programme(
    request_id: UUID, programme: Programme = Programme.PETITES_VILLES_DE_DEMAIN
) -> qualification.DirectedToProgramme:
    """The département directed a request to a programme."""
    return qualification.DirectedToProgramme(
        request_id=request_id,
        departement="95",
        at=clock.now(),
        programme=programme,
        motive="La commune est lauréate.",
        by=DELEGATE,
        dossier=a_dossier(a_request("95-2026-000200", title="Revitaliser la place du marché")),
    )


async def a_scheduled_dossier(national: Program, secretary: Program, request_id: str) -> str:
    """The dossier is on the agenda of a session, whose id is given."""
    await national.post(f"/escalations/{request_id}/admissibility", {"opinion": "Recevable."})
    session = await secretary.post("/sessions", {"held_on": today(), "title": "Comité de décembre"}, status=201)
    await national.post(f"/escalations/{request_id}/schedule", {"session_id": session["id"]})
    found: str = session["id"]
    return found


GRANTED_CENTS = 10_000_000
WITHOUT_LIMIT: Final[Json] = {"amount_cents": 1_000_000_000_00, "override_reason": "Pour l’essai."}
"""A grant that bounds nothing, so that something else does."""


async def a_decided_dossier(
    national: Program, secretary: Program, request_id: str, outcome: str = "granted", **more: Any
) -> str:
    """The committee decided in a session, whose id is given."""
    session_id = await a_scheduled_dossier(national, secretary, request_id)
    amount = {"amount_cents": GRANTED_CENTS} if outcome.startswith("granted") else {}
    await secretary.post(
        f"/sessions/{session_id}/decisions",
        {"request_id": request_id, "outcome": outcome, "motive": "Au vu du dossier.", **amount, **more},
        status=201,
    )
    return session_id


async def an_accompanied_dossier(national: Program, secretary: Program, request_id: str) -> None:
    """The work with the applicant has begun."""
    await a_decided_dossier(national, secretary, request_id)
    await national.post(f"/escalations/{request_id}/accompaniment", {"starts_on": today(), "ends_on": today(240)})


async def a_lot(national: Program, *, ceiling_cents: int = 10_000_000, **contract: Any) -> Json:
    """A framework contract in force has a lot with two unit prices; gives the lot."""
    today = clock.now().date()
    dates = {"starts_on": str(today - timedelta(days=30)), "ends_on": str(today + timedelta(days=700))}
    made = await national.post(
        "/contracts", {"reference": "AC-2026-02", "subject": "Ingénierie de projet", **dates, **contract}, status=201
    )
    lots = f"/contracts/{made['contract']['id']}/lots"
    lot = {"number": 3, "title": "Revitalisation", "holder": "Atelier des Bourgs", "ceiling_cents": ceiling_cents}
    with_lot = await national.post(lots, lot, status=201)
    prices = [
        {"label": "Chef de projet", "unit": "jour", "price_cents": 80_000},
        {"label": "Réunion publique", "unit": "forfait", "price_cents": 150_050},
    ]
    entered = await national.post(f"/lots/{with_lot['lots'][0]['id']}/prices", {"prices": prices}, status=201)
    found: Json = entered["lots"][0]
    return found
