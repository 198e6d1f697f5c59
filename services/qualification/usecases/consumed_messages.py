"""Use cases for consumed events that add messages, information, replies by mail or files to a case."""

from datetime import datetime
from typing import Final
from uuid import UUID

from services.qualification.domain.case import Case
from services.qualification.domain.moves import State
from services.qualification.domain.rules import Rules
from services.qualification.store import exchanges
from services.qualification.usecases import recording
from services.qualification.usecases.examining import examination_due
from shared import early_notes
from shared.clock import new_id
from shared.contracts import intake
from shared.contracts.fact import Fact
from shared.contracts.notifications import ReplyReceived
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


async def add_message(tx: Transaction, case: Case, fact: intake.MessagePosted) -> None:
    """The applicant wrote."""
    await _add(tx, case, fact.message_id, fact.at, fact.text)
    await recording.add_step(tx, case, fact)


async def add_information(tx: Transaction, case: Case, fact: intake.InformationProvided, rules: Rules) -> None:
    """The applicant gave what was asked: the examination goes on, its clock too.

    What they gave to another département, before this one took over, is no answer to what is asked here.
    """
    await _add(tx, case, new_id(), fact.at, fact.text)
    await recording.add_step(tx, case, fact)
    for_us = fact.departement == case.departement or fact.at >= case.opened_at
    if case.state is State.AWAITING_INFORMATION and for_us:
        at = await journal.in_time(tx, case.source, case.request_id, fact.at)
        await recording.record(tx, case, case.resume(at, examination_due(case, at, rules)))


async def add_reply(tx: Transaction, case: Case, fact: ReplyReceived) -> None:
    """A provider answered a mail; what the applicant answers comes from intake, as their message."""
    if fact.audience == "provider":
        await exchanges.add_message(
            tx, case, message_id=fact.reply_id, at=fact.at, team=Team.PROVIDER, author=None, text=fact.text
        )
        await recording.add_step(tx, case, fact)


async def add_document(tx: Transaction, case: Case, fact: intake.DocumentAdded) -> None:
    """The applicant joined a file."""
    await exchanges.add_document(tx, case, fact.document)
    await recording.add_step(tx, case, fact)


async def store_early(tx: Transaction, fact: Fact) -> None:
    """Store what was sent to a département whose case may still come here by a transfer."""
    if isinstance(fact, SENT):
        await early_notes.add(tx, fact)


async def add_early(tx: Transaction, case: Case, rules: Rules) -> None:
    """Give a transferred case what was sent meanwhile: to its earlier cases in this database, or before any was here.

    What the dossier of the transfer brought stays single: messages are recognised by moment and text, files by id.
    """
    await exchanges.take_over(tx, case, [fact.wire_type for fact in SENT])
    for fact in await early_notes.take(tx, case.request_id, SENT):
        match fact:
            case intake.MessagePosted():
                await add_message(tx, case, fact)
            case intake.InformationProvided():
                await add_information(tx, case, fact, rules)
            case intake.DocumentAdded():
                await add_document(tx, case, fact)
            case ReplyReceived():
                await add_reply(tx, case, fact)


async def _add(tx: Transaction, case: Case, message_id: UUID, at: datetime, text: str) -> None:
    await exchanges.add_message(
        tx, case, message_id=message_id, at=at, team=Team.APPLICANT, author=case.request.contact.name, text=text
    )
