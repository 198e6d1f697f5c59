"""Dossiers by program: lists, the whole dossier, and each action on it."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated
from uuid import UUID

from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from services.escalation.domain.moves import Action, State
from services.escalation.reads.detail import EscalationDetail, detail
from services.escalation.reads.dossiers import EscalationSummary, Filters, count_dossiers, dossiers
from services.escalation.settings import Durations
from services.escalation.usecases import accompaniment, acting, means
from services.escalation.usecases import dossier as usecases
from services.escalation.usecases.telling import day
from services.escalation.web.inputs import Cents, Line, Text
from services.escalation.web.links import DocumentLinks
from shared import clock
from shared.contracts.vocabulary import MobilisationKind, Programme
from shared.db import Cause, Database, Reader, Transaction
from shared.identity.model import Agent
from shared.web.paging import Page, Paged
from shared.web.problems import Body


class Admissibility(Body):
    """Why the dossier can go before the committee."""

    opinion: Text


class InformationRequest(Body):
    """What the département is asked, and until when it should answer."""

    question: Text
    until: date | None = None


class Return(Body):
    """Why the dossier goes back to the département."""

    motive: Text


class Scheduling(Body):
    """Which session hears the dossier."""

    session_id: UUID


class NewMobilisation(Body):
    """A resource for the project; `amount_cents` is committed on the year's envelope."""

    kind: MobilisationKind
    resource: Line
    amount_cents: Cents | None = None
    lot: Line | None = None
    purchase_order: Line | None = None


class Accompaniment(Body):
    """When the work with the applicant begins and ends."""

    starts_on: date
    ends_on: date


class NewMilestone(Body):
    """A milestone of the work, with what is delivered at it."""

    title: Line
    due_on: date
    deliverable: Line | None = None


class Reached(Body):
    """When the milestone was reached; today when it is not said."""

    reached_on: date | None = None


class Completion(Body):
    """What the work has led to."""

    report: Text


class Nothing(Body):
    """No member is needed."""


class EscalationWithNew(EscalationDetail):
    """The dossier in its new form; `created` is the id of what the call created in it."""

    created: UUID


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
) -> Paged[EscalationSummary]:
    """List dossiers, those with the nearest date first."""
    filters = Filters(in_state, departement, programme, q, overdue)
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
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
) -> EscalationDetail:
    """Give the whole dossier; that it was read is traced."""
    found = await _detail(database, request_id, agent, document_links)
    async with database.transaction(cause) as tx:
        await usecases.trace_consultation(tx, request_id, agent=agent, at=clock.now())
    return found


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

    return await _acted(database, cause, act, request_id, agent, document_links)


@post("/escalations/{request_id:uuid}/information-request", status_code=200)
async def ask_departement(
    request_id: FromPath[UUID],
    data: JSONBody[InformationRequest],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
) -> EscalationDetail:
    """Ask the département; the dossier waits for its answer."""

    async def act(tx: Transaction) -> None:
        await usecases.ask_departement(
            tx, request_id, question=data.question, until=data.until, agent=agent, at=clock.now()
        )

    return await _acted(database, cause, act, request_id, agent, document_links)


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

    return await _acted(database, cause, act, request_id, agent, document_links)


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

    return await _acted(database, cause, act, request_id, agent, document_links)


@post("/escalations/{request_id:uuid}/mobilisations")
async def mobilise(
    request_id: FromPath[UUID],
    data: JSONBody[NewMobilisation],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
) -> EscalationWithNew:
    """Find a resource for the project."""
    async with database.transaction(cause) as tx:
        created = await means.mobilise(
            tx,
            request_id,
            kind=data.kind,
            resource=data.resource,
            amount_cents=data.amount_cents or 0,
            lot=data.lot,
            purchase_order=data.purchase_order,
            agent=agent,
            at=clock.now(),
        )
        return await _with_new(tx, created, request_id, agent, document_links)


def _mobilisation_step(action: Action, *, says: str) -> Callable[..., object]:
    """Make the route of one step in the life of a mobilisation."""

    @post(
        f"/escalations/{{request_id:uuid}}/mobilisations/{{mobilisation_id:uuid}}/{action.value}",
        status_code=200,
        name=f"mobilisation-{action.value}",
        operation_id=f"Mobilisation{action.value.title()}",
        description=says,
    )
    async def step_mobilisation(
        request_id: FromPath[UUID],
        mobilisation_id: FromPath[UUID],
        database: NamedDependency[Database],
        cause: NamedDependency[Cause],
        agent: NamedDependency[Agent],
        document_links: NamedDependency[DocumentLinks],
        data: JSONBody[Nothing | None] = None,  # noqa: ARG001 - an empty object is accepted, other members are not
    ) -> EscalationDetail:
        async def act(tx: Transaction) -> None:
            await means.step_mobilisation(tx, request_id, mobilisation_id, action, agent=agent, at=clock.now())

        return await _acted(database, cause, act, request_id, agent, document_links)

    return step_mobilisation


@post("/escalations/{request_id:uuid}/accompaniment", status_code=200)
async def start_accompaniment(
    request_id: FromPath[UUID],
    data: JSONBody[Accompaniment],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
) -> EscalationDetail:
    """Begin the work with the applicant."""

    async def act(tx: Transaction) -> None:
        await accompaniment.start_accompaniment(
            tx, request_id, starts_on=data.starts_on, ends_on=data.ends_on, agent=agent, at=clock.now()
        )

    return await _acted(database, cause, act, request_id, agent, document_links)


@post("/escalations/{request_id:uuid}/milestones")
async def plan_milestone(
    request_id: FromPath[UUID],
    data: JSONBody[NewMilestone],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
) -> EscalationWithNew:
    """Set a milestone."""
    async with database.transaction(cause) as tx:
        created = await accompaniment.plan_milestone(
            tx,
            request_id,
            title=data.title,
            due_on=data.due_on,
            deliverable=data.deliverable,
            agent=agent,
            at=clock.now(),
        )
        return await _with_new(tx, created, request_id, agent, document_links)


@post("/escalations/{request_id:uuid}/milestones/{milestone_id:uuid}/reached", status_code=200)
async def reach_milestone(
    request_id: FromPath[UUID],
    milestone_id: FromPath[UUID],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
    data: JSONBody[Reached | None] = None,
) -> EscalationDetail:
    """Note that a milestone is reached."""

    async def act(tx: Transaction) -> None:
        reached_on = data.reached_on if data else None
        await accompaniment.reach_milestone(
            tx, request_id, milestone_id, reached_on=reached_on, agent=agent, at=clock.now()
        )

    return await _acted(database, cause, act, request_id, agent, document_links)


@post("/escalations/{request_id:uuid}/completion", status_code=200)
async def complete(
    request_id: FromPath[UUID],
    data: JSONBody[Completion],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
    durations: NamedDependency[Durations],
    document_links: NamedDependency[DocumentLinks],
) -> EscalationDetail:
    """End the work; the applicant is asked to evaluate it."""

    async def act(tx: Transaction) -> None:
        await accompaniment.complete(
            tx, request_id, report=data.report, agent=agent, durations=durations, at=clock.now()
        )

    return await _acted(database, cause, act, request_id, agent, document_links)


async def _detail(reader: Reader, request_id: UUID, agent: Agent, document_links: DocumentLinks) -> EscalationDetail:
    return await detail(
        reader,
        request_id,
        perimeter=acting.perimeter(agent),
        by=acting.by(agent),
        today=day(clock.now()),
        document_url=document_links,
    )


async def _acted(
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
        return await _detail(tx, request_id, agent, document_links)


async def _with_new(
    tx: Transaction, created: UUID, request_id: UUID, agent: Agent, document_links: DocumentLinks
) -> EscalationWithNew:
    found = await _detail(tx, request_id, agent, document_links)
    return EscalationWithNew(**dict(found), created=created)


routes = Router(
    "/",
    route_handlers=[
        list_escalations,
        read_escalation,
        settle_admissibility,
        ask_departement,
        return_to_departement,
        schedule,
        mobilise,
        _mobilisation_step(Action.ACCEPTANCE, says="The resource is available."),
        _mobilisation_step(Action.DECLINE, says="The resource is not available; its amount comes back."),
        _mobilisation_step(Action.START, says="The resource is at work."),
        _mobilisation_step(Action.DELIVERY, says="What was ordered is delivered."),
        start_accompaniment,
        plan_milestone,
        reach_milestone,
        complete,
    ],
    tags=["escalations"],
)
