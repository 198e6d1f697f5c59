"""The work of a local answer: started, led to its end or stopped, by the département or by the provider's link."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.qualification.domain import working
from services.qualification.domain.case import Case
from services.qualification.domain.local_work import LocalState
from services.qualification.domain.moves import State
from services.qualification.domain.people import Helper, Official
from services.qualification.domain.refusals import CompletionBlocked
from services.qualification.domain.rules import Rules
from services.qualification.handlers import handlers
from services.qualification.usecases.working import publish_late_work, remind_of_work
from shared import clock
from shared.accompaniment import MilestoneWasReached
from shared.contracts import intake
from shared.contracts import qualification as facts
from shared.contracts.vocabulary import LocalClock, LocalEnd, Outcome, WithdrawalReason
from shared.contracts.withdrawal import Withdrawal
from shared.db import Database
from shared.errors import Forbidden, IllegalMove, Invalid
from shared.identity.model import Agent
from tests.qualification.acting import CAUE, ORIENTATION, answered, done, told
from tests.qualification.conftest import LINKS, Browser, Client, Program, within
from tests.qualification.life import Life, in_days
from tests.qualification.test_domain import AT, BOTH, DELEGATE, NOBODY, SAT, a_proposed_case
from tests.rebuilt import FreshDatabases, Overheard, assert_it_shows_what_was_told
from tests.wrong_clock import set_clock

TODAY = AT.date()
USUAL = timedelta(days=183)
PROVIDER = facts.Provider(id=uuid4(), name="CAUE du Val-d’Oise", email="caue@cousu.test")
HELPER = Helper(PROVIDER.name)
SUPPORT: dict[str, Any] = {
    "outcome": "local_support",
    "motive": "Étude courte.",
    "support_types": ["ingenierie_projet"],
    "amount_cents": 10_000_00,
}


# ── the rules ───────────────────────────────────────────────────────────────────────────────────────────────────────


def a_supported_case() -> Case:
    """A case that its département helps on its own envelope."""
    case = a_proposed_case(outcome=Outcome.LOCAL_SUPPORT)
    case.proposal = case.pending.model_copy(update={"amount_cents": 10_000})
    case.validate(DELEGATE, AT)
    case.apply(
        facts.SupportedLocally(
            **case.about(AT),
            support_types=(),
            amount_cents=10_000,
            motive="Utile.",
            by=case.pending.by,
            start_until=DUE,
        )
    )
    return case


DUE = date(2026, 11, 23)


def an_accepted_case() -> Case:
    """A case whose provider helps."""
    case = a_proposed_case(outcome=Outcome.LOCAL_ORIENTATION)
    case.validate(DELEGATE, AT)
    case.apply(facts.OrientationAccepted(**case.about(AT), orientation_id=uuid4(), provider=PROVIDER, start_until=DUE))
    return case


def started(
    case: Case, who: Official | Helper = SAT, *, started_on: date | None = None, ends_on: date | None = None
) -> facts.LocalWorkStarted:
    """Begin the work."""
    return working.start(case, who, started_on=started_on, ends_on=ends_on, usual=USUAL, at=AT)


def with_milestone(case: Case, due_on: date = TODAY + timedelta(days=30)) -> UUID:
    """Begin the work, and set a milestone."""
    started(case)
    fact = working.set_milestone(
        case, SAT, milestone_id=uuid4(), title="Diagnostic remis", due_on=due_on, deliverable=None, at=AT
    )
    return fact.milestone_id


def stopped(case: Case, reason: LocalEnd, spent: int | None = None) -> facts.LocalWorkStopped:
    """End the work without a result."""
    return working.stop(case, SAT, reason=reason, motive="Fini.", spent_cents=spent, orientation=None, at=AT)


def test_a_local_answer_waits_for_the_first_contact() -> None:
    for case, provider in ((a_supported_case(), None), (an_accepted_case(), PROVIDER)):
        assert case.local_work is not None
        assert (case.local_work.state, case.local_work.provider) == (LocalState.EXPECTED, provider)
        assert case.local_work.due_on == DUE


def test_the_department_and_the_provider_may_note_the_first_contact_and_nobody_else() -> None:
    for who in (SAT, DELEGATE, BOTH, HELPER):
        fact = started(an_accepted_case(), who)
        assert (fact.started_on, fact.ends_on) == (TODAY, TODAY + USUAL)
    with pytest.raises(Forbidden):
        started(an_accepted_case(), NOBODY)
    with pytest.raises(IllegalMove):
        started(a_proposed_case())


@pytest.mark.parametrize(
    ("dates", "field"),
    [
        ({"started_on": TODAY + timedelta(days=1)}, "started_on"),
        ({"started_on": TODAY - timedelta(days=1)}, "started_on"),
        ({"ends_on": TODAY}, "ends_on"),
        ({"ends_on": TODAY + timedelta(days=2000)}, "ends_on"),
    ],
)
def test_dates_of_the_work_follow_their_causes(dates: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        started(an_accepted_case(), **dates)
    assert refused.value.errors[0].field == field


def test_a_milestone_lies_within_the_work() -> None:
    for due_on in (TODAY - timedelta(days=1), TODAY + USUAL + timedelta(days=1)):
        with pytest.raises(Invalid):
            with_milestone(an_accepted_case(), due_on)


def test_a_milestone_is_postponed_with_a_motive_and_reached_once() -> None:
    case = an_accepted_case()
    milestone = with_milestone(case)
    later = TODAY + timedelta(days=60)
    fact = working.postpone_milestone(case, HELPER, milestone, due_on=later, motive="Les plans manquent.", at=AT)
    assert (fact.was_due_on, fact.due_on, fact.by.role) == (TODAY + timedelta(days=30), later, "provider")
    other = working.set_milestone(
        case, SAT, milestone_id=uuid4(), title="Réunion", due_on=later, deliverable=None, at=AT
    )
    working.reach_milestone(case, HELPER, milestone, reached_on=None, at=AT)
    with pytest.raises(MilestoneWasReached):
        working.reach_milestone(case, HELPER, milestone, reached_on=None, at=AT)
    assert [one.id for one in case.work.open_milestones] == [other.milestone_id]


def test_the_end_may_be_postponed_and_not_brought_forward() -> None:
    case = an_accepted_case()
    started(case)
    with pytest.raises(Invalid):
        working.postpone_end(case, SAT, ends_on=TODAY + timedelta(days=30), motive="Plus vite.", at=AT)
    fact = working.postpone_end(case, SAT, ends_on=TODAY + timedelta(days=300), motive="L’été.", at=AT)
    assert fact.was_ends_on == TODAY + USUAL
    assert case.work.ends_on == fact.ends_on


def test_work_with_open_milestones_is_completed_with_a_reason() -> None:
    case = an_accepted_case()
    milestone = with_milestone(case)
    with pytest.raises(CompletionBlocked) as refused:
        working.complete(case, SAT, report="Fait.", carry_reason=None, evaluation_until=DUE, at=AT)
    assert refused.value.extras()["open"] == [{"kind": "milestone", "id": str(milestone), "label": "Diagnostic remis"}]
    assert "Diagnostic remis" in refused.value.detail
    working.complete(case, SAT, report="Fait.", carry_reason="Sans objet.", evaluation_until=DUE, at=AT)
    assert case.work.state is LocalState.COMPLETED
    assert case.state is State.ORIENTED_LOCALLY
    assert case.work.clocks == []


@pytest.mark.parametrize("reason", list(LocalEnd))
def test_another_answer_is_sought_unless_the_applicant_gave_up(reason: LocalEnd) -> None:
    fact = stopped(an_accepted_case(), reason)
    assert fact.reopens == (reason is not LocalEnd.APPLICANT_GAVE_UP)


def test_what_was_not_spent_of_a_support_goes_back() -> None:
    assert stopped(a_supported_case(), LocalEnd.NO_RESULT).given_back_cents == 10_000
    assert stopped(a_supported_case(), LocalEnd.NO_RESULT, spent=4_000).given_back_cents == 6_000
    with pytest.raises(Invalid, match="invalid"):
        stopped(a_supported_case(), LocalEnd.NO_RESULT, spent=10_001)
    with pytest.raises(Invalid):
        stopped(an_accepted_case(), LocalEnd.NO_RESULT, spent=1)
    with pytest.raises(Invalid):
        stopped(a_supported_case(), LocalEnd.PROVIDER_STOPPED)


def test_a_withdrawal_comes_too_late_once_the_work_has_begun() -> None:
    def answer(case: Case) -> object:
        return case.answer_withdrawal(Withdrawal(AT, "Abandonné."), None, AT)

    case = a_supported_case()
    assert isinstance(answer(case), facts.WithdrawalAccepted)
    started(case)
    for reason in (WithdrawalReason.ACCOMPANIED, WithdrawalReason.COMPLETED):
        declined = answer(case)
        assert isinstance(declined, facts.WithdrawalDeclined)
        assert declined.reason is reason
        if case.work.state is LocalState.UNDER_WAY:
            working.complete(case, SAT, report="Fait.", carry_reason=None, evaluation_until=DUE, at=AT)


def test_each_clock_is_reminded_of_and_late_by_itself() -> None:
    case = an_accepted_case()
    (first,) = case.work.clocks
    working.remind(case, first, None, AT)
    assert (case.work.to_remind_on, case.work.late_after) == (None, DUE)
    working.mark_late(case, first, None, AT)
    assert case.work.late_after is None
    milestone = with_milestone(case)
    assert [clock.kind for clock in case.work.clocks] == [LocalClock.MILESTONE, LocalClock.END]
    working.mark_late(case, case.work.clocks[0], None, AT)
    later = TODAY + timedelta(days=60)
    working.postpone_milestone(case, SAT, milestone, due_on=later, motive="Plus tard.", at=AT)
    assert case.work.late_after == later


# ── by the API and the pages ────────────────────────────────────────────────────────────────────────────────────────


async def accepted(sat: Program, delegate: Program, client: Client, life: Life) -> str:
    """Bring a case to where its provider helps; give the API's address of the provider's link."""
    shown = await answered(sat, delegate, life, ORIENTATION)
    link = f"/api/v1/orientations/{LINKS.token(UUID(shown['orientations'][0]['id']))}"
    answer = await client.post(f"{link}/acceptance")
    assert answer.status_code == 200, answer.text
    return link


async def test_a_provider_leads_the_work_by_its_link(
    sat: Program, delegate: Program, client: Client, life: Life, database: Database
) -> None:
    link = await accepted(sat, delegate, client, life)

    async def does(action: str, body: Any = None) -> dict[str, Any]:
        answer = await client.post(f"{link}/{action}", json=body or {})
        assert answer.status_code in {200, 201}, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    assert (await client.get(link)).json()["allowed_actions"] == ["local-work", "stop"]
    await does("local-work", {"ends_on": str(in_days(200))})
    planned = {"title": "Diagnostic remis", "due_on": str(in_days(30)), "deliverable": "Rapport"}
    shown = await does("milestones", planned)
    (milestone,) = shown["local_work"]["milestones"]
    await does(f"milestones/{milestone['id']}/postponement", {"due_on": str(in_days(60)), "motive": "Plans."})
    await does("progress", {"text": "La visite est faite.", "percent": 40, "milestone_id": milestone["id"]})
    await does(f"milestones/{milestone['id']}/reached")
    await does("term", {"ends_on": str(in_days(300)), "motive": "L’été."})
    handed = await client.post(f"{link}/deliverables", files={"document": ("rapport.pdf", b"%PDF-1.4 rapport")})
    assert handed.status_code == 201, handed.text
    (file,) = handed.json()["local_work"]["deliverables"]
    assert (file["name"], file["url"]) == ("rapport.pdf", None)
    seen = await does("completion", {"report": "Le diagnostic est remis."})
    assert seen["allowed_actions"] == []
    assert (await client.post(f"{link}/progress", json={"text": "Encore."})).status_code == 409

    case = (await sat.get(f"/cases/{life.request_id}")).json()
    assert (case["state"], case["local_work"]["state"], case["local_work"]["provider"]) == (
        "oriented_locally",
        "completed",
        CAUE.name,
    )
    assert case["local_work"]["progress"][0]["author"] == CAUE.name
    assert case["orientations"][0]["state"] == "ended"
    fetched = await sat.get(f"/cases/{life.request_id}/deliverables/{file['id']}")
    assert fetched.content == b"%PDF-1.4 rapport"
    assert await database.fetchval("SELECT count(*) FROM document_access") == 1
    assert (await told(database, life))[-8:] == [
        "local_work_started",
        "local_milestone_set",
        "local_milestone_postponed",
        "local_progress_reported",
        "local_milestone_reached",
        "local_end_postponed",
        "local_deliverable_added",
        "local_work_completed",
    ]
    teams = await database.fetch("SELECT DISTINCT team FROM case_step WHERE type LIKE 'qualification.local%'")
    assert [row["team"] for row in teams] == ["provider"]


async def test_a_file_of_another_departement_is_not_found(
    sat: Program, delegate: Program, neighbour: Program, client: Client, life: Life
) -> None:
    link = await accepted(sat, delegate, client, life)
    await client.post(f"{link}/local-work")
    handed = await client.post(f"{link}/deliverables", files={"document": ("rapport.pdf", b"%PDF-1.4 rapport")})
    (file,) = handed.json()["local_work"]["deliverables"]
    assert (await neighbour.get(f"/cases/{life.request_id}/deliverables/{file['id']}")).status_code == 404
    bad = await client.post(f"{link}/deliverables", files={"document": ("rapport.exe", b"MZ")})
    assert bad.status_code == 415


async def test_the_departement_leads_the_work_that_it_pays(sat: Program, delegate: Program, life: Life) -> None:
    await answered(sat, delegate, life, SUPPORT)
    item = (await sat.get("/cases")).json()["items"][0]
    assert item["due_on"] is not None
    assert "local-work" in item["allowed_actions"]
    assert (await sat.post(f"/cases/{life.request_id}/completion", {"report": "Fait."})).status_code == 409
    await done(sat, life, "local-work")
    shown = await done(sat, life, "milestones", {"title": "Étude", "due_on": str(in_days(30))})
    blocked = await sat.post(f"/cases/{life.request_id}/completion", {"report": "Fait."})
    assert (blocked.status_code, blocked.json()["code"]) == (409, "completion_blocked")
    assert blocked.json()["open"][0]["label"] == "Étude"
    (milestone,) = shown["local_work"]["milestones"]
    await done(sat, life, f"milestones/{milestone['id']}/reached")
    assert (await sat.post(f"/cases/{life.request_id}/milestones/{uuid4()}/reached")).status_code == 409
    shown = await done(sat, life, "completion", {"report": "L’étude est remise."})
    assert (shown["state"], shown["local_work"]["state"]) == ("supported_locally", "completed")
    (item,) = (await sat.get("/cases")).json()["items"]
    assert item["due_on"] is None
    assert set(item["allowed_actions"]) == {"assignment", "messages", "notes"}


async def test_a_support_that_stops_gives_back_what_was_not_spent(
    sat: Program, delegate: Program, life: Life, database: Database
) -> None:
    async def committed() -> int:
        found: int = await database.fetchval("SELECT sum(committed_cents) FROM envelope")
        return found

    await answered(sat, delegate, life, SUPPORT)
    await done(sat, life, "local-work")
    stop = {"reason": "no_result", "motive": "L’étude ne suffit pas.", "spent_cents": 4_000_00}
    shown = await done(sat, life, "stop", stop)
    assert shown["state"] == "under_examination"
    assert await committed() == 4_000_00
    await done(sat, life, "proposal", SUPPORT)
    await done(delegate, life, "validation")
    assert await committed() == 14_000_00
    await life.tell(intake.RequestWithdrawn(**life.about(), motive="Abandonné."))
    assert (await sat.get(f"/cases/{life.request_id}")).json()["state"] == "withdrawn"
    assert await committed() == 4_000_00


async def test_a_provider_that_stops_is_free_again(
    sat: Program, delegate: Program, client: Client, life: Life, database: Database
) -> None:
    link = await accepted(sat, delegate, client, life)
    stop = {"reason": "provider_stopped", "motive": "Plus de chargé d’études."}
    assert (await client.post(f"{link}/stop", json=stop | {"spent_cents": 1})).status_code == 400
    answer = await client.post(f"{link}/stop", json=stop)
    assert answer.json()["allowed_actions"] == []
    case = (await sat.get(f"/cases/{life.request_id}")).json()
    assert (case["state"], case["orientations"][0]["state"]) == ("under_examination", "ended")
    assert case["local_work"]["motive"] == "Plus de chargé d’études."
    assert await database.fetchval("SELECT count(*) FROM orientation WHERE state IN ('open', 'accepted')") == 0


async def test_what_is_near_and_what_is_late_is_told_once(
    sat: Program, delegate: Program, client: Client, life: Life, database: Database, rules: Rules,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    await accepted(sat, delegate, client, life)
    (case,) = await database.fetch("SELECT local_due_on FROM case_file")
    due_on: date = case["local_due_on"]
    for day, facts_told in (
        (due_on - timedelta(days=30), []),
        (due_on, ["local_work_due_soon"]),
        (due_on + timedelta(days=2), ["local_work_due_soon", "local_work_overdue"]),
    ):
        now = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=12)
        await _look_at(database, rules, now)
        await _look_at(database, rules, now)
        assert [one for one in await told(database, life) if one.startswith("local_")] == facts_told
    steps = await database.fetch("SELECT type FROM case_step WHERE type LIKE 'qualification.local%'")
    assert [row["type"] for row in steps] == ["qualification.local_work_overdue.v1"]
    set_clock(monkeypatch, timedelta(days=60))
    (item,) = (await sat.get("/cases", params={"overdue": "true"})).json()["items"]
    assert item["overdue"]


async def _look_at(database: Database, rules: Rules, now: datetime) -> None:
    async with database.transaction() as tx:
        await remind_of_work(tx, at=now, rules=rules)
    async with database.transaction() as tx:
        await publish_late_work(tx, at=now)


async def test_the_page_of_the_case_leads_the_work(
    browser: Callable[[Agent], Awaitable[Browser]], sat: Program, delegate: Program, life: Life
) -> None:
    await answered(sat, delegate, life, SUPPORT)
    agent, case = await browser(sat.agent), f"/demandes/{life.request_id}"
    page = (await agent.get(case)).text
    assert "Mettre en place le soutien accordé" in page
    assert "Premier contact attendu" in page
    early = await agent.send(case, f"{case}/premier-contact", **within("premier-contact", started_on=str(in_days(3))))
    assert early.status_code == 400
    assert "dans le futur" in early.text
    assert (await agent.send(case, f"{case}/premier-contact")).status_code == 303
    jalon = within("jalons", title="Étude remise", due_on=str(in_days(30)))
    assert (await agent.send(case, f"{case}/jalons", **jalon)).status_code == 303
    page = (await agent.get(case)).text
    assert "Accompagnement en cours" in page
    blocked = await agent.send(case, f"{case}/achevement", **within("achevement", report="L’étude est remise."))
    assert blocked.status_code == 409
    assert "Étude remise" in blocked.text
    assert "L’étude est remise." in blocked.text
    milestone = (
        f"{case}/jalons/{(await sat.get(f'/cases/{life.request_id}')).json()['local_work']['milestones'][0]['id']}"
    )
    late = await agent.send(
        milestone, f"{milestone}/report", **within("report", due_on=str(in_days(20)), motive="Non.")
    )
    assert late.status_code == 400
    assert "après celle d’aujourd’hui" in late.text
    reached = await agent.send(milestone, f"{milestone}/atteint")
    assert reached.headers["location"] == f"{case}#accompagnement"
    finished = await agent.send(case, f"{case}/achevement", **within("achevement", report="L’étude est remise."))
    assert finished.status_code == 303
    page = (await agent.get(case)).text
    assert "Accompagnement terminé" in page
    assert "Aucune décision n’est attendue de vous à ce stade." in page


async def test_the_page_of_the_provider_leads_the_work(
    visitor: Browser, sat: Program, delegate: Program, client: Client, life: Life
) -> None:
    link = (await accepted(sat, delegate, client, life)).removeprefix("/api/v1")
    page = (await visitor.get(link)).text
    assert "Prenez contact avec la collectivité, puis notez-le ici" in page
    assert "mairie@magny.test" in page
    assert (await visitor.send(link, f"{link}/premier-contact")).status_code == 303
    empty = await visitor.send(link, f"{link}/avancement")
    assert empty.status_code == 400
    assert (await visitor.send(link, f"{link}/avancement", **within("avancement", text="Vu."))).status_code == 303
    filled = await visitor.filled(link)
    sent = await visitor.client.post(
        f"{link}/livrables", data=filled, files={"document": ("rapport.pdf", b"%PDF-1.4 rapport")}
    )
    assert sent.status_code == 303
    page = (await visitor.get(link)).text
    assert "rapport.pdf" in page
    stop = within("arret", reason="provider_stopped", motive="Plus personne.")
    assert (await visitor.send(link, f"{link}/arret", **stop)).status_code == 303
    assert "Plus personne." in (await visitor.get(link)).text
    assert "l’accompagnement est terminé" in (await visitor.get(link)).text


async def test_local_work_is_rebuilt_alike(
    database: Database,
    rules: Rules,
    client: Client,
    sat: Program,
    delegate: Program,
    database_url: Callable[[str], Awaitable[str]],
    fresh_database: FreshDatabases,
) -> None:
    others = await Database.connect(await database_url("shared"), name="others")
    life = Life(Overheard(database, handlers(rules), others))
    await life.submitted()
    link = await accepted(sat, delegate, client, life)
    for action, body in (
        ("local-work", {}),
        ("milestones", {"title": "Diagnostic", "due_on": str(in_days(30))}),
        ("progress", {"text": "Vu.", "percent": 20}),
        ("stop", {"reason": "provider_stopped", "motive": "Plus personne."}),
    ):
        answer = await client.post(f"{link}/{action}", json=body)
        assert answer.status_code in {200, 201}, answer.text
    await done(sat, life, "proposal", SUPPORT)
    await done(delegate, life, "validation")
    await done(sat, life, "local-work")
    shown = await done(sat, life, "milestones", {"title": "Étude", "due_on": str(in_days(30))})
    (milestone,) = shown["local_work"]["milestones"]
    later = {"due_on": str(in_days(40)), "motive": "Fêtes."}
    await done(sat, life, f"milestones/{milestone['id']}/postponement", later)
    await _look_at(database, rules, clock.now() + timedelta(days=39))
    await _look_at(database, rules, clock.now() + timedelta(days=60))
    await done(sat, life, "stop", {"reason": "applicant_gave_up", "motive": "Abandon.", "spent_cents": 100})
    await assert_it_shows_what_was_told(
        "qualification", {"qualification": database, "others": others}, fresh_database, rows=22
    )
    await others.close()


async def test_the_dashboard_measures_how_long_local_answers_take(
    sat: Program, delegate: Program, client: Client, life: Life
) -> None:
    link = await accepted(sat, delegate, client, life)
    await client.post(f"{link}/local-work")
    await client.post(f"{link}/completion", json={"report": "Fait."})
    delays = {delay["stage"]: delay["cases"] for delay in (await sat.get("/dashboard")).json()["delays"]}
    assert (delays["local_start"], delays["local_work"]) == (1, 1)


async def test_a_provider_that_does_not_help_is_named_last_with_the_reason(
    browser: Callable[[Agent], Awaitable[Browser]], sat: Program, delegate: Program, client: Client, life: Life
) -> None:
    async def matches() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await sat.get(f"/cases/{life.request_id}/matches")).json()["items"]
        return found

    shown = await answered(sat, delegate, life, ORIENTATION)
    assert (await matches())[0]["name"] == CAUE.name
    link = f"/api/v1/orientations/{LINKS.token(UUID(shown['orientations'][0]['id']))}"
    await client.post(f"{link}/decline", json={"motive": "Complet jusqu’à l’été."})
    last = (await matches())[-1]
    assert last["name"] == CAUE.name
    assert last["reasons"][0].startswith("A décliné cette demande le ")
    assert "Complet jusqu’à l’été." in last["reasons"][0]
    agent, case = await browser(sat.agent), f"/demandes/{life.request_id}"
    for page in (case, f"{case}/proposition/local_orientation"):
        assert "A décliné cette demande" in (await agent.get(page)).text


async def test_a_provider_that_stopped_is_named_last_and_in_the_evidence(
    browser: Callable[[Agent], Awaitable[Browser]], sat: Program, delegate: Program, client: Client, life: Life
) -> None:
    link = await accepted(sat, delegate, client, life)
    await client.post(f"{link}/stop", json={"reason": "provider_stopped", "motive": "Plus de chargé d’études."})
    last = (await sat.get(f"/cases/{life.request_id}/matches")).json()["items"][-1]
    assert last["name"] == CAUE.name
    assert last["reasons"][0].startswith("A arrêté d’accompagner cette demande le ")
    page = await (await browser(sat.agent)).get(f"/demandes/{life.request_id}/proposition/escalation")
    assert "Plus de chargé d’études." in page.text


async def test_work_that_goes_on_does_not_come_before_what_waits(sat: Program, delegate: Program, life: Life) -> None:
    other = Life(life.inbox)
    await other.submitted(number="95-2026-000002")
    await answered(sat, delegate, life, SUPPORT)
    (first, _) = (await sat.get("/cases")).json()["items"]
    assert (first["number"], first["local_work"]) == ("95-2026-000001", "expected")
    await done(sat, life, "local-work")
    (_, last) = (await sat.get("/cases")).json()["items"]
    assert (last["number"], last["local_work"]) == ("95-2026-000001", "under_way")
