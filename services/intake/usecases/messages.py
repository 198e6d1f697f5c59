"""Write to the département: messages, requested information, and replies by mail."""

from uuid import UUID

from services.intake.domain.inputs import Text
from services.intake.store import messages, requests
from services.intake.usecases.context import Context, load
from services.intake.usecases.recording import record
from shared import texts
from shared.clock import new_id
from shared.commands import Command, NoBody


class PostMessage(Command):
    """A message to the département."""

    text: Text


class ProvideInformation(Command):
    """The information that the département asked for."""

    text: Text


async def post_message(do: Context, command: PostMessage) -> None:
    """Write to the département."""
    do, tracked = await load(do)
    fact = tracked.post_message(command.text, message_id=new_id(), at=do.at)
    await texts.find_room(do.tx, do.allowance, messages.WRITTEN, tracked.id, text=command.text, at=do.at)
    await record(do.tx, tracked, fact)
    await messages.mark_read(do.tx, do.holder)


async def provide_information(do: Context, command: ProvideInformation) -> None:
    """Provide the information that the département asked for; an answer always has room, for questions are bounded."""
    do, tracked = await load(do)
    await record(do.tx, tracked, tracked.provide_information(command.text, at=do.at))
    await messages.mark_read(do.tx, do.holder)


async def read_messages(do: Context, _: NoBody) -> None:
    """Note that the caller has read the messages that are there; this is not published."""
    await requests.load_held(do.tx, do.holder)
    await messages.mark_read(do.tx, do.holder)


async def take_reply_by_mail(do: Context, text: str, *, message_id: UUID) -> None:
    """Take what the applicant's side answered to a mail: a message, also when the request is over.

    It always has room here: notifications bounds replies before it takes them, and sends back what it refuses.
    """
    do, tracked = await load(do)
    await record(do.tx, tracked, tracked.take_reply(text, message_id=message_id, at=do.at))
