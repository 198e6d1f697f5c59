"""Dossiers by program: lists, the whole dossier, and the actions before the committee."""

from datetime import date
from typing import Annotated
from uuid import UUID

from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.response import Redirect

from services.escalation.domain.moves import State
from services.escalation.reads.detail_rows import EscalationDetail
from services.escalation.reads.dossiers import EscalationSummary, Filters, count_dossiers, dossiers
from services.escalation.settings import Durations
from services.escalation.usecases import acting, consultations
from services.escalation.usecases import dossier as usecases
from services.escalation.usecases.telling import day
from services.escalation.web.api.answers import EscalationWithNew, acted, with_new
from services.escalation.web.inputs import Text
from services.escalation.web.links import DocumentLinks
from services.escalation.web.whole import territory_of, whole
from shared import clock
from shared.allowance import Allowance
from shared.commands import Command
from shared.contracts.vocabulary import Field, Programme
from shared.db import Cause, Database, Transaction
from shared.identity.model import Agent
from shared.surroundings import Profile
from shared.territory import Territories
from shared.web.pages import redirect
from shared.web.paging import Page, Paged


class Admissibility(Command):
    """Why the dossier can go before the committee."""

    opinion: Text


class InformationRequest(Command):
    """What the département is asked, and until when it should answer."""

    question: Text
    until: date | None = None


class Return(Command):
    """Why the dossier goes back to the département."""

    motive: Text


class Note(Command):
    """What the national team keeps in mind about the dossier."""

    text: Text


class Scheduling(Command):
    """Which session hears the dossier."""

    session_id: UUID


@get("/escalations")
async def list_escalations(
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
    paging: NamedDependency[Page],
    in_state: Annotated[State | None, QueryParameter(name="state")] = None,
    departement: Annotated[str | None, QueryParameter(max_length=3)] = None,
    programme: FromQuery[Programme | None] = None,
    overdue: FromQuery[bool] = False,  # noqa: FBT002 - parameters of the address are given by name
    q: Annotated[str | None, QueryParameter(max_length=200, description="Number, title or applicant")] = None,
    field: FromQuery[Field | None] = None,
    older: Annotated[int | None, QueryParameter(ge=0, le=3650, description="Here for more than so many days")] = None,
) -> Paged[EscalationSummary]:
    """List dossiers, those with the nearest date first."""
    filters = Filters(in_state, departement, programme, q, overdue, field, older)
    perimeter, today = acting.perimeter(agent), day(clock.now())
    return Paged(
        items=await dossiers(
            database,
            filters,
            perimeter=perimeter,
            by=acting.by(agent),
            today=today,
            limit=paging.limit,
            offset=paging.offset,
        ),
        total=await count_dossiers(database, filters, perimeter=perimeter, today=today),
        page=paging.number,
    )


@get("/escalations/{request_id:uuid}")
async def read_escalation(
    request_id: FromPath[UUID],
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
) -> EscalationDetail:
    """Give the whole dossier; that it was read is traced."""
    return await whole(database, request_id, agent, document_links)


@get("/escalations/{request_id:uuid}/documents/{document_id:uuid}", status_code=303)
async def open_document(
    request_id: FromPath[UUID],
    document_id: FromPath[UUID],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
) -> Redirect:
    """Lead to a document at intake, for a minute; who opened it is recorded."""
    at = clock.now()
    async with database.transaction(cause) as tx:
        await consultations.open_document(tx, request_id, document_id, agent=agent, at=at)
    return redirect(document_links.at_intake(document_id, at=at))


@get("/escalations/{request_id:uuid}/territory")
async def read_territory(
    request_id: FromPath[UUID],
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
    territories: NamedDependency[Territories],
) -> Profile:
    """Give its population, its intercommunalité, the other dossiers of it, and the programmes that cover it today."""
    found = await whole(database, request_id, agent, document_links)
    return await territory_of(database, found, agent, territories)


@post("/escalations/{request_id:uuid}/admissibility", status_code=200)
async def settle_admissibility(
    request_id: FromPath[UUID],
    data: JSONBody[Admissibility],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
    durations: NamedDependency[Durations],
    document_links: NamedDependency[DocumentLinks],
) -> EscalationDetail:
    """Say that the dossier can go before the committee."""

    async def act(tx: Transaction) -> None:
        await usecases.settle_admissibility(
            tx, request_id, opinion=data.opinion, agent=agent, durations=durations, at=clock.now()
        )

    return await acted(database, cause, act, request_id, agent, document_links)


@post("/escalations/{request_id:uuid}/information-request", status_code=200)
async def ask_departement(
    request_id: FromPath[UUID],
    data: JSONBody[InformationRequest],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
    allowance: NamedDependency[Allowance],
) -> EscalationDetail:
    """Ask the département; the dossier waits for its answer."""

    async def act(tx: Transaction) -> None:
        await usecases.ask_departement(
            tx, request_id, question=data.question, until=data.until, agent=agent, at=clock.now(), allowance=allowance
        )

    return await acted(database, cause, act, request_id, agent, document_links)


@post("/escalations/{request_id:uuid}/return", status_code=200)
async def return_to_departement(
    request_id: FromPath[UUID],
    data: JSONBody[Return],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
) -> EscalationDetail:
    """Give the dossier back to the département."""

    async def act(tx: Transaction) -> None:
        await usecases.return_to_departement(tx, request_id, motive=data.motive, agent=agent, at=clock.now())

    return await acted(database, cause, act, request_id, agent, document_links)


@post("/escalations/{request_id:uuid}/schedule", status_code=200)
async def schedule(
    request_id: FromPath[UUID],
    data: JSONBody[Scheduling],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
) -> EscalationDetail:
    """Put the dossier on the agenda of a session."""

    async def act(tx: Transaction) -> None:
        await usecases.schedule(tx, request_id, session_id=data.session_id, agent=agent, at=clock.now())

    return await acted(database, cause, act, request_id, agent, document_links)


@post("/escalations/{request_id:uuid}/notes")
async def add_note(
    request_id: FromPath[UUID],
    data: JSONBody[Note],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
    allowance: NamedDependency[Allowance],
) -> EscalationWithNew:
    """Add a note that the national team alone reads."""
    async with database.transaction(cause) as tx:
        created = await usecases.add_note(
            tx, request_id, text=data.text, agent=agent, at=clock.now(), allowance=allowance
        )
        return await with_new(tx, created, request_id, agent, document_links)


routes = Router(
    "/",
    route_handlers=[
        list_escalations,
        read_escalation,
        open_document,
        read_territory,
        settle_admissibility,
        ask_departement,
        return_to_departement,
        schedule,
        add_note,
    ],
    tags=["escalations"],
)
