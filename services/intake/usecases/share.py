"""The applicant shares his request with colleagues, and takes that back."""

from datetime import datetime
from uuid import UUID

from services.intake.domain.colleagues import Colleague, Holder
from services.intake.store import colleagues
from services.intake.usecases import load, tell
from shared.clock import new_id
from shared.contracts import intake
from shared.db import Transaction
from shared.limits import UNLIMITED, Quota


async def invite_colleague(
    tx: Transaction, holder: Holder, *, name: str, email: str, at: datetime, quota: Quota = UNLIMITED
) -> UUID:
    """Invite somebody by mail; give the invitation's id. Refuses with `LimitReached`."""
    await quota.take(tx)
    tracked, at = await load(tx, holder, at)
    invited = await colleagues.of_request(tx, tracked.id)
    fact = tracked.invite(colleague_id=new_id(), name=name, email=email, invited=invited, at=at)
    await colleagues.add(tx, tracked.id, invited_by(fact))
    await tell(tx, tracked, fact)
    return fact.colleague_id


async def remove_colleague(tx: Transaction, holder: Holder, colleague_id: UUID, *, at: datetime) -> None:
    """Take an invitation back: the colleague's link opens nothing any more."""
    tracked, at = await load(tx, holder, at)
    colleague = await colleagues.load(tx, colleague_id, of=tracked.id)
    fact = tracked.remove_colleague(colleague, at=at)
    await colleagues.remove(tx, colleague_id, at=at)
    await tell(tx, tracked, fact)


def invited_by(fact: intake.ColleagueInvited) -> Colleague:
    """Give who was invited, as it was told."""
    return Colleague(fact.colleague_id, fact.name, fact.email, invited_at=fact.at)
