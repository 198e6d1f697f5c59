"""The minutes of a session as a document to keep; pages and API give the same."""

from uuid import UUID

from litestar import Response

from services.escalation.reads.committee import minutes
from services.escalation.usecases import acting
from services.escalation.web.pages.showing import Asked, show
from shared.db import Database
from shared.identity.model import Agent
from shared.web.paper import on_paper


async def minutes_as_pdf(request: Asked, database: Database, session_id: UUID, agent: Agent) -> Response[bytes]:
    """Give them as a PDF, a draft until the session is closed."""
    told = await minutes(database, session_id, by=acting.by(agent))
    page = show(request, "committee/minutes.html", minutes=told)
    return await on_paper(request, page, name=f"compte-rendu-{told.held_on}")
