"""What operators may follow of a life: one trace over all services, and logs that name no one."""

import json
import secrets
from typing import Any

import pytest

from tests.actors import Applicant, Caller, Json, eventually
from tests.steps import GRID, People, a_body, evidence
from tests.system import System

pytestmark = pytest.mark.journey

SERVICES = ("intake", "qualification", "escalation", "notifications")
TYPED = {
    "name": "Ondine Ravel-Quibir",
    "email": "ondine.quibir@zelmont.test",
    "phone": "01 98 76 54 32",
    "title": "Ressusciter le lavoir aux hirondelles",
    "description": "Le lavoir s’effondre et nul ne sait par quelle pierre commencer.",
    "message": "Voici la clef sous le troisième géranium.",
    "motive": "Aucun acteur local ne connaît les lavoirs octogonaux.",
    "note": "Le maire est fâché avec son adjoint aux fontaines.",
}
"""What people typed in this life and in no other: none of it may stand in a log."""


class Traced:
    """People whose programs all hand the same trace on."""

    def __init__(self) -> None:
        self.trace_id = secrets.token_hex(16)
        self.headers = {"traceparent": f"00-{self.trace_id}-{secrets.token_hex(8)}-01"}

    def post(self, at: Caller, path: str, body: Json) -> Json:
        """Act within the trace."""
        answer = at.ask("POST", path, json=body, headers=self.headers)
        assert answer.is_success, answer.text
        read: Json = answer.json()
        return read


def a_life(system: System, agent: People, traced: Traced) -> Applicant:
    """From the form to the national team, with all that people type on the way."""
    contact = {"name": TYPED["name"], "role": "Adjointe", "email": TYPED["email"], "phone": TYPED["phone"]}
    body = a_body(contact=contact, title=TYPED["title"], description=TYPED["description"])
    filed = traced.post(Caller(system.endpoints["intake"]), "/requests", body)
    one = Applicant(
        Caller(system.endpoints["intake"], filed["access_token"]), filed["id"], filed["number"], filed["tracking_url"]
    )
    sat, delegate = agent("sat95"), agent("delegue95")
    sat.waits_for(one.id, "registered")
    case = f"/cases/{one.id}"
    traced.post(one.at, f"/requests/{one.id}/messages", {"text": TYPED["message"]})
    traced.post(sat.at, f"{case}/examination", {})
    traced.post(sat.at, f"{case}/notes", {"text": TYPED["note"]})
    traced.post(sat.at, f"{case}/qualification", GRID)
    proposal = {"outcome": "escalation", "motive": TYPED["motive"], **evidence(agent, one)}
    traced.post(sat.at, f"{case}/proposal", proposal)
    traced.post(delegate.at, f"{case}/validation", {})
    agent("national").waits_for(one.id, "received")
    return one


def lines(system: System) -> list[tuple[str, Any]]:
    """Read the logs of all services, line by line."""
    found = []
    for service in SERVICES:
        for file in sorted((system.folder / "logs").glob(f"{service}*.log")):
            found += [(service, line) for line in file.read_text(encoding="utf-8").splitlines()]
    return found


def test_one_request_is_one_trace_over_all_services_and_no_log_names_anybody(system: System, agent: People) -> None:
    traced = Traced()
    one = a_life(system, agent, traced)
    wanted = {
        ("cousu-intake", "POST /api/v1/requests"),
        ("cousu-intake", "publish intake.request_submitted.v1"),
        ("cousu-qualification", "process intake.request_submitted.v1"),
        ("cousu-qualification", "publish qualification.request_escalated.v1"),
        ("cousu-escalation", "process qualification.request_escalated.v1"),
        ("cousu-escalation", "publish escalation.escalation_received.v1"),
        ("cousu-intake", "process escalation.escalation_received.v1"),
        ("cousu-notifications", "process escalation.escalation_received.v1"),
    }
    eventually(
        lambda: {"missing": wanted - {(step.service, step.name) for step in system.collector.trace(traced.trace_id)}},
        lambda told: not told["missing"],
    )
    steps = system.collector.trace(traced.trace_id)
    by_id = {step.span_id: step for step in steps}
    received = next(step for step in steps if step.name == "publish escalation.escalation_received.v1")
    assert by_id[received.parent_id].name == "process qualification.request_escalated.v1"

    def failed_for_good() -> Json:
        """What comes together is tried in one piece first, and an event may wait for another one: it is tried again."""
        ended: dict[bool, set[tuple[str, str]]] = {True: set(), False: set()}
        for step in system.collector.trace(traced.trace_id):
            ended[step.failed].add((step.service, step.name))
        return {"failed": ended[True] - ended[False]}

    eventually(failed_for_good, lambda told: not told["failed"])

    logged = lines(system)
    for service in SERVICES:
        assert any(one.id in line for name, line in logged if name == service), f"{service} logged nothing about it"
    typed = [*TYPED.values(), "sat95@cousu.test", "delegue95@cousu.test", one.at.token or ""]
    assert [(service, text, line) for service, line in logged for text in typed if text in line] == []
    assert [text for text in typed if text in str(system.collector.collected)] == []
    for service, line in logged:
        if line.startswith("{"):
            assert json.loads(line)["service"] == service
