"""Steps in the life of a request, each built on the one before, which bring it to where a test begins."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from shared import clock
from tests.actors import Agent, Applicant, Json, eventually
from tests.system import System
from tests.today import today

People = Callable[[str], Agent]

IN_A_MONTH: Final = clock.now().date() + timedelta(days=30)
"""A day until which one may wait, whenever this is run."""

GRID = {
    "need": 4,
    "capacity": 2,
    "complexity": 4,
    "urgency": 3,
    "maturity": 3,
    "local_offer": "insufficient",
    "opinion": "Besoin avéré, sans ingénierie dans la commune.",
}


def a_link_by_mail(system: System, subject: str, page: str, *, to: str = "") -> str:
    """Wait for a mail with this in its subject, and give the link in it to such a page; `to`: only their mails."""

    def brought() -> Json:
        mails = [mail for mail in system.mails(subject) if to in {"", *(one["address"] for one in mail["to"])}]
        return {"links": [link for mail in mails for link in re.findall(rf"http://\S+{page}[\w-]+", mail["text"])]}

    link: str = eventually(brought, lambda found: bool(found["links"]))["links"][-1]
    return link


def orientation_token(system: System, number: str) -> str:
    """Find what opens a provider's page, in the mail it received."""
    return a_link_by_mail(system, number, "/orientations/").rpartition("/")[2]


def a_body(**changes: Any) -> Json:
    """Give the body of a request of a real commune of the Val-d'Oise (Magny-en-Vexin)."""
    return {
        "applicant": {"kind": "commune", "code": "95355"},
        "contact": {
            "name": "Secrétariat de mairie",
            "role": "Secrétaire de mairie",
            "email": "mairie@magny.test",
            "phone": "01 00 00 00 00",
        },
        "kind": "tailored_support",
        "title": "Redonner vie aux commerces du centre-bourg",
        "description": "Quatre locaux sont vides sur la place. Nous cherchons une aide pour définir le projet.",
        "support_types": ["ingenierie_projet"],
        "fields": ["revitalisation_commerciale"],
    } | changes


def a_request(system: System, **changes: Any) -> Applicant:
    """A commune has filed."""
    return Applicant.files(system.endpoints["intake"], a_body(**changes))


def an_examined_case(system: System, agent: People, **changes: Any) -> Applicant:
    """The SAT examines it."""
    applicant = a_request(system, **changes)
    agent("sat95").waits_for(applicant.id, "registered")
    assert agent("sat95").does(applicant.id, "examination")["state"] == "under_examination"
    return applicant


def a_qualified_case(system: System, agent: People, **changes: Any) -> Applicant:
    """The grid is filled in."""
    applicant = an_examined_case(system, agent, **changes)
    agent("sat95").does(applicant.id, "qualification", **GRID)
    return applicant


def an_outcome(system: System, agent: People, outcome: str, **proposal: Any) -> Applicant:
    """The SAT proposed, the délégué validated."""
    applicant = a_qualified_case(system, agent)
    proposed = agent("sat95").does(applicant.id, "proposal", outcome=outcome, motive="Au vu du dossier.", **proposal)
    assert proposed["state"] == "proposed"
    agent("delegue95").does(applicant.id, "validation")
    return applicant


def evidence(agent: People, applicant: Applicant) -> Json:
    """What an escalation needs."""
    tried = agent("sat95").at.get(f"/cases/{applicant.id}/matches")["items"][:1]
    return {
        "motive_code": "local_offer_insufficient",
        "providers_tried": [{"provider_id": one["provider_id"], "answer": "Plan de charge complet."} for one in tried],
        "opinion": "Avis favorable du préfet.",
    }


def an_escalated_request(system: System, agent: People) -> Applicant:
    """The département could not answer alone."""
    applicant = a_qualified_case(system, agent)
    agent("sat95").does(
        applicant.id, "proposal", outcome="escalation", motive="Offre insuffisante.", **evidence(agent, applicant)
    )
    assert agent("delegue95").does(applicant.id, "validation")["state"] == "escalated"
    agent("national").waits_for(applicant.id, "received")
    return applicant


def a_scheduled_request(system: System, agent: People) -> tuple[Applicant, str]:
    """It is on the agenda of a committee session; gives the session too."""
    applicant = an_escalated_request(system, agent)
    agent("national").does(applicant.id, "admissibility", opinion="Recevable.")
    session = agent("secretaire").at.post(
        "/sessions", {"held_on": today(), "title": "Comité de suivi de projet"}, expect=(201,)
    )
    assert agent("national").does(applicant.id, "schedule", session_id=session["id"])["state"] == "scheduled"
    return applicant, session["id"]


def a_decided_request(system: System, agent: People, outcome: str, **decision: Any) -> Applicant:
    """The committee decided."""
    applicant, session = a_scheduled_request(system, agent)
    agent("secretaire").at.post(
        f"/sessions/{session}/decisions",
        {
            "request_id": applicant.id,
            "outcome": outcome,
            "motive": "Au vu du dossier.",
            **({"support_types": ["amo_publique"], "amount_cents": 2_000_000} if outcome.startswith("granted") else {}),
        }
        | decision,
    )
    return applicant
