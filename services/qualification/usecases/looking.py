"""Looking at a case, as an agent sees it."""

from datetime import date, datetime
from uuid import UUID

from services.qualification.reads.case import CaseView, find
from services.qualification.store import cases
from services.qualification.usecases.telling import official
from shared.db import Transaction
from shared.identity.model import Agent


async def note_document_opened(
    tx: Transaction, request_id: UUID, document_id: UUID, *, by: Agent, at: datetime
) -> None:
    """Note that an agent opens a joined file; refuses (`NotFound`) one of a case outside their perimeter."""
    departement = await cases.departement_of_document(tx, request_id, document_id, perimeter=by.perimeter)
    await cases.trace_document(
        tx,
        agent_id=by.id,
        email=by.email,
        request_id=request_id,
        departement=departement,
        document_id=document_id,
        at=at,
    )


async def look_at_case(tx: Transaction, request_id: UUID, *, by: Agent, today: date) -> CaseView:
    """Show a case to an agent; outside their perimeter it does not exist (`NotFound`)."""
    return await find(tx, request_id, perimeter=by.perimeter, who=official(by), today=today)
