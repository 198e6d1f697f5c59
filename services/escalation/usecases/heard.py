"""What the other services tell about a dossier takes effect here."""

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
from services.escalation.usecases import withdrawing
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
"""What intake says may overtake the dossier on its way: it is another service's stream."""


async def receive_escalation_on_request_escalated(
    tx: Transaction, fact: qualification.RequestEscalated, *, durations: Durations
) -> None:
    """A dossier arrives: new, or again after it had been returned; a request to withdraw that waits is answered."""
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
    await store.take_in(tx, escalation, fact)
    await store.add_step(tx, fact, team=Team.DEPARTEMENT)
    for document in fact.dossier.documents:
        await exchanges.add_document(tx, fact.request_id, document)
    if not withdrawn and not tx.replaying:
        await record(tx, received)
    for early in await early_notes.take(tx, fact.request_id, _EARLY):
        await _apply_early(tx, early, dossier=fact.dossier)
    await withdrawing.answer_pending(tx, fact.request_id, received.at)
    log.info("escalation.received", withdrawn=withdrawn)


async def resume_on_national_question_answered(tx: Transaction, fact: qualification.NationalQuestionAnswered) -> None:
    """The département answered; the dossier goes on from where it waited, its clock moved on by the days it waited."""
    escalation = await store.find_for_update(tx, fact.request_id)
    if escalation is None:
        log.warning("escalation.unknown", type=fact.wire_type)
        return
    if escalation.resume(due_on=_moved_on(escalation, fact.at)):
        await store.save(tx, escalation, at=fact.at)
    await exchanges.answer_question(tx, fact.request_id, answer=fact.text, by=fact.by, at=fact.at)
    await store.add_step(tx, fact, team=Team.DEPARTEMENT)


def _moved_on(escalation: Escalation, at: datetime) -> date | None:
    """Give the stage's date, later by the working days that the département took."""
    if escalation.due_on is None or escalation.asked_at is None:
        return escalation.due_on
    waited = calendar.working_days_between(day(escalation.asked_at), day(at), calendar.PARIS)
    return calendar.add_working_days(escalation.due_on, max(waited, 0), calendar.PARIS)


async def note_what_the_applicant_sends(tx: Transaction, fact: IntakeNote) -> None:
    """The applicant wrote or joined a file: it belongs to the dossier, here already or still on its way."""
    if await store.find_for_update(tx, fact.request_id) is None:
        await early_notes.add(tx, fact)
    else:
        await _apply_note(tx, fact, dossier=await store.dossier_of(tx, fact.request_id))


async def keep_on_progress_told(tx: Transaction, fact: intake.ProgressTold) -> None:
    """The applicant told how the work goes: it stands with what the provider and the team tell, over or not."""
    if await store.find_for_update(tx, fact.request_id) is None:
        log.warning("escalation.unknown", type=fact.wire_type)
        return
    dossier = await store.dossier_of(tx, fact.request_id)
    author = (fact.by.name if fact.by else None) or dossier.request.contact.name
    await accompaniment_store.add_progress(tx, fact, team=Team.APPLICANT, author=author)
    await store.add_step(tx, fact, team=Team.APPLICANT)


async def note_on_departement_message_posted(tx: Transaction, fact: qualification.MessagePosted) -> None:
    """The département wrote to the applicant after it had handed the dossier over."""
    if await store.find_for_update(tx, fact.request_id) is not None:
        await exchanges.add_message(tx, fact.request_id, at=fact.at, author=Team.DEPARTEMENT, text=fact.text)
        await store.add_step(tx, fact, team=Team.DEPARTEMENT)


async def note_on_examination_reopened(tx: Transaction, fact: qualification.ExaminationStarted) -> None:
    """The département examines again what the national team returned."""
    if fact.reopened and await store.find_for_update(tx, fact.request_id) is not None:
        await store.add_step(tx, fact, team=Team.DEPARTEMENT)


async def note_on_departement_outcome(tx: Transaction, fact: DepartementOutcome) -> None:
    """The département found another answer for what the national team had returned: what became of it is shown."""
    if await store.find_for_update(tx, fact.request_id) is not None:
        await store.add_step(tx, fact, team=Team.DEPARTEMENT)


async def list_on_directed_to_programme(tx: Transaction, fact: qualification.DirectedToProgramme) -> None:
    """A request is directed to a programme, whose team finds it in its list."""
    fact = fact.model_copy(update={"dossier": await exchange_parts.complete(tx, fact.dossier)})
    await programme_store.add_programme_request(tx, fact)
    await note_on_departement_outcome(tx, fact)
    await withdrawing.answer_pending(tx, fact.request_id, fact.at)


async def keep_on_evaluation_submitted(tx: Transaction, fact: intake.EvaluationSubmitted) -> None:
    """The applicant said what came of it."""
    await programme_store.add_evaluation(tx, fact)
    await programme_store.move_programme_request(tx, fact.request_id, state="evaluated", at=fact.at)
    if await store.find_for_update(tx, fact.request_id) is None:
        await early_notes.add(tx, fact)
    else:
        await store.add_step(tx, fact, team=Team.APPLICANT)


async def note_on_request_closed(tx: Transaction, fact: intake.RequestClosed) -> None:
    """The life of the request is over."""
    await programme_store.move_programme_request(tx, fact.request_id, state="closed", at=fact.at)
    if await store.find_for_update(tx, fact.request_id) is None:
        await early_notes.add(tx, fact)
    else:
        await store.add_step(tx, fact, team=None)


async def note_notified_on_delivery_succeeded(tx: Transaction, fact: notifications.DeliverySucceeded) -> None:
    """The applicant was told a decision: its date of notification."""
    if fact.audience == "applicant":
        await committee_store.note_notified(tx, fact.event_id, at=fact.at)


async def _apply_early(tx: Transaction, fact: EarlyNote, *, dossier: qualification.Dossier) -> None:
    """Put into the dossier what had overtaken it."""
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
    """Put a message or a file into the dossier, unless the dossier brought it already."""
    if isinstance(fact, intake.DocumentAdded):
        await exchanges.add_document(tx, fact.request_id, fact.document)
        await store.add_step(tx, fact, team=Team.APPLICANT)
        return
    if any(message.at == fact.at and message.text == fact.text for message in dossier.messages):
        return
    await exchanges.add_message(tx, fact.request_id, at=fact.at, author=Team.APPLICANT, text=fact.text)
    await store.add_step(tx, fact, team=Team.APPLICANT)
