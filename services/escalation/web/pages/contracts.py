"""A framework contract: its lots with their ceilings, unit prices and orders."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template
from pydantic import BaseModel, Field

from services.escalation.domain.inputs import Line
from services.escalation.domain.moves import Action
from services.escalation.reads import directory as reads
from services.escalation.reads.means import orders
from services.escalation.store.directory import NewLot, Price
from services.escalation.usecases import acting
from services.escalation.usecases import directory as usecases
from services.escalation.usecases.recording import day
from services.escalation.web.pages.directory import MOST, NOBODY, Shown
from services.escalation.web.pages.showing import Asked, show
from services.escalation.web.readers import whole_country
from shared import clock
from shared.commands import Amount
from shared.contracts.fact import Email
from shared.db import Cause, Database, Transaction
from shared.identity.model import Agent
from shared.web.forms import read_form, submit

_READERS = [whole_country]


class LotForm(BaseModel):
    """A lot, with its holder and its ceiling in euros."""

    number: Annotated[int, Field(ge=1, le=999)]
    title: Line
    holder: Line
    lot_email: Email | None = None
    ceiling: Annotated[Amount, Field(ge=1)]


class CeilingForm(BaseModel):
    """What a ceiling becomes, in euros."""

    new_ceiling: Annotated[Amount, Field(ge=1)]


class PriceForm(BaseModel):
    """What a unit costs, in euros."""

    label: Line
    unit: Line
    price: Annotated[Amount, Field(ge=1)]


class NothingForm(BaseModel):
    """A button without fields."""


@get("/moyens/marches/{contract_id:uuid}", guards=_READERS)
async def show_contract(
    request: Asked,
    contract_id: FromPath[UUID],
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
) -> Template:
    """Show a contract with its lots, prices and orders."""
    return await _contract_page(request, database, contract_id, agent)


async def _contract_page(
    request: Asked,
    database: Database,
    contract_id: UUID,
    agent: Agent,
    *,
    status_code: int = 200,
    values: Shown | None = None,
    errors: Mapping[str, str] | None = None,
) -> Template:
    found = await reads.contract(database, contract_id, today=day(clock.now()), by=acting.by(agent))
    return show(
        request,
        "means/contract.html",
        status_code=status_code,
        contract=found.contract,
        lots=found.lots,
        values=values or {},
        errors=errors or {},
    )


@post("/moyens/marches/{contract_id:uuid}/lots", guards=_READERS)
async def add_lot(
    request: Asked,
    contract_id: FromPath[UUID],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
) -> Redirect | Template:
    """Enter a lot of a contract."""
    form = await read_form(request, LotForm)

    async def act(tx: Transaction, typed: LotForm) -> str:
        lot = NewLot(
            NOBODY,
            contract_id,
            typed.number,
            typed.title,
            typed.holder,
            typed.ceiling,
            typed.lot_email,
        )
        lot_id = await usecases.add_lot(tx, lot, agent=agent, at=clock.now())
        return f"/moyens/lots/{lot_id}"

    async def again(status_code: int) -> Template:
        return await _contract_page(
            request, database, contract_id, agent, status_code=status_code, values=form.values, errors=form.errors
        )

    return await submit(request, database, cause, form, act, again=again, said="Le lot est enregistré.")


@get("/moyens/lots/{lot_id:uuid}", guards=_READERS)
async def show_lot(
    request: Asked, lot_id: FromPath[UUID], database: NamedDependency[Database], agent: NamedDependency[Agent]
) -> Template:
    """Show a lot: what is left of its ceiling, its prices, its orders."""
    return await _lot_page(request, database, lot_id, agent)


async def _lot_page(
    request: Asked,
    database: Database,
    lot_id: UUID,
    agent: Agent,
    *,
    status_code: int = 200,
    failed: str | None = None,
    values: Shown | None = None,
    errors: Mapping[str, str] | None = None,
) -> Template:
    return show(
        request,
        "means/lot.html",
        status_code=status_code,
        lot=await reads.lot(database, lot_id),
        orders=await orders(database, lot_id=lot_id, limit=MOST, offset=0),
        may_keep=acting.by(agent).may(Action.DIRECTORY),
        failed=failed,
        values=values or {},
        errors=errors or {},
    )


@post("/moyens/lots/{lot_id:uuid}/plafond", guards=_READERS)
async def resize_lot(
    request: Asked,
    lot_id: FromPath[UUID],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
) -> Redirect | Template:
    """Change a ceiling."""
    form = await read_form(request, CeilingForm)

    async def act(tx: Transaction, typed: CeilingForm) -> str:
        await usecases.resize_lot(tx, lot_id, ceiling_cents=typed.new_ceiling, agent=agent)
        return f"/moyens/lots/{lot_id}"

    async def again(status_code: int) -> Template:
        return await _lot_page(
            request,
            database,
            lot_id,
            agent,
            status_code=status_code,
            failed="ceiling",
            values=form.values,
            errors=form.errors,
        )

    return await submit(request, database, cause, form, act, again=again, said="Le plafond est modifié.")


@post("/moyens/lots/{lot_id:uuid}/prix", guards=_READERS)
async def add_price(
    request: Asked,
    lot_id: FromPath[UUID],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
) -> Redirect | Template:
    """Enter a unit price."""
    form = await read_form(request, PriceForm)

    async def act(tx: Transaction, typed: PriceForm) -> str:
        price = Price(typed.label, typed.unit, typed.price)
        await usecases.add_prices(tx, lot_id, [price], agent=agent, at=clock.now())
        return f"/moyens/lots/{lot_id}#prix"

    async def again(status_code: int) -> Template:
        return await _lot_page(
            request,
            database,
            lot_id,
            agent,
            status_code=status_code,
            failed="price",
            values=form.values,
            errors=form.errors,
        )

    return await submit(request, database, cause, form, act, again=again, said="Le prix est au bordereau.")


@post("/moyens/lots/{lot_id:uuid}/prix/{price_id:uuid}/retrait", guards=_READERS)
async def withdraw_price(
    request: Asked,
    lot_id: FromPath[UUID],
    price_id: FromPath[UUID],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
) -> Redirect | Template:
    """Offer a price no more."""
    form = await read_form(request, NothingForm)

    async def act(tx: Transaction, _: NothingForm) -> str:
        await usecases.withdraw_price(tx, lot_id, price_id, agent=agent)
        return f"/moyens/lots/{lot_id}#prix"

    async def again(status_code: int) -> Template:
        return await _lot_page(request, database, lot_id, agent, status_code=status_code, errors=form.errors)

    return await submit(request, database, cause, form, act, again=again, said="Le prix n’est plus proposé.")


routes = [show_contract, add_lot, show_lot, resize_lot, add_price, withdraw_price]
