"""What follows a grant, over HTTP and the broker: means and their money, milestones, who tells how the work goes."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import pytest

from shared import clock
from tests.actors import HTTP, Agent, Applicant, Caller, Json, eventually
from tests.steps import People, a_decided_request
from tests.system import System

pytestmark = pytest.mark.journey

DAY, MEETING = 95_000, 150_000
"""Unit prices, in euro cents."""
TODAY = clock.now().date()
PAST, FUTURE = str(TODAY - timedelta(days=40)), str(TODAY + timedelta(days=400))
REPORT = b"%PDF-1.7 a report"


@dataclass
class Lot:
    """A lot of a framework contract that somebody has just entered."""

    id: str
    contract: str
    prices: dict[str, str]

    def seen_by(self, agent: Agent) -> Json:
        """Give the lot as it stands."""
        found: Json = next(lot for lot in agent.at.get(f"/contracts/{self.contract}")["lots"] if lot["id"] == self.id)
        return found


def a_lot(agent: Agent, *, ceiling: int) -> Lot:
    """A framework contract has one lot with two unit prices."""
    contract = agent.at.post(
        "/contracts",
        {
            "reference": f"AC-{uuid4().hex[:8]}",
            "subject": "Ingénierie de projet",
            "starts_on": PAST,
            "ends_on": FUTURE,
        },
    )["contract"]
    told = {"number": 1, "title": "Centres-bourgs", "holder": "Atelier des Bourgs", "ceiling_cents": ceiling}
    lot = agent.at.post(f"/contracts/{contract['id']}/lots", told)["lots"][0]["id"]
    prices = [
        {"label": "Chef de projet", "unit": "jour", "price_cents": DAY},
        {"label": "Réunion publique", "unit": "forfait", "price_cents": MEETING},
    ]
    priced = agent.at.post(f"/lots/{lot}/prices", {"prices": prices})["lots"][0]
    return Lot(lot, contract["id"], {price["label"]: price["id"] for price in priced["prices"]})


def an_order(agent: Agent, applicant: Applicant, lot: Lot, *, days: int) -> Json:
    """So many days and one meeting are ordered on the lot; gives the mobilisation."""
    lines = [
        {"price_id": lot.prices["Chef de projet"], "quantity": days},
        {"price_id": lot.prices["Réunion publique"], "quantity": 1},
    ]
    seen = agent.does(applicant.id, "mobilisations", kind="external", lot_id=lot.id, lines=lines)
    return next(one for one in seen["mobilisations"] if one["id"] == seen["created"])


def test_means_are_ordered_delivered_and_paid_within_what_there_is(system: System, agent: People) -> None:
    national, secretary = agent("national"), agent("secretaire")
    applicant = a_decided_request(system, agent, "granted")
    cerema = national.at.post(
        "/operators", {"name": f"Cerema {uuid4().hex[:6]}", "kind": "state_operator", "offer": "Expertise technique."}
    )
    helped = national.does(applicant.id, "mobilisations", kind="internal", operator_id=cerema["id"])
    assert helped["mobilisations"][0]["resource"] == cerema["name"]

    lot = a_lot(secretary, ceiling=2_000_000)
    too_much = [{"price_id": lot.prices["Chef de projet"], "quantity": 30}]
    national.is_refused(applicant.id, "mobilisations", 409, kind="external", lot_id=lot.id, lines=too_much)
    order = an_order(national, applicant, lot, days=10)
    assert (order["amount_cents"], order["resource"]) == (10 * DAY + MEETING, "Atelier des Bourgs")
    assert order["purchase_order"]
    assert lot.seen_by(national)["available_cents"] == 2_000_000 - order["amount_cents"]

    step = f"mobilisations/{order['id']}"
    national.does(applicant.id, f"{step}/acceptance")
    national.does(applicant.id, f"{step}/start")
    national.does(applicant.id, f"{step}/part-delivery", amount_cents=400_000, reference="PV 1")
    national.is_refused(applicant.id, f"{step}/payment", 409, amount_cents=400_001)
    national.does(applicant.id, f"{step}/payment", amount_cents=300_000, reference="F-1")
    seen = national.does(applicant.id, f"{step}/delivery", delivered_cents=1_000_000)
    done = next(one for one in seen["mobilisations"] if one["id"] == order["id"])
    assert (done["committed_cents"], done["delivered_cents"], done["paid_cents"]) == (1_000_000, 1_000_000, 300_000)
    assert lot.seen_by(national)["available_cents"] == 1_000_000

    shares = [
        {"kind": "anct", "financer": "ANCT", "amount_cents": 1_000_000},
        {"kind": "applicant", "financer": "Commune", "amount_cents": 500_000},
    ]
    wrong = national.is_refused(applicant.id, "financing", 400, total_cents=1_600_000, shares=shares)
    assert wrong["errors"][0]["field"] == "shares"
    national.does(applicant.id, "financing", total_cents=1_500_000, shares=shares)
    shared = "ANCT\u00a0: 10\u00a0000\u00a0€ ; Commune\u00a0: 5\u00a0000\u00a0€"
    eventually(
        lambda: agent("sat95").sees(applicant.id),
        lambda case: shared in {step["detail"] for step in case["timeline"]},
    )


def test_everybody_who_works_on_it_tells_how_it_goes(system: System, agent: People) -> None:
    national, sat = agent("national"), agent("sat95")
    applicant = a_decided_request(system, agent, "granted")
    order = an_order(national, applicant, a_lot(agent("secretaire"), ceiling=2_000_000), days=5)
    applicant.at.refused("POST", f"/requests/{applicant.id}/progress", 409, {"text": "Rien n’a commencé."})
    national.does(applicant.id, "accompaniment", starts_on=PAST, ends_on=FUTURE)
    late = national.does(applicant.id, "milestones", title="Diagnostic remis", due_on=PAST, deliverable="Rapport")
    assert late["milestones"][0]["overdue"]
    under_way = national.at.get("/accompaniments", late="true", per_page=200)["items"]
    assert applicant.number in {one["number"] for one in under_way}
    milestone = late["created"]

    invited = national.does(applicant.id, f"mobilisations/{order['id']}/invitation", email="contact@atelier.test")
    page = HTTP.get(invited["provider_url"])
    assert "Atelier des Bourgs, dites ici où en est l’accompagnement." in page.text.replace("&#39;", "’")
    provider = Caller(system.endpoints["escalation"])
    link = f"/provider-links/{invited['provider_url'].rpartition('/')[2]}"
    provider.post(f"{link}/progress", {"text": "Entretiens faits.", "percent": 40, "milestone_id": milestone})
    handed = provider.ask(
        "POST",
        f"{link}/deliverables",
        files={"document": ("rapport.pdf", REPORT, "application/pdf")},
        data={"milestone_id": milestone},
    )
    assert handed.status_code == 201, handed.text

    seen = eventually(applicant.sees, lambda request: bool(request["milestones"]))
    assert [(one["id"], one["title"]) for one in seen["milestones"]] == [(milestone, "Diagnostic remis")]
    applicant.does("progress", text="Le conseil a délibéré.", percent=50, milestone_id=milestone)
    told = eventually(lambda: national.sees(applicant.id), lambda one: len(one["progress"]) == 2)
    assert [(one["team"], one["author"], one["percent"]) for one in told["progress"]] == [
        ("applicant", "Secrétariat de mairie", 50),
        ("provider", "Atelier des Bourgs", 40),
    ]
    file = told["deliverables"][0]["id"]
    assert national.at.ask("GET", f"/escalations/{applicant.id}/deliverables/{file}").content == REPORT
    case = eventually(lambda: sat.sees(applicant.id), lambda one: "intake.progress_told.v1" in str(one["timeline"]))
    assert "Diagnostic remis, 50\u00a0%\u00a0: Le conseil a délibéré." in {step["detail"] for step in case["timeline"]}
    mailed = Caller(system.endpoints["notifications"], system.token("notifications", "exploitant@cousu.test"))
    eventually(
        lambda: mailed.get("/deliveries", request_id=applicant.id, per_page=200),
        lambda found: (
            {one["audience"] for one in found["items"] if one["template"] == "progress_told"}
            == {"departement", "national"}
        ),
    )

    national.does(applicant.id, f"milestones/{milestone}/postponement", due_on=FUTURE, motive="Relevés retardés.")
    national.does(applicant.id, f"milestones/{milestone}/reached")
    shown = eventually(applicant.sees, lambda request: bool(request["milestones"][0]["reached_on"]))
    assert shown["milestones"][0]["due_on"] == FUTURE
    national.does(applicant.id, "completion", report="Le diagnostic est remis.", carry_reason="Le solde reste à payer.")
    eventually(applicant.sees, lambda request: "progress" not in request["allowed_actions"])
    over = provider.refused("POST", f"{link}/progress", 409, {"text": "Trop tard."})
    assert over["state"] == "completed"
