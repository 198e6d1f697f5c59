"""Replay of the service's own events about dossiers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from services.escalation.domain.accompaniment import Milestone
from services.escalation.domain.committee import Session
from services.escalation.domain.means import Envelope, Mobilisation, MobilisationState
from services.escalation.store import accompaniment, exchanges, replayed
from services.escalation.store import committee as committee_store
from services.escalation.store import dossier as store
from services.escalation.store import means as means_store
from services.escalation.usecases import recording
from shared.clock import new_id
from shared.contracts import escalation as facts
from shared.contracts.fact import Fact
from shared.contracts.vocabulary import OrderEntry, Stage
from shared.db import Transaction
from shared.messaging import journal
from shared.messaging.handlers import Handler

BEYOND_ANY_ENVELOPE: Final = 10**15
"""Euro cents: no event says how much a year may hold."""


async def _apply(tx: Transaction, fact: Fact) -> None:
    """Change the dossier, then what hangs on it."""
    escalation = await store.find_for_update(tx, fact.request_id)
    if escalation is None and isinstance(fact, facts.EvaluationRequested):
        return  # asked by a programme, of a request that never came before the national team
    if escalation is None:
        raise store.NoSuchEscalation
    await _before(tx, fact)
    escalation.apply(fact)
    await store.save(tx, escalation, at=fact.at)
    await _beside(tx, fact)
    await _means(tx, fact)
    await _accompaniment(tx, fact)
    if not isinstance(fact, facts.StageDueSoon):  # a mail, and no step
        await recording.note(tx, fact)


async def _before(tx: Transaction, fact: Fact) -> None:
    """Plan the session that the dossier refers to; no event says who sits in it."""
    if isinstance(fact, facts.SessionScheduled):
        await replayed.ensure_session(tx, Session(fact.session_id, fact.title, fact.held_on), by=fact.by, at=fact.at)
        await committee_store.add_to_agenda(tx, fact.session_id, fact.request_id, state="", at=fact.at)


async def _beside(tx: Transaction, fact: Fact) -> None:
    """Do again what was done beside the dossier."""
    match fact:
        case facts.InformationRequested():
            await exchanges.add_question(
                tx, new_id(), fact.request_id, question=fact.question, until=fact.until, by=fact.by, at=fact.at
            )
        case facts.DecisionMade() | facts.DecisionCorrected():
            _, year, last = fact.decision.number.split("-")
            await replayed.note_decision_number(tx, int(year), int(last))
            await committee_store.add_decision(
                tx, fact.decision, fact.request_id, event_id=journal.applied_event(tx), at=fact.at
            )
        case facts.ReserveLifted():
            await committee_store.note_reserve_lifted(
                tx, fact.number, motive=fact.motive, lifted_on=fact.lifted_on, by=fact.by
            )


async def _means(tx: Transaction, fact: Fact) -> None:
    """Do again what was done about its means."""
    match fact:
        case facts.ResourceMobilised():
            await _mobilise(tx, fact)
        case facts.ResourceProgressed():
            mobilisation = await means_store.load_mobilisation_for_update(tx, fact.request_id, fact.mobilisation_id)
            mobilisation.state, mobilisation.cancelled_for = MobilisationState(fact.step.value), fact.motive
            await means_store.save_mobilisation(tx, mobilisation, at=fact.at)
        case facts.OrderBooked():
            await _book(tx, fact)
        case facts.FinancingPlanned():
            await means_store.save_financing(tx, fact)


async def _accompaniment(tx: Transaction, fact: Fact) -> None:
    """Apply events about the work with the applicant; no event holds the bytes of files."""
    match fact:
        case facts.MilestonePlanned():
            milestone = Milestone(fact.milestone_id, fact.title, fact.due_on)
            await accompaniment.add_milestone(tx, milestone, fact.request_id, deliverable=fact.deliverable, at=fact.at)
        case facts.MilestonePostponed():
            await accompaniment.note_postponed(tx, fact)
        case facts.MilestoneReached():
            milestone = await accompaniment.load_milestone_for_update(tx, fact.request_id, fact.milestone_id)
            milestone.reached_on = fact.reached_on
            await accompaniment.save_milestone(tx, milestone)
        case facts.MilestoneCancelled():
            milestone = await accompaniment.load_milestone_for_update(tx, fact.request_id, fact.milestone_id)
            milestone.cancelled_for = fact.motive
            await accompaniment.save_milestone(tx, milestone)
        case facts.StageOverdue(stage=Stage.MILESTONE):
            await replayed.note_milestone_late(tx, fact.request_id, title=fact.what or "", due_on=fact.due_on)
        case facts.StageDueSoon(stage=Stage.MILESTONE):
            await replayed.note_milestone_soon(tx, fact.request_id, title=fact.what or "", due_on=fact.due_on)
        case facts.ProgressReported():
            await accompaniment.add_progress(tx, fact, team=fact.team, author=fact.author)
        case facts.DeliverableAdded():
            await accompaniment.add_deliverable(tx, fact, None)
        case facts.ProviderInvited():
            await accompaniment.save_link(tx, fact)


async def _mobilise(tx: Transaction, fact: facts.ResourceMobilised) -> None:
    envelope_id = await _envelope(tx, fact.request_id, fact.at) if fact.amount_cents else None
    mobilisation = Mobilisation(
        id=fact.mobilisation_id,
        request_id=fact.request_id,
        kind=fact.kind,
        resource=fact.resource,
        amount_cents=fact.amount_cents,
        lot=fact.lot,
        purchase_order=fact.purchase_order,
        state=MobilisationState.PROPOSED,
        envelope_id=envelope_id,
    )
    await means_store.add_mobilisation(tx, mobilisation, by=fact.by, at=fact.at)


async def _book(tx: Transaction, fact: facts.OrderBooked) -> None:
    mobilisation = await means_store.load_mobilisation_for_update(tx, fact.request_id, fact.mobilisation_id)
    if fact.entry is OrderEntry.DELIVERY:
        mobilisation.delivered_cents += fact.amount_cents
    else:
        mobilisation.paid_cents += fact.amount_cents
    await means_store.save_mobilisation(tx, mobilisation, at=fact.at)
    await means_store.add_entry(tx, fact)


async def _envelope(tx: Transaction, request_id: UUID, at: datetime) -> UUID:
    """Return an envelope to pay from: no event says which one it was."""
    year = recording.day(at).year
    await means_store.ensure_envelope(tx, Envelope(new_id(), year, None, BEYOND_ANY_ENVELOPE), at=at)
    envelope = await means_store.envelope_of_request_for_update(tx, request_id, year=year)
    if envelope is None:
        raise LookupError("an envelope was just opened and is not there")
    return envelope.id


HANDLERS: Mapping[type[Fact], Handler] = dict.fromkeys(
    (
        facts.EscalationReceived,
        facts.InformationRequested,
        facts.AdmissibilitySettled,
        facts.EscalationReturned,
        facts.SessionScheduled,
        facts.DecisionMade,
        facts.DecisionCorrected,
        facts.ReserveLifted,
        facts.ResourceMobilised,
        facts.ResourceProgressed,
        facts.OrderBooked,
        facts.FinancingPlanned,
        facts.AccompanimentStarted,
        facts.AccompanimentRescheduled,
        facts.MilestonePlanned,
        facts.MilestonePostponed,
        facts.MilestoneCancelled,
        facts.MilestoneReached,
        facts.ProgressReported,
        facts.DeliverableAdded,
        facts.ProviderInvited,
        facts.AccompanimentCompleted,
        facts.EvaluationRequested,
        facts.StageOverdue,
        facts.StageDueSoon,
    ),
    _apply,
)
