"""The applicant shares his request with colleagues, and takes that back."""

from datetime import datetime
from uuid import UUID

from services.intake.domain.colleagues import Colleague, Holder
from services.intake.domain.request import Tracked
from services.intake.store import colleagues, requests
from services.intake.usecases import SOURCE, load, tell
from shared.clock import new_id
from shared.contracts import intake
from shared.db import Transaction
from shared.limits import UNLIMITED, Quota
from shared.messaging import journal


async def invite_colleague(
    tx: Transaction, holder: Holder, *, name: str, email: str, at: datetime, quota: Quota = UNLIMITED
) -> UUID:
    """Invite somebody by mail; give the invitation's id. Refuses with `LimitReached`.

    The invitation waits while nobody has opened a link that was mailed to the contact: whoever files names any address.
    """
    await quota.take(tx)
    tracked, at = await load(tx, holder, at)
    invited = await colleagues.of_request(tx, tracked.id)
    fact = tracked.invite(colleague_id=new_id(), name=name, email=email, invited=invited, at=at)
    if tracked.contact_confirmed_at is None:
        await colleagues.add_waiting(tx, tracked.id, invited_by(fact))
    else:
        await _publish_invitation(tx, tracked, fact)
    return fact.colleague_id


async def note_link_used(tx: Transaction, holder: Holder, *, at: datetime) -> None:
    """Note that the contact's link was used: the newest revokes the one before, a mailed one confirms the address.

    Invitations that waited for the confirmation are published once; those of a request that is over are dropped.
    """
    tracked, at = await load(tx, holder, at)
    tracked.use_link(holder.generation)
    await requests.save(tx, tracked)
    if not holder.by_mail or tracked.contact_confirmed_at is not None:
        return
    await requests.confirm_contact(tx, tracked.id, at=at)
    for one in await colleagues.take_waiting(tx, tracked.id):
        if "colleagues" in tracked.allowed_actions:
            at = await journal.in_time(tx, SOURCE, tracked.id, at)
            fact = tracked.invite(colleague_id=one.id, name=one.name, email=one.email, invited=(), at=at)
            await _publish_invitation(tx, tracked, fact)


async def _publish_invitation(tx: Transaction, tracked: Tracked, fact: intake.ColleagueInvited) -> None:
    await colleagues.add(tx, tracked.id, invited_by(fact))
    await tell(tx, tracked, fact)


async def remove_colleague(tx: Transaction, holder: Holder, colleague_id: UUID, *, at: datetime) -> None:
    """Take an invitation back: the colleague's link opens nothing any more."""
    tracked, at = await load(tx, holder, at)
    if tracked.colleague is None and await colleagues.take_waiting(tx, tracked.id, colleague_id):
        return
    colleague = await colleagues.load(tx, colleague_id, of=tracked.id)
    fact = tracked.remove_colleague(colleague, at=at)
    await colleagues.remove(tx, colleague_id, at=at)
    await tell(tx, tracked, fact)


def invited_by(fact: intake.ColleagueInvited) -> Colleague:
    """Give who was invited, as it was told."""
    return Colleague(fact.colleague_id, fact.name, fact.email, invited_at=fact.at)
