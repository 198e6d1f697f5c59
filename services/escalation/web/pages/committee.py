"""The committee's pages: sessions, one session with its agenda, its minutes on paper."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template
from pydantic import BaseModel, Field

from services.escalation.domain.committee import MemberRole
from services.escalation.domain.inputs import Line
from services.escalation.domain.moves import Action
from services.escalation.reads.committee import WaitingRow, count_sessions, minutes, session, sessions, waiting
from services.escalation.usecases import acting
from services.escalation.usecases import committee as usecases
from services.escalation.usecases import dossier as dossier_usecases
from services.escalation.web.context import AgentContext
from services.escalation.web.pages.papers import minutes_as_pdf
from services.escalation.web.pages.showing import MEMBER_ROLES, Asked, show
from services.escalation.web.readers import whole_country
from shared import clock
from shared.db import Cause, Database, Transaction
from shared.errors import Invalid
from shared.identity.model import Agent
from shared.web.forms import read_form, submit
from shared.web.paging import Page

_READERS = [whole_country]


class SessionForm(BaseModel):
    """A session to plan; members one a line."""

    title: Line
    held_on: date
    members: str = Field(default="", max_length=10_000)
    quorum: int | None = Field(default=None, ge=1, le=100)

    def names(self) -> list[str]:
        """Give the members, one for each line that says something, without their roles."""
        return [name for name, _ in self._lines()]

    def roles(self) -> dict[str, MemberRole]:
        """Give the roles that stand behind a semicolon; refuses (`Invalid`) a role that there is not."""
        return {name: _role(said) for name, said in self._lines() if said}

    def _lines(self) -> list[tuple[str, str]]:
        split = [line.partition(";") for line in self.members.splitlines() if line.strip()]
        return [(name.strip()[:200], said.strip()) for name, _, said in split][:100]


def _role(said: str) -> MemberRole:
    for role, french in MEMBER_ROLES.items():
        if french.casefold() == said.casefold():
            return role
    known = ", ".join(MEMBER_ROLES.values())
    raise Invalid.field(
        "members", f"«\u00a0{said[:50]}\u00a0» n’est pas une qualité connue. Choisissez parmi\u00a0: {known}."
    )


class AttendanceForm(BaseModel):
    """Who is present."""

    present: list[Line] = []


class OrderForm(BaseModel):
    """A dossier that changes places."""

    request_id: UUID
    direction: Literal["up", "down"]


class AgendaForm(BaseModel):
    """Dossiers that come on the agenda."""

    request_ids: list[UUID] = Field(min_length=1, max_length=200)


class ClosingForm(BaseModel):
    """A button without fields."""


@get("/comite", guards=_READERS)
async def list_sessions(
    request: Asked,
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
    paging: NamedDependency[Page],
) -> Template:
    """Show the sessions, and the form that plans one."""
    return await _sessions_page(request, database, agent, paging)


async def _sessions_page(
    request: Asked,
    database: Database,
    agent: Agent,
    paging: Page,
    *,
    status_code: int = 200,
    values: Mapping[str, Any] | None = None,
    errors: Mapping[str, str] | None = None,
) -> Template:
    by = acting.by(agent)
    return show(
        request,
        "committee/sessions.html",
        status_code=status_code,
        items=await sessions(database, state=None, by=by, limit=paging.limit, offset=paging.offset),
        total=await count_sessions(database, state=None),
        paging=paging,
        may_plan=by.may(Action.PLANNING),
        values=values or {"title": "Comité de suivi de projet"},
        errors=errors or {},
    )


@post("/comite", guards=_READERS)
async def plan_session(
    request: Asked, database: NamedDependency[Database], cause: NamedDependency[Cause], agent: NamedDependency[Agent]
) -> Redirect | Template:
    """Plan a session."""
    form = await read_form(request, SessionForm)

    async def act(tx: Transaction, typed: SessionForm) -> str:
        session_id = await usecases.plan_session(
            tx,
            title=typed.title,
            held_on=typed.held_on,
            members=typed.names(),
            roles=typed.roles(),
            quorum=typed.quorum,
            agent=agent,
            at=clock.now(),
        )
        return f"/comite/{session_id}"

    async def again(status_code: int) -> Template:
        return await _sessions_page(
            request, database, agent, Page(), status_code=status_code, values=form.values, errors=form.errors
        )

    return await submit(request, database, cause, form, act, again=again, said="La séance est créée.")


@get("/comite/{session_id:uuid}", guards=_READERS)
async def one_session(
    request: Asked,
    session_id: FromPath[UUID],
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
) -> Template:
    """Show a session: agenda, decisions, presence, closing."""
    return await _session_page(request, database, session_id, agent)


async def _session_page(
    request: Asked,
    database: Database,
    session_id: UUID,
    agent: Agent,
    *,
    status_code: int = 200,
    errors: Mapping[str, str] | None = None,
) -> Template:
    held = await session(database, session_id, by=acting.by(agent))
    return show(
        request,
        "committee/session.html",
        status_code=status_code,
        session=held,
        members_offered=[(name, _with_role(name, held.roles.get(name))) for name in held.members],
        waiting=[_offered(one) for one in await waiting(database)]
        if held.state == "open" and acting.by(agent).may(Action.SCHEDULE)
        else [],
        errors=errors or {},
    )


def _with_role(name: str, role: MemberRole | None) -> str:
    return f"{name} ({MEMBER_ROLES[role]})" if role and role is not MemberRole.VOTING else name


def _offered(one: WaitingRow) -> tuple[str, str, str]:
    """Make a choice of the form that puts dossiers on the agenda."""
    since = "Ajourné" if one.deferred else "Recevable"
    return str(one.request_id), one.title, f"{since} – {one.number}, {one.applicant_name} ({one.departement})"


@post("/comite/{session_id:uuid}/presence", guards=_READERS)
async def note_attendance(
    request: Asked,
    session_id: FromPath[UUID],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
) -> Redirect | Template:
    """Note who is present."""
    form = await read_form(request, AttendanceForm)

    async def act(tx: Transaction, typed: AttendanceForm) -> str:
        present = typed.present
        await usecases.note_attendance(tx, session_id, present=present, agent=agent)
        return f"/comite/{session_id}"

    async def again(status_code: int) -> Template:
        return await _session_page(request, database, session_id, agent, status_code=status_code, errors=form.errors)

    return await submit(request, database, cause, form, act, again=again, said="Les présences sont notées.")


@post("/comite/{session_id:uuid}/inscriptions", guards=_READERS)
async def put_on_agenda(
    request: Asked,
    session_id: FromPath[UUID],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
    context: NamedDependency[AgentContext],
) -> Redirect | Template:
    """Put dossiers at the end of the agenda, those that another session deferred for instance."""
    form = await read_form(request, AgendaForm)

    async def act(tx: Transaction, typed: AgendaForm) -> str:
        for request_id in typed.request_ids:
            await dossier_usecases.schedule(
                context.acting(tx), request_id, dossier_usecases.Schedule(session_id=session_id)
            )
        return f"/comite/{session_id}"

    async def again(status_code: int) -> Template:
        return await _session_page(request, database, session_id, agent, status_code=status_code, errors=form.errors)

    return await submit(request, database, cause, form, act, again=again, said="Les dossiers sont inscrits.")


@post("/comite/{session_id:uuid}/ordre", guards=_READERS)
async def move_on_agenda(
    request: Asked,
    session_id: FromPath[UUID],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
) -> Redirect | Template:
    """Move a dossier up or down on the agenda."""
    form = await read_form(request, OrderForm)

    async def act(tx: Transaction, typed: OrderForm) -> str:
        await usecases.move_on_agenda(tx, session_id, typed.request_id, direction=typed.direction, agent=agent)
        return f"/comite/{session_id}"

    async def again(status_code: int) -> Template:
        return await _session_page(request, database, session_id, agent, status_code=status_code, errors=form.errors)

    return await submit(request, database, cause, form, act, again=again, said="L’ordre du jour est modifié.")


@post("/comite/{session_id:uuid}/cloture", guards=_READERS)
async def close_session(
    request: Asked,
    session_id: FromPath[UUID],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
) -> Redirect | Template:
    """Close the session for good."""
    form = await read_form(request, ClosingForm)

    async def act(tx: Transaction, _: ClosingForm) -> str:
        await usecases.close_session(tx, session_id, agent=agent, at=clock.now())
        return f"/comite/{session_id}"

    async def again(status_code: int) -> Template:
        return await _session_page(request, database, session_id, agent, status_code=status_code, errors=form.errors)

    said = "La séance est close. Son compte rendu est définitif."
    return await submit(request, database, cause, form, act, again=again, said=said)


@get("/comite/{session_id:uuid}/compte-rendu", guards=_READERS)
async def printed_minutes(
    request: Asked,
    session_id: FromPath[UUID],
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
) -> Template:
    """Show the minutes as a document to print."""
    return show(request, "committee/minutes.html", minutes=await minutes(database, session_id, by=acting.by(agent)))


@get("/comite/{session_id:uuid}/compte-rendu.pdf", guards=_READERS)
async def minutes_on_paper(
    request: Asked, session_id: FromPath[UUID], database: NamedDependency[Database], agent: NamedDependency[Agent]
) -> Response[bytes]:
    """Give the minutes as a PDF."""
    return await minutes_as_pdf(request, database, session_id, agent)


routes = [
    list_sessions,
    plan_session,
    one_session,
    note_attendance,
    put_on_agenda,
    move_on_agenda,
    close_session,
    printed_minutes,
    minutes_on_paper,
]
