"""What comes from outside and is wrong, late, doubled or hostile: a clear answer, and nothing is lost."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from uuid import uuid4

import pytest

from tests.actors import HTTP, Applicant, Caller, Json, eventually
from tests.journeys.strangers import CLIENT, ForeignForm, publish
from tests.steps import (
    GRID,
    People,
    a_body,
    a_qualified_case,
    a_request,
    an_escalated_request,
    an_examined_case,
)
from tests.system import System

pytestmark = pytest.mark.journey


def fields(problem: Json) -> set[str]:
    return {error["field"] for error in problem["errors"]}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"applicant": {"kind": "commune", "code": "99999"}}, "applicant.code"),
        ({"applicant": {"kind": "commune", "code": "200035970"}}, "applicant.code"),
        ({"applicant": {"kind": "town", "code": "95355"}}, "applicant.kind"),
        ({"fields": ["concertation"]}, "fields"),
        ({"support_types": ["analyse_territoriale"]}, "support_types"),
        ({"kind": "programme", "support_types": [], "fields": []}, "programme"),
        ({"contact": None}, "contact"),
        ({"contact": {"name": "X", "role": "Y", "email": "not-an-address"}}, "contact.email"),
        ({"desired_start": "2026-02-30"}, "desired_start"),
        ({"desired_start": "1999-01-01"}, "desired_start"),
        ({"title": "x" * 201}, "title"),
        ({"description": "x" * 100_000}, "description"),
        ({"budget_cents": -1}, "budget_cents"),
        ({"budget_cents": "beaucoup"}, "budget_cents"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_wrong_field_is_named_in_french(system: System, changes: Json, field: str) -> None:
    problem = Caller(system.endpoints["intake"]).refused("POST", "/requests", 400, a_body(**changes))
    assert any(name.startswith(field) for name in fields(problem)), problem
    assert all(error["message"] for error in problem["errors"])


def test_a_field_of_another_kind_is_told_the_allowed_ones(system: System) -> None:
    problem = Caller(system.endpoints["intake"]).refused("POST", "/requests", 400, a_body(fields=["concertation"]))
    message = next(error["message"] for error in problem["errors"] if error["field"].startswith("fields"))
    assert "revitalisation_commerciale" in message or "Revitalisation commerciale" in message


def test_bytes_that_are_no_json_are_400(system: System) -> None:
    answer = Caller(system.endpoints["intake"]).ask(
        "POST", "/requests", content=b"{not json", headers={"content-type": "application/json"}
    )
    assert answer.status_code == 400
    assert answer.json()["code"]


def test_the_same_key_gives_the_same_request_and_another_body_is_refused(system: System) -> None:
    key = str(uuid4())
    first = Applicant.files(system.endpoints["intake"], a_body(), key=key)
    again = Applicant.files(system.endpoints["intake"], a_body(), key=key)
    assert (first.id, first.number, first.at.token) == (again.id, again.number, again.at.token)
    answer = Caller(system.endpoints["intake"]).ask(
        "POST", "/requests", json=a_body(title="Autre chose"), headers={"Idempotency-Key": key}
    )
    assert answer.status_code == 409
    assert answer.json()["code"] == "idempotency_key_reused"


def test_a_key_used_by_many_at_once_gives_one_request(system: System) -> None:
    key = str(uuid4())

    def file(_: int) -> str:
        return Applicant.files(system.endpoints["intake"], a_body(), key=key).number

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(file, range(8)))) == 1


def test_numbers_have_no_holes_and_no_doubles_under_concurrency(system: System) -> None:
    with ThreadPoolExecutor(8) as pool:
        numbers = sorted(
            int(filed.number.rsplit("-", 1)[1]) for filed in pool.map(lambda _: a_request(system), range(24))
        )
    assert numbers == list(range(numbers[0], numbers[0] + 24))


def test_only_the_right_token_opens_a_request(system: System) -> None:
    mine, other = a_request(system), a_request(system)
    Caller(system.endpoints["intake"]).refused("GET", f"/requests/{mine.id}", 401)
    Caller(system.endpoints["intake"], "nonsense").refused("GET", f"/requests/{mine.id}", 401)
    Caller(system.endpoints["intake"], other.at.token).refused("GET", f"/requests/{mine.id}", 404)


def test_a_revoked_agent_token_is_401(system: System) -> None:
    token = system.token("qualification", "sat95@cousu.test")
    caller = Caller(system.endpoints["qualification"], token)
    caller.get("/cases")
    caller.refused("GET", "/cases/not-a-uuid", 404)
    Caller(system.endpoints["qualification"]).refused("GET", "/cases", 401)
    Caller(system.endpoints["escalation"], token).refused("GET", "/escalations", 401)


def test_another_departements_case_does_not_exist(system: System, agent: People) -> None:
    applicant = an_examined_case(system, agent)
    agent("sat78").at.refused("GET", f"/cases/{applicant.id}", 404)
    agent("sat78").is_refused(applicant.id, "examination", 404)
    assert applicant.number not in str(agent("sat78").at.get("/cases", q=applicant.number))


def test_an_illegal_move_tells_the_state_and_the_allowed_moves(system: System, agent: People) -> None:
    applicant = a_request(system)
    agent("sat95").waits_for(applicant.id, "registered")
    problem = agent("delegue95").is_refused(applicant.id, "validation", 409)
    assert problem["state"] == "registered"
    assert isinstance(problem["allowed_actions"], list)


def test_who_proposes_does_not_validate(system: System, agent: People) -> None:
    applicant = a_qualified_case(system, agent)
    agent("delegue95").does(applicant.id, "proposal", outcome="refusal", motive="Hors champ.")
    agent("delegue95").is_refused(applicant.id, "validation", 403)
    agent("sat95").is_refused(applicant.id, "validation", 403)


def test_an_escalation_without_evidence_is_refused(system: System, agent: People) -> None:
    applicant = a_qualified_case(system, agent)
    problem = agent("sat95").is_refused(applicant.id, "proposal", 400, outcome="escalation", motive="Trop difficile.")
    assert {"motive_code", "opinion"} <= fields(problem)
    assert agent("sat95").sees(applicant.id)["state"] == "under_examination"


def test_a_grid_out_of_its_scale_is_refused(system: System, agent: People) -> None:
    applicant = an_examined_case(system, agent)
    problem = agent("sat95").is_refused(applicant.id, "qualification", 400, **(GRID | {"need": 6}))
    assert "need" in fields(problem)


def test_a_second_validation_changes_nothing(system: System, agent: People) -> None:
    applicant = a_qualified_case(system, agent)
    agent("sat95").does(applicant.id, "proposal", outcome="refusal", motive="Hors champ.")
    with ThreadPoolExecutor(4) as pool:
        answers = list(
            pool.map(
                lambda _: agent("delegue95").at.ask("POST", f"/cases/{applicant.id}/validation", json={}).status_code,
                range(4),
            )
        )
    assert sorted(answers) == [200, 409, 409, 409]
    applicant.sees_status("refused")
    assert applicant.types().count("qualification.request_refused.v1") == 1


def test_an_evaluation_before_its_time_is_refused(system: System, agent: People) -> None:
    applicant = an_examined_case(system, agent)
    problem = applicant.at.refused(
        "POST", f"/requests/{applicant.id}/evaluation", 409, {"need_met": 5, "progress": 5, "satisfaction": 5}
    )
    assert "allowed_actions" in problem


def test_a_national_role_is_needed_for_national_work(system: System, agent: People) -> None:
    applicant = an_escalated_request(system, agent)
    agent("secretaire").is_refused(applicant.id, "admissibility", 403, opinion="Oui.")
    agent("programme").is_refused(applicant.id, "admissibility", 404, opinion="Oui.")
    agent("national").at.refused("POST", "/sessions", 403, {"held_on": "2027-02-01", "title": "Comité"})


def test_pages_have_their_limits(agent: People) -> None:
    assert agent("sat95").at.get("/cases", per_page=1)["items"][1:] == []
    for wrong in ({"per_page": 201}, {"page": 0}, {"page": "x"}):
        answer = agent("sat95").at.ask("GET", "/cases", params=wrong)
        assert answer.status_code == 400, wrong


@pytest.fixture(scope="module")
def form(system: System) -> ForeignForm:
    return ForeignForm.added(system)


def test_a_form_that_is_not_ours_files_by_the_exchange_once(system: System, agent: People, form: ForeignForm) -> None:
    event = form.event(data=a_body(title=f"Un projet venu d’ailleurs {uuid4()}"))
    form.files(event, event, event)
    answers = form.reads(3)
    assert {answer["type"] for answer in answers} == {"forms.request_accepted.v1"}
    assert answers[0]["data"]["filed_id"] == event["id"]
    assert answers == [answers[0]] * 3
    found = eventually(
        lambda: agent("sat95").at.get("/cases", q=event["data"]["title"]), lambda page: page["total"] >= 1
    )
    assert [case["number"] for case in found["items"]] == [answers[0]["data"]["number"]]
    assert HTTP.get(answers[0]["data"]["tracking_url"]).status_code == 200
    assert answers[0]["data"]["tracking_url"].startswith(f"{system.endpoints['intake']}/suivi/")


def test_a_form_that_is_not_ours_is_told_what_is_wrong(form: ForeignForm) -> None:
    form.files(form.event(data=a_body(applicant={"kind": "commune", "code": "99999"})))
    (said,) = form.reads(1)
    assert said["type"] == "forms.request_refused.v1"
    assert {error["field"] for error in said["data"]["errors"]} == {"applicant.code"}


def test_an_id_serves_one_request(form: ForeignForm) -> None:
    event = form.event()
    form.files(event)
    (first,) = form.reads(1)
    form.files(
        event
        | {
            "data": a_body(
                title="Une autre demande", contact=event["data"]["contact"] | {"email": "autre@commune.test"}
            )
        }
    )
    (other,) = form.reads(1)
    assert (first["type"], other["data"]["code"]) == ("forms.request_accepted.v1", "filed_id_reused")


def test_the_sample_client_files_with_the_account_that_form_add_printed(form: ForeignForm) -> None:
    filed_id = str(uuid4())
    filed = form.runs_the_sample(a_body(), filed_id)
    assert set(filed) == {"request_id", "departement", "at", "filed_from", "filed_id", "number", "tracking_url"}
    assert filed["filed_from"] == f"/forms/{form.name}"
    assert form.runs_the_sample(a_body(), filed_id) == filed
    refused = form.runs_the_sample(a_body(title=""), str(uuid4()))
    assert [error["field"] for error in refused["errors"]] == ["title"]


def test_the_sample_client_is_short() -> None:
    body = CLIENT.read_text(encoding="utf-8").split("async def file")[1].split("\n\n\n")[0].splitlines()
    assert len(body) <= 20


def test_rubbish_on_the_exchange_is_put_aside_and_the_rest_flows(system: System, agent: People) -> None:
    token = f"rubbish-{uuid4()}"
    publish(system, "intake.request_submitted.95", token.encode())
    publish(system, "intake.request_submitted.95", json.dumps({"specversion": "1.0", "id": token}).encode())
    applicant = a_request(system)
    agent("sat95").waits_for(applicant.id, "registered")


def test_an_event_that_says_nothing_true_takes_nobodys_place(system: System, agent: People) -> None:
    applicant = a_request(system)
    agent("sat95").waits_for(applicant.id, "registered")
    forged = {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": "/intake",
        "subject": applicant.id,
        "type": "intake.message_posted.v1",
        "sequence": 2,
        "time": "2026-11-24T10:00:00+01:00",
        "data": {"text": 3},
    }
    publish(system, "intake.message_posted.95", json.dumps(forged).encode())
    applicant.does("messages", text="Le vrai message.")
    eventually(lambda: agent("sat95").sees(applicant.id), lambda case: "Le vrai message." in str(case["messages"]))


def test_health_and_documents_answer_at_each_service(system: System) -> None:
    for service in ("intake", "qualification", "escalation", "notifications"):
        base = system.endpoints[service]
        assert HTTP.get(f"{base}/health/live").status_code == 200

        def ready(base: str = base) -> Json:
            return {"status": HTTP.get(f"{base}/health/ready").status_code}

        eventually(ready, lambda answer: bool(answer["status"] == 200))
        assert "cousu_events_applied_total" in HTTP.get(f"{base}/metrics").text
        assert HTTP.get(f"{base}/api/v1/openapi.json").json()["openapi"].startswith("3.")
        assert HTTP.get(f"{base}/asyncapi").json()["asyncapi"].startswith("3.")


def test_a_session_can_be_planned_ahead_and_not_on_an_impossible_day(agent: People) -> None:
    day = (date.today() + timedelta(days=40)).isoformat()  # noqa: DTZ011 - any day ahead does
    assert agent("secretaire").at.post("/sessions", {"held_on": day, "title": "Comité"}, expect=(201,))["id"]
    problem = agent("secretaire").at.refused("POST", "/sessions", 400, {"held_on": "2026-13-40", "title": "Comité"})
    assert fields(problem) == {"held_on"}
