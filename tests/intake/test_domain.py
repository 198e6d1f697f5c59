"""What a request goes through on the applicant's side, without any database."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import combinations, permutations
from typing import Any

import pytest

from services.intake.domain import filing
from services.intake.domain.evaluation import Evaluation, EvaluationTooEarly
from services.intake.domain.life import DECIDED, MEANINGS, Status, meaning_of
from services.intake.domain.request import TrackedRequest
from services.intake.domain.timeline import step_of
from services.intake.domain.withdrawal import Withdrawal, WithdrawalState
from services.intake.reads.timeline import detail_of, label_of, without_repetition
from shared.clock import new_id
from shared.contracts import FACTS, escalation, intake, notifications, qualification
from shared.contracts.fact import Actor, Fact
from shared.contracts.vocabulary import (
    FIELDS_OF,
    SUPPORT_TYPES_OF,
    CommitteeOutcome,
    Field,
    LocalEnd,
    Programme,
    RequestKind,
    Role,
    SupportType,
    Team,
    WithdrawalReason,
)
from shared.documents import MOST_FILES, FileTooLarge, RequestTooLarge, Stored, TooManyFiles
from shared.errors import IllegalMove
from shared.french.words import STATE
from tests.intake.facts import DUE, Life, a_tracked_request, at

GOOD = Evaluation(need_met=5, progress=4, satisfaction=5)
NOT_FOR_THE_APPLICANT = {
    "qualification.stage_overdue.v1",
    "escalation.stage_overdue.v1",
    "escalation.decision_made.v1",  # has a line per outcome instead
    "escalation.decision_corrected.v1",  # same
    "qualification.stage_due_soon.v1",
    "escalation.stage_due_soon.v1",
    "qualification.orientation_due_soon.v1",
    "qualification.national_question_due_soon.v1",
    "qualification.local_work_due_soon.v1",
    "qualification.local_work_overdue.v1",  # a late stage is the service's own business
    "qualification.information_due_soon.v1",  # a reminder is a mail, and no step
    "qualification.orientation_link_replaced.v1",  # between the service and the provider
    "intake.tracking_link_replaced.v1",
    "forms.request_accepted.v1",
    "forms.request_refused.v1",
    "escalation.programme_coverage_set.v1",  # about no request
    "qualification.exchanges_shared.v1",  # belongs to a dossier
    "qualification.exchanges_transferred.v1",  # same
    *(fact.wire_type for fact in notifications.FACTS),
    *(fact.wire_type for fact in FACTS if fact.wire_type.startswith("qualification.pact_")),
}


def heard(tracked: TrackedRequest, *facts: Any) -> TrackedRequest:
    for fact in facts:
        tracked.apply_consumed(fact)
    return tracked


def state(tracked: TrackedRequest) -> tuple[str, Team | None]:
    return tracked.status, tracked.team


def test_every_fact_has_a_meaning_or_is_left_out_on_purpose() -> None:
    assert {fact.wire_type for fact in FACTS} - {fact.wire_type for fact in MEANINGS} == NOT_FOR_THE_APPLICANT
    assert set(DECIDED) == set(CommitteeOutcome)


def test_every_status_has_its_french_word() -> None:
    said = {meaning.status for meaning in (*MEANINGS.values(), *DECIDED.values()) if meaning.status}
    assert said <= set(STATE)


def test_a_registered_request_waits_for_its_examination() -> None:
    tracked = a_tracked_request()
    heard(tracked, Life(tracked.id).registered(1))
    assert state(tracked) == ("registered", Team.DEPARTEMENT)
    assert tracked.expected is not None
    assert (tracked.expected.team, tracked.expected.until) == (Team.DEPARTEMENT, DUE)
    assert tracked.service is not None


def test_the_last_day_of_the_departement_holds_while_an_answer_is_prepared_and_rejected() -> None:
    tracked = a_tracked_request()
    life = Life(tracked.id)
    for fact in (life.registered(1), life.examined(2), life.proposed(3), life.rejected(4)):
        heard(tracked, fact)
        assert tracked.expected is not None
        assert (tracked.expected.team, tracked.expected.until) == (Team.DEPARTEMENT, DUE)
    heard(tracked, life.declined(5))
    assert tracked.expected is not None
    assert tracked.expected.until is None


def test_the_applicant_is_asked_and_answers() -> None:
    tracked = a_tracked_request()
    life = Life(tracked.id)
    heard(tracked, life.registered(1), life.examined(2), life.asked(3))
    assert state(tracked) == ("awaiting_information", Team.APPLICANT)
    assert tracked.allowed_actions[0] == "information"
    fact = tracked.provide_information("Voici", at=at(4))
    assert fact.departement == "95"
    assert state(tracked) == ("under_examination", Team.DEPARTEMENT)
    with pytest.raises(IllegalMove) as refused:
        tracked.provide_information("Encore", at=at(5))
    assert refused.value.state == "under_examination"


def test_an_answer_counts_even_when_the_other_clock_is_ahead() -> None:
    tracked = a_tracked_request()
    heard(tracked, Life(tracked.id).asked(10))
    tracked.provide_information("Voici", at=at(4))
    assert tracked.status == "under_examination"
    assert tracked.status_at == at(10)


def test_late_events_of_another_stream_do_not_turn_the_status_back() -> None:
    tracked = a_tracked_request()
    life = Life(tracked.id)
    heard(tracked, life.received(6), life.escalated(5))
    assert state(tracked) == ("received", Team.NATIONAL)


def test_whatever_the_order_of_two_streams_the_status_is_the_latest_thing() -> None:
    request_id = new_id()
    life = Life(request_id)
    facts = [life.escalated(5), life.received(6), life.returned(7), life.examined(8)]
    for order in permutations(facts):
        assert state(heard(a_tracked_request(request_id), *order)) == ("under_examination", Team.DEPARTEMENT)


def test_a_national_question_is_none_of_the_applicants_business() -> None:
    tracked = a_tracked_request()
    life = Life(tracked.id)
    heard(tracked, life.escalated(1), life.received(2), life.admitted(3), life.questioned(4))
    assert state(tracked) == ("awaiting_departement", Team.NATIONAL)
    assert tracked.expected is not None
    assert tracked.expected.team is Team.DEPARTEMENT
    assert "information" not in tracked.allowed_actions
    heard(tracked, life.answered(5))
    assert state(tracked) == ("admissible", Team.NATIONAL)


def test_a_question_before_the_admissibility_leads_back_to_received() -> None:
    tracked = a_tracked_request()
    life = Life(tracked.id)
    heard(tracked, life.escalated(1), life.received(2), life.questioned(4), life.answered(5))
    assert tracked.status == "received"


def test_a_question_after_a_deferral_leads_back_to_deferred() -> None:
    tracked = a_tracked_request()
    life = Life(tracked.id)
    deferred = life.decided(3, CommitteeOutcome.DEFERRED)
    heard(tracked, life.escalated(1), life.received(2), deferred, life.questioned(4), life.answered(5))
    assert tracked.status == "deferred"


def test_an_answer_to_what_is_no_longer_asked_changes_nothing() -> None:
    tracked = a_tracked_request()
    life = Life(tracked.id)
    heard(tracked, life.escalated(1), life.received(2), life.questioned(3), life.admitted(4), life.scheduled(5))
    expected = tracked.expected
    heard(tracked, life.answered(6))
    assert (tracked.status, tracked.expected) == ("scheduled", expected)


@pytest.mark.parametrize("end", ["goes on", "is asked again", "is scheduled", "is returned"])
def test_however_the_streams_of_a_national_question_interleave_the_request_ends_the_same(end: str) -> None:
    request_id = new_id()
    life = Life(request_id)
    more: dict[str, tuple[list[Fact], list[Fact]]] = {
        "goes on": ([], []),
        "is asked again": ([life.questioned(7)], [life.answered(8)]),
        "is scheduled": ([life.scheduled(7)], []),
        "is returned": ([life.returned(7)], [life.examined(8)]),
    }
    national, local = more[end]
    national = [life.received(2), life.questioned(3), life.admitted(4), *national]
    local = [life.escalated(1), life.answered(6), *local]
    in_order = heard(a_tracked_request(request_id), *sorted([*national, *local], key=lambda fact: fact.at))
    for order in interleaved(national, local):
        assert heard(a_tracked_request(request_id), *order) == in_order


def interleaved(some: list[Fact], others: list[Fact]) -> Iterator[list[Fact]]:
    """Every way in which two streams may come, each in its own order."""
    length = len(some) + len(others)
    for places in combinations(range(length), len(some)):
        one, other = iter(some), iter(others)
        yield [next(one if place in places else other) for place in range(length)]


@pytest.mark.parametrize(
    ("outcome", "team"),
    [
        (CommitteeOutcome.GRANTED, Team.NATIONAL),
        (CommitteeOutcome.GRANTED_WITH_RESERVE, Team.NATIONAL),
        (CommitteeOutcome.DEFERRED, Team.NATIONAL),
        (CommitteeOutcome.RETURNED, Team.DEPARTEMENT),
        (CommitteeOutcome.REFUSED, None),
    ],
)
def test_after_the_committee_the_status_is_its_word(outcome: CommitteeOutcome, team: Team | None) -> None:
    tracked = a_tracked_request()
    heard(tracked, Life(tracked.id).decided(1, outcome))
    assert state(tracked) == (outcome, team)
    assert tracked.decision is not None
    assert tracked.decision["outcome"] == outcome


def test_a_corrected_decision_is_the_one_shown_and_what_is_under_way_goes_on() -> None:
    tracked = a_tracked_request()
    life = Life(tracked.id)
    heard(tracked, life.decided(1, CommitteeOutcome.REFUSED))
    heard(tracked, life.corrected(2, CommitteeOutcome.GRANTED, under_way=False))
    assert tracked.status == "granted"
    heard(tracked, life.mobilised(3), life.corrected(4, CommitteeOutcome.GRANTED_WITH_RESERVE, under_way=True))
    assert tracked.status == "mobilising"
    assert tracked.decision is not None
    assert (tracked.decision["outcome"], tracked.decision["corrects"]) == ("granted_with_reserve", "CSP-2026-0001")


def test_a_corrected_decision_says_what_the_replaced_one_came_to() -> None:
    tracked = a_tracked_request()
    life = Life(tracked.id)
    was = escalation.Terms(outcome=CommitteeOutcome.GRANTED, amount_cents=40_000_00)
    heard(tracked, life.corrected(1, CommitteeOutcome.REFUSED, under_way=False, was=was))
    assert tracked.decision is not None
    assert escalation.Terms.model_validate(tracked.decision["was"]) == was
    heard(tracked, life.corrected(2, CommitteeOutcome.GRANTED, under_way=False))
    assert "was" not in tracked.decision


def test_an_accompaniment_ends_with_an_evaluation() -> None:
    tracked = a_tracked_request()
    life = Life(tracked.id)
    heard(tracked, life.decided(1, CommitteeOutcome.GRANTED), life.mobilised(2))
    assert tracked.status == "mobilising"
    heard(tracked, life.accompanied(3))
    assert tracked.status == "accompanied"
    assert "evaluation" not in tracked.allowed_actions
    heard(tracked, life.completed(4), life.evaluation_asked(4))
    assert state(tracked) == ("completed", Team.APPLICANT)
    assert tracked.expected is not None
    assert (tracked.expected.team, tracked.expected.until) == (Team.APPLICANT, DUE)
    assert tracked.evaluate(GOOD, at=at(5)).number == "95-2026-000001"
    assert state(tracked) == ("evaluated", None)


def test_an_evaluation_can_be_corrected_until_the_request_is_closed() -> None:
    tracked = a_tracked_request()
    heard(tracked, Life(tracked.id).completed(4))
    assert not tracked.evaluate(GOOD, at=at(5)).corrects
    better = GOOD.model_copy(update={"comment": "Deux commerces de plus."})
    assert tracked.evaluate(better, at=at(6)).corrects
    assert (tracked.status, tracked.evaluated_at) == ("evaluated", at(6))
    tracked.close(at=at(7))
    with pytest.raises(IllegalMove):
        tracked.evaluate(GOOD, at=at(8))


def test_an_evaluation_asked_before_it_was_given_does_not_ask_again() -> None:
    tracked = a_tracked_request()
    life = Life(tracked.id)
    heard(tracked, life.completed(4))
    tracked.evaluate(GOOD, at=at(5))
    heard(tracked, life.evaluation_asked(4))
    assert tracked.status == "evaluated"
    assert not tracked.evaluation_open
    assert tracked.expected is None


def test_six_months_later_the_applicant_may_be_asked_once_more() -> None:
    tracked = a_tracked_request()
    life = Life(tracked.id)
    heard(tracked, life.completed(4))
    tracked.evaluate(GOOD, at=at(5))
    tracked.close(at=at(6))
    heard(tracked, life.evaluation_asked(260_000))
    assert tracked.allowed_actions == ["evaluation"]
    tracked.evaluate(GOOD, at=at(260_001))
    assert tracked.status == "evaluated"


@pytest.mark.parametrize("made", ["accepted", "supported", "directed"])
def test_an_evaluation_before_the_end_is_refused_and_says_when_it_is_asked(made: str) -> None:
    tracked = a_tracked_request()
    heard(tracked, getattr(Life(tracked.id), made)(1))
    assert "withdrawal" not in tracked.allowed_actions
    assert "evaluation" not in tracked.allowed_actions
    with pytest.raises(EvaluationTooEarly) as refused:
        tracked.evaluate(GOOD, at=at(2))
    assert "à la fin de l’accompagnement. D’ici là" in refused.value.detail
    assert refused.value.allowed_actions == tracked.allowed_actions


@pytest.mark.parametrize(
    ("answer", "alone", "team"), [("accepted", False, Team.PROVIDER), ("supported", True, Team.DEPARTEMENT)]
)
def test_local_work_is_followed_and_evaluated_once_it_is_done(answer: str, alone: bool, team: Team) -> None:
    tracked = a_tracked_request()
    life = Life(tracked.id)
    heard(tracked, getattr(life, answer)(1), life.work_started(2, alone=alone))
    assert state(tracked) == ("accompanied", team)
    assert tracked.expected is not None
    assert (tracked.expected.team, tracked.expected.until) == (team, DUE + timedelta(days=90))
    assert "progress" in tracked.allowed_actions
    with pytest.raises(EvaluationTooEarly) as refused:
        tracked.evaluate(GOOD, at=at(3))
    assert "prévue le lundi 1 mars 2027" in refused.value.detail.replace("\u00a0", " ").replace("1er", "1")
    heard(tracked, life.work_done(4))
    assert state(tracked) == ("completed", Team.APPLICANT)
    assert tracked.evaluate(GOOD, at=at(5)).corrects is False
    assert tracked.status == "evaluated"


def test_the_end_of_local_work_may_be_postponed() -> None:
    tracked = a_tracked_request()
    life = Life(tracked.id)
    heard(tracked, life.accepted(1), life.work_started(2), life.local_milestone(3), life.end_postponed(4))
    assert state(tracked) == ("accompanied", Team.PROVIDER)
    assert tracked.expected is not None
    assert tracked.expected.until == DUE + timedelta(days=120)


def test_local_work_that_a_provider_stops_goes_back_to_the_departement() -> None:
    tracked = a_tracked_request()
    life = Life(tracked.id)
    heard(tracked, life.accepted(1), life.work_started(2), life.work_stopped(3))
    assert state(tracked) == ("under_examination", Team.DEPARTEMENT)
    assert tracked.decision is None
    assert "evaluation" not in tracked.allowed_actions


def test_an_applicant_who_gives_up_may_say_why_and_is_awaited_for_nothing() -> None:
    tracked = a_tracked_request()
    life = Life(tracked.id)
    heard(tracked, life.accepted(1), life.work_started(2), life.work_stopped(3, LocalEnd.APPLICANT_GAVE_UP))
    assert (*state(tracked), tracked.expected) == ("completed", None, None)
    assert "evaluation" in tracked.allowed_actions


def test_a_declined_orientation_goes_back_without_the_providers_motive() -> None:
    tracked = a_tracked_request()
    life = Life(tracked.id)
    heard(tracked, life.oriented(1))
    assert state(tracked) == ("oriented_locally", Team.PROVIDER)
    step = tracked.apply_consumed(life.declined(2))
    assert state(tracked) == ("under_examination", Team.DEPARTEMENT)
    assert "SECRET" not in str(step)


def test_an_answer_that_is_prepared_again_is_shown_once() -> None:
    tracked = a_tracked_request()
    life = Life(tracked.id)
    makers = ("registered", "examined", "proposed", "rejected", "proposed", "taken_back", "proposed", "proposed")
    steps = [tracked.apply_consumed(getattr(life, made)(minutes)) for minutes, made in enumerate(makers, start=1)]
    assert tracked.status == "proposed"
    shown = [step.type.split(".")[1] for step in without_repetition([step for step in steps if step])]
    assert shown == ["request_registered", "examination_started", "outcome_proposed"]
    again = [*steps, *(tracked.apply_consumed(fact) for fact in (life.asked(20), life.proposed(21)))]
    assert [step.type.split(".")[1] for step in without_repetition([step for step in again if step])] == [
        *shown, "information_requested", "outcome_proposed"
    ]  # fmt: skip


def test_nothing_internal_is_shown() -> None:
    tracked = a_tracked_request()
    life = Life(tracked.id)
    makers = ("qualified", "proposed", "rejected", "escalated", "questioned", "answered", "admitted", "returned",
              "completed", "declined")  # fmt: skip
    steps = [tracked.apply_consumed(getattr(life, made)(minutes)) for minutes, made in enumerate(makers, start=1)]
    steps.append(tracked.apply_consumed(life.transferred(20, "78")))
    steps.append(tracked.apply_consumed(life.decided(21, CommitteeOutcome.GRANTED)))
    assert "SECRET" not in str(steps)
    assert "SECRET" not in str(tracked)
    assert steps[makers.index("rejected")] is None
    transfer = steps[len(makers)]
    assert transfer
    assert detail_of(transfer) == "Le projet est dans les Yvelines.", (
        "its motive is told to the applicant, by mail as well"
    )


def test_a_transfer_changes_who_is_told_afterwards() -> None:
    tracked = a_tracked_request()
    heard(tracked, Life(tracked.id).transferred(2, "78"), Life(tracked.id, "78").registered(3))
    assert (tracked.departement, tracked.status) == ("78", "registered")
    assert tracked.post_message("Bonjour", message_id=new_id(), at=at(4)).departement == "78"


def test_the_new_departement_may_be_heard_before_the_old_one() -> None:
    tracked = a_tracked_request()
    heard(tracked, Life(tracked.id, "78").registered(3), Life(tracked.id).transferred(2, "78"))
    assert (tracked.departement, tracked.status) == ("78", "registered")


def test_a_withdrawn_request_stays_withdrawn() -> None:
    tracked = a_tracked_request()
    tracked.withdraw("Abandon", at=at(1))
    heard(tracked, Life(tracked.id).registered(2), Life(tracked.id).accepted(3))
    assert state(tracked) == ("withdrawn", None)
    assert tracked.allowed_actions == []


def accepted_withdrawal(tracked: TrackedRequest, minutes: int, asked: int = 1) -> escalation.WithdrawalAccepted:
    return escalation.WithdrawalAccepted(
        request_id=tracked.id, departement="95", at=at(minutes), withdrawn_at=at(asked), motive="Abandon"
    )


def declined_withdrawal(tracked: TrackedRequest, minutes: int, asked: int = 1) -> escalation.WithdrawalDeclined:
    return escalation.WithdrawalDeclined(
        request_id=tracked.id,
        departement="95",
        at=at(minutes),
        withdrawn_at=at(asked),
        motive="Abandon",
        state="mobilising",
        reason=WithdrawalReason.MOBILISED,
    )


def test_an_accepted_withdrawal_ends_the_request_without_any_decision() -> None:
    first = a_tracked_request()
    told = [Life(first.id).decided(2, CommitteeOutcome.GRANTED), accepted_withdrawal(first, 3)]
    for facts in permutations(told):
        tracked = a_tracked_request(first.id)
        tracked.withdraw("Abandon", at=at(1))
        heard(tracked, *facts)
        assert state(tracked) == ("withdrawn", None)
        assert tracked.decision is None
        assert tracked.allowed_actions == []
        assert tracked.withdrawal == Withdrawal(at(1), WithdrawalState.ACCEPTED)


@pytest.mark.parametrize(
    ("beneath", "team", "decided_by", "owner"),
    [
        ("awaiting_information", Team.APPLICANT, None, Team.DEPARTEMENT),
        ("oriented_locally", Team.PROVIDER, "departement", Team.DEPARTEMENT),
        ("refused", None, "departement", Team.DEPARTEMENT),
        ("refused", None, "national", Team.NATIONAL),
        ("scheduled", Team.NATIONAL, None, Team.NATIONAL),
        ("completed", Team.APPLICANT, "national", Team.NATIONAL),
        ("returned", Team.DEPARTEMENT, None, Team.DEPARTEMENT),
    ],
)
def test_a_withdrawal_that_waits_names_the_owner_of_the_step_beneath(
    beneath: str, team: Team | None, decided_by: str | None, owner: Team
) -> None:
    tracked = a_tracked_request()
    tracked.status, tracked.team = Status(beneath), team
    tracked.decision = {"team": decided_by} if decided_by else None
    tracked.apply(intake.RequestWithdrawn(request_id=tracked.id, departement="95", at=at(1), motive="Abandon"))
    assert tracked.answer_awaited is not None
    assert tracked.answer_awaited.team is owner
    assert heard(tracked, accepted_withdrawal(tracked, 2)).answer_awaited is None


def test_a_declined_withdrawal_shows_what_the_request_really_is_whatever_comes_first() -> None:
    """The status, whose turn it is, the decision and what may be done are those of a request that nobody withdrew."""
    life = Life(a_tracked_request().id)
    told = [life.registered(2), life.decided(4, CommitteeOutcome.GRANTED), life.mobilised(5)]
    for facts in permutations([*told, None]):
        plain, crossed = a_tracked_request(life.request_id), a_tracked_request(life.request_id)
        crossed.withdraw("Abandon", at=at(3))
        assert state(crossed) == ("withdrawn", None)
        heard(plain, *(fact for fact in facts if fact))
        heard(crossed, *(fact or declined_withdrawal(crossed, 6, asked=3) for fact in facts))
        assert crossed.withdrawal == Withdrawal(at(3), WithdrawalState.DECLINED, WithdrawalReason.MOBILISED)
        assert crossed.standing == plain.standing
        assert (crossed.decision, crossed.allowed_actions) == (plain.decision, plain.allowed_actions)


def test_a_request_may_be_withdrawn_again_after_it_was_too_late_once() -> None:
    tracked = a_tracked_request()
    tracked.withdraw("Abandon", at=at(1))
    heard(tracked, declined_withdrawal(tracked, 2))
    tracked.withdraw("Abandon", at=at(3))
    heard(tracked, declined_withdrawal(tracked, 2))
    assert tracked.status == "withdrawn", "an answer to an earlier request to withdraw changes nothing"
    heard(tracked, declined_withdrawal(tracked, 4, asked=3))
    assert tracked.status == "submitted"


def test_an_answer_waits_for_the_request_to_withdraw() -> None:
    tracked = a_tracked_request()
    with pytest.raises(LookupError):
        heard(tracked, accepted_withdrawal(tracked, 2))


def test_after_a_decision_nothing_can_be_withdrawn() -> None:
    tracked = a_tracked_request()
    heard(tracked, Life(tracked.id).refused(1))
    assert state(tracked) == ("refused", None)
    with pytest.raises(IllegalMove) as refused:
        tracked.withdraw("Trop tard", at=at(2))
    assert "withdrawal" not in refused.value.allowed_actions


def test_documents_have_their_limits() -> None:
    tracked = a_tracked_request()

    def document(size: int) -> intake.Document:
        return intake.Document(
            id=new_id(), name="a.pdf", media_type="application/pdf", size=size, sha256="0" * 64, added_at=at(1)
        )

    mebi = 1024 * 1024
    assert tracked.add_document(document(10 * mebi), beside=Stored(5, 40 * mebi), at=at(1)).document.name == "a.pdf"
    with pytest.raises(FileTooLarge):
        tracked.add_document(document(10 * mebi + 1), beside=Stored(), at=at(1))
    with pytest.raises(RequestTooLarge):
        tracked.add_document(document(10 * mebi), beside=Stored(5, 40 * mebi + 1), at=at(1))
    with pytest.raises(TooManyFiles):
        tracked.add_document(document(1), beside=Stored(MOST_FILES, mebi), at=at(1))


def test_a_new_link_is_offered_again_until_it_is_used_and_the_old_one_ends_then() -> None:
    tracked = a_tracked_request()
    assert tracked.replace_link(at=at(1)).link_generation == 2
    assert tracked.replace_link(at=at(2)).link_generation == 2
    tracked.use_link(1)
    assert (tracked.link_generation, tracked.old_link_generation) == (2, 1)
    tracked.use_link(2)
    assert (tracked.link_generation, tracked.old_link_generation) == (2, None)
    assert tracked.replace_link(at=at(3)).link_generation == 3


@pytest.mark.parametrize("kind", list(RequestKind))
def test_each_kind_takes_its_own_and_nothing_else(kind: RequestKind) -> None:
    programme = Programme.RURALITES if kind is RequestKind.PROGRAMME else None
    for field, types in ((Field.HABITAT, ()), (Field.CONCERTATION, ())):
        errors = list(filing.errors_in_need(kind, types, [field], programme))
        own = field in FIELDS_OF[kind]
        assert [error.field for error in errors] == ([] if own else ["fields"])
    for support in SupportType:
        errors = list(filing.errors_in_need(kind, [support], [], programme))
        own = support in SUPPORT_TYPES_OF[kind]
        assert [error.field for error in errors] == ([] if own else ["support_types"])


@pytest.mark.parametrize(("days", "refused"), [(-400, True), (-300, False), (0, False), (3650, False), (4100, True)])
def test_a_project_starts_neither_long_ago_nor_in_a_distant_future(days: int, refused: bool) -> None:
    today = date(2026, 11, 24)
    assert bool(list(filing.errors_in_start(today + timedelta(days=days), today=today))) is refused


@pytest.mark.parametrize(
    ("changes", "label"), [({}, "commencé"), ({"resumed": True}, "reprend"), ({"reopened": True}, "reprend")]
)
def test_an_examination_that_goes_on_is_not_told_as_begun(changes: dict[str, bool], label: str) -> None:
    fact = qualification.ExaminationStarted(
        request_id=new_id(),
        departement="95",
        at=datetime(2026, 3, 2, 9, tzinfo=UTC),
        by=Actor(role=Role.SAT_AGENT),
        **changes,
    )
    meaning = meaning_of(fact)
    assert meaning is not None
    assert label in label_of(step_of(fact, meaning))
