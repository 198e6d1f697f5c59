"""Decisions on the work of a local answer: each checks, changes the case, and returns the fact to record."""

from datetime import date, datetime, timedelta
from typing import TypedDict, TypeVar
from uuid import UUID

from services.qualification.domain import local_work
from services.qualification.domain.case import Case
from services.qualification.domain.local_work import Clock
from services.qualification.domain.moves import Action, Doer
from services.qualification.domain.orientation import Orientation
from shared.calendar import today
from shared.contracts import qualification as facts
from shared.contracts.intake import Document
from shared.contracts.qualification import Provider
from shared.contracts.vocabulary import LocalEnd, Outcome
from shared.errors import Invalid

C = TypeVar("C", bound=facts.LocalClockFact)


def start(
    case: Case, who: Doer, *, started_on: date | None, ends_on: date | None, usual: timedelta, at: datetime
) -> facts.LocalWorkStarted:
    """The applicant was contacted: the work begins, and lasts as `usual` when nobody says until when."""
    by, work = case.require(Action.LOCAL_WORK, who), case.work
    decided_on = today(case.departement, work.since)
    begun, end = work.begun(started_on, ends_on, decided_on=decided_on, usual=usual, today=today(case.departement, at))
    return case.apply(
        facts.LocalWorkStarted(**case.about(at), provider=work.provider, started_on=begun, ends_on=end, by=by)
    )


def set_milestone(
    case: Case, who: Doer, *, milestone_id: UUID, title: str, due_on: date, deliverable: str | None, at: datetime
) -> facts.LocalMilestoneSet:
    """Set a milestone within the work."""
    by = case.require(Action.MILESTONES, who)
    case.work.require_date(due_on, today=today(case.departement, at))
    return case.apply(
        facts.LocalMilestoneSet(
            **case.about(at), milestone_id=milestone_id, title=title, due_on=due_on, deliverable=deliverable, by=by
        )
    )


def postpone_milestone(
    case: Case, who: Doer, milestone_id: UUID, *, due_on: date, motive: str, at: datetime
) -> facts.LocalMilestonePostponed:
    """Give a milestone a later date, and say why."""
    by = case.require(Action.POSTPONEMENT, who)
    milestone = case.work.postponed(milestone_id, due_on, today=today(case.departement, at))
    return case.apply(
        facts.LocalMilestonePostponed(
            **case.about(at),
            milestone_id=milestone_id,
            title=milestone.title,
            due_on=due_on,
            was_due_on=milestone.due_on,
            motive=motive,
            by=by,
        )
    )


def reach_milestone(
    case: Case, who: Doer, milestone_id: UUID, *, reached_on: date | None, at: datetime
) -> facts.LocalMilestoneReached:
    """Note that a milestone is reached, today unless it is said when; once."""
    by = case.require(Action.REACHED, who)
    milestone, day = case.work.reached(milestone_id, reached_on, today=today(case.departement, at))
    return case.apply(
        facts.LocalMilestoneReached(
            **case.about(at),
            milestone_id=milestone_id,
            title=milestone.title,
            due_on=milestone.due_on,
            reached_on=day,
            by=by,
        )
    )


def postpone_end(case: Case, who: Doer, *, ends_on: date, motive: str, at: datetime) -> facts.LocalEndPostponed:
    """Let the work last longer, and say why."""
    by = case.require(Action.TERM, who)
    was = case.work.prolonged(ends_on, today=today(case.departement, at))
    return case.apply(facts.LocalEndPostponed(**case.about(at), ends_on=ends_on, was_ends_on=was, motive=motive, by=by))


def report_progress(
    case: Case,
    who: Doer,
    *,
    report_id: UUID,
    milestone_id: UUID | None,
    percent: int | None,
    text: str,
    at: datetime,
) -> facts.LocalProgressReported:
    """Report how far the work is, of a milestone or of all of it."""
    by = case.require(Action.PROGRESS, who)
    milestone = case.work.chosen(milestone_id)
    return facts.LocalProgressReported(
        **case.about(at),
        report_id=report_id,
        milestone_id=milestone_id,
        milestone=milestone.title if milestone else None,
        percent=percent,
        text=text,
        by=by,
    )


def add_deliverable(
    case: Case, who: Doer, *, milestone_id: UUID | None, document: Document
) -> facts.LocalDeliverableAdded:
    """Hand in a file that came out of the work."""
    by = case.require(Action.DELIVERABLES, who)
    milestone = case.work.chosen(milestone_id)
    return facts.LocalDeliverableAdded(
        **case.about(document.added_at),
        document=document,
        milestone_id=milestone_id,
        milestone=milestone.title if milestone else None,
        by=by,
    )


def complete(
    case: Case, who: Doer, *, report: str, carry_reason: str | None, evaluation_until: date, at: datetime
) -> facts.LocalWorkCompleted:
    """The work is done; open milestones need a reason."""
    by, work = case.require(Action.COMPLETION, who), case.work
    work.require_settled(carry_reason)
    return case.apply(
        facts.LocalWorkCompleted(
            **case.about(at),
            provider=work.provider,
            report=report,
            carry_reason=carry_reason if work.open_milestones else None,
            evaluation_until=evaluation_until,
            by=by,
        )
    )


def stop(
    case: Case,
    who: Doer,
    *,
    reason: LocalEnd,
    motive: str,
    spent_cents: int | None,
    orientation: Orientation | None,
    at: datetime,
) -> facts.LocalWorkStopped:
    """End the work without a result; the caller reopens the case where another answer is to be found."""
    by, work = case.require(Action.STOP, who), case.work
    if reason is LocalEnd.PROVIDER_STOPPED and work.provider is None:
        raise Invalid.field(
            "reason", "Aucun acteur local n’accompagne cette demande\u00a0: choisissez une autre raison."
        )
    outcome = Outcome.LOCAL_ORIENTATION if work.provider else Outcome.LOCAL_SUPPORT
    back = local_work.given_back(outcome, case.pending.amount_cents, spent_cents)
    return case.apply(
        facts.LocalWorkStopped(
            **case.about(at),
            reason=reason,
            motive=motive,
            reopens=local_work.reopens(reason),
            given_back_cents=back,
            **_reached_by(orientation),
            by=by,
        )
    )


def remind(case: Case, clock: Clock, orientation: Orientation | None, at: datetime) -> facts.LocalWorkDueSoon:
    """Return, once, the reminder that a last day is near."""
    return case.apply(_of_clock(facts.LocalWorkDueSoon, case, clock, orientation, at))


def mark_late(case: Case, clock: Clock, orientation: Orientation | None, at: datetime) -> facts.LocalWorkOverdue:
    """Return, once, the fact that a last day has passed."""
    return case.apply(_of_clock(facts.LocalWorkOverdue, case, clock, orientation, at))


def _of_clock(kind: type[C], case: Case, clock: Clock, orientation: Orientation | None, at: datetime) -> C:
    return kind(
        **case.about(at),
        number=case.number,
        clock=clock.kind,
        title=clock.milestone.title if clock.milestone else None,
        due_on=clock.due_on,
        milestone_id=clock.milestone.id if clock.milestone else None,
        **_reached_by(orientation),
    )


class _Reached(TypedDict):
    provider: Provider | None
    orientation_id: UUID | None
    link_generation: int


def _reached_by(orientation: Orientation | None) -> _Reached:
    """Return how a provider is written to; nothing where there is none, or whose link was taken back."""
    if orientation is None or orientation.link_withdrawn:
        return {"provider": None, "orientation_id": None, "link_generation": 1}
    return {
        "provider": orientation.provider,
        "orientation_id": orientation.id,
        "link_generation": orientation.link_generation,
    }
