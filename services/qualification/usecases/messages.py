"""What people write: to the applicant and from him, among agents, to the national team; replies; the files he joins."""

from datetime import datetime
from typing import Final
from uuid import UUID

from services.qualification.domain.case import Case
from services.qualification.domain.inputs import Text
from services.qualification.domain.moves import Action, State
from services.qualification.domain.rules import Rules
from services.qualification.store import exchanges
from services.qualification.usecases import recording
from services.qualification.usecases.context import Context, changes_case, load
from services.qualification.usecases.examining import examination_due
from shared import early_notes, texts
from shared.clock import new_id
from shared.commands import Command
from shared.contracts import intake
from shared.contracts.fact import Fact
from shared.contracts.notifications import ReplyReceived
from shared.contracts.qualification import MessagePosted
from shared.contracts.vocabulary import Team
from shared.db import Transaction
from shared.messaging import journal

Sent = intake.MessagePosted | intake.InformationProvided | intake.DocumentAdded | ReplyReceived
SENT: Final[tuple[type[Sent], ...]] = (
    intake.MessagePosted,
    intake.InformationProvided,
    intake.DocumentAdded,
    ReplyReceived,
)
"""What people send to the département that has the case, while it may be on its way to another."""


class Write(Command):
    """A message to the applicant, a note, or an answer to the national team."""

    text: Text


@changes_case
async def post_message(do: Context, case: Case, command: Write) -> Fact:
    """Write to the applicant."""
    signature = case.require(Action.MESSAGES, do.who)
    message_id = new_id()
    await texts.find_room(
        do.tx, do.rules.allowance, exchanges.WRITTEN, case.request_id, case.departement, text=command.text, at=do.at
    )
    await exchanges.add_message(
        do.tx,
        case,
        message_id=message_id,
        at=do.at,
        team=Team.DEPARTEMENT,
        author=do.agent.name,
        text=command.text,
    )
    return MessagePosted(
        request_id=case.request_id,
        departement=case.departement,
        at=do.at,
        message_id=message_id,
        text=command.text,
        by=signature,
    )


async def add_note(do: Context, request_id: UUID, command: Write) -> None:
    """Leave a note that never leaves the département."""
    do, case = await load(do, request_id)
    case.require(Action.NOTES, do.who)
    await texts.find_room(
        do.tx, do.rules.allowance, exchanges.NOTES, case.request_id, case.departement, text=command.text, at=do.at
    )
    await exchanges.add_note(do.tx, case, at=do.at, author=do.agent.name, text=command.text)


@changes_case
async def answer_national_team(do: Context, case: Case, command: Write) -> Fact:
    """Answer what the national team asked."""
    return case.answer(do.who, command.text, do.at)


async def take_message(tx: Transaction, case: Case, fact: intake.MessagePosted) -> None:
    """The applicant wrote."""
    await _keep(tx, case, fact.message_id, fact.at, fact.text)
    await recording.add_step(tx, case, fact)


async def take_information(tx: Transaction, case: Case, fact: intake.InformationProvided, rules: Rules) -> None:
    """The applicant gave what was asked: the examination goes on, its clock too.

    What he gave to another département, before this one took over, is no answer to what is asked here.
    """
    await _keep(tx, case, new_id(), fact.at, fact.text)
    await recording.add_step(tx, case, fact)
    for_us = fact.departement == case.departement or fact.at >= case.opened_at
    if case.state is State.AWAITING_INFORMATION and for_us:
        at = await journal.in_time(tx, case.source, case.request_id, fact.at)
        await recording.record(tx, case, case.resume(at, examination_due(case, at, rules)))


async def take_reply(tx: Transaction, case: Case, fact: ReplyReceived) -> None:
    """A provider answered a mail; what the applicant answers comes from intake, as his message."""
    if fact.audience == "provider":
        await exchanges.add_message(
            tx, case, message_id=fact.reply_id, at=fact.at, team=Team.PROVIDER, author=None, text=fact.text
        )
        await recording.add_step(tx, case, fact)


async def take_document(tx: Transaction, case: Case, fact: intake.DocumentAdded) -> None:
    """The applicant joined a file."""
    await exchanges.add_document(tx, case, fact.document)
    await recording.add_step(tx, case, fact)


async def store_early(tx: Transaction, fact: Fact) -> None:
    """Store what was sent to a département whose case may still come here by a transfer."""
    if isinstance(fact, SENT):
        await early_notes.add(tx, fact)


async def take_early(tx: Transaction, case: Case, rules: Rules) -> None:
    """Give a transferred case what was sent meanwhile: to its earlier cases in this database, or before any was here.

    What the dossier of the transfer brought stays single: messages are recognised by moment and text, files by id.
    """
    await exchanges.take_over(tx, case, [fact.wire_type for fact in SENT])
    for fact in await early_notes.take(tx, case.request_id, SENT):
        match fact:
            case intake.MessagePosted():
                await take_message(tx, case, fact)
            case intake.InformationProvided():
                await take_information(tx, case, fact, rules)
            case intake.DocumentAdded():
                await take_document(tx, case, fact)
            case ReplyReceived():
                await take_reply(tx, case, fact)


async def _keep(tx: Transaction, case: Case, message_id: UUID, at: datetime, text: str) -> None:
    await exchanges.add_message(
        tx, case, message_id=message_id, at=at, team=Team.APPLICANT, author=case.request.contact.name, text=text
    )
