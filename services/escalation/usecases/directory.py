"""What means are found in: the year's envelopes, the directory of operators, framework contracts with their lots."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from services.escalation.domain.means import Envelope
from services.escalation.domain.moves import Action
from services.escalation.store import directory as store
from services.escalation.store import means
from services.escalation.store.directory import Contract, NewLot, Operator, Price
from services.escalation.usecases import acting
from shared.clock import new_id
from shared.contracts.vocabulary import Programme
from shared.db import Transaction
from shared.errors import Invalid
from shared.identity.model import Agent


async def open_envelope(
    tx: Transaction, *, year: int, programme: Programme | None, amount_cents: int, agent: Agent, at: datetime
) -> UUID:
    """A year's budget is opened, general or of one programme."""
    acting.by(agent).acting_in(Action.ENVELOPES)
    envelope = Envelope(new_id(), year, programme, amount_cents)
    await means.add_envelope(tx, envelope, at=at)
    return envelope.id


async def resize_envelope(tx: Transaction, envelope_id: UUID, *, amount_cents: int, agent: Agent) -> None:
    """A budget changes, but never below what is committed."""
    acting.by(agent).acting_in(Action.ENVELOPES)
    envelope = await means.load_envelope_for_update(tx, envelope_id)
    envelope.resize(amount_cents)
    await means.save_envelope(tx, envelope)


async def add_operator(tx: Transaction, operator: Operator, *, agent: Agent, at: datetime) -> UUID:
    """An operator joins the directory."""
    acting.by(agent).acting_in(Action.DIRECTORY)
    entered = replace(operator, id=new_id())
    await store.add_operator(tx, entered, at=at)
    return entered.id


async def save_operator(tx: Transaction, operator: Operator, *, agent: Agent) -> None:
    """What the directory says of an operator changes; one that is set aside stays where it was mobilised."""
    acting.by(agent).acting_in(Action.DIRECTORY)
    await store.save_operator(tx, operator)


async def add_contract(
    tx: Transaction, *, reference: str, subject: str, starts_on: date, ends_on: date, agent: Agent, at: datetime
) -> UUID:
    """A framework contract was awarded."""
    acting.by(agent).acting_in(Action.DIRECTORY)
    if ends_on < starts_on:
        raise Invalid.field("ends_on", "La fin du marché ne peut pas précéder son début.")
    contract = Contract(new_id(), reference, subject, starts_on, ends_on)
    await store.add_contract(tx, contract, at=at)
    return contract.id


async def add_lot(tx: Transaction, lot: NewLot, *, agent: Agent, at: datetime) -> UUID:
    """A contract has a lot, with its holder and its ceiling."""
    acting.by(agent).acting_in(Action.DIRECTORY)
    entered = replace(lot, id=new_id())
    await store.add_lot(tx, entered, at=at)
    return entered.id


async def resize_lot(tx: Transaction, lot_id: UUID, *, ceiling_cents: int, agent: Agent) -> None:
    """An amendment changes a lot's ceiling, but never below what is ordered."""
    acting.by(agent).acting_in(Action.DIRECTORY)
    lot = await store.load_lot_for_update(tx, lot_id)
    lot.resize(ceiling_cents)
    await store.save_lot(tx, lot)


async def add_prices(
    tx: Transaction, lot_id: UUID, prices: Sequence[Price], *, agent: Agent, at: datetime
) -> list[UUID]:
    """A lot's schedule has more unit prices."""
    acting.by(agent).acting_in(Action.DIRECTORY)
    entered = [replace(price, id=new_id()) for price in prices]
    for price in entered:
        await store.add_price(tx, lot_id, price, at=at)
    return [price.id for price in entered]


async def withdraw_price(tx: Transaction, lot_id: UUID, price_id: UUID, *, agent: Agent) -> None:
    """A price is offered no more; orders keep what they were placed at."""
    acting.by(agent).acting_in(Action.DIRECTORY)
    await store.withdraw_price(tx, lot_id, price_id)
