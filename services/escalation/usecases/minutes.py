"""Use cases of the minutes: remark on their draft, approve them."""

from uuid import UUID

from services.escalation.domain.inputs import Line, Text
from services.escalation.domain.minutes import ApproveMinutes
from services.escalation.reads import minutes as reads
from services.escalation.store import minutes as store
from services.escalation.usecases.context import Context
from shared.clock import new_id
from shared.commands import Command


class RemarkOnMinutes(Command):
    """What somebody remarks on the draft of the minutes; `author` is the agent unless another is named."""

    text: Text
    author: Line | None = None


async def remark(do: Context, session_id: UUID, command: RemarkOnMinutes) -> UUID:
    """Record a remark on the draft of the minutes."""
    minutes = await store.load_for_update(do.tx, session_id)
    actor = minutes.remark(by=do.by)
    remark_id = new_id()
    author = command.author or do.agent.name or do.agent.email
    await store.add_remark(do.tx, remark_id, session_id, author=author, text=command.text, by=actor, at=do.at)
    return remark_id


async def approve(do: Context, session_id: UUID, command: ApproveMinutes) -> None:
    """Approve the minutes, which are stored as they are now and do not change any more."""
    minutes = await store.load_for_update(do.tx, session_id)
    within = await store.approving_session(do.tx, command.in_session) if command.in_session else None
    approval = minutes.approve(command, within=within, today=do.today, by=do.by, at=do.at)
    content = await reads.frozen(do.tx, session_id, by=do.by, today=do.today)
    await store.add_approval(do.tx, session_id, approval, content=content)
