"""Use cases of conflicts of interest: a member withdraws from a dossier of the agenda, or does so no longer."""

from uuid import UUID

from services.escalation.domain.committee import Session
from services.escalation.domain.inputs import Line
from services.escalation.domain.moves import Action
from services.escalation.domain.refusals import NotOnAgenda
from services.escalation.store import committee as store
from services.escalation.usecases.committee import already_decided
from services.escalation.usecases.context import Context
from shared.commands import Command


class Recuse(Command):
    """A member has an interest in a dossier of the agenda; `declared` by the member, or else noted by the secretary."""

    request_id: UUID
    member: Line
    declared: bool = True


class TakeBackRecusal(Command):
    """A member has no interest in a dossier after all."""

    request_id: UUID
    member: Line


async def recuse(do: Context, session_id: UUID, command: Recuse) -> None:
    """Note that a member withdraws from deliberation and vote on a dossier."""
    session = await _session(do, Action.RECUSALS, session_id, command.request_id)
    actor = session.recuse(command.request_id, command.member, by=do.by)
    await store.add_recusal(
        do.tx, session_id, command.request_id, command.member, declared=command.declared, by=actor, at=do.at
    )


async def take_back_recusal(do: Context, session_id: UUID, command: TakeBackRecusal) -> None:
    """Note that a member takes part in deliberation and vote after all."""
    session = await _session(do, Action.RECUSAL_REMOVAL, session_id, command.request_id)
    session.take_back_recusal(command.request_id, command.member, by=do.by)
    await store.remove_recusal(do.tx, session_id, command.request_id, command.member)


async def _session(do: Context, action: Action, session_id: UUID, request_id: UUID) -> Session:
    """Lock a session that has the dossier on its agenda, and has not decided on it."""
    do.require(action)
    session = await store.load_session_for_update(do.tx, session_id)
    session.check_open()
    if request_id not in await store.agenda(do.tx, session_id):
        raise NotOnAgenda(state=session.state, allowed_actions=session.allowed_actions(do.by, today=do.today))
    if made := await store.decision_made_in(do.tx, session_id, request_id):
        raise already_decided(made, state=session.state)
    return session
