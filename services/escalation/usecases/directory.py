"""Use cases that maintain envelopes, the directory of operators, and framework contracts with their lots."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.escalation.domain.directory import Contract, NewLot, Operator, Price
from services.escalation.domain.inputs import Cents, PositiveCents, Year
from services.escalation.domain.means import Envelope
from services.escalation.domain.moves import Action
from services.escalation.store import directory as store
from services.escalation.store import means
from services.escalation.usecases.context import Context
from shared.clock import new_id
from shared.commands import Command, NoBody
from shared.contracts.vocabulary import Programme
from shared.errors import Invalid


class OpenEnvelope(Command):
    """A year's budget, general or of one programme."""

    year: Year
    amount_cents: Cents
    programme: Programme | None = None


class ResizeEnvelope(Command):
    """What the budget becomes."""

    amount_cents: Cents


class ResizeLot(Command):
    """What a lot's ceiling becomes, in euro cents."""

    ceiling_cents: PositiveCents


class AddPrices(Command):
    """Unit prices that join a lot's schedule."""

    prices: Annotated[list[Price], Field(min_length=1, max_length=200)]


async def open_envelope(do: Context, command: OpenEnvelope) -> UUID:
    """Open a year's budget, general or of one programme."""
    do.require(Action.ENVELOPES)
    envelope = Envelope(new_id(), command.year, command.programme, command.amount_cents)
    await means.add_envelope(do.tx, envelope, at=do.at)
    return envelope.id


async def resize_envelope(do: Context, envelope_id: UUID, command: ResizeEnvelope) -> None:
    """Change a budget, never below what is committed."""
    do.require(Action.ENVELOPES)
    envelope = await means.load_envelope_for_update(do.tx, envelope_id)
    envelope.resize(command.amount_cents)
    await means.save_envelope(do.tx, envelope)


async def add_operator(do: Context, command: Operator) -> UUID:
    """Enter an operator in the directory."""
    do.require(Action.DIRECTORY)
    operator_id = new_id()
    await store.add_operator(do.tx, operator_id, command, at=do.at)
    return operator_id


async def save_operator(do: Context, operator_id: UUID, command: Operator) -> None:
    """Write an operator anew, or set it aside; one that is set aside stays where it was mobilised."""
    do.require(Action.DIRECTORY)
    await store.save_operator(do.tx, operator_id, command)


async def add_contract(do: Context, command: Contract) -> UUID:
    """Enter a framework contract."""
    do.require(Action.DIRECTORY)
    if command.ends_on < command.starts_on:
        raise Invalid.field("ends_on", "La fin du marché ne peut pas précéder son début.")
    contract_id = new_id()
    await store.add_contract(do.tx, contract_id, command, at=do.at)
    return contract_id


async def add_lot(do: Context, contract_id: UUID, command: NewLot) -> UUID:
    """Enter a lot of a contract."""
    do.require(Action.DIRECTORY)
    lot_id = new_id()
    await store.add_lot(do.tx, lot_id, contract_id, command, at=do.at)
    return lot_id


async def resize_lot(do: Context, lot_id: UUID, command: ResizeLot) -> None:
    """Change a lot's ceiling, never below what is ordered."""
    do.require(Action.DIRECTORY)
    lot = await store.load_lot_for_update(do.tx, lot_id)
    lot.resize(command.ceiling_cents)
    await store.save_lot(do.tx, lot)


async def add_prices(do: Context, lot_id: UUID, command: AddPrices) -> None:
    """Enter unit prices of a lot."""
    do.require(Action.DIRECTORY)
    for price in command.prices:
        await store.add_price(do.tx, new_id(), lot_id, price, at=do.at)


async def withdraw_price(do: Context, lot_id: UUID, price_id: UUID, _: NoBody) -> None:
    """Offer a price no more; orders keep what they were placed at."""
    do.require(Action.DIRECTORY)
    await store.withdraw_price(do.tx, lot_id, price_id)
