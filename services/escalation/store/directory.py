"""The SQL that changes the directory of operators, and the framework contracts with their lots and prices."""

from datetime import datetime
from uuid import UUID

import asyncpg

from services.escalation.domain.directory import Contract, NewLot, Operator, Price
from services.escalation.domain.means import Lot
from services.escalation.domain.refusals import ContractExists, OperatorExists
from shared.db import Row, Transaction
from shared.errors import NotFound


class NoSuchOperator(NotFound):
    """The directory has no such operator (HTTP 404)."""

    code = "no_such_operator"
    title = "No such operator in the directory"
    sentence = "Cet opérateur n’est pas dans l’annuaire."


class NoSuchContract(NotFound):
    """There is no such framework contract (HTTP 404)."""

    code = "no_such_contract"
    title = "No such framework contract"
    sentence = "Ce marché-cadre n’existe pas."


class NoSuchLot(NotFound):
    """There is no such lot (HTTP 404)."""

    code = "no_such_lot"
    title = "No such lot of a framework contract"
    sentence = "Ce lot n’existe pas."


class NoSuchPrice(NotFound):
    """The lot has no such price (HTTP 404)."""

    code = "no_such_price"
    title = "No such price of this lot"
    sentence = "Ce prix n’existe pas dans ce lot."


async def add_operator(tx: Transaction, operator_id: UUID, operator: Operator, *, at: datetime) -> None:
    """Enter an operator; refuses (`OperatorExists`) a name that is there."""
    try:
        async with tx.savepoint():
            await tx.execute(
                """
                INSERT INTO operator (id, name, kind, offer, fields, contact, email, phone, active, created_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
                """,
                operator_id,
                *_columns(operator),
                at,
            )
    except asyncpg.UniqueViolationError as violation:
        raise OperatorExists(name=operator.name) from violation


async def save_operator(tx: Transaction, operator_id: UUID, operator: Operator) -> None:
    """Write an operator anew; refuses (`OperatorExists`) the name of another."""
    try:
        async with tx.savepoint():
            found = await tx.fetchval(
                """
                UPDATE operator
                SET name = $2, kind = $3, offer = $4, fields = $5, contact = $6, email = $7, phone = $8, active = $9
                WHERE id = $1
                RETURNING TRUE
                """,
                operator_id,
                *_columns(operator),
            )
    except asyncpg.UniqueViolationError as violation:
        raise OperatorExists(name=operator.name) from violation
    if not found:
        raise NoSuchOperator


def _columns(operator: Operator) -> tuple[object, ...]:
    return (
        operator.name,
        operator.kind,
        operator.offer,
        [one.value for one in operator.fields],
        operator.contact,
        operator.email,
        operator.phone,
        operator.active,
    )


async def name_of_active_operator(tx: Transaction, operator_id: UUID) -> str | None:
    """Return the name of an operator that can be mobilised."""
    name: str | None = await tx.fetchval("SELECT name FROM operator WHERE id = $1 AND active", operator_id)
    return name


async def add_contract(tx: Transaction, contract_id: UUID, contract: Contract, *, at: datetime) -> None:
    """Enter a contract; refuses (`ContractExists`) a reference that is there."""
    try:
        async with tx.savepoint():
            await tx.execute(
                """
                INSERT INTO contract (id, reference, subject, starts_on, ends_on, created_at)
                VALUES ($1, $2, $3, $4, $5, $6)
                """,
                contract_id,
                contract.reference,
                contract.subject,
                contract.starts_on,
                contract.ends_on,
                at,
            )
    except asyncpg.UniqueViolationError as violation:
        raise ContractExists(what=f"Le marché {contract.reference}") from violation


async def any_contract(tx: Transaction) -> bool:
    """Return whether contracts were entered."""
    return bool(await tx.fetchval("SELECT EXISTS (SELECT FROM contract)"))


async def add_lot(tx: Transaction, lot_id: UUID, contract_id: UUID, lot: NewLot, *, at: datetime) -> None:
    """Enter a lot; refuses (`ContractExists`) a number that the contract has, and (`NoSuchContract`) no contract."""
    try:
        async with tx.savepoint():
            await tx.execute(
                """
                INSERT INTO lot (id, contract_id, number, title, holder, email, ceiling_cents, created_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                """,
                lot_id,
                contract_id,
                lot.number,
                lot.title,
                lot.holder,
                lot.email,
                lot.ceiling_cents,
                at,
            )
    except asyncpg.UniqueViolationError as violation:
        raise ContractExists(what=f"Le lot {lot.number}") from violation
    except asyncpg.ForeignKeyViolationError as violation:
        raise NoSuchContract from violation


async def load_lot_for_update(tx: Transaction, lot_id: UUID) -> Lot:
    """Return a lot, locked, so that orders come one after the other."""
    row = await tx.fetchrow(
        """
        SELECT lot.id, contract.reference, lot.number, lot.title, lot.holder, lot.ceiling_cents, lot.committed_cents,
            contract.starts_on, contract.ends_on
        FROM lot
        JOIN contract ON contract.id = lot.contract_id
        WHERE lot.id = $1
        FOR UPDATE OF lot
        """,
        lot_id,
    )
    if row is None:
        raise NoSuchLot
    return _lot(row)


def _lot(row: Row) -> Lot:
    return Lot(
        id=row["id"],
        contract=row["reference"],
        number=row["number"],
        title=row["title"],
        holder=row["holder"],
        ceiling_cents=row["ceiling_cents"],
        starts_on=row["starts_on"],
        ends_on=row["ends_on"],
        committed_cents=row["committed_cents"],
    )


async def save_lot(tx: Transaction, lot: Lot) -> None:
    """Write the ceiling and what is ordered."""
    await tx.execute(
        "UPDATE lot SET ceiling_cents = $2, committed_cents = $3 WHERE id = $1",
        lot.id,
        lot.ceiling_cents,
        lot.committed_cents,
    )


async def add_price(tx: Transaction, price_id: UUID, lot_id: UUID, price: Price, *, at: datetime) -> None:
    """Enter a price of a lot; refuses (`NoSuchLot`)."""
    try:
        async with tx.savepoint():
            await tx.execute(
                """
                INSERT INTO unit_price (id, lot_id, label, unit, price_cents, created_at)
                VALUES ($1, $2, $3, $4, $5, $6)
                """,
                price_id,
                lot_id,
                price.label,
                price.unit,
                price.price_cents,
                at,
            )
    except asyncpg.ForeignKeyViolationError as violation:
        raise NoSuchLot from violation


async def withdraw_price(tx: Transaction, lot_id: UUID, price_id: UUID) -> None:
    """Offer a price no more; refuses (`NoSuchPrice`)."""
    found = await tx.fetchval(
        "UPDATE unit_price SET active = false WHERE id = $1 AND lot_id = $2 RETURNING TRUE", price_id, lot_id
    )
    if not found:
        raise NoSuchPrice


async def active_prices(tx: Transaction, lot_id: UUID) -> dict[UUID, Price]:
    """Return the prices that a lot offers, by their id."""
    rows = await tx.fetch(
        "SELECT id, label, unit, price_cents FROM unit_price WHERE lot_id = $1 AND active ORDER BY created_at, id",
        lot_id,
    )
    return {row["id"]: Price(label=row["label"], unit=row["unit"], price_cents=row["price_cents"]) for row in rows}
