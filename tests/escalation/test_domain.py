"""The rules alone: what may happen to a dossier, a session, a mobilisation and an envelope."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from services.escalation.domain.accompaniment import Milestone, Reporter, add_deliverable, report_progress
from services.escalation.domain.committee import GrantLimit, MemberRole, NewVotes, Session, Verdict
from services.escalation.domain.dossier import Escalation
from services.escalation.domain.grant import GRANTING
from services.escalation.domain.means import STEPS, Envelope, Mobilisation, MobilisationState
from services.escalation.domain.moves import MOVES, ON_THE_DOSSIER, Action, By, State, allowed_actions
from services.escalation.domain.perimeter import Perimeter
from services.escalation.domain.programmes import ProgrammeRequestState
from services.escalation.domain.refusals import (
    DossiersUndecided,
    EnvelopeCommitted,
    EnvelopeExceeded,
    NotOnAgenda,
    QuorumMissing,
    SessionClosed,
)
from services.escalation.domain.withdrawals import PROGRAMME_RULINGS, answer, ruling_of
from shared.accompaniment import MilestoneWasReached
from shared.clock import new_id
from shared.contracts import escalation as facts
from shared.contracts.escalation import Decision, FinancingShare
from shared.contracts.fact import Actor, Fact
from shared.contracts.vocabulary import CommitteeOutcome, FinancerKind, MobilisationKind, Role, Stage, Team
from shared.contracts.withdrawal import Ruling, Withdrawal
from shared.errors import Forbidden, IllegalMove, Invalid
from tests.escalation.life import a_document

AT = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
TODAY = AT.date()
DUE = date(2026, 12, 15)
NATIONAL = By(frozenset({"national_agent"}), "Équipe nationale", "national@cousu.test")
SECRETARY = By(frozenset({"committee_secretary"}), "Secrétariat", "secretaire@cousu.test")
PROGRAMME = By(frozenset({"programme_agent"}), "Programme", "programme@cousu.test")
SESSION_ID = new_id()
LIMIT = GrantLimit(2026, 500_000_00, 300_000_00)


def an_escalation(state: State = State.RECEIVED) -> Escalation:
    """A dossier in a state, with what goes with it."""
    waits = state is State.AWAITING_DEPARTEMENT
    return Escalation(
        new_id(),
        "95-2026-000123",
        "95",
        state,
        resume_state=State.ADMISSIBLE if waits else None,
        asked_at=AT if waits else None,
        stage=Stage.ADMISSIBILITY,
        due_on=DUE,
        session_id=SESSION_ID if state is State.SCHEDULED else None,
        starts_on=TODAY - timedelta(days=30) if state in {State.ACCOMPANIED, State.COMPLETED} else None,
        ends_on=TODAY + timedelta(days=400) if state in {State.ACCOMPANIED, State.COMPLETED} else None,
    )


def a_session(**changes: object) -> Session:
    """A session that is open."""
    session = Session(SESSION_ID, "Comité de novembre", TODAY)
    for name, value in changes.items():
        setattr(session, name, value)
    return session


def a_decision(outcome: CommitteeOutcome) -> Decision:
    """What the committee decided."""
    return Decision(
        id=new_id(),
        number="CSP-2026-0001",
        outcome=outcome,
        motive="Vu.",
        decided_on=TODAY,
        session_id=SESSION_ID,
        signed_by=Actor(role=Role.COMMITTEE_SECRETARY),
    )


MAKE: dict[Action, Callable[[Escalation], object]] = {
    Action.ADMISSIBILITY: lambda one: one.settle_admissibility(opinion="Oui.", due_on=DUE, by=NATIONAL, at=AT),
    Action.INFORMATION_REQUEST: lambda one: one.ask(question="Quoi ?", until=None, by=NATIONAL, at=AT),
    Action.RETURN: lambda one: one.give_back(motive="Non.", by=NATIONAL, at=AT),
    Action.SCHEDULE: lambda one: one.schedule(session_id=SESSION_ID, title="Comité", held_on=TODAY, by=NATIONAL, at=AT),
    Action.MOBILISATIONS: lambda one: one.mobilise(
        mobilisation_id=new_id(),
        kind=MobilisationKind.INTERNAL,
        resource="Cerema",
        amount_cents=0,
        lot=None,
        by=NATIONAL,
        at=AT,
    ),
    Action.FINANCING: lambda one: one.plan_financing(
        total_cents=10_000,
        shares=[FinancingShare(kind=FinancerKind.ANCT, financer="ANCT", amount_cents=10_000)],
        fully_covered=None,
        by=NATIONAL,
        at=AT,
    ),
    Action.ACCOMPANIMENT: lambda one: one.accompany(starts_on=TODAY, ends_on=DUE, by=NATIONAL, at=AT),
    Action.MILESTONES: lambda one: one.plan_milestone(
        milestone_id=new_id(), title="Jalon", due_on=DUE, by=NATIONAL, at=AT
    ),
    Action.PROGRESS: lambda one: report_progress(
        one,
        Reporter(Team.NATIONAL, "Équipe", NATIONAL),
        report_id=new_id(),
        milestone=None,
        percent=None,
        text="Oui.",
        at=AT,
    ),
    Action.DELIVERABLES: lambda one: add_deliverable(
        one, Reporter(Team.NATIONAL, "Équipe", NATIONAL), milestone=None, document=a_document()
    ),
    Action.DATES: lambda one: one.reschedule(
        starts_on=TODAY, ends_on=DUE, motive="Retard.", due_on=[], by=NATIONAL, at=AT
    ),
    Action.COMPLETION: lambda one: one.complete(report="Fini.", evaluation_until=DUE, by=NATIONAL, at=AT),
}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("action", ON_THE_DOSSIER)
def test_each_move_is_open_in_its_states_and_refused_in_all_others(action: Action, state: State) -> None:
    escalation = an_escalation(state)
    if state in MOVES[action]:
        told = MAKE[action](escalation)
        assert isinstance(told, Fact | tuple)
    else:
        with pytest.raises(IllegalMove) as refused:
            MAKE[action](escalation)
        assert refused.value.state == state
        assert action not in refused.value.allowed_actions
        assert escalation.state is state


@pytest.mark.parametrize("state", State)
def test_what_is_said_to_be_allowed_is_allowed(state: State) -> None:
    for action in allowed_actions(state, NATIONAL):
        MAKE[Action(action)](an_escalation(state))


@pytest.mark.parametrize("action", [action for action in ON_THE_DOSSIER if action is not Action.SCHEDULE])
def test_only_the_national_agent_works_on_the_dossier(action: Action) -> None:
    for state in MOVES[action]:
        assert action not in allowed_actions(state, SECRETARY)
        assert action not in allowed_actions(state, PROGRAMME)


def test_the_secretary_may_put_a_dossier_on_an_agenda() -> None:
    assert allowed_actions(State.ADMISSIBLE, SECRETARY) == ["schedule"]
    told = an_escalation(State.ADMISSIBLE).schedule(
        session_id=SESSION_ID, title="Comité", held_on=TODAY, by=SECRETARY, at=AT
    )
    assert told.by.role is Role.COMMITTEE_SECRETARY


def test_the_wrong_role_is_told_before_the_wrong_state() -> None:
    with pytest.raises(Forbidden):
        an_escalation(State.COMPLETED).give_back(motive="Non.", by=SECRETARY, at=AT)


def test_receiving_starts_the_clock_of_admissibility() -> None:
    escalation = an_escalation()
    told = escalation.receive(due_on=DUE, at=AT)
    assert (escalation.state, escalation.stage, escalation.due_on) == (State.RECEIVED, Stage.ADMISSIBILITY, DUE)
    assert told.due_on == DUE


def test_settling_admissibility_starts_the_clock_of_the_committee() -> None:
    escalation = an_escalation()
    escalation.overdue_told = True
    escalation.settle_admissibility(opinion="Oui.", due_on=DUE, by=NATIONAL, at=AT)
    assert (escalation.stage, escalation.overdue_told) == (Stage.COMMITTEE, False)


@pytest.mark.parametrize("state", sorted(MOVES[Action.INFORMATION_REQUEST]))
def test_an_answer_leads_back_to_where_the_question_was_asked(state: State) -> None:
    escalation = an_escalation(state)
    escalation.ask(question="Quoi ?", until=None, by=NATIONAL, at=AT)
    assert escalation.state is State.AWAITING_DEPARTEMENT
    assert escalation.resume(due_on=DUE + timedelta(days=3))
    assert (escalation.state, escalation.due_on) == (state, DUE + timedelta(days=3))
    assert escalation.asked_at is None


def test_an_answer_that_nobody_waits_for_changes_nothing() -> None:
    escalation = an_escalation()
    assert not escalation.resume(due_on=None)
    assert escalation.due_on == DUE


@pytest.mark.parametrize("outcome", CommitteeOutcome)
def test_a_decision_becomes_the_state(outcome: CommitteeOutcome) -> None:
    escalation = an_escalation(State.SCHEDULED)
    escalation.take_decision(a_decision(outcome), next_due_on=DUE, at=AT)
    assert escalation.state.value == outcome.value
    assert escalation.session_id is None
    assert (escalation.stage is Stage.COMMITTEE) == (outcome is CommitteeOutcome.DEFERRED)


RULED: dict[State, str] = {
    State.RECEIVED: "accepted",
    State.AWAITING_DEPARTEMENT: "accepted",
    State.ADMISSIBLE: "accepted",
    State.SCHEDULED: "accepted",
    State.DEFERRED: "accepted",
    State.GRANTED: "void",
    State.GRANTED_WITH_RESERVE: "void",
    State.MOBILISING: "void",
    State.ACCOMPANIED: "accompanied",
    State.COMPLETED: "completed",
    State.REFUSED: "refused",
    State.RETURNED: "elsewhere",
    State.WITHDRAWN: "elsewhere",
}
"""State of the dossier → what becomes of a request to withdraw while nothing is ordered or accepted."""

RULED_BY_PROGRAMMES: dict[ProgrammeRequestState, str] = {
    ProgrammeRequestState.DIRECTED: "void",
    ProgrammeRequestState.TAKEN_UP: "programme_engaged",
    ProgrammeRequestState.DECLINED: "elsewhere",
    ProgrammeRequestState.COMPLETED: "completed",
    ProgrammeRequestState.WITHDRAWN: "elsewhere",
    ProgrammeRequestState.EVALUATED: "completed",
    ProgrammeRequestState.CLOSED: "completed",
}


def ruled(ruling: Ruling, state: State | ProgrammeRequestState) -> str:
    """Say how a request to withdraw is answered."""
    asked = Withdrawal(AT, "Abandonné.")
    fact = answer(ruling, asked, request_id=new_id(), departement="95", state=state, at=AT)
    match fact:
        case None:
            return "elsewhere"
        case facts.WithdrawalAccepted():
            return "void" if fact.void else "accepted"
        case _:
            assert fact.state == state.value
            return fact.reason.value


@pytest.mark.parametrize("state", State)
def test_each_state_rules_on_a_request_to_withdraw(state: State) -> None:
    assert ruled(ruling_of(state, ()), state) == RULED[state]


@pytest.mark.parametrize("state", ProgrammeRequestState)
def test_each_state_of_a_programme_request_rules_on_a_request_to_withdraw(state: ProgrammeRequestState) -> None:
    assert ruled(PROGRAMME_RULINGS[state], state) == RULED_BY_PROGRAMMES[state]


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("step", MobilisationState)
@pytest.mark.parametrize("order", [None, "BC-2026-0001"])
def test_what_is_ordered_or_accepted_comes_before_a_request_to_withdraw(
    state: State, step: MobilisationState, order: str | None
) -> None:
    mobilisation = replace(a_mobilisation(step), purchase_order=order)
    proposed = step is MobilisationState.PROPOSED and order is None
    engaged = state is State.MOBILISING and step is not MobilisationState.DECLINED and not proposed
    assert ruled(ruling_of(state, (mobilisation,)), state) == ("mobilised" if engaged else RULED[state])


def test_a_stage_is_told_overdue_once_the_day_after_its_date() -> None:
    escalation = an_escalation()
    assert escalation.mark_overdue(today=DUE, at=AT) is None
    told = escalation.mark_overdue(today=DUE + timedelta(days=1), at=AT)
    assert told is not None
    assert told.stage is Stage.ADMISSIBILITY
    assert escalation.mark_overdue(today=DUE + timedelta(days=2), at=AT) is None


def test_a_stage_is_told_to_end_soon_once_and_again_when_its_clock_goes_on() -> None:
    escalation = an_escalation()
    soon = DUE - timedelta(days=2)
    assert escalation.mark_due_soon(today=soon - timedelta(days=1), soon=DUE - timedelta(days=1), at=AT) is None
    told = escalation.mark_due_soon(today=soon, soon=DUE, at=AT)
    assert told is not None
    assert (told.stage, told.due_on, told.what) == (Stage.ADMISSIBILITY, DUE, None)
    assert escalation.mark_due_soon(today=DUE, soon=DUE, at=AT) is None
    escalation.ask(question="Quel calendrier ?", until=None, by=NATIONAL, at=AT)
    assert escalation.mark_due_soon(today=DUE, soon=DUE, at=AT) is None
    escalation.resume(due_on=DUE + timedelta(days=5))
    assert escalation.mark_due_soon(today=DUE, soon=DUE, at=AT) is None
    assert escalation.mark_due_soon(today=DUE + timedelta(days=4), soon=DUE + timedelta(days=6), at=AT) is not None


def test_a_stage_that_is_late_is_not_told_to_end_soon() -> None:
    after = DUE + timedelta(days=1)
    assert an_escalation().mark_due_soon(today=after, soon=after + timedelta(days=2), at=AT) is None


def test_a_milestone_is_told_to_be_near_once_and_again_when_it_is_postponed() -> None:
    escalation = an_escalation(State.ACCOMPANIED)
    milestone = Milestone(new_id(), "Étude", DUE)
    told = milestone.mark_due_soon(escalation, today=DUE, soon=DUE + timedelta(days=2), at=AT)
    assert told is not None
    assert (told.stage, told.due_on, told.what) == (Stage.MILESTONE, DUE, "Étude")
    assert milestone.mark_due_soon(escalation, today=DUE, soon=DUE, at=AT) is None
    later = DUE + timedelta(days=30)
    milestone.postpone(escalation, due_on=later, motive="Le terrain.", today=TODAY, by=NATIONAL, at=AT)
    assert milestone.mark_due_soon(escalation, today=DUE, soon=DUE, at=AT) is None
    assert milestone.mark_due_soon(escalation, today=later, soon=later, at=AT) is not None


def test_the_clock_stands_still_while_the_departement_must_answer() -> None:
    escalation = an_escalation(State.AWAITING_DEPARTEMENT)
    assert escalation.mark_overdue(today=DUE + timedelta(days=1), at=AT) is None


def test_an_accompaniment_has_a_plausible_length() -> None:
    with pytest.raises(Invalid):
        an_escalation(State.GRANTED).accompany(starts_on=DUE, ends_on=TODAY, by=NATIONAL, at=AT)
    with pytest.raises(Invalid):
        an_escalation(State.GRANTED).accompany(starts_on=TODAY, ends_on=date(2202, 1, 1), by=NATIONAL, at=AT)


def test_completion_asks_for_the_evaluation() -> None:
    completed, asked = an_escalation(State.ACCOMPANIED).complete(
        report="Fini.", evaluation_until=DUE, by=NATIONAL, at=AT
    )
    assert completed.report == "Fini."
    assert asked.until == DUE


def test_a_milestone_is_reached_today_unless_it_is_said_when() -> None:
    escalation = an_escalation(State.ACCOMPANIED)
    milestone = Milestone(new_id(), "Étude", DUE)
    told = milestone.reach(escalation, reached_on=None, today=TODAY, by=NATIONAL, at=AT)
    assert told.reached_on == TODAY
    with pytest.raises(MilestoneWasReached):
        milestone.reach(escalation, reached_on=None, today=TODAY, by=NATIONAL, at=AT)


def test_a_milestone_is_not_reached_tomorrow() -> None:
    with pytest.raises(Invalid):
        Milestone(new_id(), "Étude", DUE).reach(
            an_escalation(State.ACCOMPANIED), reached_on=TODAY + timedelta(days=1), today=TODAY, by=NATIONAL, at=AT
        )


@pytest.mark.parametrize("starts_in", [-3, 3])
def test_a_milestone_is_not_reached_before_the_work_begins_but_today_at_the_earliest(starts_in: int) -> None:
    escalation = an_escalation(State.ACCOMPANIED)
    escalation.starts_on = TODAY + timedelta(days=starts_in)
    with pytest.raises(Invalid):
        Milestone(new_id(), "Étude", DUE).reach(
            escalation, reached_on=TODAY - timedelta(days=4), today=TODAY, by=NATIONAL, at=AT
        )
    told = Milestone(new_id(), "Étude", DUE).reach(escalation, reached_on=TODAY, today=TODAY, by=NATIONAL, at=AT)
    assert told.reached_on == TODAY


def test_a_late_milestone_is_told_once() -> None:
    escalation = an_escalation(State.ACCOMPANIED)
    milestone = Milestone(new_id(), "Étude", DUE)
    assert milestone.mark_overdue(escalation, today=DUE, at=AT) is None
    told = milestone.mark_overdue(escalation, today=DUE + timedelta(days=1), at=AT)
    assert told is not None
    assert (told.stage, told.what) == (Stage.MILESTONE, "Étude")
    assert milestone.mark_overdue(escalation, today=DUE + timedelta(days=1), at=AT) is None


def test_a_decision_is_signed_by_the_secretary_in_his_quality() -> None:
    decision = a_session().decide(
        an_escalation(State.SCHEDULED),
        Verdict(outcome=CommitteeOutcome.GRANTED, motive="Vu."),
        decision_id=new_id(),
        number="CSP-2026-0001",
        limit=LIMIT,
        by=SECRETARY,
        today=TODAY,
    )
    assert decision.signed_by.role is Role.COMMITTEE_SECRETARY
    assert decision.decided_on == TODAY


def test_a_session_decides_only_on_its_own_agenda() -> None:
    escalation = an_escalation(State.SCHEDULED)
    escalation.session_id = new_id()
    with pytest.raises(NotOnAgenda):
        a_session().check_may_decide(escalation, SECRETARY, today=TODAY)


def test_a_closed_session_does_not_change() -> None:
    session = a_session()
    session.close(undecided=[], by=SECRETARY, today=TODAY, at=AT)
    assert session.allowed_actions(SECRETARY, today=TODAY) == []
    with pytest.raises(SessionClosed):
        session.close(undecided=[], by=SECRETARY, today=TODAY, at=AT)
    with pytest.raises(SessionClosed):
        session.attend([], by=SECRETARY, today=TODAY, at=AT)
    with pytest.raises(SessionClosed):
        session.check_may_decide(an_escalation(State.SCHEDULED), SECRETARY, today=TODAY)


def test_a_session_does_not_close_over_undecided_dossiers() -> None:
    session = a_session()
    with pytest.raises(DossiersUndecided) as refused:
        session.close(undecided=["95-2026-000123"], by=SECRETARY, today=TODAY, at=AT)
    assert "95-2026-000123" in refused.value.detail
    assert session.closed_at is None


def test_too_few_members_decide_nothing() -> None:
    session = a_session(members=("ANRU", "Anah"), quorum=2, present=("ANRU",))
    with pytest.raises(QuorumMissing):
        session.check_may_decide(an_escalation(State.SCHEDULED), SECRETARY, today=TODAY)
    session.attend(["ANRU", "Anah", "Anah"], by=SECRETARY, today=TODAY, at=AT)
    assert session.present == ("ANRU", "Anah")
    session.check_may_decide(an_escalation(State.SCHEDULED), SECRETARY, today=TODAY)


@pytest.mark.parametrize("outcome", CommitteeOutcome)
def test_a_reserve_belongs_to_one_outcome(outcome: CommitteeOutcome) -> None:
    with_reserve = outcome is CommitteeOutcome.GRANTED_WITH_RESERVE
    Verdict(outcome=outcome, motive="Vu.", reserve="Délibération." if with_reserve else None).check(TODAY, LIMIT)
    with pytest.raises(Invalid):
        Verdict(outcome=outcome, motive="Vu.", reserve=None if with_reserve else "Délibération.").check(TODAY, LIMIT)
    if not with_reserve:
        with pytest.raises(Invalid):
            Verdict(outcome=outcome, motive="Vu.", reserve_until=DUE).check(TODAY, LIMIT)


def test_a_reserve_is_not_to_be_lifted_before_it_was_made() -> None:
    early = Verdict(
        outcome=CommitteeOutcome.GRANTED_WITH_RESERVE, motive="Vu.", reserve="Délibération.", reserve_until=TODAY
    )
    early.check(TODAY, LIMIT)
    with pytest.raises(Invalid):
        early.check(TODAY + timedelta(days=1), LIMIT)


def test_only_members_who_vote_make_the_quorum_and_give_their_voices() -> None:
    roles = {"ANRU": MemberRole.CHAIR, "Cerema": MemberRole.ADVISORY}
    session = a_session(members=("ANRU", "Anah", "Cerema"), roles=roles, quorum=2, present=("ANRU", "Cerema"))
    with pytest.raises(QuorumMissing):
        session.check_may_decide(an_escalation(State.SCHEDULED), SECRETARY, today=TODAY)
    session.attend(["ANRU", "Anah", "Cerema"], by=SECRETARY, today=TODAY, at=AT)
    session.check(
        Verdict(outcome=CommitteeOutcome.GRANTED, motive="Vu.", votes=NewVotes(in_favour=1, against=1)), LIMIT
    )
    with pytest.raises(Invalid):
        session.check(
            Verdict(
                outcome=CommitteeOutcome.GRANTED, motive="Vu.", votes=NewVotes(in_favour=1, against=1, abstained=1)
            ),
            LIMIT,
        )
    with pytest.raises(Invalid):
        Session.plan(
            SESSION_ID, title="Comité", held_on=TODAY, members=("Cerema",), quorum=1, by=SECRETARY, today=TODAY,
            roles=roles,
        )  # fmt: skip


TOMORROW = TODAY + timedelta(days=1)


def test_a_session_to_come_has_an_agenda_and_decides_nothing() -> None:
    session = a_session(held_on=TOMORROW, members=("ANRU",))
    assert session.allowed_actions(SECRETARY, today=TODAY) == ["agenda", "recusals", "recusal-removal"]
    assert session.allowed_actions(SECRETARY, today=TOMORROW) == [
        "decisions",
        "attendance",
        "agenda",
        "recusals",
        "recusal-removal",
        "closing",
    ]
    for act in (
        lambda: session.attend(["ANRU"], by=SECRETARY, today=TODAY, at=AT),
        lambda: session.check_may_decide(an_escalation(State.SCHEDULED), SECRETARY, today=TODAY),
        lambda: session.close(undecided=[], by=SECRETARY, today=TODAY, at=AT),
    ):
        with pytest.raises(Invalid) as refused:
            act()
        assert "mercredi 25\u00a0novembre 2026" in refused.value.errors[0].message
    assert (session.present, session.closed_at) == ((), None)


Votes = tuple[int, int] | None


def fields_wrong(outcome: CommitteeOutcome, votes: Votes = None, **said: object) -> list[str]:
    """Name the fields of a verdict that contradict it."""
    voices = NewVotes(in_favour=votes[0], against=votes[1]) if votes else None
    reserve = "Délibération." if outcome is CommitteeOutcome.GRANTED_WITH_RESERVE else None
    verdict = Verdict.model_validate({"outcome": outcome, "motive": "Vu.", "reserve": reserve, "votes": voices, **said})
    try:
        verdict.check(TODAY, LIMIT)
    except Invalid as refused:
        return [error.field for error in refused.errors]
    return []


@pytest.mark.parametrize("outcome", CommitteeOutcome)
@pytest.mark.parametrize("votes", [None, (3, 1), (2, 2), (1, 3), (0, 0), (0, 2)])
def test_votes_and_outcome_agree(outcome: CommitteeOutcome, votes: Votes) -> None:
    for_it, against = votes or (1, 1)
    grants, refuses = outcome in GRANTING, outcome is CommitteeOutcome.REFUSED
    wrong = (grants and (for_it < against or not for_it)) or (refuses and for_it > against)
    assert fields_wrong(outcome, votes) == (["votes"] if wrong else [])


@pytest.mark.parametrize("outcome", [one for one in CommitteeOutcome if one not in GRANTING])
def test_only_a_grant_has_an_amount_and_support(outcome: CommitteeOutcome) -> None:
    assert fields_wrong(outcome, amount_cents=0) == []
    assert fields_wrong(outcome, amount_cents=777) == ["amount_cents"]
    assert fields_wrong(outcome, support_types=["amo_publique"]) == ["support_types"]
    assert fields_wrong(outcome, override_reason="Urgent.") == ["override_reason"]


@pytest.mark.parametrize(
    ("limit", "amount_cents", "wrong"),
    [
        (GrantLimit(2026, 100, 1_000), 100, False),
        (GrantLimit(2026, 100, 1_000), 101, True),
        (GrantLimit(2026, 5_000, 1_000), 1_000, False),
        (GrantLimit(2026, 5_000, 1_000), 1_001, True),
        (GrantLimit(2026, None, 1_000), 1_000, False),
        (GrantLimit(2026, None, 1_000), 1_001, True),
    ],
)
def test_more_than_is_left_or_plausible_is_granted_with_a_reason(
    limit: GrantLimit, amount_cents: int, *, wrong: bool
) -> None:
    verdict = Verdict(outcome=CommitteeOutcome.GRANTED, motive="Vu.", amount_cents=amount_cents)
    if wrong:
        with pytest.raises(Invalid) as refused:
            verdict.check(TODAY, limit)
        assert [error.field for error in refused.value.errors] == ["amount_cents"]
    verdict.model_copy(update={"override_reason": "Crédits annoncés." if wrong else None}).check(TODAY, limit)


def a_mobilisation(state: MobilisationState) -> Mobilisation:
    """A resource in a state."""
    return Mobilisation(new_id(), new_id(), MobilisationKind.INTERNAL, "Cerema", 0, None, None, state, None)


@pytest.mark.parametrize("state", MobilisationState)
@pytest.mark.parametrize("action", STEPS)
def test_a_mobilisation_goes_through_its_life_in_order(action: Action, state: MobilisationState) -> None:
    mobilisation = a_mobilisation(state)
    start, end = STEPS[action]
    if state is start:
        assert action in mobilisation.allowed_actions(State.MOBILISING, NATIONAL)
        mobilisation.step(action, of=State.MOBILISING, by=NATIONAL)
        assert mobilisation.state is end
    else:
        assert action not in mobilisation.allowed_actions(State.MOBILISING, NATIONAL)
        with pytest.raises(IllegalMove) as refused:
            mobilisation.step(action, of=State.MOBILISING, by=NATIONAL)
        assert refused.value.state == state


def test_an_envelope_never_goes_below_zero() -> None:
    envelope = Envelope(new_id(), 2026, None, 1_000)
    envelope.commit(1_000)
    with pytest.raises(EnvelopeExceeded) as refused:
        envelope.commit(1)
    assert refused.value.available_cents == 0
    envelope.release(400)
    assert envelope.available_cents == 400
    with pytest.raises(EnvelopeCommitted):
        envelope.resize(599)
    envelope.resize(600)


def test_a_programmes_team_sees_only_its_programmes() -> None:
    team = Perimeter.of(roles={"programme_agent"}, departements=None, programmes={"ruralites"})
    assert team.programmes == ["ruralites"]
    both = Perimeter.of(roles={"programme_agent", "national_agent"}, departements=None, programmes={"ruralites"})
    assert both.programmes is None
