"""The directory of operators and the framework contracts, by program."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from pydantic import Field as Bounded

from services.escalation.domain.inputs import Line, PositiveCents, Text
from services.escalation.reads import directory as reads
from services.escalation.reads.directory import ContractDetail, ContractRow, OperatorRow
from services.escalation.store.directory import NewLot, Operator, Price
from services.escalation.usecases import acting
from services.escalation.usecases import directory as usecases
from services.escalation.usecases.recording import day
from services.escalation.web.readers import whole_country
from shared import clock
from shared.commands import Command
from shared.contracts.fact import Email
from shared.contracts.vocabulary import Field
from shared.db import Cause, Database
from shared.identity.model import Agent
from shared.web.paging import Page, Paged

NOBODY = UUID(int=0)


class OperatorBody(Command):
    """An administration or State operator, and what it can be asked for."""

    name: Line
    kind: Literal["central_administration", "state_operator"]
    offer: Text
    fields: tuple[Field, ...] = ()
    contact: Line | None = None
    email: Email | None = None
    phone: Line | None = None
    active: bool = True

    def operator(self, operator_id: UUID = NOBODY) -> Operator:
        """Give it as the use case takes it."""
        return Operator(operator_id, **dict(self))


class NewContract(Command):
    """A framework contract, as it was awarded."""

    reference: Line
    subject: Text
    starts_on: date
    ends_on: date


class NewLotBody(Command):
    """A lot of a contract, with its holder and its ceiling in euro cents."""

    number: Annotated[int, Bounded(ge=1, le=999)]
    title: Line
    holder: Line
    ceiling_cents: PositiveCents
    email: Email | None = None


class Ceiling(Command):
    """What a lot's ceiling becomes, in euro cents."""

    ceiling_cents: PositiveCents


class NewPrice(Command):
    """What a unit costs, in euro cents."""

    label: Line
    unit: Line
    price_cents: PositiveCents


class NewPrices(Command):
    """Unit prices that join a lot's schedule."""

    prices: Annotated[list[NewPrice], Bounded(min_length=1, max_length=200)]


@get("/operators")
async def list_operators(
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
    paging: NamedDependency[Page],
    field: FromQuery[Field | None] = None,
    active: FromQuery[bool | None] = None,
) -> Paged[OperatorRow]:
    """List the directory, by name."""
    return Paged(
        items=await reads.operators(
            database, field=field, active=active, by=acting.by(agent), limit=paging.limit, offset=paging.offset
        ),
        total=await reads.count_operators(database, field=field, active=active),
        page=paging.number,
    )


@post("/operators")
async def add_operator(
    data: JSONBody[OperatorBody],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
) -> OperatorRow:
    """Enter an operator in the directory."""
    async with database.transaction(cause) as tx:
        operator_id = await usecases.add_operator(tx, data.operator(), agent=agent, at=clock.now())
        return await reads.operator(tx, operator_id, by=acting.by(agent))


@post("/operators/{operator_id:uuid}", status_code=200)
async def save_operator(
    operator_id: FromPath[UUID],
    data: JSONBody[OperatorBody],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
) -> OperatorRow:
    """Write an operator anew, or set it aside."""
    async with database.transaction(cause) as tx:
        await usecases.save_operator(tx, data.operator(operator_id), agent=agent)
        return await reads.operator(tx, operator_id, by=acting.by(agent))


@get("/contracts")
async def list_contracts(
    database: NamedDependency[Database], agent: NamedDependency[Agent], paging: NamedDependency[Page]
) -> Paged[ContractRow]:
    """List the framework contracts, the one that ends last first."""
    today = day(clock.now())
    return Paged(
        items=await reads.contracts(
            database, today=today, by=acting.by(agent), limit=paging.limit, offset=paging.offset
        ),
        total=await reads.count_contracts(database),
        page=paging.number,
    )


@get("/contracts/{contract_id:uuid}")
async def show_contract(
    contract_id: FromPath[UUID], database: NamedDependency[Database], agent: NamedDependency[Agent]
) -> ContractDetail:
    """Give a contract with its lots, their prices and what is left of their ceilings."""
    return await reads.contract(database, contract_id, today=day(clock.now()), by=acting.by(agent))


@post("/contracts")
async def add_contract(
    data: JSONBody[NewContract],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
) -> ContractDetail:
    """Enter a framework contract."""
    at = clock.now()
    async with database.transaction(cause) as tx:
        contract_id = await usecases.add_contract(tx, **dict(data), agent=agent, at=at)
        return await reads.contract(tx, contract_id, today=day(at), by=acting.by(agent))


@post("/contracts/{contract_id:uuid}/lots")
async def add_lot(
    contract_id: FromPath[UUID],
    data: JSONBody[NewLotBody],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
) -> ContractDetail:
    """Enter a lot of a contract."""
    at = clock.now()
    async with database.transaction(cause) as tx:
        await usecases.add_lot(tx, NewLot(NOBODY, contract_id, **dict(data)), agent=agent, at=at)
        return await reads.contract(tx, contract_id, today=day(at), by=acting.by(agent))


@post("/lots/{lot_id:uuid}/ceiling", status_code=200)
async def resize_lot(
    lot_id: FromPath[UUID],
    data: JSONBody[Ceiling],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
) -> ContractDetail:
    """Change a lot's ceiling, never below what is ordered."""
    async with database.transaction(cause) as tx:
        await usecases.resize_lot(tx, lot_id, ceiling_cents=data.ceiling_cents, agent=agent)
        contract_id = await reads.contract_of_lot(tx, lot_id)
        return await reads.contract(tx, contract_id, today=day(clock.now()), by=acting.by(agent))


@post("/lots/{lot_id:uuid}/prices")
async def add_prices(
    lot_id: FromPath[UUID],
    data: JSONBody[NewPrices],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
) -> ContractDetail:
    """Enter unit prices of a lot."""
    at = clock.now()
    async with database.transaction(cause) as tx:
        prices = [Price(price.label, price.unit, price.price_cents) for price in data.prices]
        await usecases.add_prices(tx, lot_id, prices, agent=agent, at=at)
        contract_id = await reads.contract_of_lot(tx, lot_id)
        return await reads.contract(tx, contract_id, today=day(at), by=acting.by(agent))


@post("/lots/{lot_id:uuid}/prices/{price_id:uuid}/withdrawal", status_code=200)
async def withdraw_price(
    lot_id: FromPath[UUID],
    price_id: FromPath[UUID],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
) -> ContractDetail:
    """Offer a price no more."""
    async with database.transaction(cause) as tx:
        await usecases.withdraw_price(tx, lot_id, price_id, agent=agent)
        contract_id = await reads.contract_of_lot(tx, lot_id)
        return await reads.contract(tx, contract_id, today=day(clock.now()), by=acting.by(agent))


routes = Router(
    "/",
    route_handlers=[
        list_operators,
        add_operator,
        save_operator,
        list_contracts,
        show_contract,
        add_contract,
        add_lot,
        resize_lot,
        add_prices,
        withdraw_price,
    ],
    guards=[whole_country],
    tags=["directory"],
)
