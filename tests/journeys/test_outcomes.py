"""Each way a request can go, once, through the API and the broker, as strangers' programs would drive it."""

import re
from typing import Final

import pytest

from tests.actors import Caller, eventually
from tests.steps import (
    IN_A_MONTH,
    People,
    a_decided_request,
    a_qualified_case,
    a_request,
    a_scheduled_request,
    an_escalated_request,
    an_examined_case,
    an_outcome,
    orientation_token,
)
from tests.system import System

pytestmark = pytest.mark.journey

GOOD: Final = {"need_met": 5, "progress": 4, "satisfaction": 5}


def test_a_request_is_registered_by_its_departement(system: System, agent: People) -> None:
    applicant = a_request(system)
    assert re.fullmatch(r"95-\d{4}-\d{6}", applicant.number)
    seen = applicant.sees_status("registered")
    assert seen["team"] == "departement"
    assert agent("sat95").waits_for(applicant.id, "registered")["state"] == "registered"


def test_information_is_asked_for_and_given(system: System, agent: People) -> None:
    applicant = an_examined_case(system, agent)
    agent("sat95").does(applicant.id, "information-request", items=["Le plan du bourg"], until=str(IN_A_MONTH))
    seen = applicant.sees_status("awaiting_information")
    assert seen["team"] == "applicant"
    assert seen["expected"]["from"] == "applicant"
    applicant.does("information", text="Le plan est joint.")
    agent("sat95").waits_for(applicant.id, "under_examination")


def test_messages_go_both_ways(system: System, agent: People) -> None:
    applicant = an_examined_case(system, agent)
    applicant.does("messages", text="Quand viendrez-vous ?")
    eventually(lambda: agent("sat95").sees(applicant.id), lambda case: "Quand viendrez-vous ?" in str(case["messages"]))
    agent("sat95").does(applicant.id, "messages", text="Mardi prochain.")
    seen = eventually(applicant.sees, lambda request: "Mardi prochain." in str(request["messages"]))
    assert [message["text"] for message in seen["messages"]] == ["Quand viendrez-vous ?", "Mardi prochain."]


def test_a_note_stays_inside(system: System, agent: People) -> None:
    applicant = an_examined_case(system, agent)
    agent("sat95").does(applicant.id, "notes", text="À voir avec la sous-préfecture.")
    agent("sat95").does(applicant.id, "messages", text="Bien reçu.")
    seen = eventually(applicant.sees, lambda request: "Bien reçu." in str(request["messages"]))
    assert "sous-préfecture" not in str(seen)


def test_a_local_provider_accepts_by_its_link(system: System, agent: People) -> None:
    applicant = a_qualified_case(system, agent)
    provider = agent("sat95").at.get(f"/cases/{applicant.id}/matches")["items"][0]
    agent("sat95").does(
        applicant.id, "proposal", outcome="local_orientation", motive="Compétent.", provider_id=provider["provider_id"]
    )
    assert agent("delegue95").does(applicant.id, "validation")["state"] == "oriented_locally"
    assert applicant.sees_status("oriented_locally")["team"] == "provider"
    token = orientation_token(system, applicant.number)
    link = Caller(system.endpoints["qualification"])
    link.post(f"/orientations/{token}/acceptance")
    eventually(applicant.sees, lambda request: "qualification.orientation_accepted.v1" in str(request["timeline"]))
    early = applicant.at.refused("POST", f"/requests/{applicant.id}/evaluation", 409, GOOD)
    assert early["code"] == "evaluation_too_early"
    link.post(f"/orientations/{token}/local-work")
    assert applicant.sees_status("accompanied")["team"] == "provider"
    seen = link.post(f"/orientations/{token}/milestones", {"title": "Diagnostic remis", "due_on": str(IN_A_MONTH)})
    (milestone,) = seen["local_work"]["milestones"]
    link.post(f"/orientations/{token}/milestones/{milestone['id']}/reached")
    applicant.does("progress", text="Le diagnostic nous convient.")
    link.post(f"/orientations/{token}/completion", {"report": "Le diagnostic est remis."})
    assert applicant.sees_status("completed")["team"] == "applicant"
    applicant.does("evaluation", **GOOD)
    applicant.sees_status("evaluated")
    applicant.does("evaluation", **GOOD | {"comment": "Un mot de plus."})
    assert agent("sat95").sees(applicant.id)["local_work"]["state"] == "completed"


def test_a_provider_that_stops_gives_the_case_back(system: System, agent: People) -> None:
    applicant = a_qualified_case(system, agent)
    provider = agent("sat95").at.get(f"/cases/{applicant.id}/matches")["items"][0]
    agent("sat95").does(
        applicant.id, "proposal", outcome="local_orientation", motive="Compétent.", provider_id=provider["provider_id"]
    )
    agent("delegue95").does(applicant.id, "validation")
    token = orientation_token(system, applicant.number)
    link = Caller(system.endpoints["qualification"])
    link.post(f"/orientations/{token}/acceptance")
    link.post(f"/orientations/{token}/local-work")
    link.post(f"/orientations/{token}/stop", {"reason": "provider_stopped", "motive": "Plus de chargé d’études."})
    link.refused("POST", f"/orientations/{token}/completion", 409, {"report": "Fini."})
    assert agent("sat95").sees(applicant.id)["state"] == "under_examination"
    assert applicant.sees_status("under_examination")["decision"] is None


def test_a_provider_that_declines_gives_the_case_back(system: System, agent: People) -> None:
    applicant = a_qualified_case(system, agent)
    provider = agent("sat95").at.get(f"/cases/{applicant.id}/matches")["items"][0]
    agent("sat95").does(
        applicant.id, "proposal", outcome="local_orientation", motive="Compétent.", provider_id=provider["provider_id"]
    )
    agent("delegue95").does(applicant.id, "validation")
    token = orientation_token(system, applicant.number)
    link = Caller(system.endpoints["qualification"])
    link.post(f"/orientations/{token}/decline", {"motive": "Plan de charge complet."})
    link.refused("POST", f"/orientations/{token}/acceptance", 409)
    assert agent("sat95").sees(applicant.id)["state"] == "under_examination"
    applicant.sees_status("under_examination")


def test_the_departement_supports_on_its_own_envelope(system: System, agent: People) -> None:
    applicant = an_outcome(system, agent, "local_support", support_types=["ingenierie_projet"], amount_cents=1_000_000)
    assert agent("sat95").sees(applicant.id)["state"] == "supported_locally"
    applicant.sees_status("supported_locally")
    agent("sat95").does(applicant.id, "local-work")
    assert applicant.sees_status("accompanied")["expected"]["from"] == "departement"
    done = agent("sat95").does(applicant.id, "completion", report="L’étude est remise.")
    assert (done["state"], done["local_work"]["state"]) == ("supported_locally", "completed")
    applicant.sees_status("completed")
    applicant.does("evaluation", **GOOD)
    applicant.sees_status("evaluated")


def test_a_national_programme_takes_over(system: System, agent: People) -> None:
    applicant = an_outcome(system, agent, "programme", programme="petites_villes_de_demain")
    applicant.sees_status("directed_to_programme")
    eventually(
        lambda: agent("programme").at.get("/programmes/petites_villes_de_demain/requests"),
        lambda page: applicant.number in str(page),
    )


def test_a_refusal_has_its_motive_and_ways_of_appeal(system: System, agent: People) -> None:
    applicant = an_outcome(system, agent, "refusal")
    seen = applicant.sees_status("refused")
    assert seen["team"] is None
    assert seen["decision"]["motive"] == "Au vu du dossier."


def test_another_departement_takes_over_and_tracking_goes_on(system: System, agent: People) -> None:
    applicant = an_outcome(system, agent, "transfer", departement="78")
    assert agent("sat95").sees(applicant.id)["state"] == "transferred"
    agent("sat78").waits_for(applicant.id, "registered")
    assert applicant.sees_status("registered")["departement"] == "78"
    agent("sat78").does(applicant.id, "examination")
    applicant.sees_status("under_examination")
    applicant.does("messages", text="Bonjour les Yvelines")
    eventually(lambda: agent("sat78").sees(applicant.id), lambda case: "Bonjour les Yvelines" in str(case["messages"]))


def test_a_rejected_proposal_goes_back_to_the_examination(system: System, agent: People) -> None:
    applicant = a_qualified_case(system, agent)
    agent("sat95").does(applicant.id, "proposal", outcome="refusal", motive="Hors champ.")
    applicant.sees_status("proposed")
    rejected = agent("delegue95").does(applicant.id, "rejection", motive="Voyez d’abord l’EPF.")
    assert rejected["state"] == "under_examination"
    applicant.sees_status("under_examination")


def test_the_national_team_asks_and_the_departement_answers(system: System, agent: People) -> None:
    applicant = an_escalated_request(system, agent)
    asked = agent("national").does(applicant.id, "information-request", question="Le foncier est-il maîtrisé ?")
    assert asked["state"] == "awaiting_departement"
    eventually(lambda: agent("sat95").sees(applicant.id), lambda case: "foncier" in str(case))
    agent("sat95").does(applicant.id, "answer", text="Oui, depuis mars.")
    case = agent("national").waits_for(applicant.id, "received")
    assert "depuis mars" in str(case)


def test_the_national_team_returns_what_a_departement_can_answer(system: System, agent: People) -> None:
    applicant = an_escalated_request(system, agent)
    assert agent("national").does(applicant.id, "return", motive="Une offre locale existe.")["state"] == "returned"
    agent("sat95").waits_for(applicant.id, "under_examination")
    applicant.sees_status("under_examination")


@pytest.mark.parametrize(
    ("outcome", "more"),
    [
        ("granted", {}),
        ("granted_with_reserve", {"reserve": "Délibération attendue."}),
        ("refused", {"support_types": [], "amount_cents": 0}),
    ],
)
def test_the_committee_decides(system: System, agent: People, outcome: str, more: dict[str, object]) -> None:
    applicant = a_decided_request(system, agent, outcome, **more)
    assert agent("national").sees(applicant.id)["state"] == outcome
    seen = applicant.sees_status(outcome)
    assert seen["decision"]["outcome"] == outcome
    eventually(lambda: agent("sat95").sees(applicant.id), lambda case: "escalation.decision_made.v1" in str(case))


def test_a_deferred_dossier_comes_back_on_an_agenda(system: System, agent: People) -> None:
    applicant = a_decided_request(system, agent, "deferred", support_types=[], amount_cents=0)
    applicant.sees_status("deferred")
    session = agent("secretaire").at.post("/sessions", {"held_on": "2027-01-14", "title": "Comité de janvier"})
    assert agent("national").does(applicant.id, "schedule", session_id=session["id"])["state"] == "scheduled"


def test_the_committee_may_return_a_dossier(system: System, agent: People) -> None:
    applicant = a_decided_request(system, agent, "returned", support_types=[], amount_cents=0)
    agent("sat95").waits_for(applicant.id, "under_examination")
    applicant.sees_status("under_examination")


def test_a_closed_session_does_not_change(system: System, agent: People) -> None:
    applicant, session = a_scheduled_request(system, agent)
    decision = {
        "request_id": applicant.id,
        "outcome": "granted",
        "motive": "Oui.",
        "support_types": ["amo_publique"],
        "amount_cents": 0,
    }
    agent("secretaire").at.post(f"/sessions/{session}/decisions", decision)
    agent("secretaire").at.post(f"/sessions/{session}/closing")
    agent("secretaire").at.refused("POST", f"/sessions/{session}/closing", 409)
    agent("secretaire").at.refused("POST", f"/sessions/{session}/decisions", 409, decision)
    minutes = agent("secretaire").at.ask("GET", f"/sessions/{session}/minutes")
    assert minutes.status_code == 200
    assert applicant.number in minutes.text


def test_a_withdrawal_before_the_decision_ends_it_everywhere(system: System, agent: People) -> None:
    applicant = an_escalated_request(system, agent)
    applicant.does("withdrawal", motive="Le projet est abandonné.")
    applicant.sees_status("withdrawn")
    agent("sat95").waits_for(applicant.id, "withdrawn", "escalated")
    eventually(applicant.sees, lambda request: request["team"] is None)
    eventually(
        lambda: agent("national").sees(applicant.id), lambda case: case["state"] != "received" or "retir" in str(case)
    )
