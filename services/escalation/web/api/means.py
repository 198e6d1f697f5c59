"""Envelopes by program, and the orders that draw on them."""

from uuid import UUID

from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from services.escalation.domain.inputs import Cents, Year
from services.escalation.reads.means import (
    EnvelopeRow,
    OrderRow,
    count_envelopes,
    count_orders,
    envelope,
    envelopes,
    orders,
)
from services.escalation.usecases import acting
from services.escalation.usecases import directory as usecases
from services.escalation.web.readers import whole_country
from shared import clock
from shared.commands import Command
from shared.contracts.vocabulary import Programme
from shared.db import Cause, Database
from shared.identity.model import Agent
from shared.web.paging import Page, Paged


class NewEnvelope(Command):
    """A year's budget, general or of one programme."""

    year: Year
    amount_cents: Cents
    programme: Programme | None = None


class NewAmount(Command):
    """What the budget becomes."""

    amount_cents: Cents


@get("/envelopes")
async def list_envelopes(
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
    paging: NamedDependency[Page],
    year: FromQuery[int | None] = None,
    programme: FromQuery[Programme | None] = None,
) -> Paged[EnvelopeRow]:
    """List envelopes, the latest year first."""
    return Paged(
        items=await envelopes(
            database,
            year=year,
            programme=programme,
            by=acting.by(agent),
            limit=paging.limit,
            offset=paging.offset,
        ),
        total=await count_envelopes(database, year=year, programme=programme),
        page=paging.number,
    )


@post("/envelopes")
async def open_envelope(
    data: JSONBody[NewEnvelope],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
) -> EnvelopeRow:
    """Open a year's budget."""
    async with database.transaction(cause) as tx:
        envelope_id = await usecases.open_envelope(
            tx,
            year=data.year,
            programme=data.programme,
            amount_cents=data.amount_cents,
            agent=agent,
            at=clock.now(),
        )
        return await envelope(tx, envelope_id, by=acting.by(agent))


@post("/envelopes/{envelope_id:uuid}/amount", status_code=200)
async def resize_envelope(
    envelope_id: FromPath[UUID],
    data: JSONBody[NewAmount],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
) -> EnvelopeRow:
    """Change a budget, never below what is committed."""
    async with database.transaction(cause) as tx:
        await usecases.resize_envelope(tx, envelope_id, amount_cents=data.amount_cents, agent=agent)
        return await envelope(tx, envelope_id, by=acting.by(agent))


@get("/envelopes/{envelope_id:uuid}/orders")
async def list_orders(
    envelope_id: FromPath[UUID],
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
    paging: NamedDependency[Page],
) -> Paged[OrderRow]:
    """List what draws on an envelope, the latest first."""
    await envelope(database, envelope_id, by=acting.by(agent))
    return Paged(
        items=await orders(database, envelope_id=envelope_id, limit=paging.limit, offset=paging.offset),
        total=await count_orders(database, envelope_id=envelope_id),
        page=paging.number,
    )


routes = Router(
    "/",
    route_handlers=[list_envelopes, open_envelope, resize_envelope, list_orders],
    guards=[whole_country],
    tags=["envelopes"],
)
