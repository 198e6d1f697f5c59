"""Agents of other teams and départements try, from outside, what the findings had let them do."""

from collections.abc import Callable

import pytest

from tests.actors import HTTP, Agent, Applicant, Caller, eventually
from tests.steps import a_request
from tests.system import System

People = Callable[[str], Agent]


@pytest.fixture(scope="module")
def of_the_95(system: System) -> Applicant:
    """A request of the Val-d'Oise that was directed to nobody else."""
    filed = a_request(system)
    of_sat = Caller(system.endpoints["notifications"], system.token("notifications", "sat95@cousu.test"))
    eventually(lambda: of_sat.get("/deliveries", request_id=filed.id), lambda found: found["total"] > 0)
    return filed


@pytest.mark.parametrize("name", ["programme", "national", "secretaire", "sat78"])
def test_a_stranger_to_a_request_reads_and_resends_none_of_its_mails(
    system: System, of_the_95: Applicant, name: str
) -> None:
    rightful = Caller(system.endpoints["notifications"], system.token("notifications", "sat95@cousu.test"))
    (mail, *_) = eventually(
        lambda: rightful.get("/deliveries", request_id=of_the_95.id),
        lambda found: [one["status"] for one in found["items"][:1]] == ["sent"],
    )["items"]
    stranger = Caller(system.endpoints["notifications"], system.token("notifications", f"{name}@cousu.test"))
    assert stranger.get("/deliveries", request_id=of_the_95.id)["total"] == 0
    assert stranger.ask("GET", f"/deliveries/{mail['id']}").status_code == 404
    assert stranger.ask("POST", f"/deliveries/{mail['id']}/resend", json={}).status_code == 404
    assert rightful.get(f"/deliveries/{mail['id']}")["attempts"] == mail["attempts"]


def test_an_operator_of_one_departement_reads_no_paper_of_the_country(system: System) -> None:
    address = "exploitant78@cousu.test"
    system.command(
        *("agent", "add", "--service", "escalation", "--email", address, "--role", "operator", "--departement", "78")
    )
    limited = Caller(system.endpoints["escalation"], system.token("escalation", address))
    whole = Caller(system.endpoints["escalation"], system.token("escalation", "exploitant@cousu.test"))
    envelope = whole.get("/envelopes")["items"][0]["id"]
    for path in (
        "/envelopes",
        f"/envelopes/{envelope}/orders",
        "/sessions",
        "/committee-members",
        "/operators",
        "/contracts",
    ):
        assert whole.ask("GET", path).status_code == 200
        assert limited.ask("GET", path).status_code == 404, path
    assert {one["departement"] for one in limited.get("/decisions")["items"]} <= {"78"}
    assert HTTP.get(f"{limited.base}/enveloppes", headers={"Authorization": f"Bearer {limited.token}"}).is_redirect


def test_an_agent_of_the_yvelines_reads_and_moves_no_case_of_the_val_doise(agent: People, of_the_95: Applicant) -> None:
    theirs = agent("sat95").waits_for(of_the_95.id, "registered")
    stranger = agent("sat78").at
    where = f"/cases/{of_the_95.id}"
    for path in (where, f"{where}/matches", f"{where}/territory"):
        assert stranger.ask("GET", path).status_code == 404
    for action, body in (("examination", {}), ("notes", {"text": "Bonjour."}), ("messages", {"text": "Bonjour."})):
        assert stranger.ask("POST", f"{where}/{action}", json=body).status_code == 404
    assert of_the_95.number not in stranger.ask("GET", "/cases.csv").text
    assert agent("sat95").sees(of_the_95.id)["state"] == theirs["state"]
