"""Load three territorial pacts of one département: signed and followed, waiting for signatures, amended."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

from deploy.local.demo.clients import ApiClient, Json, agents_of

SAT: Final = "sat95@cousu.test"
DELEGATE: Final = "delegue95@cousu.test"
STATE: Final = "État"

VEXIN: Final[Json] = {"kind": "epci", "code": "200035970", "email": "vexin-centre@cousu.test"}
MAGNY: Final[Json] = {"kind": "commune", "code": "95355", "email": "magny-en-vexin@cousu.test"}
VETHEUIL: Final[Json] = {"kind": "commune", "code": "95651", "email": "vetheuil@cousu.test"}
COUNCIL: Final[Json] = {
    "name": "Conseil départemental du Val-d’Oise",
    "kind": "departement",
    "code": "95",
    "email": "conseil-departemental@cousu.test",
}
PARC: Final[Json] = {
    "name": "Parc naturel régional du Vexin français",
    "kind": "public_body",
    "email": "parc-du-vexin@cousu.test",
}
DIAGNOSIS: Final[Json] = {
    "strengths": ["Un cadre de vie et un patrimoine reconnus", "Un tissu associatif actif"],
    "weaknesses": ["Des commerces qui ferment dans les bourgs", "Peu de médecins, et des trajets longs"],
    "indicators": [{"name": "Locaux commerciaux vacants", "value": "17 %", "source": "Relevé des communes"}],
}


def load(today: date) -> None:
    """Load the pacts; those that are there already are left alone."""
    sat, delegate = agents_of("qualification", (SAT, DELEGATE)).values()
    if pact := _planned(sat, delegate, "Pacte territorial du Vexin", [VEXIN, MAGNY, COUNCIL], _market(today)):
        _signed(sat, delegate, pact)
        action = sat.get(pact)["actions"][0]["id"]
        sat.post(f"{pact}/progress", {"action_id": action, "percent": 35, "comment": "Le permis est déposé."})
    if pact := _planned(sat, delegate, "Pacte de la vallée de la Seine", [VETHEUIL, VEXIN, PARC], _health(today)):
        sat.post(f"{pact}/readiness")
        _sign(delegate, pact, STATE)
    if pact := _planned(sat, delegate, "Pacte des mobilités du Vexin", [VEXIN, COUNCIL], _transport(today)):
        _signed(sat, delegate, pact)
        sat.post(f"{pact}/versions")
        sat.post(f"{pact}/actions", _cycling(today))
        _signed(sat, delegate, pact)


def _planned(sat: ApiClient, delegate: ApiClient, title: str, parties: list[Json], action: Json) -> str | None:
    """Open a pact and lead it to its plan; return its address, or None where it is there."""
    if sat.get(f"/pacts?q={title}")["total"]:
        return None
    opened = sat.post("/pacts", {"title": title, "departement": "95", "parties": parties})
    pact = f"/pacts/{opened['id']}"
    sat.post(f"{pact}/diagnosis", DIAGNOSIS)
    for who, party in _speakers(sat, delegate, opened["parties"]):
        who.post(f"{pact}/agreements", {"party": party})
    sat.post(f"{pact}/actions", action)
    return pact


def _signed(sat: ApiClient, delegate: ApiClient, pact: str) -> None:
    """Put the plan to signature, and let all parties sign it."""
    shown = sat.post(f"{pact}/readiness")
    for who, party in _speakers(sat, delegate, shown["parties"]):
        _sign(who, pact, party)


def _sign(who: ApiClient, pact: str, party: str) -> None:
    quality = {"name": "Camille Démonstration", "function": "Représentante légale", "authority": "En cette qualité"}
    who.post(f"{pact}/signatures", {"party": party, **quality})


def _speakers(sat: ApiClient, delegate: ApiClient, parties: Iterable[Json]) -> list[tuple[ApiClient, str]]:
    """Return who records what each party does: the délégué for the State, the SAT agent for the others."""
    return [(delegate if party["kind"] == "state" else sat, party["name"]) for party in parties]


def _market(today: date) -> Json:
    return {
        "title": "Ouvrir une halle au centre de Magny-en-Vexin",
        "owner": "Magny-en-Vexin",
        "partners": ["Communauté de communes Vexin Centre"],
        "budget_cents": 420_000_00,
        "shares": [
            {"party": "Magny-en-Vexin", "amount_cents": 120_000_00},
            {"party": STATE, "amount_cents": 180_000_00},
            {"other": "Région Île-de-France", "amount_cents": 80_000_00},
        ],
        "due_on": str(today + timedelta(days=540)),
        "indicator": "Nombre d’étals occupés chaque semaine",
    }


def _health(today: date) -> Json:
    return {
        "title": "Une maison de santé dans l’ancienne école",
        "owner": "Vétheuil",
        "partners": ["Parc naturel régional du Vexin français"],
        "budget_cents": 650_000_00,
        "shares": [{"party": "Vétheuil", "amount_cents": 250_000_00}, {"party": STATE, "amount_cents": 400_000_00}],
        "due_on": str(today + timedelta(days=700)),
        "indicator": "Nombre de praticiens installés",
    }


def _transport(today: date) -> Json:
    return {
        "title": "Un transport à la demande vers les gares",
        "owner": "Communauté de communes Vexin Centre",
        "partners": ["Conseil départemental du Val-d’Oise"],
        "budget_cents": 95_000_00,
        "shares": [{"party": "Conseil départemental du Val-d’Oise", "amount_cents": 95_000_00}],
        "due_on": str(today + timedelta(days=300)),
        "indicator": "Nombre de trajets par mois",
    }


def _cycling(today: date) -> Json:
    return {
        "title": "Une voie cyclable entre Marines et Chars",
        "owner": "Conseil départemental du Val-d’Oise",
        "budget_cents": 310_000_00,
        "due_on": str(today + timedelta(days=800)),
        "indicator": "Kilomètres ouverts",
    }
