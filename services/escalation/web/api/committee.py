"""The committee by program: sessions, agendas, decisions, closing, minutes."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from pydantic import Field

from services.escalation.domain.committee import MemberRole
from services.escalation.domain.durations import Durations
from services.escalation.domain.inputs import Line
from services.escalation.reads.committee import (
    DecisionInRegister,
    Minutes,
    SessionDetail,
    SessionState,
    SessionSummary,
    count_sessions,
    decision,
    minutes,
    session,
    sessions,
)
from services.escalation.usecases import acting
from services.escalation.usecases import committee as usecases
from services.escalation.web.api.decisions import NewVerdict
from services.escalation.web.pages.papers import minutes_as_pdf
from services.escalation.web.readers import whole_country
from shared import clock
from shared.commands import Command
from shared.db import Cause, Database
from shared.identity.model import Agent
from shared.web.paging import Page, Paged
from shared.web.paper import PDF


class Member(Command):
    """Who sits in the committee, and in which quality."""

    name: Line
    role: MemberRole = MemberRole.VOTING


Members = Annotated[list[Line], Field(max_length=100)]


class NewSession(Command):
    """A session of the committee; with a `quorum`, that many voting members must be present to decide.

    A member given by his name alone votes.
    """

    held_on: date
    title: Line = "Comité de suivi de projet"
    members: Annotated[list[Line | Member], Field(default_factory=list, max_length=100)]
    quorum: Annotated[int, Field(ge=1, le=100)] | None = None


class Attendance(Command):
    """Which members are present."""

    present: Members


class Move(Command):
    """A dossier of the agenda, to change places with the one before or after."""

    request_id: UUID
    direction: Literal["up", "down"]


class NewDecision(NewVerdict):
    """What the committee decides of a dossier of the agenda."""

    request_id: UUID


class Closing(Command):
    """No member is needed."""


class DecisionAnswer(DecisionInRegister):
    """The decision, and the session in its new form."""

    session: SessionDetail


@get("/sessions")
async def list_sessions(
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
    paging: NamedDependency[Page],
    in_state: Annotated[SessionState | None, QueryParameter(name="state")] = None,
) -> Paged[SessionSummary]:
    """List sessions, open ones first."""
    return Paged(
        items=await sessions(database, state=in_state, by=acting.by(agent), limit=paging.limit, offset=paging.offset),
        total=await count_sessions(database, state=in_state),
        page=paging.number,
    )


@post("/sessions")
async def plan_session(
    data: JSONBody[NewSession],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
) -> SessionDetail:
    """Plan a session."""
    async with database.transaction(cause) as tx:
        session_id = await usecases.plan_session(
            tx,
            title=data.title,
            held_on=data.held_on,
            members=[one if isinstance(one, str) else one.name for one in data.members],
            roles={one.name: one.role for one in data.members if isinstance(one, Member)},
            quorum=data.quorum,
            agent=agent,
            at=clock.now(),
        )
        return await session(tx, session_id, by=acting.by(agent))


@get("/sessions/{session_id:uuid}")
async def read_session(
    session_id: FromPath[UUID], database: NamedDependency[Database], agent: NamedDependency[Agent]
) -> SessionDetail:
    """Give a session with its agenda."""
    return await session(database, session_id, by=acting.by(agent))


@post("/sessions/{session_id:uuid}/attendance", status_code=200)
async def note_attendance(
    session_id: FromPath[UUID],
    data: JSONBody[Attendance],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
) -> SessionDetail:
    """Note which members are present."""
    async with database.transaction(cause) as tx:
        await usecases.note_attendance(tx, session_id, present=data.present, agent=agent)
        return await session(tx, session_id, by=acting.by(agent))


@post("/sessions/{session_id:uuid}/agenda", status_code=200)
async def move_on_agenda(
    session_id: FromPath[UUID],
    data: JSONBody[Move],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
) -> SessionDetail:
    """Change the order of the agenda."""
    async with database.transaction(cause) as tx:
        await usecases.move_on_agenda(tx, session_id, data.request_id, direction=data.direction, agent=agent)
        return await session(tx, session_id, by=acting.by(agent))


@post("/sessions/{session_id:uuid}/decisions")
async def decide(
    session_id: FromPath[UUID],
    data: JSONBody[NewDecision],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
    durations: NamedDependency[Durations],
) -> DecisionAnswer:
    """Record what the committee decided of a dossier."""
    async with database.transaction(cause) as tx:
        made = await usecases.decide(
            tx, session_id, data.request_id, data.verdict(), agent=agent, durations=durations, at=clock.now()
        )
        return DecisionAnswer(
            **dict(await decision(tx, made.id, departements=agent.perimeter, by=acting.by(agent))),
            session=await session(tx, session_id, by=acting.by(agent)),
        )


@post("/sessions/{session_id:uuid}/closing", status_code=200)
async def close_session(
    session_id: FromPath[UUID],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
    data: JSONBody[Closing | None] = None,  # noqa: ARG001 - an empty object is accepted, other members are not
) -> SessionDetail:
    """Close the session for good."""
    async with database.transaction(cause) as tx:
        await usecases.close_session(tx, session_id, agent=agent, at=clock.now())
        return await session(tx, session_id, by=acting.by(agent))


@get("/sessions/{session_id:uuid}/minutes")
async def read_minutes(
    session_id: FromPath[UUID], database: NamedDependency[Database], agent: NamedDependency[Agent]
) -> Minutes:
    """Give the minutes, a draft until the session is closed."""
    return await minutes(database, session_id, by=acting.by(agent))


@get("/sessions/{session_id:uuid}/minutes.pdf", media_type=PDF)
async def read_minutes_on_paper(
    request: Request[Any, Any, Any],
    session_id: FromPath[UUID],
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
) -> Response[bytes]:
    """Give the minutes as a PDF."""
    return await minutes_as_pdf(request, database, session_id, agent)


routes = Router(
    "/",
    route_handlers=[
        list_sessions,
        plan_session,
        read_session,
        note_attendance,
        move_on_agenda,
        decide,
        close_session,
        read_minutes,
        read_minutes_on_paper,
    ],
    guards=[whole_country],
    tags=["committee"],
)
