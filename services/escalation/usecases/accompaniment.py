"""The work with the applicant: its start, its milestones, its end."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import BytesIO
from uuid import UUID

from services.escalation.domain import accompaniment as domain
from services.escalation.domain.accompaniment import Milestone, ProviderLink, Teller
from services.escalation.domain.dossier import Escalation
from services.escalation.domain.durations import Durations
from services.escalation.domain.refusals import LinkNotValid
from services.escalation.store import accompaniment as store
from services.escalation.store import dossier as dossier_store
from services.escalation.store import means as means_store
from services.escalation.usecases import acting
from services.escalation.usecases.recording import SOURCE, day, load, record
from shared import texts
from shared.allowance import Allowance
from shared.clock import new_id
from shared.contracts.escalation import ProviderInvited
from shared.contracts.intake import Document
from shared.contracts.vocabulary import Team
from shared.db import Transaction
from shared.documents import find_room, media_type_of, tidy_name
from shared.errors import Invalid
from shared.identity.model import Agent
from shared.messaging import journal


@dataclass(frozen=True, slots=True)
class Delivered:
    """A file as it was sent."""

    name: str
    content: bytes


def milestone_named(text: str) -> UUID | None:
    """Read which milestone a form names, if any; refuses (`Invalid`) what is no identifier."""
    try:
        return UUID(text) if text else None
    except ValueError as wrong:
        raise Invalid.field("milestone_id", store.NoSuchMilestone.sentence) from wrong


async def start_accompaniment(
    tx: Transaction, request_id: UUID, *, starts_on: date, ends_on: date, agent: Agent, at: datetime
) -> None:
    """The work with the applicant begins."""
    escalation, at = await load(tx, request_id, agent, at)
    fact = escalation.accompany(starts_on=starts_on, ends_on=ends_on, by=acting.by(agent), at=at)
    await dossier_store.save(tx, escalation, at=at)
    await record(tx, fact)


async def plan_milestone(
    tx: Transaction,
    request_id: UUID,
    *,
    title: str,
    due_on: date,
    deliverable: str | None,
    agent: Agent,
    at: datetime,
) -> UUID:
    """A milestone is set."""
    escalation, at = await load(tx, request_id, agent, at)
    milestone = Milestone(new_id(), title, due_on)
    fact = escalation.plan_milestone(
        milestone_id=milestone.id, title=title, due_on=due_on, by=acting.by(agent), at=at, deliverable=deliverable
    )
    await store.add_milestone(tx, milestone, request_id, deliverable=deliverable, at=at)
    await record(tx, fact)
    return milestone.id


async def reach_milestone(
    tx: Transaction, request_id: UUID, milestone_id: UUID, *, reached_on: date | None, agent: Agent, at: datetime
) -> None:
    """A milestone is reached, today unless it is said when."""
    escalation, at = await load(tx, request_id, agent, at)
    milestone = await store.load_milestone_for_update(tx, request_id, milestone_id)
    fact = milestone.reach(escalation, reached_on=reached_on, today=day(at), by=acting.by(agent), at=at)
    await store.save_milestone(tx, milestone)
    await record(tx, fact)


async def postpone_milestone(
    tx: Transaction, request_id: UUID, milestone_id: UUID, *, due_on: date, motive: str, agent: Agent, at: datetime
) -> None:
    """A milestone has a new date."""
    escalation, at = await load(tx, request_id, agent, at)
    milestone = await store.load_milestone_for_update(tx, request_id, milestone_id)
    fact = milestone.postpone(escalation, due_on=due_on, motive=motive, today=day(at), by=acting.by(agent), at=at)
    await store.note_postponed(tx, fact)
    await record(tx, fact)


async def report_progress(
    tx: Transaction,
    request_id: UUID,
    *,
    milestone_id: UUID | None,
    percent: int | None,
    text: str,
    agent: Agent,
    at: datetime,
    allowance: Allowance,
) -> UUID:
    """An agent notes how far the work is."""
    escalation, at = await load(tx, request_id, agent, at)
    teller = Teller(Team.NATIONAL, agent.name or agent.email, acting.by(agent))
    return await _progress(
        tx, escalation, teller, milestone_id=milestone_id, percent=percent, text=text, at=at, allowance=allowance
    )


async def report_progress_by_link(
    tx: Transaction,
    link: ProviderLink,
    *,
    milestone_id: UUID | None,
    percent: int | None,
    text: str,
    at: datetime,
    allowance: Allowance,
) -> UUID:
    """Whoever works on it tells how far it is."""
    escalation, teller, at = await _by_link(tx, link, at)
    return await _progress(
        tx, escalation, teller, milestone_id=milestone_id, percent=percent, text=text, at=at, allowance=allowance
    )


async def _progress(
    tx: Transaction,
    escalation: Escalation,
    teller: Teller,
    *,
    milestone_id: UUID | None,
    percent: int | None,
    text: str,
    at: datetime,
    allowance: Allowance,
) -> UUID:
    milestone = await _milestone(tx, escalation, milestone_id)
    fact = domain.report_progress(
        escalation, teller, report_id=new_id(), milestone=milestone, percent=percent, text=text, at=at
    )
    await texts.find_room(tx, allowance, store.PROGRESS, fact.request_id, fact.team, text=text, at=at)
    await store.add_progress(tx, fact, team=fact.team, author=fact.author)
    await record(tx, fact)
    return fact.report_id


async def add_deliverable(
    tx: Transaction, request_id: UUID, file: Delivered, *, milestone_id: UUID | None, agent: Agent, at: datetime
) -> UUID:
    """An agent joins a file that came out of the work."""
    escalation, at = await load(tx, request_id, agent, at)
    teller = Teller(Team.NATIONAL, agent.name or agent.email, acting.by(agent))
    return await _deliver(tx, escalation, teller, file, milestone_id=milestone_id, at=at)


async def add_deliverable_by_link(
    tx: Transaction, link: ProviderLink, file: Delivered, *, milestone_id: UUID | None, at: datetime
) -> UUID:
    """Whoever works on it hands in what came out of it."""
    escalation, teller, at = await _by_link(tx, link, at)
    return await _deliver(tx, escalation, teller, file, milestone_id=milestone_id, at=at)


async def _deliver(
    tx: Transaction, escalation: Escalation, teller: Teller, file: Delivered, *, milestone_id: UUID | None, at: datetime
) -> UUID:
    """Keep a file of an accepted kind, told by its content; refuses as for the documents of a request."""
    media_type = media_type_of(BytesIO(file.content))
    find_room(len(file.content), beside=await store.stored_deliverables(tx, escalation.request_id))
    document = Document(
        id=new_id(),
        name=tidy_name(file.name, media_type),
        media_type=media_type,
        size=len(file.content),
        sha256=hashlib.sha256(file.content).hexdigest(),
        added_at=at,
    )
    milestone = await _milestone(tx, escalation, milestone_id)
    fact = domain.add_deliverable(escalation, teller, milestone=milestone, document=document)
    await store.add_deliverable(tx, fact, file.content)
    await record(tx, fact)
    return document.id


async def _milestone(tx: Transaction, escalation: Escalation, milestone_id: UUID | None) -> Milestone | None:
    if milestone_id is None:
        return None
    try:
        return await store.load_milestone_for_update(tx, escalation.request_id, milestone_id)
    except store.NoSuchMilestone as missing:
        raise Invalid.field("milestone_id", missing.sentence) from missing


async def _by_link(tx: Transaction, link: ProviderLink, at: datetime) -> tuple[Escalation, Teller, datetime]:
    """Lock the dossier that a link opens; refuses (`LinkNotValid`) one that was replaced or declined."""
    found = await store.linked(tx, link.mobilisation_id, link.generation)
    escalation = await dossier_store.find_for_update(tx, found[0]) if found else None
    if found is None or escalation is None:
        raise LinkNotValid
    return escalation, Teller(Team.PROVIDER, found[1]), await journal.in_time(tx, SOURCE, found[0], at)


async def invite_provider(
    tx: Transaction, request_id: UUID, mobilisation_id: UUID, *, email: str, agent: Agent, at: datetime
) -> ProviderLink:
    """Whoever works on it is given a link to tell how it goes; the one before opens nothing any more."""
    escalation, at = await load(tx, request_id, agent, at)
    mobilisation = await means_store.load_mobilisation_for_update(tx, request_id, mobilisation_id)
    actor = mobilisation.invite(of=escalation.state, by=acting.by(agent))
    fact = ProviderInvited(
        request_id=request_id,
        departement=escalation.departement,
        at=at,
        mobilisation_id=mobilisation_id,
        provider=mobilisation.resource,
        email=email,
        link_generation=await store.next_link_generation(tx, mobilisation_id),
        by=actor,
    )
    await store.save_link(tx, fact)
    await record(tx, fact)
    return ProviderLink(mobilisation_id, fact.link_generation)


async def complete(
    tx: Transaction, request_id: UUID, *, report: str, agent: Agent, durations: Durations, at: datetime
) -> None:
    """The work is done, and the applicant is asked what came of it."""
    escalation, at = await load(tx, request_id, agent, at)
    until = day(at) + timedelta(days=durations.evaluation_calendar_days)
    completed, asked = escalation.complete(report=report, evaluation_until=until, by=acting.by(agent), at=at)
    await dossier_store.save(tx, escalation, at=at)
    await record(tx, completed)
    await record(tx, asked)
