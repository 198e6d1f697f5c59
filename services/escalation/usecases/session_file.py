"""Use case that asks for the bound file of a session; the file is made in the background."""

from uuid import UUID

from services.escalation.domain.session_file import ask_for_file
from services.escalation.store import committee
from services.escalation.store import session_file as store
from services.escalation.usecases.context import Context
from shared.commands import Nothing


async def ask(do: Context, session_id: UUID, _: Nothing) -> None:
    """Ask for the bound file of a session: agenda and preparation sheets as they are when it is made."""
    await committee.load_session_for_update(do.tx, session_id)
    actor = ask_for_file(dossiers=len(await committee.agenda(do.tx, session_id)), by=do.by)
    await store.ask(do.tx, session_id, by=actor, at=do.at)
