"""Invite colleagues to follow a request and act on it, and withdraw invitations."""

from uuid import UUID

from services.intake.domain.colleagues import Colleague
from services.intake.domain.inputs import Line
from services.intake.store import colleagues
from services.intake.usecases.context import Context, load
from services.intake.usecases.recording import record
from shared.clock import new_id
from shared.commands import Command, NoBody
from shared.contracts.fact import Email


class InviteColleague(Command):
    """Whom the applicant lets follow the request and act on it."""

    name: Line
    email: Email


async def invite_colleague(do: Context, command: InviteColleague) -> Colleague:
    """Invite a colleague to follow the request and act on it; a link of their own is sent to them.

    The invitation waits while nobody has opened a link that was mailed to the contact: whoever files names any address.
    """
    await do.invitations(command.email).take(do.tx)
    do, tracked = await load(do)
    invited = await colleagues.of_request(do.tx, tracked.id)
    fact = tracked.invite(colleague_id=new_id(), name=command.name, email=command.email, invited=invited, at=do.at)
    waiting = tracked.contact_confirmed_at is None
    if waiting:
        await colleagues.add_waiting(do.tx, fact)
    else:
        await record(do.tx, tracked, fact)
    return Colleague(fact.colleague_id, fact.name, fact.email, fact.at, mail_failed_at=None, waiting=waiting)


async def remove_colleague(do: Context, colleague_id: UUID, _: NoBody) -> None:
    """Take an invitation back: the colleague's link and token open nothing any more."""
    do, tracked = await load(do)
    if tracked.colleague is None and await colleagues.take_waiting(do.tx, tracked.id, colleague_id):
        return
    colleague = await colleagues.load(do.tx, colleague_id, of=tracked.id)
    await record(do.tx, tracked, tracked.remove_colleague(colleague, at=do.at))
