"""The committee's documents to keep, as PDF; pages and API give the same."""

from uuid import UUID

from litestar import Response
from litestar.response import Template

from services.escalation.domain.refusals import NoReportYet
from services.escalation.reads.committee import decision, minutes
from services.escalation.usecases import acting
from services.escalation.web.links import DocumentLinks
from services.escalation.web.pages.showing import Asked, show
from services.escalation.web.whole import whole
from shared.db import Database
from shared.identity.model import Agent
from shared.web.paper import on_paper


async def minutes_as_pdf(request: Asked, database: Database, session_id: UUID, agent: Agent) -> Response[bytes]:
    """Give the minutes of a session, a draft until it is closed."""
    told = await minutes(database, session_id, by=acting.by(agent))
    page = show(request, "committee/minutes.html", minutes=told)
    return await on_paper(request, page, name=f"compte-rendu-{told.held_on}")


async def report_page(
    request: Asked, database: Database, request_id: UUID, agent: Agent, document_links: DocumentLinks
) -> tuple[Template, str]:
    """Give the report of an accompaniment as a document to print, and its dossier's number."""
    dossier = await whole(database, request_id, agent, document_links)
    if dossier.accompaniment is None:
        raise NoReportYet(state=dossier.state.value, allowed_actions=dossier.allowed_actions)
    return show(request, "accompaniment/report.html", dossier=dossier), dossier.number


async def report_as_pdf(
    request: Asked, database: Database, request_id: UUID, agent: Agent, document_links: DocumentLinks
) -> Response[bytes]:
    """Give the report of an accompaniment, a draft until it is completed."""
    page, number = await report_page(request, database, request_id, agent, document_links)
    return await on_paper(request, page, name=f"bilan-{number}")


async def decision_page(request: Asked, database: Database, decision_id: UUID, agent: Agent) -> tuple[Template, str]:
    """Give a decision as a document to print, and its number."""
    made = await decision(database, decision_id, departements=agent.perimeter, by=acting.by(agent))
    return show(request, "committee/printed_decision.html", decision=made), made.number


async def decision_as_pdf(request: Asked, database: Database, decision_id: UUID, agent: Agent) -> Response[bytes]:
    """Give a decision."""
    page, number = await decision_page(request, database, decision_id, agent)
    return await on_paper(request, page, name=f"decision-{number}")
