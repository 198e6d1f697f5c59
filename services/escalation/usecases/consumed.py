"""Use cases for consumed events about a dossier: each applies one event of another service."""

from datetime import date, datetime

import structlog

from services.escalation.domain.dossier import Escalation
from services.escalation.domain.durations import Durations
from services.escalation.domain.moves import State
from services.escalation.store import accompaniment as accompaniment_store
from services.escalation.store import committee as committee_store
from services.escalation.store import dossier as store
from services.escalation.store import exchanges
from services.escalation.store import programmes as programme_store
from services.escalation.usecases import withdrawal
from services.escalation.usecases.recording import SOURCE, day, record, working_days_after
from shared import calendar, early_notes, withdrawals
from shared import exchanges as exchange_parts
from shared.contracts import intake, notifications, qualification
from shared.contracts.fact import A_MOMENT
from shared.contracts.vocabulary import Team
from shared.db import Transaction
from shared.messaging import journal

log = structlog.get_logger(__name__)

IntakeNote = intake.InformationProvided | intake.MessagePosted | intake.DocumentAdded
EarlyNote = IntakeNote | intake.RequestWithdrawn | intake.EvaluationSubmitted | intake.RequestClosed
DepartementOutcome = (
    qualification.OrientedLocally
    | qualification.SupportedLocally
    | qualification.DirectedToProgramme
    | qualification.RequestRefused
)
_EARLY: tuple[type[EarlyNote], ...] = (
    intake.InformationProvided,
    intake.MessagePosted,
    intake.DocumentAdded,
    intake.RequestWithdrawn,
    intake.EvaluationSubmitted,
    intake.RequestClosed,
)
"""Events of intake that may arrive before the dossier: they come in another stream."""


async def receive_escalation_on_request_escalated(
    tx: Transaction, fact: qualification.RequestEscalated, *, durations: Durations
) -> None:
    """Open a dossier, or open it again after it was returned; answer a pending request to withdraw."""
    fact = fact.model_copy(update={"dossier": await exchange_parts.complete(tx, fact.dossier)})
    known = await store.find_for_update(tx, fact.request_id)
    if known is not None and known.state is not State.RETURNED:
        log.warning("escalation.already_here", state=known.state.value)
        await store.add_step(tx, fact, team=Team.DEPARTEMENT)
        return
    escalation = known or Escalation(fact.request_id, fact.dossier.request.number, fact.departement, State.RECEIVED)
    escalation.departement = fact.departement
    due_on = working_days_after(fact.at, durations.admissibility)
    received = escalation.receive(
        due_on=due_on, at=await journal.in_time(tx, SOURCE, fact.request_id, fact.at + A_MOMENT)
    )
    withdrawn = bool(await withdrawals.pending(tx, fact.request_id))
    await store.save_received(tx, escalation, fact)
    await store.add_step(tx, fact, team=Team.DEPARTEMENT)
    for document in fact.dossier.documents:
        await exchanges.add_document(tx, fact.request_id, document)
    if not withdrawn and not tx.replaying:
        await record(tx, received)
    for early in await early_notes.take(tx, fact.request_id, _EARLY):
        await _apply_early(tx, early, dossier=fact.dossier)
    await withdrawal.answer_pending(tx, fact.request_id, received.at)
    log.info("escalation.received", withdrawn=withdrawn)


async def resume_on_national_question_answered(tx: Transaction, fact: qualification.NationalQuestionAnswered) -> None:
    """Resume a dossier whose question the département answered; its due date moves by the days it waited."""
    escalation = await store.find_for_update(tx, fact.request_id)
    if escalation is None:
        log.warning("escalation.unknown", type=fact.wire_type)
        return
    if escalation.resume(due_on=_moved_on(escalation, fact.at)):
        await store.save(tx, escalation, at=fact.at)
    await exchanges.answer_question(tx, fact.request_id, answer=fact.text, by=fact.by, at=fact.at)
    await store.add_step(tx, fact, team=Team.DEPARTEMENT)


def _moved_on(escalation: Escalation, at: datetime) -> date | None:
    """Return the stage's due date, later by the working days that the département took."""
    if escalation.due_on is None or escalation.asked_at is None:
        return escalation.due_on
    waited = calendar.working_days_between(day(escalation.asked_at), day(at), calendar.PARIS)
    return calendar.add_working_days(escalation.due_on, max(waited, 0), calendar.PARIS)


async def note_on_applicant_message(tx: Transaction, fact: IntakeNote) -> None:
    """Add what the applicant wrote or joined to the dossier; store it until then if the dossier is not here yet."""
    if await store.find_for_update(tx, fact.request_id) is None:
        await early_notes.add(tx, fact)
    else:
        await _apply_note(tx, fact, dossier=await store.dossier_of(tx, fact.request_id))


async def store_on_progress_told(tx: Transaction, fact: intake.ProgressTold) -> None:
    """Store a progress report of the applicant beside those of the provider and the team, in any state."""
    if await store.find_for_update(tx, fact.request_id) is None:
        log.warning("escalation.unknown", type=fact.wire_type)
        return
    dossier = await store.dossier_of(tx, fact.request_id)
    author = (fact.by.name if fact.by else None) or dossier.request.contact.name
    await accompaniment_store.add_progress(tx, fact, team=Team.APPLICANT, author=author)
    await store.add_step(tx, fact, team=Team.APPLICANT)


async def note_on_departement_message_posted(tx: Transaction, fact: qualification.MessagePosted) -> None:
    """Add a message that the département wrote to the applicant after the escalation."""
    if await store.find_for_update(tx, fact.request_id) is not None:
        await exchanges.add_message(tx, fact.request_id, at=fact.at, author=Team.DEPARTEMENT, text=fact.text)
        await store.add_step(tx, fact, team=Team.DEPARTEMENT)


async def note_on_examination_reopened(tx: Transaction, fact: qualification.ExaminationStarted) -> None:
    """Note that the département examines again what the national team returned."""
    if fact.reopened and await store.find_for_update(tx, fact.request_id) is not None:
        await store.add_step(tx, fact, team=Team.DEPARTEMENT)


async def note_on_departement_outcome(tx: Transaction, fact: DepartementOutcome) -> None:
    """Note which answer the département found for what the national team had returned."""
    if await store.find_for_update(tx, fact.request_id) is not None:
        await store.add_step(tx, fact, team=Team.DEPARTEMENT)


async def list_on_directed_to_programme(tx: Transaction, fact: qualification.DirectedToProgramme) -> None:
    """List a request for the team of the programme that it is directed to."""
    fact = fact.model_copy(update={"dossier": await exchange_parts.complete(tx, fact.dossier)})
    await programme_store.add_programme_request(tx, fact)
    await note_on_departement_outcome(tx, fact)
    await withdrawal.answer_pending(tx, fact.request_id, fact.at)


async def store_on_evaluation_submitted(tx: Transaction, fact: intake.EvaluationSubmitted) -> None:
    """Store the applicant's evaluation."""
    await programme_store.add_evaluation(tx, fact)
    await programme_store.move_programme_request(tx, fact.request_id, state="evaluated", at=fact.at)
    if await store.find_for_update(tx, fact.request_id) is None:
        await early_notes.add(tx, fact)
    else:
        await store.add_step(tx, fact, team=Team.APPLICANT)


async def note_on_request_closed(tx: Transaction, fact: intake.RequestClosed) -> None:
    """Note that the request is closed."""
    await programme_store.move_programme_request(tx, fact.request_id, state="closed", at=fact.at)
    if await store.find_for_update(tx, fact.request_id) is None:
        await early_notes.add(tx, fact)
    else:
        await store.add_step(tx, fact, team=None)


async def note_notified_on_delivery_succeeded(tx: Transaction, fact: notifications.DeliverySucceeded) -> None:
    """Store when the applicant was notified of a decision."""
    if fact.audience == "applicant":
        await committee_store.note_notified(tx, fact.event_id, at=fact.at)


async def _apply_early(tx: Transaction, fact: EarlyNote, *, dossier: qualification.Dossier) -> None:
    """Apply an event that had arrived before the dossier."""
    match fact:
        case intake.RequestWithdrawn():
            await store.add_step(tx, fact, team=Team.APPLICANT)
        case intake.EvaluationSubmitted():
            await store.add_step(tx, fact, team=Team.APPLICANT)
        case intake.RequestClosed():
            await store.add_step(tx, fact, team=None)
        case _:
            await _apply_note(tx, fact, dossier=dossier)


async def _apply_note(tx: Transaction, fact: IntakeNote, *, dossier: qualification.Dossier) -> None:
    """Add a message or a file to the dossier, unless the escalation brought it already."""
    if isinstance(fact, intake.DocumentAdded):
        await exchanges.add_document(tx, fact.request_id, fact.document)
        await store.add_step(tx, fact, team=Team.APPLICANT)
        return
    if any(message.at == fact.at and message.text == fact.text for message in dossier.messages):
        return
    await exchanges.add_message(tx, fact.request_id, at=fact.at, author=Team.APPLICANT, text=fact.text)
    await store.add_step(tx, fact, team=Team.APPLICANT)
