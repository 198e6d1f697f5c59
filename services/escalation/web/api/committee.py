"""API of the committee: sessions, agendas, decisions with their reserves and corrections, closing, minutes."""

from typing import Annotated
from uuid import UUID

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from services.escalation.reads.committee import (
    DecisionView,
    SessionRow,
    SessionState,
    SessionView,
    decisions,
    sessions,
)
from services.escalation.reads.minutes import MinutesView
from services.escalation.reads.session_file import SessionFileView
from services.escalation.web import actions, papers
from services.escalation.web.answers import read_decision, read_minutes, read_session, read_session_file
from services.escalation.web.context import AgentContext
from services.escalation.web.readers import committee_readers, whole_country
from shared.web.actions import Resource, api_read, api_routes
from shared.web.paging import Page, Paged
from shared.web.pdf import PDF

SESSION = Resource(address="/sessions/{session_id:uuid}", view=SessionView, read=read_session)
MINUTES = Resource(address="/sessions/{session_id:uuid}/minutes", view=MinutesView, read=read_minutes)
FILE = Resource(address="/sessions/{session_id:uuid}/file", view=SessionFileView, read=read_session_file)
DECISION = Resource(address="/decisions/{decision_id:uuid}", view=DecisionView, read=read_decision)


@get("/sessions")
async def list_sessions(
    context: NamedDependency[AgentContext],
    paging: NamedDependency[Page],
    in_state: Annotated[SessionState | None, QueryParameter(name="state")] = None,
) -> Paged[SessionRow]:
    """List sessions, open ones first."""
    return await sessions(context.database, state=in_state, by=context.by, today=context.today, page=paging)


@get("/sessions/{session_id:uuid}/minutes.pdf", media_type=PDF)
async def read_minutes_on_paper(context: NamedDependency[AgentContext], session_id: FromPath[UUID]) -> Response[bytes]:
    """Return the minutes as a PDF."""
    return await papers.minutes_as_pdf(context, session_id)


@get("/sessions/{session_id:uuid}/file.pdf", media_type=PDF)
async def read_session_file_on_paper(
    context: NamedDependency[AgentContext], session_id: FromPath[UUID]
) -> Response[bytes]:
    """Return the bound file of a session that was made last."""
    return await papers.session_file_as_pdf(context, session_id)


@get("/decisions")
async def list_decisions(
    context: NamedDependency[AgentContext],
    paging: NamedDependency[Page],
    standing_reserve: FromQuery[bool] = False,  # noqa: FBT002 - parameters of the address are given by name
) -> Paged[DecisionView]:
    """List decisions, the latest first; with `standing_reserve` those whose reserve waits, the nearest date first."""
    seen = context.agent.perimeter
    return await decisions(
        context.database, departements=seen, standing_reserve=standing_reserve, by=context.by, page=paging
    )


@get("/decisions/{decision_id:uuid}/document.pdf", media_type=PDF)
async def read_decision_on_paper(
    context: NamedDependency[AgentContext], decision_id: FromPath[UUID]
) -> Response[bytes]:
    """Return one decision as a PDF."""
    return await papers.decision_as_pdf(context, decision_id)


routes = Router(
    "/",
    route_handlers=[
        Router(
            "/",
            route_handlers=[
                list_sessions,
                api_read(SESSION),
                *api_routes(Resource(address="/sessions"), [actions.PLANNING]),
                *api_routes(SESSION, [*actions.ON_SESSIONS, *actions.RECUSALS, actions.DECISION]),
                api_read(MINUTES),
                *api_routes(MINUTES, actions.ON_MINUTES),
                read_minutes_on_paper,
                api_read(FILE),
                *api_routes(FILE, [actions.FILE]),
                read_session_file_on_paper,
            ],
            guards=[whole_country],
        ),
        Router(
            "/",
            route_handlers=[
                list_decisions,
                api_read(DECISION),
                read_decision_on_paper,
                *api_routes(DECISION, [actions.CORRECTION, actions.RESERVE]),
            ],
            guards=[committee_readers],
        ),
    ],
    tags=["committee"],
)
