"""Record who opens a file of a dossier; shared.web.consultation_log records pages and calls."""

from uuid import UUID

from services.escalation.store import exchanges
from services.escalation.usecases.context import Context
from shared.errors import NotFound


async def open_document(do: Context, request_id: UUID, document_id: UUID) -> None:
    """Record that an agent opens a document; refuses (`NotFound`) one of a dossier outside their perimeter."""
    seen = do.perimeter
    if not await exchanges.has_document(
        do.tx, request_id, document_id, departements=seen.departements, programmes=seen.programmes
    ):
        raise NotFound
    await note_opened(do, request_id, document_id)


async def note_opened(do: Context, request_id: UUID, document_id: UUID) -> None:
    """Record that an agent opens a file of a dossier."""
    await exchanges.note_document_opened(
        do.tx, request_id=request_id, document_id=document_id, agent_id=do.agent.id, email=do.agent.email, at=do.at
    )
