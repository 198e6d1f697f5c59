"""Use cases of the accompaniment: start, milestones, progress, deliverables, providers' links, end."""

import hashlib
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from io import BytesIO
from uuid import UUID

from services.escalation.domain import accompaniment as domain
from services.escalation.domain.accompaniment import Milestone, ProviderLink, Reporter
from services.escalation.domain.completion import open_points
from services.escalation.domain.dossier import Escalation
from services.escalation.domain.inputs import Text
from services.escalation.domain.refusals import LinkNotValid
from services.escalation.store import accompaniment as store
from services.escalation.store import dossier as dossier_store
from services.escalation.store import means as means_store
from services.escalation.usecases.context import Context, changes_dossier, on_dossier
from services.escalation.usecases.recording import SOURCE, record
from shared import texts
from shared.accompaniment import (
    AddDeliverable,
    NoSuchMilestone,
    PlanMilestone,
    PostponeMilestone,
    ReachMilestone,
    ReportProgress,
    UploadedFile,
)
from shared.allowance import Allowance
from shared.clock import new_id
from shared.commands import Command
from shared.contracts.escalation import ProviderInvited
from shared.contracts.fact import Email, Fact
from shared.contracts.intake import Document
from shared.contracts.vocabulary import Team
from shared.db import Transaction
from shared.documents import find_room, media_type_of, tidy_name
from shared.errors import Invalid
from shared.messaging import journal


class StartAccompaniment(Command):
    """When the work with the applicant begins and ends."""

    starts_on: date
    ends_on: date


class InviteProvider(Command):
    """To whom the link is given."""

    email: Email


class CompleteAccompaniment(Command):
    """What the work has led to; `carry_reason`: why orders, payments or milestones that are open stay so."""

    report: Text
    carry_reason: Text | None = None


class RescheduleAccompaniment(Command):
    """The days on which the work begins and ends, in place of those planned before, and why they change."""

    starts_on: date
    ends_on: date
    motive: Text


class CancelMilestone(Command):
    """Why the milestone is not to be reached any more."""

    motive: Text


@dataclass(frozen=True, slots=True)
class ProviderContext:
    """The transaction, the personal link by which a provider acts, the time, and the limits that apply."""

    tx: Transaction
    link: ProviderLink
    at: datetime
    allowance: Allowance = field(default_factory=Allowance)


@changes_dossier
async def start_accompaniment(do: Context, escalation: Escalation, command: StartAccompaniment) -> Fact:
    """Begin the work with the applicant."""
    return escalation.accompany(starts_on=command.starts_on, ends_on=command.ends_on, by=do.by, at=do.at)


@on_dossier
async def plan_milestone(do: Context, escalation: Escalation, command: PlanMilestone) -> UUID:
    """Set a milestone."""
    milestone = Milestone(new_id(), command.title, command.due_on)
    fact = escalation.plan_milestone(milestone_id=milestone.id, **dict(command), by=do.by, at=do.at)
    await store.add_milestone(do.tx, milestone, escalation.request_id, deliverable=command.deliverable, at=do.at)
    await record(do.tx, fact)
    return milestone.id


@on_dossier
async def reach_milestone(do: Context, escalation: Escalation, milestone_id: UUID, command: ReachMilestone) -> None:
    """Note that a milestone is reached, today unless it is said when."""
    milestone = await store.load_milestone_for_update(do.tx, escalation.request_id, milestone_id)
    fact = milestone.reach(escalation, reached_on=command.reached_on, today=do.today, by=do.by, at=do.at)
    await store.save_milestone(do.tx, milestone)
    await record(do.tx, fact)


@on_dossier
async def postpone_milestone(
    do: Context, escalation: Escalation, milestone_id: UUID, command: PostponeMilestone
) -> None:
    """Give a milestone a later date."""
    milestone = await store.load_milestone_for_update(do.tx, escalation.request_id, milestone_id)
    fact = milestone.postpone(escalation, **dict(command), today=do.today, by=do.by, at=do.at)
    await store.note_postponed(do.tx, fact)
    await record(do.tx, fact)


@on_dossier
async def report_progress(do: Context, escalation: Escalation, command: ReportProgress) -> UUID:
    """Note how far the work is."""
    return await _report(do, escalation, _reporter(do), command)


async def report_progress_by_link(do: ProviderContext, command: ReportProgress) -> UUID:
    """Report how far the work is, as the provider."""
    do, escalation, provider = await _load_by_link(do)
    return await _report(do, escalation, provider, command)


async def _report(
    do: Context | ProviderContext, escalation: Escalation, reporter: Reporter, command: ReportProgress
) -> UUID:
    fact = domain.report_progress(
        escalation,
        reporter,
        report_id=new_id(),
        milestone=await _milestone(do.tx, escalation, command.milestone_id),
        percent=command.percent,
        text=command.text,
        at=do.at,
    )
    await texts.find_room(do.tx, do.allowance, store.PROGRESS, fact.request_id, fact.team, text=fact.text, at=do.at)
    await store.add_progress(do.tx, fact, team=fact.team, author=fact.author)
    await record(do.tx, fact)
    return fact.report_id


@on_dossier
async def add_deliverable(do: Context, escalation: Escalation, file: UploadedFile, command: AddDeliverable) -> UUID:
    """Join a file that came out of the work."""
    return await _deliver(do, escalation, _reporter(do), file, command)


async def add_deliverable_by_link(do: ProviderContext, file: UploadedFile, command: AddDeliverable) -> UUID:
    """Hand in a file that came out of the work, as the provider."""
    do, escalation, provider = await _load_by_link(do)
    return await _deliver(do, escalation, provider, file, command)


async def _deliver(
    do: Context | ProviderContext,
    escalation: Escalation,
    reporter: Reporter,
    file: UploadedFile,
    command: AddDeliverable,
) -> UUID:
    """Store a file of an accepted kind, known by its content; refuses as for the documents of a request."""
    media_type = media_type_of(BytesIO(file.content))
    find_room(len(file.content), beside=await store.stored_deliverables(do.tx, escalation.request_id))
    document = Document(
        id=new_id(),
        name=tidy_name(file.name, media_type),
        media_type=media_type,
        size=len(file.content),
        sha256=hashlib.sha256(file.content).hexdigest(),
        added_at=do.at,
    )
    milestone = await _milestone(do.tx, escalation, command.milestone_id)
    fact = domain.add_deliverable(escalation, reporter, milestone=milestone, document=document)
    await store.add_deliverable(do.tx, fact, file.content)
    await record(do.tx, fact)
    return document.id


async def _milestone(tx: Transaction, escalation: Escalation, milestone_id: UUID | None) -> Milestone | None:
    if milestone_id is None:
        return None
    try:
        return await store.load_milestone_for_update(tx, escalation.request_id, milestone_id)
    except NoSuchMilestone as missing:
        raise Invalid.field("milestone_id", missing.sentence) from missing


def _reporter(do: Context) -> Reporter:
    return Reporter(Team.NATIONAL, do.agent.name or do.agent.email, do.by)


async def _load_by_link(do: ProviderContext) -> tuple[ProviderContext, Escalation, Reporter]:
    """Lock the dossier that a link opens; refuses (`LinkNotValid`) one that was replaced or declined."""
    found = await store.linked(do.tx, do.link.mobilisation_id, do.link.generation)
    escalation = await dossier_store.find_for_update(do.tx, found[0]) if found else None
    if found is None or escalation is None:
        raise LinkNotValid
    do = replace(do, at=await journal.in_time(do.tx, SOURCE, found[0], do.at))
    return do, escalation, Reporter(Team.PROVIDER, found[1])


@on_dossier
async def invite_provider(
    do: Context, escalation: Escalation, mobilisation_id: UUID, command: InviteProvider
) -> ProviderLink:
    """Make the personal link by which a provider reports progress; an earlier one opens nothing any more."""
    mobilisation = await means_store.load_mobilisation_for_update(do.tx, escalation.request_id, mobilisation_id)
    actor = mobilisation.invite(of=escalation.state, by=do.by)
    fact = ProviderInvited(
        request_id=escalation.request_id,
        departement=escalation.departement,
        at=do.at,
        mobilisation_id=mobilisation_id,
        provider=mobilisation.resource,
        email=command.email,
        link_generation=await store.next_link_generation(do.tx, mobilisation_id),
        by=actor,
    )
    await store.save_link(do.tx, fact)
    await record(do.tx, fact)
    return ProviderLink(mobilisation_id, fact.link_generation)


@changes_dossier
async def reschedule(do: Context, escalation: Escalation, command: RescheduleAccompaniment) -> Fact:
    """Change the days on which the work begins and ends."""
    milestones = await store.load_milestones(do.tx, escalation.request_id)
    due_on = [one.due_on for one in milestones if one.is_open]
    return escalation.reschedule(**dict(command), due_on=due_on, by=do.by, at=do.at)


@on_dossier
async def cancel_milestone(do: Context, escalation: Escalation, milestone_id: UUID, command: CancelMilestone) -> None:
    """Note that a milestone is not to be reached any more."""
    milestone = await store.load_milestone_for_update(do.tx, escalation.request_id, milestone_id)
    fact = milestone.cancel(escalation, motive=command.motive, by=do.by, at=do.at)
    await store.save_milestone(do.tx, milestone)
    await record(do.tx, fact)


@on_dossier
async def complete(do: Context, escalation: Escalation, command: CompleteAccompaniment) -> None:
    """End the work; the applicant is asked to evaluate it. What is open is carried with a reason only."""
    until = do.today + timedelta(days=do.durations.evaluation_calendar_days)
    completed, asked = escalation.complete(
        report=command.report,
        evaluation_until=until,
        by=do.by,
        at=do.at,
        still_open=open_points(
            escalation,
            await means_store.load_mobilisations_for_update(do.tx, escalation.request_id),
            await store.load_milestones(do.tx, escalation.request_id),
            today=do.today,
        ),
        carry_reason=command.carry_reason,
    )
    await dossier_store.save(do.tx, escalation, at=do.at)
    await record(do.tx, completed)
    await record(do.tx, asked)
