"""Download deliverables, and redirect to the documents that intake serves."""

from uuid import UUID

from litestar import Response
from litestar.response import Redirect

from services.escalation.reads.accompaniment import deliverable
from services.escalation.usecases import consultations
from services.escalation.web.context import AgentContext
from shared import clock
from shared.web.deliverables import saved
from shared.web.pages import redirect


async def download_deliverable(context: AgentContext, request_id: UUID, deliverable_id: UUID) -> Response[bytes]:
    """Return a deliverable to be saved, never shown: it was written by people we do not know. Who opens it is recorded.

    Refuses (`NoSuchDeliverable`) what the agent does not see.
    """
    async with context.database.transaction(context.cause) as tx:
        file = await deliverable(tx, request_id, deliverable_id, perimeter=context.perimeter)
        await consultations.note_opened(context.acting(tx), request_id, deliverable_id)
    return saved(file.name, file.content, file.media_type)


async def open_document(context: AgentContext, request_id: UUID, document_id: UUID) -> Redirect:
    """Lead to a document at intake, for a minute; who opens it is recorded."""
    async with context.database.transaction(context.cause) as tx:
        await consultations.open_document(context.acting(tx), request_id, document_id)
    return redirect(context.parts.document_links.at_intake(document_id, at=clock.now()))
