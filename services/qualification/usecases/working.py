"""Use cases of the work of a local answer, by agents of the département and by the provider's link."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import wraps
from io import BytesIO
from typing import Concatenate, ParamSpec
from uuid import UUID

from pydantic import Field as Bounds

from services.qualification.domain import working as domain
from services.qualification.domain.case import Case
from services.qualification.domain.inputs import LARGEST_AMOUNT, Text
from services.qualification.domain.local_work import Clock
from services.qualification.domain.moves import Doer
from services.qualification.domain.orientation import Orientation
from services.qualification.domain.people import Helper
from services.qualification.domain.rules import Rules
from services.qualification.domain.steps import team_of
from services.qualification.store import cases, envelopes, local_work, orientations
from services.qualification.usecases import recording
from services.qualification.usecases.context import Context, load
from services.qualification.usecases.orienting import ProviderContext, load_by_link
from shared import texts
from shared.accompaniment import (
    AddDeliverable,
    PlanMilestone,
    PostponeMilestone,
    ReachMilestone,
    ReportProgress,
    UploadedFile,
)
from shared.calendar import PARIS, today
from shared.clock import new_id
from shared.commands import Amount, Command
from shared.contracts import qualification as facts
from shared.contracts.fact import A_MOMENT, Fact
from shared.contracts.intake import Document
from shared.contracts.vocabulary import LocalEnd, Stage
from shared.db import Transaction
from shared.documents import find_room, media_type_of, tidy_name
from shared.messaging import journal

P = ParamSpec("P")


class StartLocalWork(Command):
    """When the applicant was contacted (today when it is not said), and until when the work is to last."""

    started_on: date | None = None
    ends_on: date | None = None


class PostponeEnd(Command):
    """The new end of the work, and why."""

    ends_on: date
    motive: Text


class CompleteLocalWork(Command):
    """What the work has led to; `carry_reason`: why milestones that are not reached will not be."""

    report: Text
    carry_reason: Text | None = None


class StopLocalWork(Command):
    """Why the work ends without a result; `spent_cents`: what of a support on the envelope was spent, euro cents."""

    reason: LocalEnd
    motive: Text
    spent_cents: Amount | None = Bounds(default=None, ge=0, le=LARGEST_AMOUNT)


class StopByLink(Command):
    """Why the provider stops."""

    reason: LocalEnd
    motive: Text


@dataclass(frozen=True, slots=True)
class Work:
    """What a change of local work is given, whoever makes it: the transaction, who acts, the time, and the rules.

    `orientation` is that of the provider who works; None where the département does it itself.
    """

    tx: Transaction
    who: Doer
    at: datetime
    rules: Rules
    orientation: Orientation | None


Change = Callable[Concatenate[Work, Case, P], Awaitable[Fact]]


def by_agents(change: Change[P]) -> Callable[Concatenate[Context, UUID, P], Awaitable[None]]:
    """Make the use case of agents: load and lock the case, change its work, save it, record the fact."""

    @wraps(change)
    async def run(do: Context, request_id: UUID, /, *given: P.args, **named: P.kwargs) -> None:
        do, case = await load(do, request_id)
        orientation = await orientations.load_current(do.tx, case.request_id, case.departement)
        await _carry_out(Work(do.tx, do.who, do.at, do.rules, orientation), case, change, *given, **named)

    run.__name__ = change.__name__.removeprefix("_")
    return run


def by_link(change: Change[P]) -> Callable[Concatenate[ProviderContext, P], Awaitable[None]]:
    """Make the use case of the provider, who acts by its link."""

    @wraps(change)
    async def run(do: ProviderContext, /, *given: P.args, **named: P.kwargs) -> None:
        case, orientation, at = await load_by_link(do)
        who = Helper(orientation.provider.name)
        await _carry_out(Work(do.tx, who, at, do.rules, orientation), case, change, *given, **named)

    run.__name__ = change.__name__.removeprefix("_")
    return run


async def _carry_out(do: Work, case: Case, change: Change[P], *given: P.args, **named: P.kwargs) -> None:
    fact = await change(do, case, *given, **named)
    await end_beside(do.tx, case, do.orientation, fact)
    await recording.record(do.tx, case, fact)
    if isinstance(fact, facts.LocalWorkStopped) and fact.reopens:
        due_on = do.rules.due(Stage.QUALIFY, case.departement, fact.at)
        await recording.record(do.tx, case, case.reopen(fact.at + A_MOMENT, due_on, fact.by))


async def end_beside(tx: Transaction, case: Case, orientation: Orientation | None, fact: Fact) -> None:
    """Do what the end of the work does beside the case: the provider is free again, money goes back."""
    if not isinstance(fact, facts.LocalWorkCompleted | facts.LocalWorkStopped):
        return
    if orientation is not None:
        orientation.end(fact.at)
        await orientations.save(tx, orientation)
    elif isinstance(fact, facts.LocalWorkStopped):
        await envelopes.settle(
            tx,
            departement=case.departement,
            request_id=case.request_id,
            back_cents=fact.given_back_cents,
            at=fact.at,
        )


async def _find_room(do: Work, case: Case, fact: Fact, text: str) -> None:
    """Refuse a text more of one side than it may write."""
    of = case.request_id, case.departement, team_of(fact)
    await texts.find_room(do.tx, do.rules.allowance, local_work.WRITTEN, *of, text=text, at=do.at)


async def _start(do: Work, case: Case, command: StartLocalWork) -> Fact:
    """The applicant was contacted: the work begins."""
    return domain.start(case, do.who, **dict(command), usual=do.rules.usual_work, at=do.at)


async def _plan_milestone(do: Work, case: Case, command: PlanMilestone) -> Fact:
    """Set a milestone of the local work."""
    fact = domain.set_milestone(case, do.who, milestone_id=new_id(), **dict(command), at=do.at)
    await _find_room(do, case, fact, fact.title)
    return fact


async def _reach_milestone(do: Work, case: Case, milestone_id: UUID, command: ReachMilestone) -> Fact:
    """Note that a milestone of the local work is reached, today unless it is said when."""
    return domain.reach_milestone(case, do.who, milestone_id, reached_on=command.reached_on, at=do.at)


async def _postpone_milestone(do: Work, case: Case, milestone_id: UUID, command: PostponeMilestone) -> Fact:
    """Give a milestone of the local work a later date."""
    fact = domain.postpone_milestone(case, do.who, milestone_id, **dict(command), at=do.at)
    await _find_room(do, case, fact, fact.motive)
    return fact


async def _postpone_end(do: Work, case: Case, command: PostponeEnd) -> Fact:
    """Let the local work last longer than planned."""
    fact = domain.postpone_end(case, do.who, **dict(command), at=do.at)
    await _find_room(do, case, fact, fact.motive)
    return fact


async def _report_progress(do: Work, case: Case, command: ReportProgress) -> Fact:
    """Report how far the local work is."""
    fact = domain.report_progress(case, do.who, report_id=new_id(), **dict(command), at=do.at)
    await _find_room(do, case, fact, fact.text)
    return fact


async def _add_deliverable(do: Work, case: Case, file: UploadedFile, command: AddDeliverable) -> Fact:
    """Hand in a file that came out of the local work; refuses as for the documents of a request."""
    media_type = media_type_of(BytesIO(file.content))
    find_room(len(file.content), beside=await local_work.stored(do.tx, case))
    document = Document(
        id=new_id(),
        name=tidy_name(file.name, media_type),
        media_type=media_type,
        size=len(file.content),
        sha256=hashlib.sha256(file.content).hexdigest(),
        added_at=do.at,
    )
    fact = domain.add_deliverable(case, do.who, milestone_id=command.milestone_id, document=document)
    await local_work.add_deliverable(do.tx, fact, file.content)
    return fact


async def _complete(do: Work, case: Case, command: CompleteLocalWork) -> Fact:
    """The local work is done; the applicant is asked what came of it."""
    until = do.rules.evaluation_until(case.departement, do.at)
    fact = domain.complete(case, do.who, **dict(command), evaluation_until=until, at=do.at)
    await _find_room(do, case, fact, fact.report)
    return fact


async def _stop(do: Work, case: Case, command: StopLocalWork | StopByLink) -> Fact:
    """End the local work without a result; the département looks for another answer unless the applicant gave up."""
    spent = command.spent_cents if isinstance(command, StopLocalWork) else None
    fact = domain.stop(
        case,
        do.who,
        reason=command.reason,
        motive=command.motive,
        spent_cents=spent,
        orientation=do.orientation,
        at=do.at,
    )
    await _find_room(do, case, fact, fact.motive)
    return fact


start, start_by_link = by_agents(_start), by_link(_start)
plan_milestone, plan_milestone_by_link = by_agents(_plan_milestone), by_link(_plan_milestone)
reach_milestone, reach_milestone_by_link = by_agents(_reach_milestone), by_link(_reach_milestone)
postpone_milestone, postpone_milestone_by_link = by_agents(_postpone_milestone), by_link(_postpone_milestone)
postpone_end, postpone_end_by_link = by_agents(_postpone_end), by_link(_postpone_end)
report_progress, report_progress_by_link = by_agents(_report_progress), by_link(_report_progress)
add_deliverable, add_deliverable_by_link = by_agents(_add_deliverable), by_link(_add_deliverable)
complete, complete_by_link = by_agents(_complete), by_link(_complete)
stop, stop_by_link = by_agents(_stop), by_link(_stop)


async def publish_late_work(tx: Transaction, *, at: datetime, limit: int = 50) -> int:
    """Publish what of local work is past its last day, in that département's own time; return how many."""
    count = 0
    for case in await cases.load_late_work(tx, at.date() + timedelta(days=1), limit):
        day = today(case.departement, at)
        late = [one for one in case.work.clocks if one.key not in case.work.late and one.due_on < day]
        count += await _publish(tx, case, late, domain.mark_late, at)
    return count


async def remind_of_work(tx: Transaction, *, at: datetime, rules: Rules, limit: int = 50) -> int:
    """Remind whoever does local work of what ends in the last working days that they have; return how many."""
    first, soon, count = today(PARIS, at), rules.soon(at), 0
    for case in await cases.load_work_due_soon(tx, today=first, soon=soon, limit=limit):
        told = {*case.work.reminded, *case.work.late}
        near = [one for one in case.work.clocks if one.key not in told and first <= one.due_on <= soon]
        count += await _publish(tx, case, near, domain.remind, at)
    return count


async def _publish(
    tx: Transaction,
    case: Case,
    clocks: list[Clock],
    decide: Callable[[Case, Clock, Orientation | None, datetime], facts.LocalClockFact],
    at: datetime,
) -> int:
    """Publish a fact for each clock; reminders enter no timeline."""
    orientation = await orientations.load_current(tx, case.request_id, case.departement)
    for clock in clocks:
        fact = decide(case, clock, orientation, await journal.in_time(tx, case.source, case.request_id, at))
        await journal.record(tx, fact)
        if isinstance(fact, facts.LocalWorkOverdue):
            await recording.add_step(tx, case, fact)
    await cases.save(tx, case)
    return len(clocks)
