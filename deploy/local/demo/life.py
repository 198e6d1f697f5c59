"""The whole life of one request, step by step in the terminal."""

import time
from datetime import date, timedelta

from deploy.local.demo.beginning import REQUESTS
from deploy.local.demo.clients import ApiClient, agents_of, console, prepare, running
from services.operations.environment import variable as environment
from shared import calendar, clock


def show() -> None:
    """Print one request's whole life, step by step, on real parts; starts them when they do not run."""
    with running():
        prepare()
        _live()


def _live() -> None:
    """Drive the life and print what happens."""
    began = time.monotonic()
    today = calendar.today(calendar.PARIS, clock.now())

    filed = ApiClient(environment("INTAKE_PUBLIC_URL")).post("/requests", REQUESTS[0])
    request_id, number = filed["id"], filed["number"]
    applicant = ApiClient(environment("INTAKE_PUBLIC_URL"), filed["access_token"])
    _print("La commune", f"dépose sa demande, qui reçoit le numéro {number}")

    sat, delegate = agents_of("qualification", ("sat95@cousu.test", "delegue95@cousu.test")).values()
    case = f"/cases/{request_id}"
    sat.until(case, lambda seen: bool(seen["state"] == "registered"))
    _print("Le SAT du Val-d’Oise", "l’a dans sa file")
    sat.post(f"{case}/examination")
    sat.post(
        f"{case}/information-request",
        {"items": ["Le plan du centre-bourg"], "until": str(today + timedelta(days=15))},
    )
    applicant.until(f"/requests/{request_id}", lambda seen: bool(seen["status"] == "awaiting_information"))
    _print("Le SAT du Val-d’Oise", "demande le plan du centre-bourg")
    applicant.post(f"/requests/{request_id}/information", {"text": "Le plan est affiché en mairie."})
    sat.until(case, lambda seen: bool(seen["state"] == "under_examination"))
    _print("La commune", "répond")
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
    _print("Le SAT du Val-d’Oise", f"qualifie le besoin et consulte {len(matches)} acteurs locaux")
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
    _print("Le délégué territorial", "valide la transmission à l’équipe nationale")
    _live_nationally(request_id, today)

    applicant.until(f"/requests/{request_id}", lambda seen: "evaluation" in seen["allowed_actions"])
    applicant.post(
        f"/requests/{request_id}/evaluation",
        {"need_met": 5, "progress": 4, "satisfaction": 5, "impact": "Deux commerces ont rouvert."},
    )
    seen = applicant.until(f"/requests/{request_id}", lambda seen: bool(seen["status"] == "evaluated"))
    _print("La commune", "dit ce que l’accompagnement a apporté")
    console.print(f"\n[bold]Le fil de la demande {number}[/bold]")
    for step in seen["timeline"]:
        console.print(f"  ● {step['at'][11:19]}  {step['label']}  [dim]{step['team'] or ''}[/dim]")
    console.print(f"\nUne vie entière en {time.monotonic() - began:.1f} s. Suivi : {filed['tracking_url']}")


def _live_nationally(request_id: str, today: date) -> None:
    """Take the steps of the national part."""
    national, secretary = agents_of("escalation", ("national@cousu.test", "secretaire@cousu.test")).values()
    dossier = f"/escalations/{request_id}"
    national.until(dossier, lambda seen: bool(seen["state"] == "received"))
    national.post(f"{dossier}/admissibility", {"opinion": "Recevable."})
    _print("L’équipe nationale", "reçoit le dossier entier et le juge recevable")
    session = secretary.post("/sessions", {"held_on": str(today), "title": "Comité de suivi de projet"})
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
    _print("Le comité de suivi de projet", "accorde l’accompagnement")
    mobilised = national.post(
        f"{dossier}/mobilisations",
        {"kind": "external", "resource": "Marché d’ingénierie", "amount_cents": 2_000_000, "lot": "Lot 3"},
    )
    order = f"{dossier}/mobilisations/{mobilised['created']}"
    for step in ("acceptance", "start"):
        national.post(f"{order}/{step}")
    national.post(
        f"{dossier}/accompaniment",
        {"starts_on": str(today), "ends_on": str(today + timedelta(days=210))},
    )
    planned = national.post(
        f"{dossier}/milestones", {"title": "Diagnostic remis", "due_on": str(today + timedelta(days=90))}
    )
    national.post(f"{dossier}/milestones/{planned['milestones'][0]['id']}/reached")
    national.post(f"{order}/delivery")
    national.post(f"{order}/payment", {"amount_cents": 2_000_000})
    national.post(f"{dossier}/completion", {"report": "Le projet est prêt à être financé."})
    _print("L’équipe nationale", "mobilise un prestataire, suit les jalons et conclut")


def _print(who: str, what: str) -> None:
    console.print(f"[bold]{who}[/bold] {what}.")
