"""Use cases of the committee's standing members: enter them, change them, seat them in a session."""

from datetime import datetime
from uuid import UUID

from services.escalation.domain.members import StandingMember
from services.escalation.domain.moves import Action
from services.escalation.store import members as store
from services.escalation.usecases.context import Context
from shared.clock import new_id


class ChangeMember(StandingMember):
    """What the list says of a member from now on; `seen` is when the list had changed that was looked at."""

    seen: datetime | None = None


async def add_member(do: Context, command: StandingMember) -> UUID:
    """Enter a standing member of the committee."""
    actor = do.by.acting_in(Action.MEMBERS)
    command.check(today=do.today)
    member_id = new_id()
    await store.add_member(do.tx, member_id, command, by=actor, at=do.at)
    return member_id


async def change_member(do: Context, member_id: UUID, command: ChangeMember) -> None:
    """Change a standing member; sessions that are planned already keep whom they have."""
    actor = do.by.acting_in(Action.MEMBERS)
    command.check(today=do.today)
    await store.save_member(do.tx, member_id, command, seen=command.seen, by=actor, at=do.at)
