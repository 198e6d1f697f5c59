"""The département's API, from outside: only what contract.md promises."""

import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.qualification.domain.rules import Rules
from shared import clock
from shared.contracts import escalation, intake
from shared.contracts.vocabulary import ApplicantKind, CommitteeOutcome, Role
from shared.db import Database
from shared.identity.model import Agent
from shared.messaging.inbox.inbox import Inbox
from shared.web.document_links import LIFETIME, DocumentLinks
from tests.qualification.acting import (
    CAUE,
    ESCALATION,
    IN_THE_YVELINES,
    ORIENTATION,
    answered,
    done,
    proposed,
    qualified,
    told,
)
from tests.qualification.conftest import LINKS, Browser, Client, Program, Programs
from tests.qualification.life import GRID, NATIONAL, Life, in_days, names


async def test_a_submitted_request_is_registered_at_once(sat: Program, life: Life, database: Database) -> None:
    shown = (await sat.get(f"/cases/{life.request_id}")).json()
    assert shown["state"] == "registered"
    assert shown["contact"]["email"] == "mairie@magny.test"
    assert shown["deadlines"][0]["stage"] == "start_examination"
    assert await told(database, life) == ["request_registered"]
    assert set(shown["allowed_actions"]) == {"assignment", "examination", "messages", "notes"}


@pytest.mark.usefixtures("life")
async def test_the_registration_says_which_service_is_in_charge(database: Database) -> None:
    body = await database.fetchval("SELECT body FROM journal")
    assert "anct95@val-doise.gouv.fr" in body
    assert "01.34.25.26.00" in body


async def test_a_case_goes_from_examination_to_a_local_orientation_that_is_accepted(
    sat: Program, delegate: Program, life: Life, client: Client, database: Database
) -> None:
    shown = await answered(sat, delegate, life, ORIENTATION)
    assert shown["state"] == "oriented_locally"
    token = LINKS.token(UUID(shown["orientations"][0]["id"]))
    seen = (await client.get(f"/api/v1/orientations/{token}")).json()
    assert seen["contact"] is None
    answer = await client.post(f"/api/v1/orientations/{token}/acceptance", json={})
    assert answer.status_code == 200
    assert answer.json()["contact"]["email"] == "mairie@magny.test"
    again = await client.post(f"/api/v1/orientations/{token}/decline", json={"motive": "Finalement non."})
    assert again.status_code == 409
    refused = again.json()
    assert (refused["code"], refused["state"], refused["allowed_actions"]) == ("already_answered", "accepted", [])
    assert await told(database, life) == [
        "request_registered",
        "examination_started",
        "request_qualified",
        "outcome_proposed",
        "oriented_locally",
        "orientation_accepted",
    ]


async def test_a_declined_orientation_gives_the_case_back(
    sat: Program, delegate: Program, life: Life, client: Client, database: Database
) -> None:
    shown = await answered(sat, delegate, life, ORIENTATION)
    token = LINKS.token(UUID(shown["orientations"][0]["id"]))
    without = await client.post(f"/api/v1/orientations/{token}/decline", json={})
    assert without.status_code == 400
    declined = await client.post(f"/api/v1/orientations/{token}/decline", json={"motive": "Équipe complète."})
    assert declined.status_code == 200
    back = (await sat.get(f"/cases/{life.request_id}")).json()
    assert back["state"] == "under_examination"
    assert back["orientations"][0]["answer"] == "Équipe complète."
    assert "proposal" in back["allowed_actions"]
    assert (await told(database, life))[-2:] == ["orientation_declined", "examination_started"]


async def test_a_link_that_we_did_not_sign_leads_nowhere(client: Client) -> None:
    token = LINKS.token(uuid4())
    forged = ("B" if token[0] == "A" else "A") + token[1:]
    for wrong in (token, forged, "nonsense"):
        assert (await client.get(f"/api/v1/orientations/{wrong}")).status_code == 404
        assert (await client.post(f"/api/v1/orientations/{wrong}/acceptance", json={})).status_code == 404


async def test_a_case_of_another_departement_does_not_exist(neighbour: Program, life: Life) -> None:
    assert (await neighbour.get(f"/cases/{life.request_id}")).status_code == 404
    assert (await neighbour.post(f"/cases/{life.request_id}/examination")).status_code == 404
    assert (await neighbour.get(f"/cases/{life.request_id}/matches")).status_code == 404
    assert (await neighbour.get("/cases")).json()["total"] == 0


async def test_without_a_token_nothing_is_shown(client: Client, life: Life) -> None:
    assert (await client.get("/api/v1/cases")).status_code == 401
    assert (await client.get(f"/api/v1/cases/{life.request_id}")).status_code == 401


async def test_an_illegal_move_tells_the_state_and_what_is_possible(sat: Program, life: Life) -> None:
    answer = await sat.post(f"/cases/{life.request_id}/qualification", GRID)
    assert answer.status_code == 409
    problem = answer.json()
    assert problem["code"] == "illegal_move"
    assert problem["state"] == "registered"
    assert "examination" in problem["allowed_actions"]


async def test_a_proposal_needs_a_qualification_first(sat: Program, life: Life) -> None:
    await done(sat, life, "examination")
    answer = await sat.post(f"/cases/{life.request_id}/proposal", ORIENTATION)
    assert answer.status_code == 409
    assert answer.json()["code"] == "qualification_missing"
    refusal = {"outcome": "refusal", "motive": "Le demandeur n’est pas une collectivité."}
    assert (await sat.post(f"/cases/{life.request_id}/proposal", refusal)).status_code == 200


async def test_a_proposer_never_validates_his_own_proposal(
    sat: Program, delegate: Program, program: Programs, life: Life
) -> None:
    await qualified(sat, life)
    shown = await done(delegate, life, "proposal", ORIENTATION)
    assert "validation" not in shown["allowed_actions"]
    answer = await delegate.post(f"/cases/{life.request_id}/validation")
    assert answer.status_code == 403
    assert answer.json()["code"] == "own_proposal"
    other = await program("autre95", Role.DELEGATE, "95")
    assert (await done(other, life, "validation"))["state"] == "oriented_locally"


async def test_a_sat_agent_does_not_validate(sat: Program, program: Programs, life: Life) -> None:
    await proposed(sat, life, ORIENTATION)
    assert (await sat.post(f"/cases/{life.request_id}/validation")).json()["code"] == "own_proposal"
    colleague = await program("collegue95", Role.SAT_AGENT, "95")
    answer = await colleague.post(f"/cases/{life.request_id}/validation")
    assert answer.status_code == 403
    assert answer.json()["code"] == "forbidden"


async def test_a_second_validation_is_refused(sat: Program, delegate: Program, life: Life, database: Database) -> None:
    await answered(sat, delegate, life, ORIENTATION)
    answer = await delegate.post(f"/cases/{life.request_id}/validation")
    assert answer.status_code == 409
    assert answer.json()["state"] == "oriented_locally"
    assert (await told(database, life)).count("oriented_locally") == 1


async def test_a_rejected_proposal_goes_back_to_the_examination(sat: Program, delegate: Program, life: Life) -> None:
    await proposed(sat, life, ORIENTATION)
    assert (await delegate.post(f"/cases/{life.request_id}/rejection", {})).status_code == 400
    shown = await done(delegate, life, "rejection", {"motive": "Sollicitez aussi l’EPF."})
    assert shown["state"] == "under_examination"
    assert shown["proposal"] is None


async def test_an_escalation_without_evidence_is_refused_field_by_field(sat: Program, life: Life) -> None:
    await qualified(sat, life)
    answer = await sat.post(f"/cases/{life.request_id}/proposal", {"outcome": "escalation", "motive": "Trop complexe."})
    assert answer.status_code == 400
    problem = answer.json()
    assert problem["code"] == "evidence_missing"
    assert {"motive_code", "opinion"} <= set(names(problem["errors"], "field"))
    nobody_asked = {**ESCALATION, "providers_tried": []}
    answer = await sat.post(f"/cases/{life.request_id}/proposal", nobody_asked)
    assert names(answer.json()["errors"], "field") == ["providers_tried"]


async def test_a_validated_escalation_takes_the_whole_dossier_along(
    sat: Program, delegate: Program, life: Life, database: Database
) -> None:
    await life.tell(intake.MessagePosted(**life.about(), message_id=uuid4(), text="Avez-vous bien reçu ?"))
    shown = await answered(sat, delegate, life, ESCALATION)
    assert shown["state"] == "escalated"
    assert shown["evidence"]["providers_tried"][0]["name"] == "CAUE du Val-d’Oise"
    body = await database.fetchval("SELECT body::jsonb -> 'data' FROM journal WHERE type LIKE '%request_escalated%'")
    assert body["evidence"]["opinion"] == "Avis favorable."
    assert body["dossier"]["qualification"]["urgency"] == 3
    assert body["dossier"]["messages"] == []
    part = await database.fetchval("SELECT body::jsonb -> 'data' FROM journal WHERE type LIKE '%exchanges_shared%'")
    assert part["messages"][0]["text"] == "Avez-vous bien reçu ?"
    assert body["dossier"]["exchanges"] == {"id": part["exchange_id"], "parts": 1, "messages": 1, "steps": 0}
    assert "qualification.request_registered.v1" in names(body["dossier"]["history"], "type")
    assert body["service"]["email"] == "anct95@val-doise.gouv.fr"


async def test_the_national_question_is_answered_by_the_departement(
    sat: Program, delegate: Program, life: Life, database: Database
) -> None:
    await answered(sat, delegate, life, ESCALATION)
    assert (await sat.post(f"/cases/{life.request_id}/answer", {"text": "Voici."})).status_code == 409
    await life.tell(escalation.InformationRequested(**life.about(), question="Quel calendrier ?", by=NATIONAL))
    shown = (await sat.get(f"/cases/{life.request_id}")).json()
    assert shown["national_question"]["text"] == "Quel calendrier ?"
    assert shown["national_steps"][0]["type"] == "escalation.information_requested.v1"
    assert "answer" in shown["allowed_actions"]
    shown = await done(sat, life, "answer", {"text": "Début des travaux en mars."})
    assert shown["national_question"] is None
    assert (await told(database, life))[-1] == "national_question_answered"


async def test_a_returned_escalation_is_examined_again(
    sat: Program, delegate: Program, life: Life, database: Database
) -> None:
    await answered(sat, delegate, life, ESCALATION)
    await life.tell(escalation.EscalationReturned(**life.about(), motive="Offre locale possible.", by=NATIONAL))
    shown = (await sat.get(f"/cases/{life.request_id}")).json()
    assert shown["state"] == "under_examination"
    assert (await told(database, life))[-1] == "examination_started"
    body = await database.fetchval("SELECT body::jsonb -> 'data' FROM journal ORDER BY position DESC LIMIT 1")
    assert body["reopened"] is True
    await done(sat, life, "proposal", ORIENTATION)


async def test_a_decision_that_returns_gives_the_case_back_once(
    sat: Program, delegate: Program, life: Life, database: Database
) -> None:
    await answered(sat, delegate, life, ESCALATION)
    decision = escalation.Decision(
        id=uuid4(),
        number="2026-001",
        outcome=CommitteeOutcome.RETURNED,
        motive="À reprendre localement.",
        decided_on=in_days(0),
        session_id=uuid4(),
        signed_by=NATIONAL,
    )
    await life.tell(
        escalation.DecisionMade(**life.about(), decision=decision),
        escalation.EscalationReturned(**life.about(), motive="À reprendre localement.", by=NATIONAL),
    )
    assert (await sat.get(f"/cases/{life.request_id}")).json()["state"] == "under_examination"
    assert (await told(database, life)).count("examination_started") == 2


async def test_local_support_is_paid_by_the_envelope_and_never_beyond_it(
    sat: Program, delegate: Program, life: Life, inbox: Inbox, database: Database
) -> None:
    support = {
        "outcome": "local_support",
        "motive": "Étude de faisabilité.",
        "support_types": ["ingenierie_projet"],
        "amount_cents": 3_000_000,
    }
    assert (await answered(sat, delegate, life, support))["state"] == "supported_locally"
    second = Life(inbox)
    await second.submitted(number="95-2026-000002")
    await proposed(sat, second, support)
    answer = await delegate.post(f"/cases/{second.request_id}/validation")
    assert answer.status_code == 409
    assert answer.json()["code"] == "envelope_exceeded"
    assert (await delegate.get(f"/cases/{second.request_id}")).json()["state"] == "proposed"
    assert await database.fetchval("SELECT committed_cents FROM envelope") == 3_000_000
    await done(delegate, second, "rejection", {"motive": "Montant à revoir."})
    await done(sat, second, "proposal", {**support, "amount_cents": 2_000_000})
    await done(delegate, second, "validation")
    assert await database.fetchval("SELECT committed_cents FROM envelope") == 5_000_000


async def test_members_of_another_outcome_are_refused(sat: Program, life: Life) -> None:
    await qualified(sat, life)
    answer = await sat.post(f"/cases/{life.request_id}/proposal", {**ORIENTATION, "programme": "france_services"})
    assert answer.status_code == 400
    assert names(answer.json()["errors"], "field") == ["programme"]


@pytest.mark.parametrize(
    ("proposal", "field"),
    [
        ({"outcome": "local_orientation"}, "provider_id"),
        ({"outcome": "local_orientation", "provider_id": str(IN_THE_YVELINES.id)}, "provider_id"),
        ({"outcome": "local_support", "amount_cents": 1}, "support_types"),
        ({"outcome": "local_support", "support_types": ["analyse_territoriale"], "amount_cents": 1}, "support_types"),
        ({"outcome": "local_support", "support_types": ["amo_publique"]}, "amount_cents"),
        ({"outcome": "local_support", "support_types": ["amo_publique"], "amount_cents": -1}, "amount_cents"),
        ({"outcome": "programme"}, "programme"),
        ({"outcome": "transfer"}, "departement"),
        ({"outcome": "transfer", "departement": "95"}, "departement"),
        ({"outcome": "transfer", "departement": "99"}, "departement"),
        (
            {
                "outcome": "escalation",
                "providers_tried": [{"provider_id": str(CAUE.id), "answer": "a" * 4_000} for _ in range(6)],
            },
            "providers_tried",
        ),
        ({"outcome": "victory"}, "outcome"),
        ({}, "outcome"),
    ],
)
async def test_a_proposal_says_what_its_outcome_needs(
    sat: Program, life: Life, proposal: dict[str, Any], field: str
) -> None:
    await qualified(sat, life)
    answer = await sat.post(f"/cases/{life.request_id}/proposal", {"motive": "Parce que.", **proposal})
    assert answer.status_code == 400, answer.text
    assert names(answer.json()["errors"], "field") == [field]


async def test_a_proposal_needs_its_motive(sat: Program, life: Life) -> None:
    await qualified(sat, life)
    answer = await sat.post(f"/cases/{life.request_id}/proposal", {"outcome": "refusal", "motive": "  "})
    assert answer.status_code == 400
    assert names(answer.json()["errors"], "field") == ["motive"]


async def test_a_refusal_tells_the_ways_of_appeal(
    sat: Program, delegate: Program, life: Life, database: Database
) -> None:
    shown = await answered(sat, delegate, life, {"outcome": "refusal", "motive": "Hors du champ de l’Agence."})
    assert shown["state"] == "refused"
    act = await _act(database, "request_refused")
    for said in ("deux mois", "gracieux", "hiérarchique", "préfet du Val-d’Oise", "Télérecours", "www.telerecours.fr"):
        assert said in act["appeal"]
    assert act["court"] == "tribunal administratif de Cergy-Pontoise"
    assert act["court"] in act["appeal"]


async def _act(database: Database, fact: str) -> dict[str, Any]:
    """Return who took the decision that an event publishes, in which quality, and how it is contested."""
    body = await database.fetchval("SELECT body FROM journal WHERE type = $1", f"qualification.{fact}.v1")
    act: dict[str, Any] = json.loads(body)["data"]["act"]
    return act


async def test_a_decision_names_its_author_in_the_quality_that_an_administrator_entered(
    sat: Program, delegate: Program, life: Life, database: Database
) -> None:
    quality = "sous-préfète, par délégation du préfet du Val-d’Oise"
    async with database.transaction() as tx:
        await tx.execute("UPDATE agent SET quality = $1 WHERE id = $2", quality, delegate.agent.id)
    await answered(sat, delegate, life, {"outcome": "refusal", "motive": "Hors du champ de l’Agence."})
    act = await _act(database, "request_refused")
    assert (act["author"], act["quality"]) == (delegate.agent.name, quality)
    assert act["service"]["email"] == "anct95@val-doise.gouv.fr"


async def test_an_author_without_an_entered_quality_signs_with_their_role_and_no_delegation(
    sat: Program, delegate: Program, life: Life, database: Database
) -> None:
    await answered(sat, delegate, life, {"outcome": "refusal", "motive": "Hors du champ de l’Agence."})
    assert (await _act(database, "request_refused"))["quality"] == "délégué territorial du Val-d’Oise"


async def test_a_support_that_may_be_less_than_asked_tells_the_ways_of_appeal(
    sat: Program, delegate: Program, life: Life, database: Database
) -> None:
    await answered(
        sat,
        delegate,
        life,
        {
            "outcome": "local_support",
            "support_types": ["ingenierie_projet"],
            "amount_cents": 100,
            "motive": "Une étude de faisabilité.",
        },
    )
    assert (await _act(database, "supported_locally"))["appeal"]


async def test_an_orientation_refuses_nothing_and_tells_no_appeal(
    sat: Program, delegate: Program, life: Life, database: Database
) -> None:
    await answered(sat, delegate, life, ORIENTATION)
    act = await _act(database, "oriented_locally")
    assert (act["author"], act["appeal"], act["court"]) == (delegate.agent.name, None, None)


async def test_a_request_is_directed_to_a_programme(sat: Program, delegate: Program, life: Life) -> None:
    proposal = {"outcome": "programme", "programme": "petites_villes_de_demain", "motive": "Ville éligible."}
    assert (await answered(sat, delegate, life, proposal))["state"] == "directed_to_programme"


async def test_information_is_asked_for_and_its_arrival_resumes_the_examination(
    sat: Program, life: Life, database: Database
) -> None:
    await done(sat, life, "examination")
    asked = {"items": ["Le plan de financement"], "until": in_days(20).isoformat()}
    shown = await done(sat, life, "information-request", asked)
    assert shown["state"] == "awaiting_information"
    assert shown["answer_until"] == asked["until"]
    assert {"examination", "messages", "notes"} <= set(shown["allowed_actions"])
    await life.tell(intake.InformationProvided(**life.about(), text="Voici le plan."))
    shown = (await sat.get(f"/cases/{life.request_id}")).json()
    assert shown["state"] == "under_examination"
    assert shown["messages"][-1]["text"] == "Voici le plan."
    assert (await told(database, life))[-2:] == ["information_requested", "examination_started"]


async def test_the_examination_may_go_on_without_waiting(sat: Program, life: Life) -> None:
    await done(sat, life, "examination")
    await done(sat, life, "information-request", {"items": "Le plan de financement"})
    assert (await done(sat, life, "examination"))["state"] == "under_examination"


@pytest.mark.parametrize("until", ["2026-02-30", "2020-01-01", "bientôt"])
async def test_an_impossible_date_is_refused(sat: Program, life: Life, until: str) -> None:
    await done(sat, life, "examination")
    answer = await sat.post(f"/cases/{life.request_id}/information-request", {"items": ["Un plan"], "until": until})
    assert answer.status_code == 400
    assert names(answer.json()["errors"], "field") == ["until"]


async def test_messages_and_notes_stay_apart(sat: Program, life: Life, database: Database) -> None:
    answer = await sat.post(f"/cases/{life.request_id}/messages", {"text": "Bonjour, votre demande est suivie."})
    assert answer.status_code == 201
    answer = await sat.post(f"/cases/{life.request_id}/notes", {"text": "Élu très pressé."})
    assert answer.status_code == 201
    shown = answer.json()
    assert names(shown["messages"], "text") == ["Bonjour, votre demande est suivie."]
    assert names(shown["notes"], "text") == ["Élu très pressé."]
    assert await told(database, life) == ["request_registered", "message_posted"]
    assert not await database.fetchval("SELECT EXISTS (SELECT FROM journal WHERE body LIKE '%pressé%')")


async def test_a_text_that_is_too_long_or_empty_is_refused(sat: Program, life: Life) -> None:
    for text in ("", "   ", "x" * 10_001):
        answer = await sat.post(f"/cases/{life.request_id}/messages", {"text": text})
        assert answer.status_code == 400
        assert names(answer.json()["errors"], "field") == ["text"]


async def test_a_case_is_assigned_to_an_agent_of_the_same_departement_only(
    sat: Program, neighbour: Program, life: Life
) -> None:
    shown = await done(sat, life, "assignment", {"email": "SAT95@cousu.test"})
    assert shown["assignee"]["email"] == "sat95@cousu.test"
    assert (await sat.get("/cases", params={"assignee": "me"})).json()["total"] == 1
    assert (await sat.get("/cases", params={"assignee": "none"})).json()["total"] == 0
    for email in (neighbour.agent.email, "personne@cousu.test"):
        answer = await sat.post(f"/cases/{life.request_id}/assignment", {"email": email})
        assert answer.status_code == 400
        assert names(answer.json()["errors"], "field") == ["email"]


async def test_marks_go_from_one_to_five(sat: Program, life: Life) -> None:
    await done(sat, life, "examination")
    answer = await sat.post(f"/cases/{life.request_id}/qualification", {**GRID, "urgency": 6, "need": 0})
    assert answer.status_code == 400
    assert set(names(answer.json()["errors"], "field")) == {"urgency", "need"}


async def test_departing_from_the_cost_rule_needs_a_motive(sat: Program, life: Life) -> None:
    await done(sat, life, "examination")
    shown = await done(sat, life, "qualification", GRID)
    assert shown["qualification"]["fully_covered"] is False
    answer = await sat.post(f"/cases/{life.request_id}/qualification", {**GRID, "fully_covered": True})
    assert names(answer.json()["errors"], "field") == ["cost_motive"]
    shown = await done(
        sat, life, "qualification", {**GRID, "fully_covered": True, "cost_motive": "Commune très fragile."}
    )
    assert shown["qualification"]["fully_covered"] is True


@pytest.mark.usefixtures("life")
async def test_the_queue_is_filtered_searched_and_sorted(sat: Program, inbox: Inbox) -> None:
    urgent = Life(inbox)
    await urgent.submitted(number="95-2026-000002", title="Une école à rénover")
    await done(sat, urgent, "examination")
    await done(sat, urgent, "qualification", {**GRID, "urgency": 5})
    found = (await sat.get("/cases")).json()
    assert found["total"] == 2
    assert found["page"] == 1
    assert found["items"][0]["request_id"] == str(urgent.request_id)
    for q, expected in (("ECOLE", 1), ("000001", 1), ("magny en vexin", 2), ("Cergy", 0), ("  ", 2), ("%", 0)):
        assert (await sat.get("/cases", params={"q": q})).json()["total"] == expected, q
    assert (await sat.get("/cases", params={"state": "registered"})).json()["total"] == 1
    assert (await sat.get("/cases", params={"state": "", "assignee": "", "overdue": "", "q": ""})).json()["total"] == 2
    assert (await sat.get("/cases", params={"overdue": "true"})).json()["total"] == 0
    assert (await sat.get("/cases", params={"per_page": 1, "page": 2})).json()["items"][0]["number"] == "95-2026-000001"
    for wrong in ({"state": "lost"}, {"overdue": "peut-être"}, {"sort": "colour"}, {"page": 0}, {"per_page": 201}):
        assert (await sat.get("/cases", params=wrong)).status_code == 400, wrong


async def test_matches_are_ranked_with_reasons(sat: Program, life: Life) -> None:
    found = (await sat.get(f"/cases/{life.request_id}/matches")).json()
    best = found["items"][0]
    assert best["name"] in {"CAUE du Val-d’Oise", "Banque des Territoires Île-de-France"}
    assert any("revitalisation commerciale" in reason for reason in best["reasons"])
    assert best["capacity_left"] > 0
    assert str(IN_THE_YVELINES.id) not in names(found["items"], "provider_id")


async def test_an_open_orientation_takes_capacity(sat: Program, delegate: Program, life: Life) -> None:
    before = (await sat.get(f"/providers/{CAUE.id}")).json()["capacity_left"]
    await answered(sat, delegate, life, ORIENTATION)
    assert (await sat.get(f"/providers/{CAUE.id}")).json()["capacity_left"] == before - 1


async def test_the_catalogue_is_kept_by_the_agents_of_the_area(
    sat: Program, delegate: Program, neighbour: Program
) -> None:
    entry = {"name": "Atelier des communes", "kind": "Association", "email": "atelier@exemple.test", "capacity": 2}
    added = await sat.post("/providers", entry)
    assert added.status_code == 201, added.text
    provider = added.json()
    assert provider["departements"] == ["95"]
    assert (await delegate.post("/providers", entry)).status_code == 403
    assert (await neighbour.get(f"/providers/{provider['id']}")).status_code == 404
    assert (await neighbour.post(f"/providers/{provider['id']}", {"capacity": 9}, "PATCH")).status_code == 404
    changed = await sat.post(f"/providers/{provider['id']}", {"capacity": 5}, "PATCH")
    assert changed.json()["capacity"] == 5
    assert changed.json()["name"] == "Atelier des communes"
    replaced = await sat.post(f"/providers/{provider['id']}", {**entry, "fields": ["habitat"]}, "PUT")
    assert replaced.json()["fields"] == ["habitat"]
    for wrong, field in (
        ({**entry, "departements": ["95", "78"]}, "departements"),
        ({**entry, "epci": ["123"]}, "epci"),
        ({**entry, "communes": ["99999"]}, "communes"),
        ({**entry, "email": "nulle part"}, "email"),
        ({**entry, "valid_from": "2027-02-01", "valid_until": "2027-01-01"}, "valid_until"),
    ):
        answer = await sat.post("/providers", wrong)
        assert answer.status_code == 400, wrong
        assert names(answer.json()["errors"], "field") == [field]


async def test_an_agent_does_not_rewrite_a_provider_that_also_works_elsewhere(sat: Program, program: Programs) -> None:
    of_both = await program("sat-95-78", Role.SAT_AGENT, "95", "78")
    entry = {"name": "Agence des deux rives", "kind": "Agence", "email": "agence@rives.test"}
    made = (await of_both.post("/providers", {**entry, "departements": ["95", "78"]})).json()
    address = f"/providers/{made['id']}"
    for change in ({"email": "ailleurs@rives.test"}, {"name": "Autre"}, {"capacity": 0}, {"url": "https://rives.test"}):
        refused = await sat.post(address, change, "PATCH")
        assert refused.status_code == 400
        assert names(refused.json()["errors"], "field") == ["departements"]
    assert (await sat.get(address)).json()["email"] == "agence@rives.test"
    assert (await of_both.post(address, {"email": "bureau@rives.test"}, "PATCH")).status_code == 200
    left = await sat.post(address, {"departements": ["78"]}, "PATCH")
    assert left.status_code == 200
    assert (await of_both.get(address)).json()["departements"] == ["78"]


async def test_a_consultation_is_traced_once_a_minute(sat: Program, life: Life, database: Database) -> None:
    for _ in range(3):
        await sat.get(f"/cases/{life.request_id}")
    rows = await database.fetch("SELECT email FROM consultation")
    assert {row["email"] for row in rows} == {"sat95@cousu.test"}
    assert len(rows) <= 2


async def test_a_withdrawn_request_allows_notes_only(sat: Program, life: Life) -> None:
    await life.tell(intake.RequestWithdrawn(**life.about(), motive="Projet abandonné."))
    shown = (await sat.get(f"/cases/{life.request_id}")).json()
    assert shown["state"] == "withdrawn"
    assert shown["allowed_actions"] == ["notes"]
    assert (await sat.post(f"/cases/{life.request_id}/examination")).status_code == 409


async def test_a_document_is_opened_through_the_case_and_whoever_opens_it_is_recorded(
    sat: Program, neighbour: Program, life: Life, database: Database, browser: Callable[[Agent], Awaitable[Browser]]
) -> None:
    document = intake.Document(
        id=uuid4(), name="plan.pdf", media_type="application/pdf", size=10, sha256="0" * 64, added_at=clock.now()
    )
    await life.tell(intake.DocumentAdded(**life.about(), document=document))
    shown = (await sat.get(f"/cases/{life.request_id}")).json()
    address = shown["documents"][0]["url"].removeprefix("http://qualification.test/api/v1")
    assert address == f"/cases/{life.request_id}/documents/{document.id}"
    links = DocumentLinks("document-key-for-tests-only-0000001")
    page = f"/demandes/{life.request_id}/documents/{document.id}"
    agent = await browser(sat.agent)
    assert f'href="{page}"' in (await agent.get(f"/demandes/{life.request_id}")).text
    for answer in (await sat.get(address), await agent.get(page)):
        assert answer.status_code == 303
        folder, _, sealed = answer.headers["location"].rpartition("/")
        assert folder == "http://intake.test/documents"
        assert links.read(sealed, at=clock.now()) == document.id
        assert links.read(sealed, at=clock.now() + LIFETIME) is None
    for foreign in (f"/cases/{life.request_id}/documents/{uuid4()}", f"/cases/{uuid4()}/documents/{document.id}"):
        assert (await sat.get(foreign)).status_code == 404
    assert (await neighbour.get(address)).status_code == 404
    assert (await (await browser(neighbour.agent)).get(page)).status_code == 404
    rows = await database.fetch("SELECT request_id, departement, document_id, agent_id, email FROM document_access")
    opened = (life.request_id, "95", document.id, sat.agent.id, sat.agent.email)
    assert [tuple(row.values()) for row in rows] == [opened, opened]


async def test_an_epci_that_is_small_is_fully_covered(sat: Program, inbox: Inbox) -> None:
    life = Life(inbox)
    applicant = intake.Applicant(
        kind=ApplicantKind.EPCI, code="200035970", name="CC Vexin Val de Seine", departement="95", population=14_999
    )
    await life.submitted(applicant=applicant)
    assert (await qualified(sat, life))["qualification"]["fully_covered"] is True


async def test_members_that_nobody_expects_are_refused(sat: Program, life: Life) -> None:
    answer = await sat.post(f"/cases/{life.request_id}/examination", {"please": True})
    assert answer.status_code == 400
    assert names(answer.json()["errors"], "field") == ["please"]


async def test_the_service_describes_itself(client: Client, rules: Rules) -> None:
    document = (await client.get("/api/v1/openapi.json")).json()
    assert "/api/v1/cases/{request_id}/proposal" in document["paths"]
    described = (await client.get("/asyncapi")).json()
    assert described["asyncapi"] == "3.0.0"
    assert rules.serves("95")


def test_agents_of_the_tests_have_their_departement(sat: Program) -> None:
    assert isinstance(sat.agent, Agent)
    assert sat.agent.sees("95")
