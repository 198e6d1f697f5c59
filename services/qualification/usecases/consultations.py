"""Record that an agent opens a document of a case."""

from uuid import UUID

from services.qualification.store import cases
from services.qualification.usecases.context import Context


async def note_document_opened(do: Context, request_id: UUID, document_id: UUID) -> None:
    """Note that the agent opens a joined file; refuses (`NotFound`) one of a case outside their perimeter."""
    departement = await cases.departement_of_document(do.tx, request_id, document_id, perimeter=do.agent.perimeter)
    await cases.trace_document(
        do.tx,
        agent_id=do.agent.id,
        email=do.agent.email,
        request_id=request_id,
        departement=departement,
        document_id=document_id,
        at=do.at,
    )
