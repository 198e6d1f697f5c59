"""One request from the form to the evaluation: every team acts, every step is told, in order, and mailed once."""

from collections import Counter

import pytest

from tests.actors import Caller, Json, eventually
from tests.steps import People, a_decided_request
from tests.system import System
from tests.today import today

pytestmark = pytest.mark.journey


def test_a_request_lives_from_the_form_to_the_evaluation(system: System, agent: People) -> None:
    applicant = a_decided_request(system, agent, "granted")
    national = agent("national")
    year = eventually(lambda: national.at.get("/envelopes"), lambda page: page["total"] >= 1)["items"][0]
    mobilised = national.does(
        applicant.id,
        "mobilisations",
        kind="external",
        resource="Marché d’ingénierie",
        amount_cents=2_000_000,
        lot="Lot 3",
    )
    assert mobilised["state"] == "mobilising"
    after = next(item for item in national.at.get("/envelopes")["items"] if item["id"] == year["id"])
    assert after["available_cents"] == after["amount_cents"] - after["committed_cents"]
    assert national.does(applicant.id, "accompaniment", starts_on=today(), ends_on=today(200))["state"] == (
        "accompanied"
    )
    with_milestone = national.does(applicant.id, "milestones", title="Diagnostic remis", due_on=today(90))
    milestone = with_milestone["milestones"][0]["id"]
    national.does(applicant.id, f"milestones/{milestone}/reached")
    blocked = national.is_refused(applicant.id, "completion", 409, report="Le projet est prêt.")
    assert [(one["kind"], one["id"]) for one in blocked["open"]] == [("order", mobilised["created"])]
    order = f"mobilisations/{mobilised['created']}"
    for step in ("acceptance", "start", "delivery"):
        national.does(applicant.id, f"{order}/{step}")
    national.does(applicant.id, f"{order}/payment", amount_cents=2_000_000)
    assert national.does(applicant.id, "completion", report="Le projet est prêt.")["state"] == "completed"

    seen = eventually(applicant.sees, lambda request: (request["expected"] or {}).get("from") == "applicant")
    assert "evaluation" in seen["allowed_actions"]
    applicant.does("evaluation", need_met=5, progress=4, satisfaction=5, impact="Deux commerces ont rouvert.")
    applicant.sees_status("evaluated")
    eventually(lambda: national.at.get("/evaluations", per_page=200), lambda page: applicant.number in str(page))

    told = [
        "intake.request_submitted.v1",
        "qualification.request_registered.v1",
        "qualification.examination_started.v1",
        "qualification.outcome_proposed.v1",
        "qualification.request_escalated.v1",
        "escalation.escalation_received.v1",
        "escalation.admissibility_settled.v1",
        "escalation.session_scheduled.v1",
        "escalation.decision_made.v1",
        "escalation.resource_mobilised.v1",
        "escalation.accompaniment_started.v1",
        "escalation.milestone_reached.v1",
        "escalation.accompaniment_completed.v1",
        "escalation.evaluation_requested.v1",
        "intake.evaluation_submitted.v1",
    ]
    types = eventually(lambda: {"types": applicant.types()}, lambda found: set(told) <= set(found["types"]))["types"]
    assert [step for step in types if step in told] == told
    assert max(Counter(types).values()) == 1
    times = [step["at"] for step in applicant.sees()["timeline"]]
    assert times == sorted(times)

    exploitant = system.token("notifications", "exploitant@cousu.test")
    deliveries = Caller(system.endpoints["notifications"], exploitant)

    def written() -> Json:
        items = deliveries.get("/deliveries", request_id=applicant.id, per_page=200)["items"]
        return {
            "items": items,
            "open": [one for one in items if one["cadence"] == "instant" and one["status"] not in {"sent", "failed"}],
            "sent": len([one for one in items if one["status"] == "sent"]),
            "mails": system.mails(applicant.number),
        }

    settled = eventually(
        written, lambda seen: bool(seen["items"]) and not seen["open"] and len(seen["mails"]) == seen["sent"]
    )
    meant = Counter((item["event_id"], item["audience"], item["recipient"]) for item in settled["items"])
    assert max(meant.values()) == 1
    mails = settled["mails"]
    to_applicant = [mail["subject"] for mail in mails if "mairie@magny.test" in str(mail["to"])]
    assert len(to_applicant) >= 5
