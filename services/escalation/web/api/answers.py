"""What actions on a dossier answer: the dossier in its new form."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from services.escalation.reads.detail_rows import EscalationDetail
from services.escalation.web.links import DocumentLinks
from services.escalation.web.whole import whole
from shared.db import Cause, Database, Transaction
from shared.identity.model import Agent


class EscalationWithNew(EscalationDetail):
    """The dossier in its new form; `created` is the id of what the call created in it."""

    created: UUID


async def acted(
    database: Database,
    cause: Cause,
    act: Callable[[Transaction], Awaitable[None]],
    request_id: UUID,
    agent: Agent,
    document_links: DocumentLinks,
) -> EscalationDetail:
    """Act in one transaction and give the dossier in its new form."""
    async with database.transaction(cause) as tx:
        await act(tx)
        return await whole(tx, request_id, agent, document_links)


async def with_new(
    tx: Transaction, created: UUID, request_id: UUID, agent: Agent, document_links: DocumentLinks
) -> EscalationWithNew:
    """Give the dossier in its new form, naming what was created in it."""
    found = await whole(tx, request_id, agent, document_links)
    return EscalationWithNew(**dict(found), created=created)
