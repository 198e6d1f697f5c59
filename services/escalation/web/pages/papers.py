"""The committee's documents to keep, as PDF; pages and API give the same."""

from uuid import UUID

from litestar import Response
from litestar.response import Template

from services.escalation.reads.committee import decision, minutes
from services.escalation.usecases import acting
from services.escalation.web.pages.showing import Asked, show
from shared.db import Database
from shared.identity.model import Agent
from shared.web.paper import on_paper


async def minutes_as_pdf(request: Asked, database: Database, session_id: UUID, agent: Agent) -> Response[bytes]:
    """Give the minutes of a session, a draft until it is closed."""
    told = await minutes(database, session_id, by=acting.by(agent))
    page = show(request, "committee/minutes.html", minutes=told)
    return await on_paper(request, page, name=f"compte-rendu-{told.held_on}")


async def decision_page(request: Asked, database: Database, decision_id: UUID, agent: Agent) -> tuple[Template, str]:
    """Give a decision as a document to print, and its number."""
    made = await decision(database, decision_id, by=acting.by(agent))
    return show(request, "committee/printed_decision.html", decision=made), made.number


async def decision_as_pdf(request: Asked, database: Database, decision_id: UUID, agent: Agent) -> Response[bytes]:
    """Give a decision."""
    page, number = await decision_page(request, database, decision_id, agent)
    return await on_paper(request, page, name=f"decision-{number}")
