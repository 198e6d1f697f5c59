"""Read models of the directory: operators of the State, framework contracts with their lots and unit prices."""

from datetime import date
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel

from services.escalation.domain.moves import Action, By
from services.escalation.store.directory import NoSuchContract, NoSuchLot, NoSuchOperator
from shared.contracts.vocabulary import Field
from shared.db import Reader, Row
from shared.web.paging import Page, Paged


class OperatorRow(BaseModel):
    """An administration or State operator, what it can be asked for, and how often it was mobilised."""

    id: UUID
    name: str
    kind: str
    offer: str
    fields: list[Field]
    contact: str | None
    email: str | None
    phone: str | None
    active: bool
    mobilised: int
    allowed_actions: list[str]


class PriceRow(BaseModel):
    """What a unit costs, in euro cents; `active` while it may be ordered."""

    id: UUID
    label: str
    unit: str
    price_cents: int
    active: bool


class LotRow(BaseModel):
    """A lot with its holder; ceiling, what is ordered and what is left in euro cents."""

    id: UUID
    contract_id: UUID
    reference: str
    number: int
    title: str
    holder: str
    email: str | None
    ceiling_cents: int
    committed_cents: int
    available_cents: int
    orders: int
    prices: list[PriceRow] = []


class ContractRow(BaseModel):
    """A framework contract; amounts are the sums of its lots, in euro cents."""

    id: UUID
    reference: str
    subject: str
    starts_on: date
    ends_on: date
    in_force: bool
    lots: int
    ceiling_cents: int
    committed_cents: int
    available_cents: int
    allowed_actions: list[str]


class ContractView(BaseModel):
    """A framework contract with its lots and their prices."""

    contract: ContractRow
    lots: list[LotRow]


_OPERATORS: Final = """
    SELECT id, name, kind, offer, fields, contact, email, phone, active,
        (SELECT count(*) FROM mobilisation WHERE mobilisation.operator_id = operator.id) AS mobilised
    FROM operator
"""
_CONTRACTS: Final = """
    SELECT contract.id, contract.reference, contract.subject, contract.starts_on, contract.ends_on,
        $1::date BETWEEN contract.starts_on AND contract.ends_on AS in_force,
        count(lot.id) AS lots, coalesce(sum(lot.ceiling_cents), 0)::bigint AS ceiling_cents,
        coalesce(sum(lot.committed_cents), 0)::bigint AS committed_cents,
        coalesce(sum(lot.ceiling_cents - lot.committed_cents), 0)::bigint AS available_cents
    FROM contract
    LEFT JOIN lot ON lot.contract_id = contract.id
"""
_LOTS: Final = """
    SELECT lot.id, lot.contract_id, contract.reference, lot.number, lot.title, lot.holder, lot.email,
        lot.ceiling_cents, lot.committed_cents, lot.ceiling_cents - lot.committed_cents AS available_cents,
        (SELECT count(*) FROM mobilisation WHERE mobilisation.lot_id = lot.id) AS orders
    FROM lot
    JOIN contract ON contract.id = lot.contract_id
"""


def _allowed(by: By, *actions: str) -> list[str]:
    return list(actions) if by.may(Action.DIRECTORY) else []


def _operator(row: Row, by: By) -> OperatorRow:
    return OperatorRow.model_validate({**dict(row), "allowed_actions": _allowed(by, "change")})


def _contract(row: Row, by: By) -> ContractRow:
    return ContractRow.model_validate({**dict(row), "allowed_actions": _allowed(by, "lots", "prices", "ceiling")})


async def operators(
    reader: Reader, *, field: Field | None, active: bool | None, by: By, page: Page
) -> Paged[OperatorRow]:
    """Return the directory by name, those that are set aside last."""
    rows = await reader.fetch(
        f"""
        {_OPERATORS}
        WHERE ($1::text IS NULL OR $1 = ANY(fields)) AND ($2::boolean IS NULL OR active = $2)
        ORDER BY NOT active, lower(unaccent(name))
        LIMIT $3 OFFSET $4
        """,
        field,
        active,
        page.limit,
        page.offset,
    )
    total = await _count_operators(reader, field, active=active)
    return Paged(items=[_operator(row, by) for row in rows], total=total, page=page.number)


async def _count_operators(reader: Reader, field: Field | None, *, active: bool | None) -> int:
    total: int = await reader.fetchval(
        """
        SELECT count(*)
        FROM operator
        WHERE ($1::text IS NULL OR $1 = ANY(fields)) AND ($2::boolean IS NULL OR active = $2)
        """,
        field,
        active,
    )
    return total


async def operator(reader: Reader, operator_id: UUID, *, by: By) -> OperatorRow:
    """Return one operator; refuses (`NoSuchOperator`)."""
    row = await reader.fetchrow(f"{_OPERATORS} WHERE id = $1", operator_id)
    if row is None:
        raise NoSuchOperator
    return _operator(row, by)


async def contracts(reader: Reader, *, today: date, by: By, page: Page) -> Paged[ContractRow]:
    """Return the contracts, the one that ends last first."""
    rows = await reader.fetch(
        f"{_CONTRACTS} GROUP BY contract.id ORDER BY contract.ends_on DESC, contract.reference LIMIT $2 OFFSET $3",
        today,
        page.limit,
        page.offset,
    )
    total = await reader.fetchval("SELECT count(*) FROM contract")
    return Paged(items=[_contract(row, by) for row in rows], total=total, page=page.number)


async def contract(reader: Reader, contract_id: UUID, *, today: date, by: By) -> ContractView:
    """Return a contract with its lots and prices; refuses (`NoSuchContract`)."""
    row = await reader.fetchrow(f"{_CONTRACTS} WHERE contract.id = $2 GROUP BY contract.id", today, contract_id)
    if row is None:
        raise NoSuchContract
    lots = await reader.fetch(f"{_LOTS} WHERE lot.contract_id = $1 ORDER BY lot.number", contract_id)
    return ContractView(contract=_contract(row, by), lots=[await _lot(reader, one) for one in lots])


async def contract_of_lot(reader: Reader, lot_id: UUID) -> UUID:
    """Return the contract that a lot belongs to; refuses (`NoSuchLot`)."""
    found: UUID | None = await reader.fetchval("SELECT contract_id FROM lot WHERE id = $1", lot_id)
    if found is None:
        raise NoSuchLot
    return found


async def lots_in_force(reader: Reader, *, today: date) -> list[LotRow]:
    """Return the lots on which something may be ordered today, without their prices."""
    rows = await reader.fetch(
        f"{_LOTS} WHERE $1 BETWEEN contract.starts_on AND contract.ends_on ORDER BY contract.reference, lot.number",
        today,
    )
    return [LotRow.model_validate(dict(row)) for row in rows]


async def lot(reader: Reader, lot_id: UUID) -> LotRow:
    """Return a lot with its prices; refuses (`NoSuchLot`)."""
    row = await reader.fetchrow(f"{_LOTS} WHERE lot.id = $1", lot_id)
    if row is None:
        raise NoSuchLot
    return await _lot(reader, row)


async def _lot(reader: Reader, row: Row) -> LotRow:
    prices = await reader.fetch(
        """
        SELECT id, label, unit, price_cents, active
        FROM unit_price
        WHERE lot_id = $1
        ORDER BY NOT active, created_at, id
        """,
        row["id"],
    )
    members: dict[str, Any] = {**dict(row), "prices": [dict(price) for price in prices]}
    return LotRow.model_validate(members)
