"""What follows the committee's decision, by program: mobilisations, accompaniment, milestones, completion."""

from collections.abc import Callable
from datetime import date
from uuid import UUID

from litestar import Router, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from services.escalation.domain.moves import Action
from services.escalation.reads.detail_rows import EscalationDetail
from services.escalation.settings import Durations
from services.escalation.usecases import accompaniment, means
from services.escalation.web.api.answers import EscalationWithNew, acted, with_new
from services.escalation.web.inputs import Cents, Line, Text
from services.escalation.web.links import DocumentLinks
from shared import clock
from shared.contracts.vocabulary import MobilisationKind
from shared.db import Cause, Database, Transaction
from shared.identity.model import Agent
from shared.web.problems import Body


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
        return await with_new(tx, created, request_id, agent, document_links)


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

        return await acted(database, cause, act, request_id, agent, document_links)

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

    return await acted(database, cause, act, request_id, agent, document_links)


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
        return await with_new(tx, created, request_id, agent, document_links)


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

    return await acted(database, cause, act, request_id, agent, document_links)


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

    return await acted(database, cause, act, request_id, agent, document_links)


routes = Router(
    "/",
    route_handlers=[
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
