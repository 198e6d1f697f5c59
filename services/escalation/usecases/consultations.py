"""Whoever reads personal data leaves a trace."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from services.escalation.store import exchanges
from shared.db import Transaction
from shared.identity.model import Agent


async def trace(tx: Transaction, request_ids: Iterable[UUID], *, agent: Agent, at: datetime) -> None:
    """Somebody reads requests with their contacts."""
    await exchanges.note_consultations(tx, agent_id=agent.id, request_ids=list(request_ids), at=at)
