"""Use cases of messages and notes that agents write: to the applicant, to colleagues, to the national team."""

from uuid import UUID

from services.qualification.domain.case import Case
from services.qualification.domain.inputs import Text
from services.qualification.domain.moves import Action
from services.qualification.store import exchanges
from services.qualification.usecases.context import Context, changes_case, load
from shared import texts
from shared.clock import new_id
from shared.commands import Command
from shared.contracts.fact import Fact
from shared.contracts.qualification import MessagePosted
from shared.contracts.vocabulary import Team


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
