"""The demonstration: a few requests to begin with (`load`), and one whole life told in the terminal (`life`)."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx2
import typer
from rich.console import Console

from deploy.local.places import REPOSITORY, Places
from services.escalation import demonstration as escalation
from services.qualification import demonstration as qualification
from shared import clock
from shared.operations import agents
from shared.operations.connections import database_of, read_environment_file, told

app = typer.Typer(help="The demonstration.", no_args_is_help=True)
console = Console(highlight=False, soft_wrap=True)

Json = dict[str, Any]

REQUESTS: tuple[Json, ...] = (
    {
        "applicant": {"kind": "commune", "code": "95355"},
        "contact": {
            "name": "Secrétariat de mairie",
            "role": "Secrétaire de mairie",
            "email": "magny-en-vexin@cousu.test",
        },
        "kind": "tailored_support",
        "title": "Redonner vie aux commerces du centre-bourg",
        "description": (
            "Plusieurs locaux commerciaux du centre-bourg sont vides. La commune souhaite être aidée pour définir un "
            "projet, chiffrer les travaux et trouver les porteurs."
        ),
        "support_types": ["ingenierie_projet", "amo_publique"],
        "fields": ["revitalisation_commerciale", "habitat"],
        "budget_cents": 35_000_000,
    },
    {
        "applicant": {"kind": "commune", "code": "95651"},
        "contact": {"name": "Mairie", "role": "Adjoint au maire", "email": "vetheuil@cousu.test"},
        "kind": "tailored_support",
        "title": "Une maison de santé dans l’ancienne école",
        "description": "L’ancienne école est libre. Nous voudrions y accueillir un médecin et des infirmiers.",
        "support_types": ["moa_immobiliere"],
        "fields": ["services_publics_sante"],
    },
    {
        "applicant": {"kind": "epci", "code": "200035970"},
        "contact": {"name": "Direction générale", "role": "Direction", "email": "vexin-centre@cousu.test"},
        "kind": "territorial_project",
        "title": "Un projet de territoire pour le Vexin",
        "description": "Élaborer avec les communes et les habitants un projet de territoire à dix ans.",
        "support_types": ["analyse_territoriale"],
        "fields": ["dynamiques_territoriales", "concertation"],
    },
    {
        "applicant": {"kind": "commune", "code": "78310"},
        "contact": {"name": "Mairie", "role": "Secrétaire générale", "email": "houdan@cousu.test"},
        "kind": "programme",
        "programme": "petites_villes_de_demain",
        "title": "Revitaliser le centre ancien",
        "description": "La commune souhaite savoir comment le programme peut l’aider.",
    },
)
"""Real communes and intercommunalités, invented projects, addresses that nobody has."""

PATIENCE = 60.0
"""Seconds until what one service tells must have reached the other."""


@app.command()
def load() -> None:
    """Load the catalogue, the envelope and a few requests; what is there already is left alone."""
    asyncio.run(_load())
    door = _Door(told("INTAKE_PUBLIC_URL"))
    for number, body in enumerate(REQUESTS, start=1):
        door.post("/requests", body, {"Idempotency-Key": f"demonstration-{number}"})


async def _load() -> None:
    async with database_of("qualification") as database, database.transaction() as tx:
        await qualification.load(tx, clock.now())
    async with database_of("escalation") as database, database.transaction() as tx:
        await escalation.load(tx, clock.now())


@app.command()
def life() -> None:
    """Tell one request's whole life, step by step, on real parts; starts them when they do not run."""
    with _running():
        read_environment_file()
        _live()


@contextmanager
def _running() -> Iterator[None]:
    """Use what runs from this folder, or start it for the while."""
    places = Places.from_environment()
    if places.endpoints.exists():
        yield
        return
    console.print("Cousu-main does not run yet: starting it for this demonstration …")
    process = subprocess.Popen([sys.executable, "-m", "deploy.local.run"], cwd=REPOSITORY)
    try:
        while not places.endpoints.exists():
            if process.poll() is not None:
                sys.exit("It did not start.")
            time.sleep(0.2)
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


class _Door:
    """The API of one service, as one caller."""

    def __init__(self, base: str, token: str | None = None) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._client = httpx2.Client(base_url=f"{base}/api/v1", headers=headers, timeout=30)

    def get(self, path: str) -> Json:
        """Read."""
        return self._read(self._client.get(path))

    def post(self, path: str, body: Json | None = None, headers: dict[str, str] | None = None) -> Json:
        """Act."""
        return self._read(self._client.post(path, json=body or {}, headers=headers))

    def until(self, path: str, holds: Callable[[Json], bool]) -> Json:
        """Read until it is so."""
        end = time.monotonic() + PATIENCE
        while True:
            answer = self._client.get(path)
            if answer.is_success and holds(answer.json()):
                return self._read(answer)
            if time.monotonic() > end:
                sys.exit(f"{path} is still not as expected after {PATIENCE:.0f} s: {answer.text}")
            time.sleep(0.1)

    @staticmethod
    def _read(answer: httpx2.Response) -> Json:
        if not answer.is_success:
            sys.exit(f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}")
        read: Json = answer.json()
        return read


def _agent(service: str, email: str) -> _Door:
    """Act as a persona, for an hour."""

    async def issue() -> str:
        async with database_of(service) as database:
            return await agents.issue_token(
                database, email=email, name="demonstration", expires_at=datetime.now(UTC) + timedelta(hours=1)
            )

    return _Door(told(f"{service.upper()}_PUBLIC_URL"), asyncio.run(issue()))


def _live() -> None:
    """Drive the life and say what happens."""
    began = time.monotonic()
    today = datetime.now(UTC).date()

    filed = _Door(told("INTAKE_PUBLIC_URL")).post("/requests", REQUESTS[0])
    request_id, number = filed["id"], filed["number"]
    applicant = _Door(told("INTAKE_PUBLIC_URL"), filed["access_token"])
    _say("La commune", f"dépose sa demande, qui reçoit le numéro {number}")

    sat, delegate = (_agent("qualification", f"{name}95@cousu.test") for name in ("sat", "delegue"))
    case = f"/cases/{request_id}"
    sat.until(case, lambda seen: bool(seen["state"] == "registered"))
    _say("Le SAT du Val-d’Oise", "l’a dans sa file")
    sat.post(f"{case}/examination")
    sat.post(
        f"{case}/information-request",
        {"items": ["Le plan du centre-bourg"], "until": str(today + timedelta(days=15))},
    )
    applicant.until(f"/requests/{request_id}", lambda seen: bool(seen["status"] == "awaiting_information"))
    _say("Le SAT du Val-d’Oise", "demande le plan du centre-bourg")
    applicant.post(f"/requests/{request_id}/information", {"text": "Le plan est affiché en mairie."})
    sat.until(case, lambda seen: bool(seen["state"] == "under_examination"))
    _say("La commune", "répond")
    sat.post(
        f"{case}/qualification",
        {
            "need": 4,
            "capacity": 2,
            "complexity": 4,
            "urgency": 3,
            "maturity": 3,
            "local_offer": "insufficient",
            "opinion": "Besoin avéré, sans ingénierie dans la commune.",
        },
    )
    matches = sat.get(f"{case}/matches")["items"]
    _say("Le SAT du Val-d’Oise", f"qualifie le besoin et consulte {len(matches)} acteurs locaux")
    sat.post(
        f"{case}/proposal",
        {
            "outcome": "escalation",
            "motive": "L’offre locale ne couvre pas tout le projet.",
            "motive_code": "local_offer_insufficient",
            "providers_tried": [
                {"provider_id": one["provider_id"], "answer": "Plan de charge complet."} for one in matches[:2]
            ],
            "opinion": "Avis favorable du préfet.",
        },
    )
    delegate.post(f"{case}/validation")
    _say("Le délégué territorial", "valide la transmission à l’équipe nationale")
    _live_nationally(request_id, today)

    applicant.until(f"/requests/{request_id}", lambda seen: "evaluation" in seen["allowed_actions"])
    applicant.post(
        f"/requests/{request_id}/evaluation",
        {"need_met": 5, "progress": 4, "satisfaction": 5, "impact": "Deux commerces ont rouvert."},
    )
    seen = applicant.until(f"/requests/{request_id}", lambda seen: bool(seen["status"] == "evaluated"))
    _say("La commune", "dit ce que l’accompagnement a apporté")
    console.print(f"\n[bold]Le fil de la demande {number}[/bold]")
    for step in seen["timeline"]:
        console.print(f"  ● {step['at'][11:19]}  {step['label']}  [dim]{step['team'] or ''}[/dim]")
    console.print(f"\nUne vie entière en {time.monotonic() - began:.1f} s. Suivi : {filed['tracking_url']}")


def _live_nationally(request_id: str, today: date) -> None:
    """Drive the national part of the life."""
    national, secretary = (_agent("escalation", f"{name}@cousu.test") for name in ("national", "secretaire"))
    dossier = f"/escalations/{request_id}"
    national.until(dossier, lambda seen: bool(seen["state"] == "received"))
    national.post(f"{dossier}/admissibility", {"opinion": "Recevable."})
    _say("L’équipe nationale", "reçoit le dossier entier et le juge recevable")
    session = secretary.post(
        "/sessions", {"held_on": str(today + timedelta(days=14)), "title": "Comité de suivi de projet"}
    )
    national.post(f"{dossier}/schedule", {"session_id": session["id"]})
    secretary.post(
        f"/sessions/{session['id']}/decisions",
        {
            "request_id": request_id,
            "outcome": "granted",
            "motive": "Projet structurant pour le bourg.",
            "support_types": ["amo_publique"],
            "amount_cents": 2_000_000,
        },
    )
    secretary.post(f"/sessions/{session['id']}/closing")
    _say("Le comité de suivi de projet", "accorde l’accompagnement")
    national.post(
        f"{dossier}/mobilisations",
        {"kind": "external", "resource": "Marché d’ingénierie", "amount_cents": 2_000_000, "lot": "Lot 3"},
    )
    national.post(
        f"{dossier}/accompaniment",
        {"starts_on": str(today + timedelta(days=30)), "ends_on": str(today + timedelta(days=210))},
    )
    planned = national.post(
        f"{dossier}/milestones", {"title": "Diagnostic remis", "due_on": str(today + timedelta(days=90))}
    )
    national.post(f"{dossier}/milestones/{planned['milestones'][0]['id']}/reached")
    national.post(f"{dossier}/completion", {"report": "Le projet est prêt à être financé."})
    _say("L’équipe nationale", "mobilise un prestataire, suit les jalons et conclut")


def _say(who: str, what: str) -> None:
    console.print(f"[bold]{who}[/bold] {what}.")
