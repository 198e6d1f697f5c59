"""Record that an agent opens a file of a case: one or all that were joined, or one that came out of local work."""

from uuid import UUID

from services.qualification.store import cases
from services.qualification.usecases.context import Context


async def note_document_opened(do: Context, request_id: UUID, document_id: UUID) -> None:
    """Note that the agent opens a joined file; refuses (`NotFound`) one of a case outside their perimeter."""
    departement = await cases.departement_of_document(do.tx, request_id, document_id, perimeter=do.agent.perimeter)
    await note_deliverable_opened(do, request_id, departement, document_id)


async def note_deliverable_opened(do: Context, request_id: UUID, departement: str, document_id: UUID) -> None:
    """Note that the agent opens a file of this département's case, which they were given within their perimeter."""
    await cases.trace_document(
        do.tx,
        agent_id=do.agent.id,
        email=do.agent.email,
        request_id=request_id,
        departement=departement,
        document_id=document_id,
        at=do.at,
    )


async def note_dossier_opened(do: Context, request_id: UUID) -> None:
    """Note that the agent opens all joined files; refuses (`NotFound`) where their département has not the case."""
    departement = await cases.departement_with_case(do.tx, request_id, perimeter=do.agent.perimeter)
    await cases.trace_documents(
        do.tx, agent_id=do.agent.id, email=do.agent.email, request_id=request_id, departement=departement, at=do.at
    )
