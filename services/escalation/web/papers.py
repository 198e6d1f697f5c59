"""Printable documents as HTML and PDF: minutes, decisions and reports; shared by pages and API."""

from uuid import UUID

from litestar import Response
from litestar.response import Template

from services.escalation.domain.refusals import NoReportYet
from services.escalation.reads import session_file
from services.escalation.web.answers import read_decision, read_escalation, read_minutes, read_session
from services.escalation.web.context import AgentContext
from services.escalation.web.showing import show
from shared.web.pdf import as_pdf, render_pdf


async def minutes_page(context: AgentContext, session_id: UUID) -> Template:
    """Show the minutes of a session as a document to print, a draft until the session is closed."""
    held = await read_minutes(context, context.database, session_id)
    return show(context, "committee/minutes.html", minutes=held)


async def minutes_as_pdf(context: AgentContext, session_id: UUID) -> Response[bytes]:
    """Return the minutes of a session."""
    page = await minutes_page(context, session_id)
    return await render_pdf(context.request, page, name=f"compte-rendu-{page.context['minutes'].held_on}")


async def report_page(context: AgentContext, request_id: UUID) -> Template:
    """Show the report of an accompaniment as a document to print, a draft until it is completed."""
    dossier = await read_escalation(context, context.database, request_id)
    if dossier.accompaniment is None:
        raise NoReportYet(state=dossier.state.value, allowed_actions=dossier.allowed_actions)
    return show(context, "accompaniment/report.html", dossier=dossier)


async def report_as_pdf(context: AgentContext, request_id: UUID) -> Response[bytes]:
    """Return the report of an accompaniment."""
    page = await report_page(context, request_id)
    return await render_pdf(context.request, page, name=f"bilan-{page.context['dossier'].number}")


async def decision_page(context: AgentContext, decision_id: UUID) -> Template:
    """Show a decision as a document to print."""
    made = await read_decision(context, context.database, decision_id)
    return show(context, "committee/printed_decision.html", decision=made)


async def decision_as_pdf(context: AgentContext, decision_id: UUID) -> Response[bytes]:
    """Return a decision."""
    page = await decision_page(context, decision_id)
    return await render_pdf(context.request, page, name=f"decision-{page.context['decision'].number}")


async def session_file_as_pdf(context: AgentContext, session_id: UUID) -> Response[bytes]:
    """Return the bound file of a session that was made last; refuses (`FileNotReady`) while there is none."""
    held = await read_session(context, context.database, session_id)
    return as_pdf(await session_file.content(context.database, session_id), name=f"dossier-de-seance-{held.held_on}")
