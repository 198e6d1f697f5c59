"""Whoever opens a file of a dossier leaves a trace; pages and calls do by shared.web.consultations."""

from datetime import datetime
from uuid import UUID

from services.escalation.store import exchanges
from services.escalation.usecases import acting
from shared.db import Transaction
from shared.errors import NotFound
from shared.identity.model import Agent


async def open_document(tx: Transaction, request_id: UUID, document_id: UUID, *, agent: Agent, at: datetime) -> None:
    """Note that an agent opens a document; refuses (`NotFound`) one of a dossier outside their perimeter."""
    seen = acting.perimeter(agent)
    if not await exchanges.has_document(
        tx, request_id, document_id, departements=seen.departements, programmes=seen.programmes
    ):
        raise NotFound
    await note_opened(tx, request_id, document_id, agent=agent, at=at)


async def note_opened(tx: Transaction, request_id: UUID, document_id: UUID, *, agent: Agent, at: datetime) -> None:
    """Note that an agent opens a file of a dossier."""
    await exchanges.note_document_opened(
        tx, request_id=request_id, document_id=document_id, agent_id=agent.id, email=agent.email, at=at
    )
