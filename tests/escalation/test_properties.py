"""Dossiers led at random do only what is listed; and the service keeps the word of its description."""

import copy
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from typing import Final

import httpx2
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.escalation.domain.accompaniment import Milestone, Reporter, add_deliverable, report_progress
from services.escalation.domain.committee import NewVotes, Session, Verdict
from services.escalation.domain.completion import open_points
from services.escalation.domain.decisions import OnRecord
from services.escalation.domain.dossier import Escalation
from services.escalation.domain.grant import GRANTING
from services.escalation.domain.means import STEPS, Mobilisation, MobilisationState
from services.escalation.domain.minutes import ApproveMinutes, Minutes
from services.escalation.domain.moves import ON_THE_DOSSIER, OVER, UNDER_WAY, Action, By, State
from services.escalation.domain.refusals import QuorumMissing
from services.escalation.domain.withdrawals import ruling_of
from shared import clock
from shared.clock import new_id
from shared.contracts.escalation import Decision, FinancingShare, WithdrawalAccepted
from shared.contracts.vocabulary import CommitteeOutcome, FinancerKind, MobilisationKind, ReserveBlocks, Team
from shared.db import Database
from shared.identity import store
from shared.identity.model import Agent, Role
from shared.web import sessions
from tests.escalation.conftest import an_agent
from tests.escalation.life import (
    Ear,
    Program,
    a_decided_dossier,
    a_document,
    a_lot,
    a_request_escalated,
    a_scheduled_dossier,
    an_accompanied_dossier,
)
from tests.escalation.test_domain import (
    AT,
    DUE,
    LIMIT,
    NATIONAL,
    PROGRAMME,
    SECRETARY,
    SESSION_ID,
    TODAY,
    a_session,
    an_escalation,
)
from tests.properties.description import Api
from tests.properties.effort import effort
from tests.properties.moving import Act, open_to, take
from tests.properties.pages import Walk
from tests.today import today

BOTH: Final = By(NATIONAL.roles | SECRETARY.roles, "Les deux", "deux@cousu.test")
PEOPLE: Final = (NATIONAL, SECRETARY, BOTH, PROGRAMME)
WHO: Final = st.sampled_from(PEOPLE)


@dataclass
class Table:
    """What lies on the national team's table."""

    today: date = TODAY - timedelta(days=2)
    """A session is two days ahead when a life begins."""
    dossier: Escalation = field(default_factory=an_escalation)
    session: Session = field(default_factory=lambda: a_session(members=("A", "B"), alternates={"A": "AA"}, quorum=1))
    minutes: Minutes = field(default_factory=lambda: Minutes(SESSION_ID, None, ("A",)))
    milestone: Milestone = field(default_factory=lambda: Milestone(new_id(), "Étude", DUE))
    decided: OnRecord = field(
        default_factory=lambda: OnRecord(
            new_id(), "CSP-2026-0002", SESSION_ID, CommitteeOutcome.DEFERRED, None, None, None, TODAY
        )
    )
    mobilisation: Mobilisation = field(
        default_factory=lambda: Mobilisation(
            new_id(), new_id(), MobilisationKind.EXTERNAL, "Marché", 900, None, None, MobilisationState.PROPOSED, None
        )
    )


def mobilise(amount_cents: int) -> Act:
    """Find means that cost so much, beside what is ordered already."""
    return lambda table, who: table.dossier.mobilise(
        mobilisation_id=new_id(), kind=MobilisationKind.INTERNAL, resource="Cerema", amount_cents=amount_cents,
        lot=None, by=who, at=AT, committed_cents=table.mobilisation.committed_cents,
    )  # fmt: skip


def accompany(days: int) -> Act:
    """Begin the work, for so many days."""
    return lambda table, who: table.dossier.accompany(
        starts_on=TODAY, ends_on=TODAY + timedelta(days=days), by=who, at=AT
    )


def plan(days: int) -> Act:
    """Set a milestone so many days from now."""
    return lambda table, who: table.dossier.plan_milestone(
        milestone_id=new_id(), title="Étude", due_on=TODAY + timedelta(days=days), by=who, at=AT
    )


def finance(*amounts: int) -> Act:
    """Settle who pays what of 900."""
    kinds = (FinancerKind.ANCT, FinancerKind.APPLICANT)
    shares = [
        FinancingShare(kind=kind, financer="Financeur", amount_cents=amount)
        for kind, amount in zip(kinds, amounts, strict=False)
    ]
    return lambda table, who: table.dossier.plan_financing(
        total_cents=900, shares=shares, fully_covered=False, by=who, at=AT
    )


def complete(carry_reason: str | None) -> Act:
    """End the work, with a reason for what is open, or without."""
    return lambda table, who: table.dossier.complete(
        report="Fini.", evaluation_until=DUE, by=who, at=AT, carry_reason=carry_reason,
        still_open=open_points(table.dossier, [table.mobilisation], [table.milestone], today=table.today),
    )  # fmt: skip


def reschedule(starts: int, ends: int) -> Act:
    """Change the dates of the work, to so many days from now."""
    return lambda table, who: table.dossier.reschedule(
        starts_on=TODAY + timedelta(days=starts), ends_on=TODAY + timedelta(days=ends), motive="Retard.",
        due_on=[table.milestone.due_on] if table.milestone.is_open else [],
        by=who, at=AT,
    )  # fmt: skip


ON_A_DOSSIER: Final[Mapping[str, list[Act]]] = {
    Action.ADMISSIBILITY: [
        lambda table, who: table.dossier.settle_admissibility(opinion="Oui.", due_on=DUE, by=who, at=AT)
    ],
    Action.SCHEDULE: [
        lambda table, who: table.dossier.schedule(session_id=SESSION_ID, title="Comité", held_on=TODAY, by=who, at=AT)
    ],
    Action.MOBILISATIONS: [mobilise(0), mobilise(100), mobilise(101)],
    Action.FINANCING: [finance(600, 300), finance(900), finance(600, 200)],
    Action.ACCOMPANIMENT: [accompany(90), accompany(-1), accompany(9_000)],
    Action.MILESTONES: [plan(30), plan(-30)],
    Action.PROGRESS: [
        lambda table, who: report_progress(
            table.dossier,
            Reporter(Team.NATIONAL, who.name, who),
            report_id=new_id(),
            milestone=None,
            percent=40,
            text="Avance.",
            at=AT,
        )
    ],
    Action.DELIVERABLES: [
        lambda table, who: add_deliverable(
            table.dossier, Reporter(Team.NATIONAL, who.name, who), milestone=table.milestone, document=a_document()
        )
    ],
    Action.DATES: [reschedule(-10_000, 10_000), reschedule(1, 0), reschedule(0, 1)],
    Action.COMPLETION: [complete(None), complete("Repris plus tard.")],
    Action.INFORMATION_REQUEST: [lambda table, who: table.dossier.ask(question="Quoi ?", until=None, by=who, at=AT)],
    Action.RETURN: [lambda table, who: table.dossier.give_back(motive="Non.", by=who, at=AT)],
}
assert set(ON_A_DOSSIER) == set(ON_THE_DOSSIER)


def step(action: Action) -> Act:
    """Take a step in the life of a mobilisation."""
    return lambda table, who: table.mobilisation.step(action, of=table.dossier.state, by=who)


def deliver(total_cents: int | None) -> Act:
    """Deliver all of it, or so much."""
    return lambda table, who: table.mobilisation.deliver(total_cents=total_cents, of=table.dossier.state, by=who)


def book(action: Action, amount_cents: int) -> Act:
    """Note a part as delivered, or as paid."""

    def act(table: Table, who: By) -> object:
        table.dossier.allow(action, who)
        return table.mobilisation.book(
            action, amount_cents, dated=table.today, today=table.today, of=table.dossier.state, by=who
        )

    return act


ON_MEANS: Final[Mapping[str, list[Act]]] = {
    **{action: [step(action)] for action in STEPS if action is not Action.DELIVERY},
    Action.DELIVERY: [deliver(None), deliver(500), deliver(901)],
    Action.PART_DELIVERY: [book(Action.PART_DELIVERY, amount) for amount in (1, 400, 901)],
    Action.CANCELLATION: [lambda table, who: table.mobilisation.cancel("Sans objet.", of=table.dossier.state, by=who)],
    Action.INVITATION: [lambda table, who: table.mobilisation.invite(of=table.dossier.state, by=who)],
    Action.PAYMENT: [book(Action.PAYMENT, amount) for amount in (1, 300, 901)],
}


def reach(days: int) -> Act:
    """Reach the milestone, so many days from now."""
    return lambda table, who: table.milestone.reach(
        table.dossier, reached_on=table.today + timedelta(days=days), today=table.today, by=who, at=AT
    )


def postpone(days: int) -> Act:
    """Give the milestone a new date, so many days after the one it has."""
    return lambda table, who: table.milestone.postpone(
        table.dossier, due_on=table.milestone.due_on + timedelta(days=days), motive="Retard.", today=table.today,
        by=who, at=AT,
    )  # fmt: skip


def postpone_to_the_end(table: Table, who: By) -> object:
    """Give the milestone the last day of the work."""
    last = table.dossier.ends_on or table.milestone.due_on + timedelta(days=1)
    return table.milestone.postpone(table.dossier, due_on=last, motive="Retard.", today=table.today, by=who, at=AT)


ON_A_MILESTONE: Final[Mapping[str, list[Act]]] = {
    Action.REACHED: [reach(0), reach(1)],
    Action.POSTPONEMENT: [postpone(1), postpone(7), postpone(0), postpone_to_the_end],
    Action.CANCELLATION: [
        lambda table, who: table.milestone.cancel(table.dossier, motive="Sans objet.", by=who, at=AT)
    ],
}


def decide(
    outcome: CommitteeOutcome,
    reserve: str | None,
    votes: NewVotes | None = None,
    blocks: ReserveBlocks | None = None,
) -> Act:
    """Decide in the session, and let the dossier take the decision, which becomes the one on record."""

    def act(table: Table, who: By) -> object:
        amount = 1_000 if outcome in GRANTING else None
        verdict = Verdict(
            outcome=outcome, motive="Vu.", reserve=reserve, votes=votes, reserve_blocks=blocks, amount_cents=amount
        )
        decision = table.session.decide(
            table.dossier, verdict, decision_id=new_id(), number="CSP-2026-0001", limit=LIMIT, by=who, today=table.today
        )
        made = table.dossier.take_decision(decision, next_due_on=DUE, at=AT)
        table.decided = on_record(decision)
        return made

    return act


def on_record(decision: Decision) -> OnRecord:
    """Put a decision on record."""
    return OnRecord(
        decision.id, decision.number, decision.session_id, decision.outcome, decision.reserve, None, None,
        decision.decided_on,
    )  # fmt: skip


FOR, AGAINST = NewVotes(in_favour=1, against=0), NewVotes(in_favour=0, against=1)
DECISIONS: Final = [
    *(decide(outcome, reserve) for outcome in CommitteeOutcome for reserve in (None, "Délibération.")),
    *(decide(outcome, None, votes) for outcome in CommitteeOutcome for votes in (FOR, AGAINST)),
    *(decide(CommitteeOutcome.GRANTED_WITH_RESERVE, "Délibération.", None, blocks) for blocks in ReserveBlocks),
]
NEEDING_A_QUORUM: Final = [
    decide(outcome, None) for outcome in CommitteeOutcome if outcome is not CommitteeOutcome.DEFERRED
]
IN_SESSION: Final[Mapping[str, list[Act]]] = {
    Action.DECISIONS: DECISIONS,
    Action.ATTENDANCE: [
        lambda table, who: table.session.attend(["A"], by=who, today=table.today, at=AT),
        lambda table, who: table.session.attend([], represented=["A"], by=who, today=table.today, at=AT),
        lambda table, who: table.session.attend(["A"], excused=["A"], by=who, today=table.today, at=AT),
        lambda table, who: table.session.attend(["Z"], by=who, today=table.today, at=AT),
        lambda table, who: table.session.attend([], by=who, today=table.today, at=AT),
    ],
    Action.RECUSALS: [
        lambda table, who: table.session.recuse(table.dossier.request_id, "A", by=who),
        lambda table, who: table.session.recuse(table.dossier.request_id, "Z", by=who),
    ],
    Action.RECUSAL_REMOVAL: [lambda table, who: table.session.take_back_recusal(table.dossier.request_id, "A", by=who)],
    Action.CLOSING: [
        lambda table, who: table.session.close(
            undecided=["95-2026-000123"] if table.dossier.state is State.SCHEDULED else [],
            by=who,
            today=table.today,
            at=AT,
        )
    ],
}


def correct(outcome: CommitteeOutcome, reserve: str | None) -> Act:
    """Replace the decision on record, which the new one then is."""

    def act(table: Table, who: By) -> object:
        grants = outcome in GRANTING
        under_way = table.dossier.state in UNDER_WAY
        corrected = table.decided.correct(
            table.dossier,
            Verdict(outcome=outcome, motive="Vu.", reserve=reserve, amount_cents=1_000 if grants else None),
            decision_id=new_id(),
            number=f"{table.decided.number}-bis",
            limit=LIMIT,
            committed_cents=table.mobilisation.committed_cents if under_way else 0,
            today=table.today,
            by=who,
            at=AT,
        )
        table.decided = on_record(corrected.decision)
        return corrected

    return act


def lift(days: int) -> Act:
    """Lift the reserve, so many days from now."""
    return lambda table, who: table.decided.lift_reserve(
        table.dossier, motive="Reçue.", lifted_on=table.today + timedelta(days=days), today=table.today, by=who, at=AT
    )


ON_A_DECISION: Final[Mapping[str, list[Act]]] = {
    Action.CORRECTION: [
        correct(CommitteeOutcome.GRANTED, None),
        correct(CommitteeOutcome.GRANTED_WITH_RESERVE, "Délibération."),
        correct(CommitteeOutcome.REFUSED, None),
        correct(CommitteeOutcome.DEFERRED, None),
    ],
    Action.RESERVE_LIFTING: [lift(0), lift(1)],
}


def approve(name: str, days: int) -> Act:
    """Approve the minutes, so many days from now."""
    command = ApproveMinutes(approved_by=name, approved_on=TODAY + timedelta(days=days))
    return lambda table, who: table.minutes.approve(command, within=None, today=TODAY, by=who, at=AT)


ON_THE_MINUTES: Final[Mapping[str, list[Act]]] = {
    Action.REMARKS: [lambda table, who: table.minutes.remark(by=who)],
    Action.APPROVAL: [approve("A", 0), approve("B", 0), approve("A", 1), approve("A", -1)],
}
EVERYTHING: Final = {
    **ON_THE_MINUTES,
    **ON_A_DECISION,
    **ON_A_DOSSIER,
    **ON_MEANS,
    **ON_A_MILESTONE,
    **IN_SESSION,
    Action.CANCELLATION: [*ON_MEANS[Action.CANCELLATION], *ON_A_MILESTONE[Action.CANCELLATION]],
}


class DossierLife(RuleBasedStateMachine):
    """A dossier, its session, its means and its milestone, in the hands of four people."""

    def __init__(self) -> None:
        super().__init__()
        self.table = Table()

    @rule(who=WHO, action=st.sampled_from(sorted(EVERYTHING)), way=st.integers(0, 19))
    def somebody_acts(self, who: By, action: str, way: int) -> None:
        before = copy.deepcopy(self.table)
        state = before.dossier.state
        on_the_dossier = action in ON_A_DOSSIER
        allowed = before.dossier.allowed_actions(who)
        ways = EVERYTHING[action]
        told = take(
            self.table, ways[way % len(ways)], who, state=state.value if on_the_dossier else None, allowed=allowed
        )
        if told is None:
            return
        assert not on_the_dossier or action in allowed
        assert all(fact.request_id == self.table.dossier.request_id for fact in told)
        if state in OVER and action != Action.CORRECTION:
            assert self.table.dossier.state is state
        if before.session.closed_at is not None:
            assert self.table.session == before.session
        if before.minutes.approval is not None:
            assert self.table.minutes == before.minutes
        if self.table.session.closed_at is not None:
            self.table.minutes.closed_on = TODAY

    @precondition(lambda self: self.table.dossier.state is State.AWAITING_DEPARTEMENT)
    @rule()
    def the_departement_answers(self) -> None:
        back_to = self.table.dossier.resume_state
        assert self.table.dossier.resume(due_on=DUE)
        assert self.table.dossier.state is back_to

    @rule()
    def the_applicant_asks_to_withdraw(self) -> None:
        ruling = ruling_of(self.table.dossier.state, (self.table.mobilisation,))
        if ruling.owned and ruling.too_late is None:
            dossier = self.table.dossier
            dossier.apply(
                WithdrawalAccepted(
                    request_id=dossier.request_id,
                    departement=dossier.departement,
                    at=AT,
                    withdrawn_at=AT,
                    motive="Fini.",
                )
            )
            assert self.table.dossier.state is State.WITHDRAWN
            assert self.table.dossier.stage is None

    @rule()
    def a_day_passes(self) -> None:
        self.table.today += timedelta(days=1)

    @invariant()
    def nothing_is_held_before_its_day(self) -> None:
        if self.table.today < self.table.session.held_on:
            assert self.table.session.closed_at is None
            assert not self.table.session.present

    @precondition(lambda self: self.table.dossier.state is State.RETURNED)
    @rule()
    def it_is_escalated_again(self) -> None:
        self.table.dossier.receive(due_on=DUE, at=AT)
        assert self.table.dossier.state is State.RECEIVED

    @rule(days=st.integers(-400, 400))
    def it_is_looked_whether_it_is_late(self, days: int) -> None:
        today = TODAY + timedelta(days=days)
        if self.table.dossier.mark_overdue(today=today, at=AT):
            assert self.table.dossier.mark_overdue(today=today, at=AT) is None, "it is told once"
        soon = today + timedelta(days=2)
        for one in (self.table.dossier.mark_due_soon, partial(self.table.milestone.mark_due_soon, self.table.dossier)):
            if one(today=today, soon=soon, at=AT):
                assert one(today=today, soon=soon, at=AT) is None, "it is told once"
        if self.table.milestone.mark_overdue(self.table.dossier, today=today, at=AT):
            assert self.table.milestone.mark_overdue(self.table.dossier, today=today, at=AT) is None

    @invariant()
    def what_is_listed_is_what_is_accepted(self) -> None:
        state = self.table.dossier.state
        for who in PEOPLE:
            held_back = self.table.dossier.held_back
            assert open_to(self.table, ON_A_DOSSIER, who) == set(self.table.dossier.allowed_actions(who))
            assert open_to(self.table, ON_MEANS, who) == set(
                self.table.mobilisation.allowed_actions(state, who, held_back=held_back)
            )
            assert open_to(self.table, ON_A_MILESTONE, who) == set(
                self.table.milestone.allowed_actions(
                    state,
                    who,
                    today=self.table.today,
                    ends_on=self.table.dossier.ends_on,
                )
            )
            assert open_to(self.table, ON_A_DECISION, who) == set(self.table.decided.allowed_actions(state, who))
            assert open_to(self.table, ON_THE_MINUTES, who) == set(self.table.minutes.allowed_actions(who))
            assert open_to(self.table, IN_SESSION, who) <= set(
                self.table.session.allowed_actions(who, today=self.table.today)
            )

    @invariant()
    def only_what_was_ordered_is_delivered_and_only_what_was_delivered_is_paid(self) -> None:
        one = self.table.mobilisation
        assert 0 <= one.paid_cents <= one.delivered_cents <= one.amount_cents
        assert one.delivered_cents <= one.committed_cents or one.state is MobilisationState.DECLINED

    @invariant()
    def no_more_is_mobilised_than_was_granted(self) -> None:
        if self.table.dossier.grant and self.table.dossier.state in UNDER_WAY:
            assert self.table.mobilisation.committed_cents <= self.table.dossier.grant.amount_cents

    @invariant()
    def without_a_quorum_a_dossier_is_deferred_or_nothing(self) -> None:
        voters = self.table.session.voters_on(self.table.dossier.request_id)
        if not voters and self.table.session.closed_at is None:
            for act in NEEDING_A_QUORUM:
                copied = copy.deepcopy(self.table)
                copied.dossier.state, copied.dossier.session_id = State.SCHEDULED, SESSION_ID
                copied.today = copied.session.held_on
                with pytest.raises(QuorumMissing):
                    act(copied, SECRETARY)


TestADossier = DossierLife.TestCase
TestADossier.settings = effort(examples=15, steps=25)

Programs = Callable[[Agent], Awaitable[Program]]


@pytest.mark.usefixtures("envelope")
async def test_the_api_answers_as_it_describes(
    database: Database,
    browser: httpx2.AsyncClient,
    ear: Ear,
    program: Programs,
    national: Program,
    secretary: Program,
) -> None:
    dossiers = []
    for number in range(4):
        fact = a_request_escalated(number=f"95-2026-{number:06d}")
        await ear.hears(fact)
        dossiers.append(str(fact.request_id))
    await a_scheduled_dossier(national, secretary, dossiers[1])
    await a_decided_dossier(national, secretary, dossiers[2])
    await an_accompanied_dossier(national, secretary, dossiers[3])
    mobilised = await national.post(
        f"/escalations/{dossiers[2]}/mobilisations", {"kind": "internal", "resource": "Cerema"}, status=201
    )
    await a_lot(national)
    await national.post(
        "/operators", {"name": "IGN", "kind": "state_operator", "offer": "Expertise technique"}, status=201
    )
    await secretary.post("/committee-members", {"name": "Mme Durand", "valid_from": "2026-01-01"}, status=201)
    planned = {"title": "Livraison du diagnostic", "due_on": today(90)}
    milestone = await national.post(f"/escalations/{dossiers[3]}/milestones", planned, status=201)
    auditor = await program(await an_agent(database, "audit", Role.AUDITOR))
    programme = await program(await an_agent(database, "programme", Role.PROGRAMME_AGENT, "petites_villes_de_demain"))
    api = Api(
        browser,
        callers={
            "nobody": {},
            "a stranger": {"Authorization": "Bearer no-token-of-ours"},
            "national": national.headers,
            "secretary": secretary.headers,
            "auditor": auditor.headers,
            "programme": programme.headers,
        },
        known={
            "request_id": dossiers,
            "mobilisation_id": [mobilised["created"]],
            "session_id": await _ids(database, "committee_session"),
            "milestone_id": [milestone["created"]],
            "envelope_id": await _ids(database, "envelope"),
            "operator_id": await _ids(database, "operator"),
            "member_id": await _ids(database, "committee_member"),
            "contract_id": await _ids(database, "contract"),
            "lot_id": await _ids(database, "lot"),
            "price_id": await _ids(database, "unit_price"),
            "programme": ["petites_villes_de_demain"],
        },
    )
    await api.keeps_its_word(examples=2)


async def _ids(database: Database, table: str) -> list[str]:
    return [str(row["id"]) for row in await database.fetch(f"SELECT id FROM {table}")]


@pytest.mark.usefixtures("envelope")
async def test_no_page_stumbles_over_what_is_typed(
    database: Database, browser: httpx2.AsyncClient, national: Program, secretary: Program, received: str, ear: Ear
) -> None:
    other = a_request_escalated(number="95-2026-000124")
    await ear.hears(other)
    session_id = await a_scheduled_dossier(national, secretary, str(other.request_id))
    at, both = clock.now(), [Role.NATIONAL_AGENT, Role.COMMITTEE_SECRETARY]
    async with database.transaction() as tx:
        agent = await store.add_agent(tx, email="tout@cousu.test", name="Tout", roles=both, at=at)
        await sessions.create(tx, "the-key", agent=agent, data={}, at=at, expires_at=at + timedelta(hours=1))
    browser.cookies.set("cousu_escalation_session", "the-key")
    walk = Walk(browser, random.Random(95))  # noqa: S311 - the same each time
    dossier = f"/demandes/{received}"
    decision = f"/comite/{session_id}/dossiers/{other.request_id}"
    await walk.through(dossier, decision, f"/comite/{session_id}", "/comite", "/comite/membres")
