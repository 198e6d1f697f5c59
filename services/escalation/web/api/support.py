"""What follows the committee's decision, by program: mobilisations, accompaniment, milestones, completion."""

from collections.abc import Callable
from datetime import date
from typing import Annotated
from uuid import UUID

from litestar import Router, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from pydantic import Field

from services.escalation.domain.durations import Durations
from services.escalation.domain.inputs import Cents, Line, PositiveCents, Quantity, Text
from services.escalation.domain.moves import Action
from services.escalation.reads.detail_rows import EscalationDetail
from services.escalation.usecases import accompaniment, means
from services.escalation.web.api.answers import EscalationWithNew, acted, with_new
from services.escalation.web.links import DocumentLinks
from shared import clock
from shared.commands import Command
from shared.contracts.escalation import FinancingShare
from shared.contracts.vocabulary import FinancerKind, MobilisationKind
from shared.db import Cause, Database, Transaction
from shared.identity.model import Agent


class NewOrderLine(Command):
    """So many units at a price of the lot."""

    price_id: UUID
    quantity: Quantity


class NewMobilisation(Command):
    """A resource for the project; `amount_cents` is committed on the year's envelope.

    An operator of the directory is named by `operator_id`. An order on a framework contract names its `lot_id`, and the
    quantities at its unit prices in `lines`; its amount is then their sum, and it is numbered unless it has a number.
    """

    kind: MobilisationKind
    resource: Line | None = None
    amount_cents: Cents | None = None
    lot: Line | None = None
    purchase_order: Line | None = None
    operator_id: UUID | None = None
    lot_id: UUID | None = None
    lines: Annotated[list[NewOrderLine], Field(max_length=100)] = Field(default_factory=list)


class Delivery(Command):
    """What was delivered in all, in euro cents; all that was ordered when it is not said."""

    delivered_cents: Cents | None = None


class Entry(Command):
    """A part of an order that was delivered, or paid; today when it is not said when."""

    amount_cents: PositiveCents
    dated: date | None = None
    reference: Line | None = None


class Share(Command):
    """What one financer pays, in euro cents."""

    kind: FinancerKind
    financer: Line
    amount_cents: PositiveCents


class Financing(Command):
    """Who pays what of the project; the shares add up to the total."""

    total_cents: PositiveCents
    shares: Annotated[list[Share], Field(min_length=1, max_length=50)]


class Accompaniment(Command):
    """When the work with the applicant begins and ends."""

    starts_on: date
    ends_on: date


class NewMilestone(Command):
    """A milestone of the work, with what is delivered at it."""

    title: Line
    due_on: date
    deliverable: Line | None = None


class Reached(Command):
    """When the milestone was reached; today when it is not said."""

    reached_on: date | None = None


class Completion(Command):
    """What the work has led to."""

    report: Text


class Nothing(Command):
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
            amount_cents=data.amount_cents,
            lot=data.lot,
            purchase_order=data.purchase_order,
            operator_id=data.operator_id,
            lot_id=data.lot_id,
            lines=[(line.price_id, line.quantity) for line in data.lines],
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


@post("/escalations/{request_id:uuid}/mobilisations/{mobilisation_id:uuid}/delivery", status_code=200)
async def deliver(
    request_id: FromPath[UUID],
    mobilisation_id: FromPath[UUID],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
    data: JSONBody[Delivery | None] = None,
) -> EscalationDetail:
    """What was ordered is delivered; what did not come goes back to the envelope and to the lot."""

    async def act(tx: Transaction) -> None:
        await means.step_mobilisation(
            tx,
            request_id,
            mobilisation_id,
            Action.DELIVERY,
            agent=agent,
            at=clock.now(),
            delivered_cents=data.delivered_cents if data else None,
        )

    return await acted(database, cause, act, request_id, agent, document_links)


def _booking(action: Action, *, says: str) -> Callable[..., object]:
    """Make the route that notes a part of an order as delivered, or as paid."""

    @post(
        f"/escalations/{{request_id:uuid}}/mobilisations/{{mobilisation_id:uuid}}/{action.value}",
        name=f"mobilisation-{action.value}",
        operation_id=f"Mobilisation{action.value.title().replace('-', '')}",
        description=says,
    )
    async def book(
        request_id: FromPath[UUID],
        mobilisation_id: FromPath[UUID],
        data: JSONBody[Entry],
        database: NamedDependency[Database],
        cause: NamedDependency[Cause],
        agent: NamedDependency[Agent],
        document_links: NamedDependency[DocumentLinks],
    ) -> EscalationWithNew:
        async with database.transaction(cause) as tx:
            created = await means.book(
                tx,
                request_id,
                mobilisation_id,
                action,
                amount_cents=data.amount_cents,
                dated=data.dated,
                reference=data.reference,
                agent=agent,
                at=clock.now(),
            )
            return await with_new(tx, created, request_id, agent, document_links)

    return book


@post("/escalations/{request_id:uuid}/financing", status_code=200)
async def plan_financing(
    request_id: FromPath[UUID],
    data: JSONBody[Financing],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
) -> EscalationDetail:
    """Settle who pays what of the project, in place of the plan before."""

    async def act(tx: Transaction) -> None:
        shares = [FinancingShare(**dict(share)) for share in data.shares]
        await means.plan_financing(
            tx, request_id, total_cents=data.total_cents, shares=shares, agent=agent, at=clock.now()
        )

    return await acted(database, cause, act, request_id, agent, document_links)


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
        deliver,
        _booking(Action.PART_DELIVERY, says="A part of what was ordered is delivered."),
        _booking(Action.PAYMENT, says="A part of what was delivered is paid."),
        plan_financing,
        start_accompaniment,
        plan_milestone,
        reach_milestone,
        complete,
    ],
    tags=["escalations"],
)
