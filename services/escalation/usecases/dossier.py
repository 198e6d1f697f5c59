"""Use cases of a dossier before the committee: admissibility, questions, return, agenda, notes."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.escalation.domain.dossier import Escalation
from services.escalation.domain.inputs import Text
from services.escalation.domain.moves import Action
from services.escalation.store import committee as committee_store
from services.escalation.store import dossier as store
from services.escalation.store import exchanges
from services.escalation.usecases.context import Context, changes_dossier, load
from services.escalation.usecases.recording import record, working_days_after
from shared import texts
from shared.clock import new_id
from shared.commands import Command
from shared.contracts.fact import Fact
from shared.errors import Invalid


class SettleAdmissibility(Command):
    """Why the dossier can go before the committee."""

    opinion: Text


class AskDepartement(Command):
    """What the département is asked, and until when it should answer."""

    question: Text
    until: date | None = None


class ReturnToDepartement(Command):
    """Why the dossier goes back to the département."""

    motive: Text


class Schedule(Command):
    """The session on whose agenda the dossier comes."""

    session_id: UUID


class ScheduleSeveral(Command):
    """The dossiers that come on the agenda of a session."""

    request_ids: Annotated[list[UUID], Field(min_length=1, max_length=200)]


class AddNote(Command):
    """An internal note of the national team."""

    text: Text


@changes_dossier
async def settle_admissibility(do: Context, escalation: Escalation, command: SettleAdmissibility) -> Fact:
    """Find that the dossier can go before the committee."""
    due_on = working_days_after(do.at, do.durations.committee)
    return escalation.settle_admissibility(opinion=command.opinion, due_on=due_on, by=do.by, at=do.at)


@changes_dossier
async def ask_departement(do: Context, escalation: Escalation, command: AskDepartement) -> Fact:
    """Ask the département for what only it can give; the applicant is never asked directly."""
    fact = escalation.ask(question=command.question, until=command.until, by=do.by, at=do.at)
    if command.until is not None and command.until < do.today:
        raise Invalid.field("until", "Cette date est déjà passée.")
    request_id = escalation.request_id
    await texts.find_room(do.tx, do.allowance, exchanges.QUESTIONS, request_id, text=command.question, at=do.at)
    await exchanges.add_question(
        do.tx, new_id(), request_id, question=command.question, until=command.until, by=fact.by, at=do.at
    )
    return fact


@changes_dossier
async def return_to_departement(do: Context, escalation: Escalation, command: ReturnToDepartement) -> Fact:
    """Give the dossier back to the département without a decision of the committee."""
    return escalation.give_back(motive=command.motive, by=do.by, at=do.at)


async def add_note(do: Context, request_id: UUID, command: AddNote) -> UUID:
    """Add a note that the national team alone reads, in any state."""
    actor = do.by.acting_in(Action.NOTES)
    do, _ = await load(do, request_id)
    await texts.find_room(do.tx, do.allowance, exchanges.NOTES, request_id, text=command.text, at=do.at)
    note_id = new_id()
    await exchanges.add_note(do.tx, note_id, request_id, text=command.text, by=actor, at=do.at)
    return note_id


async def schedule(do: Context, request_id: UUID, command: Schedule) -> None:
    """Put the dossier at the end of a session's agenda."""
    try:
        session = await committee_store.load_session_for_update(do.tx, command.session_id)
    except committee_store.NoSuchSession as missing:
        raise Invalid.field("session_id", missing.sentence) from missing
    do, escalation = await load(do, request_id)
    fact = escalation.schedule(session_id=session.id, title=session.title, held_on=session.held_on, by=do.by, at=do.at)
    session.check_open()
    await committee_store.add_to_agenda(do.tx, session.id, request_id, state=escalation.state, at=do.at)
    await store.save(do.tx, escalation, at=do.at)
    await record(do.tx, fact)


async def schedule_several(do: Context, session_id: UUID, command: ScheduleSeveral) -> None:
    """Put dossiers at the end of a session's agenda, those that another session deferred for instance."""
    for request_id in command.request_ids:
        await schedule(do, request_id, Schedule(session_id=session_id))
