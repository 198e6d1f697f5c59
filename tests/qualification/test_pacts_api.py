"""The API of pacts from outside: a pact's whole life, and what is refused on the way."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID, uuid4

import pytest

from shared.contracts.vocabulary import RequestKind
from shared.db import Database
from shared.identity.model import Role
from shared.messaging.inbox.inbox import Inbox
from tests.qualification.conftest import Program, Programs
from tests.qualification.life import Life, in_days, names

EPCI: Final = "CC du Vexin"
COMMUNE: Final = "Magny-en-Vexin"
PACT: Final[Mapping[str, Any]] = {
    "title": "Pacte territorial du Vexin",
    "departement": "95",
    "parties": [{"name": EPCI, "email": "cc@vexin.test"}, {"name": COMMUNE, "kind": "commune", "code": "95355"}],
}
DIAGNOSIS: Final = {
    "strengths": ["Un patrimoine reconnu", "Des associations actives"],
    "weaknesses": ["Peu de commerces"],
    "indicators": [{"name": "Commerces", "value": 12, "source": "Insee"}],
}
ACTION: Final = {
    "title": "Ouvrir une halle",
    "owner": COMMUNE,
    "partners": [EPCI],
    "budget_cents": 25_000_000,
    "due_on": in_days(300).isoformat(),
    "indicator": "Nombre d’étals",
}


async def must(who: Program, path: str, body: Any = None, status: int = 200) -> dict[str, Any]:
    """Take an action that must succeed, and give the pact's new form."""
    answer = await who.post(path, body)
    assert answer.status_code == status, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def opened(sat: Program, **changes: Any) -> str:
    """Open a pact and give its address."""
    shown = await must(sat, "/pacts", {**PACT, **changes}, 201)
    return f"/pacts/{shown['id']}"


async def shared(sat: Program) -> str:
    """A diagnosis is on the table."""
    pact = await opened(sat)
    await must(sat, f"{pact}/diagnosis", DIAGNOSIS)
    return pact


async def agreed(sat: Program, delegate: Program) -> str:
    """Every party agreed the diagnosis."""
    pact = await shared(sat)
    await must(sat, f"{pact}/agreements", {"party": EPCI})
    await must(sat, f"{pact}/agreements", {"party": COMMUNE})
    await must(delegate, f"{pact}/agreements", {"party": "État"})
    return pact


async def planned(sat: Program, delegate: Program) -> str:
    """The plan has an action."""
    pact = await agreed(sat, delegate)
    await must(sat, f"{pact}/actions", ACTION, 201)
    return pact


async def ready(sat: Program, delegate: Program) -> str:
    """The plan is ready to be signed."""
    pact = await planned(sat, delegate)
    await must(sat, f"{pact}/readiness")
    return pact


async def signed(sat: Program, delegate: Program) -> tuple[str, str]:
    """Every party signed; gives the pact and its action."""
    pact = await ready(sat, delegate)
    await must(delegate, f"{pact}/signatures", {"party": "État"})
    await must(sat, f"{pact}/signatures", {"party": EPCI})
    shown = await must(sat, f"{pact}/signatures", {"party": COMMUNE})
    return pact, shown["actions"][0]["id"]


async def test_a_pact_lives_from_its_opening_to_the_progress_of_its_actions(
    sat: Program, delegate: Program, database: Database
) -> None:
    shown = await must(sat, "/pacts", PACT, 201)
    assert shown["state"] == "preparing"
    assert names(shown["parties"], "name") == ["État", EPCI, COMMUNE]
    assert shown["allowed_actions"] == ["diagnosis", "parties"]
    pact = f"/pacts/{shown['id']}"

    shown = await must(sat, f"{pact}/diagnosis", DIAGNOSIS)
    assert shown["state"] == "diagnosis"
    assert shown["diagnosis"]["version"] == 1
    assert shown["diagnosis"]["indicators"] == [{"name": "Commerces", "value": "12", "source": "Insee"}]

    await must(delegate, f"{pact}/agreements", {"party": shown["parties"][0]["id"]})
    await must(sat, f"{pact}/agreements", {"party": EPCI})
    shown = await must(sat, f"{pact}/agreements", {"party": COMMUNE})
    assert shown["state"] == "planning"
    assert names(shown["agreements"], "party") == ["État", EPCI, COMMUNE]
    assert shown["agreements"][0]["recorded_by"]["role"] == "delegate"

    shown = await must(sat, f"{pact}/actions", ACTION, 201)
    action = shown["actions"][0]
    assert (action["percent"], action["status"], action["budget_cents"]) == (0, "planned", 25_000_000)

    too_early = await sat.post(f"{pact}/signatures", {"party": COMMUNE})
    assert (too_early.status_code, too_early.json()["code"]) == (409, "plan_not_ready")
    assert "readiness" in too_early.json()["allowed_actions"]
    shown = await must(sat, f"{pact}/readiness")
    assert (shown["state"], shown["state_label"]) == ("planning", "À signer")
    assert shown["ready_at"]
    await must(sat, f"{pact}/signatures", {"party": COMMUNE})
    await must(sat, f"{pact}/signatures", {"party": EPCI})
    shown = await must(delegate, f"{pact}/signatures", {"party": "État"})
    assert shown["state"] == "signed"
    assert shown["review_due_on"] > shown["signed_on"]
    assert shown["review_overdue"] is False
    assert shown["allowed_actions"] == ["invitations", "versions", "progress", "reviews"]

    told = {"action_id": action["id"], "percent": 40, "status": "under_way", "comment": "Le permis est déposé."}
    shown = await must(sat, f"{pact}/progress", told)
    assert shown["percent"] == 40
    assert shown["actions"][0]["progress"][0]["comment"] == "Le permis est déposé."

    rows = await database.fetch(
        "SELECT type, source FROM journal WHERE subject = $1 ORDER BY sequence", pact.rpartition("/")[2]
    )
    assert [row["type"].split(".")[1] for row in rows] == [
        "pact_opened",
        "pact_diagnosis_shared",
        "pact_party_invited",
        *["pact_diagnosis_agreed"] * 3,
        "pact_action_added",
        "pact_plan_ready",
        "pact_party_invited",
        *["pact_signed"] * 3,
        "pact_party_invited",
        "pact_progress_reported",
    ]
    assert {row["source"] for row in rows} == {"/qualification/95"}


async def test_another_diagnosis_voids_the_agreements_given(sat: Program, delegate: Program) -> None:
    pact = await agreed(sat, delegate)
    shown = await must(sat, f"{pact}/diagnosis", {**DIAGNOSIS, "weaknesses": ["Peu de commerces", "Peu de cars"]})
    assert shown["state"] == "diagnosis"
    assert shown["diagnosis"]["version"] == 2
    assert shown["agreements"] == []
    assert names(shown["parties"], "agreed_on") == [None, None, None]


async def test_an_illegal_move_tells_the_state_and_what_is_allowed(sat: Program) -> None:
    pact = await shared(sat)
    for action, body in (("actions", ACTION), ("signatures", {"party": EPCI})):
        answer = await sat.post(f"{pact}/{action}", body)
        assert answer.status_code == 409
        assert answer.json()["code"] == "diagnosis_not_agreed"
        assert answer.json()["state"] == "diagnosis"
        assert answer.json()["allowed_actions"] == ["diagnosis", "parties", "invitations", "agreements"]


async def test_an_empty_plan_is_not_signed(sat: Program, delegate: Program) -> None:
    answer = await delegate.post(f"{await agreed(sat, delegate)}/signatures", {"party": "État"})
    assert answer.status_code == 409
    assert answer.json()["code"] == "plan_empty"


async def test_the_plan_is_frozen_by_the_first_signature(sat: Program, delegate: Program) -> None:
    pact = await ready(sat, delegate)
    shown = await must(sat, f"{pact}/signatures", {"party": EPCI})
    assert shown["state"] == "planning"
    removal = f"actions/{shown['actions'][0]['id']}/removal"
    for action, body in (("actions", ACTION), ("diagnosis", DIAGNOSIS), (removal, None)):
        answer = await sat.post(f"{pact}/{action}", body)
        assert answer.status_code == 409
        assert answer.json()["code"] == "plan_frozen"


async def test_an_action_can_be_taken_out_before(sat: Program, delegate: Program) -> None:
    pact = await planned(sat, delegate)
    action = (await sat.get(pact)).json()["actions"][0]["id"]
    shown = await must(sat, f"{pact}/actions/{action}/removal")
    assert shown["actions"] == []
    assert "signatures" not in shown["allowed_actions"]


async def test_only_a_delegate_agrees_and_signs_for_the_state(sat: Program, delegate: Program) -> None:
    pact = await shared(sat)
    answer = await sat.post(f"{pact}/agreements", {"party": "État"})
    assert answer.status_code == 403
    assert answer.json()["code"] == "state_needs_delegate"
    answer = await delegate.post(f"{pact}/agreements", {"party": COMMUNE})
    assert answer.status_code == 403


async def test_a_signature_keeps_the_day_on_which_it_was_given(sat: Program, delegate: Program) -> None:
    pact = await ready(sat, delegate)
    for day in (2, -2):
        refused = await sat.post(f"{pact}/signatures", {"party": EPCI, "on": in_days(day).isoformat()})
        assert refused.status_code == 400
        assert names(refused.json()["errors"], "field") == ["on"]
    signatory = {"name": "Anne Roy", "function": "Présidente", "authority": "Délibération du 4 janvier"}
    shown = await must(sat, f"{pact}/signatures", {"party": EPCI, "on": in_days(0).isoformat(), **signatory})
    (signature,) = shown["signatures"]
    assert {name: signature[name] for name in signatory} == signatory
    assert signature["sha256"] == shown["versions"][0]["sha256"]


async def test_progress_of_another_pacts_action_is_refused(sat: Program, delegate: Program) -> None:
    pact, _ = await signed(sat, delegate)
    answer = await sat.post(f"{pact}/progress", {"action_id": str(uuid4()), "percent": 10, "status": "under_way"})
    assert answer.status_code == 400
    assert names(answer.json()["errors"], "field") == ["action_id"]


async def test_progress_outside_its_bounds_is_refused(sat: Program, delegate: Program) -> None:
    pact, action = await signed(sat, delegate)
    for told, field in (({"percent": 101}, "percent"), ({"percent": 5, "status": "vite"}, "status"), ({}, "percent")):
        answer = await sat.post(f"{pact}/progress", {"action_id": action, **told})
        assert answer.status_code == 400
        assert names(answer.json()["errors"], "field") == [field]


async def test_the_yearly_review_is_said_to_be_overdue_until_it_is_held(
    sat: Program, delegate: Program, database: Database
) -> None:
    pact, _ = await signed(sat, delegate)
    async with database.transaction() as tx:
        await tx.execute("UPDATE pact SET signed_on = signed_on - 400")
    shown = (await sat.get(pact)).json()
    assert shown["review_overdue"] is True
    assert (await sat.get("/pacts")).json()["items"][0]["review_overdue"] is True
    shown = await must(sat, f"{pact}/reviews", {"summary": "Le plan avance."}, 201)
    assert shown["review_overdue"] is False
    assert shown["reviews"][0]["summary"] == "Le plan avance."


async def test_late_actions_are_said(sat: Program, delegate: Program, database: Database) -> None:
    pact, action = await signed(sat, delegate)
    async with database.transaction() as tx:
        await tx.execute("UPDATE pact_action SET due_on = due_on - 400")
    assert (await sat.get(pact)).json()["actions"][0]["overdue"] is True
    assert (await sat.get("/pacts")).json()["items"][0]["late_actions"] == 1
    shown = await must(sat, f"{pact}/progress", {"action_id": action, "status": "done"})
    assert shown["actions"][0]["overdue"] is False
    assert shown["review_due_on"] is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"departement": "78"}, "departement"),
        ({"parties": []}, "parties"),
        ({"parties": [{"name": "État"}]}, "parties"),
        ({"parties": [{"name": "Magny"}, {"name": "MAGNY"}]}, "parties.1.name"),
        ({"parties": [{"name": "État"}, {"name": "Préfecture", "kind": "state"}]}, "parties.1.name"),
        ({"parties": [{"kind": "commune", "code": "99999"}]}, "parties.0.code"),
        ({"parties": [{"name": "Magny", "code": "99999"}]}, "parties.0.code"),
        ({"parties": [{"name": "CAUE", "kind": "association", "code": "99999"}]}, "parties.0.code"),
        ({"parties": [{"name": "Cergy", "kind": "commune", "code": "95355"}]}, "parties.0.code"),
        ({"parties": [{"name": "Atlantide", "kind": "commune"}]}, "parties.0.name"),
        ({"parties": [{"name": "Saint-Ouen", "kind": "commune"}]}, "parties.0.name"),
        ({"parties": [{"email": "cc@vexin.test"}]}, "parties.0.name"),
        ({"parties": [{"name": "CC", "email": "cc"}]}, "parties.0.email"),
        ({"parties": [{"name": "CC", "kind": "royaume"}]}, "parties.0.kind"),
        ({"request_id": str(UUID(int=7))}, "request_id"),
        ({"color": "bleu"}, "color"),
    ],
)
async def test_a_pact_that_cannot_be_is_refused_field_by_field(
    sat: Program, changes: dict[str, Any], field: str
) -> None:
    answer = await sat.post("/pacts", {**PACT, **changes})
    assert answer.status_code == 400
    assert names(answer.json()["errors"], "field") == [field]


async def test_the_least_that_opens_a_pact_is_a_title_and_a_party(sat: Program) -> None:
    shown = await must(
        sat, "/pacts", {"title": "Pacte", "parties": ["CC du Vexin", {"kind": "commune", "code": "95355"}]}, 201
    )
    assert shown["departement"] == "95"
    assert names(shown["parties"], "name") == ["État", "CC du Vexin", "Magny-en-Vexin"]


async def test_an_empty_diagnosis_and_an_impossible_date_are_refused(sat: Program, delegate: Program) -> None:
    pact = await opened(sat)
    answer = await sat.post(f"{pact}/diagnosis", {"indicators": [{"name": "Commerces", "value": "12"}]})
    assert answer.status_code == 400
    assert names(answer.json()["errors"], "field") == ["strengths"]
    answer = await sat.post(f"{await agreed(sat, delegate)}/actions", {**ACTION, "due_on": "2027-02-30"})
    assert answer.status_code == 400
    assert names(answer.json()["errors"], "field") == ["due_on"]


async def test_another_departement_s_pact_does_not_exist(sat: Program, neighbour: Program) -> None:
    pact = await shared(sat)
    assert (await neighbour.get(pact)).status_code == 404
    assert (await neighbour.post(f"{pact}/agreements", {"party": EPCI})).status_code == 404
    assert (await neighbour.get("/pacts")).json() == {"items": [], "total": 0, "page": 1}


async def test_pacts_are_found_by_state_and_by_words(sat: Program) -> None:
    await opened(sat, title="Pacte de l’Oise")
    await shared(sat)
    found = (await sat.get("/pacts", params={"state": "diagnosis"})).json()
    assert names(found["items"], "title") == [PACT["title"]]
    assert found["items"][0]["allowed_actions"] == ["diagnosis", "parties", "invitations", "agreements"]
    found = (await sat.get("/pacts", params={"q": "oise", "per_page": 1})).json()
    assert (names(found["items"], "title"), found["total"]) == (["Pacte de l’Oise"], 1)
    assert (await sat.get("/pacts", params={"q": "magny"})).json()["total"] == 2
    assert (await sat.get("/pacts", params={"q": "…"})).json()["total"] == 0
    assert (await sat.get("/pacts", params={"state": "brouillon"})).status_code == 400


async def test_a_request_leads_to_one_pact(sat: Program, inbox: Inbox) -> None:
    life = Life(inbox)
    await life.submitted(kind=RequestKind.TERRITORIAL_PACT, support_types=(), fields=())
    pact = await opened(sat, request_id=str(life.request_id))
    assert (await sat.get(pact)).json()["request_id"] == str(life.request_id)
    answer = await sat.post("/pacts", {**PACT, "request_id": str(life.request_id)})
    assert answer.status_code == 409
    assert answer.json()["code"] == "pact_already_opened"


async def test_an_auditor_looks_and_touches_nothing(sat: Program, program: Programs) -> None:
    pact = await shared(sat)
    auditor = await program("audit", Role.AUDITOR)
    shown = await auditor.get(pact)
    assert shown.status_code == 200
    assert shown.json()["allowed_actions"] == []
    assert (await auditor.post(f"{pact}/agreements", {"party": EPCI})).status_code == 403
    assert (await auditor.post("/pacts", PACT)).status_code == 403


async def test_visitors_are_not_let_in(sat: Program) -> None:
    assert (await sat.client.get("/api/v1/pacts")).status_code == 401


async def test_times_are_told_with_their_offset(sat: Program) -> None:
    shown = (await sat.get(await shared(sat))).json()
    shared_at = datetime.fromisoformat(shown["diagnosis"]["shared_at"])
    assert shared_at.tzinfo is not None
    assert abs((datetime.now(UTC) - shared_at).total_seconds()) < 60


async def test_official_parties_are_those_of_the_list(sat: Program) -> None:
    shown = await must(
        sat,
        "/pacts",
        {
            "title": "Pacte",
            "parties": [
                {"name": "Magny-en-Vexin", "kind": "commune"},
                {"name": "Conseil départemental du Val-d’Oise", "kind": "departement", "code": "95"},
                {"code": "200035970"},
                {"name": "CAUE", "kind": "association", "code": "309 158 105"},
            ],
        },
        201,
    )
    found = [(party["name"], party["kind"], party["code"]) for party in shown["parties"][1:]]
    assert found == [
        ("Magny-en-Vexin", "commune", "95355"),
        ("Conseil départemental du Val-d’Oise", "departement", "95"),
        ("Communauté de communes Vexin Centre", "epci", "200035970"),
        ("CAUE", "association", "309158105"),
    ]


async def test_parties_are_added_corrected_and_removed_until_the_plan_is_ready(sat: Program, delegate: Program) -> None:
    pact = await planned(sat, delegate)
    shown = await must(sat, f"{pact}/parties", {"kind": "commune", "code": "95500"}, 201)
    added = shown["parties"][-1]
    assert (added["name"], shown["state"]) == ("Pontoise", "diagnosis")
    await must(sat, f"{pact}/agreements", {"party": "Pontoise"})
    shown = await must(sat, f"{pact}/parties/{added['id']}/correction", {"name": "Cergy", "kind": "commune"})
    assert shown["parties"][-1]["name"] == "Cergy"
    shown = await must(sat, f"{pact}/parties/{added['id']}/removal")
    assert names(shown["parties"], "name") == ["État", EPCI, COMMUNE]
    assert (await sat.get("/pacts", params={"q": "cergy"})).json()["total"] == 0
    refused = await sat.post(f"{pact}/parties/{shown['parties'][2]['id']}/removal")
    assert (refused.status_code, refused.json()["code"]) == (409, "still_in_charge")
    await must(sat, f"{pact}/readiness")
    refused = await sat.post(f"{pact}/parties", {"kind": "commune", "code": "95500"})
    assert (refused.status_code, refused.json()["code"]) == (409, "plan_ready")


async def test_owners_partners_and_payers_are_parties(sat: Program, delegate: Program) -> None:
    pact = await agreed(sat, delegate)
    wrong = {**ACTION, "owner": "mairie de Magny", "shares": [{"party": "CAUE", "amount_cents": 1_000}]}
    refused = await sat.post(f"{pact}/actions", wrong)
    assert refused.status_code == 400
    assert names(refused.json()["errors"], "field") == ["owner", "shares.0.party"]
    shares = [{"party": EPCI, "amount_cents": 10_000_000}, {"other": "FEDER", "amount_cents": 5_000_000}]
    shown = await must(sat, f"{pact}/actions", {**ACTION, "shares": shares}, 201)
    (action,) = shown["actions"]
    parties = {party["name"]: party["id"] for party in shown["parties"]}
    assert (action["owner_id"], action["partner_ids"]) == (parties[COMMUNE], [parties[EPCI]])
    assert [(each["payer"], each["payer_id"]) for each in action["shares"]] == [(EPCI, parties[EPCI]), ("FEDER", None)]
    more = await sat.post(f"{pact}/actions", {**ACTION, "shares": [{"other": "FEDER", "amount_cents": 99_000_000}]})
    assert names(more.json()["errors"], "field") == ["shares"]


async def test_an_action_is_edited_and_a_renamed_party_keeps_it(sat: Program, delegate: Program) -> None:
    pact = await planned(sat, delegate)
    shown = (await sat.get(pact)).json()
    action, commune = shown["actions"][0], shown["parties"][2]
    edit = f"{pact}/actions/{action['id']}/correction"
    shown = await must(sat, edit, {**ACTION, "title": "Ouvrir deux halles", "partners": []})
    assert (shown["actions"][0]["title"], shown["actions"][0]["partners"]) == ("Ouvrir deux halles", [])
    stale = await sat.post(edit, {**ACTION, "changed_at": action["changed_at"]})
    assert (stale.status_code, stale.json()["code"]) == (409, "outdated")
    assert "sat95 a modifié l’action" in stale.json()["detail"]
    renamed = {"name": "Commune de Magny-en-Vexin", "kind": "commune", "code": "95355"}
    shown = await must(sat, f"{pact}/parties/{commune['id']}/correction", renamed)
    assert shown["actions"][0]["owner"] == "Commune de Magny-en-Vexin"


async def test_owners_of_earlier_versions_that_are_no_parties_are_chosen_before_the_plan_is_ready(
    sat: Program, delegate: Program, database: Database
) -> None:
    pact = await planned(sat, delegate)
    async with database.transaction() as tx:
        await tx.execute("UPDATE pact_action SET owner_id = NULL, owner = 'La mairie', partner_ids = NULL")
    shown = (await sat.get(pact)).json()
    assert (shown["actions"][0]["owner"], shown["actions"][0]["owner_id"]) == ("La mairie", None)
    assert "readiness" not in shown["allowed_actions"]
    assert (await sat.get("/pacts")).json()["items"][0]["allowed_actions"] == shown["allowed_actions"]
    refused = await sat.post(f"{pact}/readiness")
    assert (refused.status_code, refused.json()["code"]) == (409, "owners_unknown")
    shown = await must(sat, f"{pact}/actions/{shown['actions'][0]['id']}/correction", ACTION)
    assert "readiness" in shown["allowed_actions"]


async def test_a_plan_is_taken_back_and_put_to_signature_again(sat: Program, delegate: Program) -> None:
    pact = await ready(sat, delegate)
    shown = await must(delegate, f"{pact}/reopening")
    assert (shown["ready_at"], shown["versions"]) == (None, [])
    shown = await must(delegate, f"{pact}/readiness")
    assert [(each["number"], each["state"]) for each in shown["versions"]] == [(1, "to_sign")]
    assert "last_act" in shown
    refused = await sat.post(f"{pact}/versions")
    assert (refused.status_code, refused.json()["code"]) == (409, "version_under_way")


async def test_an_amendment_is_signed_by_all_while_the_version_in_force_is_followed(
    sat: Program, delegate: Program
) -> None:
    pact, action = await signed(sat, delegate)
    first = await sat.get(f"{pact}/versions/1/document.pdf")
    shown = await must(sat, f"{pact}/versions")
    assert (shown["state"], shown["number"], shown["amendment"]["number"]) == ("signed", 1, 2)
    more = {**ACTION, "title": "Une maison de santé", "budget_cents": 45_000_000}
    shown = await must(sat, f"{pact}/actions", more, 201)
    await must(sat, f"{pact}/actions/{action}/correction", {**ACTION, "budget_cents": 30_000_000})
    shown = await must(sat, f"{pact}/progress", {"action_id": action, "percent": 60})
    assert [(each["budget_cents"], each["percent"]) for each in shown["actions"]] == [(25_000_000, 60)]
    assert names(shown["amendment"]["actions"], "budget_cents") == [30_000_000, 45_000_000]
    assert shown["percent"] == 60
    await must(sat, f"{pact}/reviews", {"summary": "Le plan avance."}, 201)
    await must(sat, f"{pact}/readiness")
    for who, party in ((delegate, "État"), (sat, EPCI), (sat, COMMUNE)):
        shown = await must(who, f"{pact}/signatures", {"party": party})
    assert (shown["number"], shown["amendment"]) == (2, None)
    assert names(shown["actions"], "title") == [ACTION["title"], "Une maison de santé"]
    assert shown["actions"][0]["percent"] == 60
    assert [(each["number"], each["state"]) for each in shown["versions"]] == [(2, "in_force"), (1, "replaced")]
    again = await sat.get(f"{pact}/versions/1/document.pdf")
    assert again.content == first.content
    assert hashlib.sha256(first.content).hexdigest() == shown["versions"][1]["signed_sha256"]
    assert (await sat.get(f"{pact}/versions/7/document.pdf")).status_code == 404
    unsigned = await sat.get(f"{pact}/versions/1/document.pdf", params={"signed": "false"})
    assert hashlib.sha256(unsigned.content).hexdigest() == shown["versions"][1]["sha256"]


async def test_an_amendment_that_is_given_up_leaves_no_trace_in_the_pact_in_force(
    sat: Program, delegate: Program
) -> None:
    pact, action = await signed(sat, delegate)
    before = (await sat.get(pact)).json()
    await must(sat, f"{pact}/versions")
    await must(sat, f"{pact}/actions", {**ACTION, "title": "Une maison de santé"}, 201)
    await must(sat, f"{pact}/actions/{action}/removal")
    await must(sat, f"{pact}/parties", {"kind": "commune", "code": "95500"}, 201)
    await must(sat, f"{pact}/diagnosis", {**DIAGNOSIS, "strengths": ["Un port"]})
    after = await must(delegate, f"{pact}/giving-up")
    for member in ("number", "state", "diagnosis", "signatures", "versions", "signed_on"):
        assert after[member] == before[member]
    assert names(after["parties"], "name") == names(before["parties"], "name")
    assert [(each["id"], each["title"]) for each in after["actions"]] == [(action, ACTION["title"])]
    refused = await sat.post(f"{pact}/giving-up")
    assert refused.status_code == 409


async def test_a_version_that_some_signed_is_corrected_by_the_next(sat: Program, delegate: Program) -> None:
    pact = await ready(sat, delegate)
    await must(sat, f"{pact}/signatures", {"party": EPCI})
    refused = await sat.post(f"{pact}/reopening")
    assert (refused.status_code, refused.json()["code"]) == (409, "plan_frozen")
    shown = await must(sat, f"{pact}/versions")
    assert (shown["number"], shown["signatures"]) == (2, [])
    (given_up,) = shown["versions"]
    assert (given_up["state"], names(given_up["signatures"], "party")) == ("given_up", [EPCI])
    await must(sat, f"{pact}/readiness")
    assert (await sat.get("/pacts")).json()["items"][0]["state_label"] == "À signer"
