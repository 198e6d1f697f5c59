"""What people write: to the applicant and from him, among agents, to the national team; replies; the files he joins."""

from datetime import datetime
from typing import Final
from uuid import UUID

from services.qualification.domain.case import Case
from services.qualification.domain.moves import Action, State
from services.qualification.domain.rules import Rules
from services.qualification.store import exchanges
from services.qualification.usecases import telling
from services.qualification.usecases.examining import examination_due
from shared import early_notes, texts
from shared.clock import new_id
from shared.contracts import intake
from shared.contracts.fact import Fact
from shared.contracts.notifications import ReplyReceived
from shared.contracts.qualification import MessagePosted
from shared.contracts.vocabulary import Team
from shared.db import Transaction
from shared.identity.model import Agent
from shared.messaging import journal

Sent = intake.MessagePosted | intake.InformationProvided | intake.DocumentAdded | ReplyReceived
SENT: Final[tuple[type[Sent], ...]] = (
    intake.MessagePosted,
    intake.InformationProvided,
    intake.DocumentAdded,
    ReplyReceived,
)
"""What people send to the département that has the case, while it may be on its way to another."""


async def post_message(tx: Transaction, request_id: UUID, *, text: str, by: Agent, at: datetime, rules: Rules) -> Case:
    """Write to the applicant."""
    case, who, at = await telling.begin(tx, request_id, by, at)
    signature = case.require(Action.MESSAGES, who)
    message_id, text = new_id(), telling.said(text)
    await texts.find_room(tx, rules.allowance, exchanges.WRITTEN, case.request_id, case.departement, text=text, at=at)
    await exchanges.add_message(
        tx, case, message_id=message_id, at=at, team=Team.DEPARTEMENT, author=by.name, text=text
    )
    fact = MessagePosted(
        request_id=case.request_id,
        departement=case.departement,
        at=at,
        message_id=message_id,
        text=text,
        by=signature,
    )
    await telling.tell(tx, case, fact)
    return case


async def add_note(tx: Transaction, request_id: UUID, *, text: str, by: Agent, at: datetime, rules: Rules) -> Case:
    """Leave a note that never leaves the département."""
    case, who = await telling.load(tx, request_id, by)
    case.require(Action.NOTES, who)
    text = telling.said(text)
    await texts.find_room(tx, rules.allowance, exchanges.NOTES, case.request_id, case.departement, text=text, at=at)
    await exchanges.add_note(tx, case, at=at, author=by.name, text=text)
    return case


async def answer_national_team(tx: Transaction, request_id: UUID, *, text: str, by: Agent, at: datetime) -> Case:
    """Answer what the national team asked."""
    case, who, at = await telling.begin(tx, request_id, by, at)
    await telling.tell(tx, case, case.answer(who, telling.said(text), at))
    return case


async def take_message(tx: Transaction, case: Case, fact: intake.MessagePosted) -> None:
    """The applicant wrote."""
    await _keep(tx, case, fact.message_id, fact.at, fact.text)
    await telling.note(tx, case, fact)


async def take_information(tx: Transaction, case: Case, fact: intake.InformationProvided, rules: Rules) -> None:
    """The applicant gave what was asked: the examination goes on, its clock too.

    What he gave to another département, before this one took over, is no answer to what is asked here.
    """
    await _keep(tx, case, new_id(), fact.at, fact.text)
    await telling.note(tx, case, fact)
    for_us = fact.departement == case.departement or fact.at >= case.opened_at
    if case.state is State.AWAITING_INFORMATION and for_us:
        at = await journal.in_time(tx, case.source, case.request_id, fact.at)
        await telling.tell(tx, case, case.resume(at, examination_due(case, at, rules)))


async def take_reply(tx: Transaction, case: Case, fact: ReplyReceived) -> None:
    """A provider answered a mail; what the applicant answers comes from intake, as his message."""
    if fact.audience == "provider":
        await exchanges.add_message(
            tx, case, message_id=fact.reply_id, at=fact.at, team=Team.PROVIDER, author=None, text=fact.text
        )
        await telling.note(tx, case, fact)


async def take_document(tx: Transaction, case: Case, fact: intake.DocumentAdded) -> None:
    """The applicant joined a file."""
    await exchanges.add_document(tx, case, fact.document)
    await telling.note(tx, case, fact)


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
