"""The SQL that changes envelopes and mobilisations."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from services.escalation.domain.means import Entry, Envelope, Mobilisation, MobilisationState, OrderLine
from services.escalation.domain.refusals import EnvelopeExists
from shared import calendar
from shared.contracts.escalation import FinancingPlanned, OrderBooked
from shared.contracts.fact import Actor
from shared.contracts.vocabulary import MobilisationKind, OrderEntry, Programme
from shared.db import Row, Transaction
from shared.errors import NotFound


class NoSuchMobilisation(NotFound):
    """The dossier has no such mobilisation (HTTP 404)."""

    code = "no_such_mobilisation"
    title = "No such mobilisation of this dossier"
    sentence = "Cette mobilisation n’existe pas dans ce dossier."


class NoSuchEnvelope(NotFound):
    """There is no such envelope (HTTP 404)."""

    code = "no_such_envelope"
    title = "No such envelope"
    sentence = "Cette enveloppe n’existe pas."


def _envelope(row: Row) -> Envelope:
    return Envelope(
        id=row["id"],
        year=row["year"],
        programme=Programme(row["programme"]) if row["programme"] else None,
        amount_cents=row["amount_cents"],
        committed_cents=row["committed_cents"],
    )


async def add_envelope(tx: Transaction, envelope: Envelope, *, at: datetime) -> None:
    """Open an envelope; refuses (`EnvelopeExists`) a second one for a year and programme."""
    try:
        async with tx.savepoint():
            await tx.execute(
                """
                INSERT INTO envelope (id, year, programme, amount_cents, committed_cents, created_at)
                VALUES ($1, $2, $3, $4, $5, $6)
                """,
                envelope.id,
                envelope.year,
                envelope.programme,
                envelope.amount_cents,
                envelope.committed_cents,
                at,
            )
    except asyncpg.UniqueViolationError as violation:
        raise EnvelopeExists(year=envelope.year) from violation


async def ensure_envelope(tx: Transaction, envelope: Envelope, *, at: datetime) -> None:
    """Open an envelope, unless its year and programme have one."""
    await tx.execute(
        """
        INSERT INTO envelope (id, year, programme, amount_cents, committed_cents, created_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT ON CONSTRAINT envelope_once_a_year DO NOTHING
        """,
        envelope.id,
        envelope.year,
        envelope.programme,
        envelope.amount_cents,
        envelope.committed_cents,
        at,
    )


async def load_envelope_for_update(tx: Transaction, envelope_id: UUID) -> Envelope:
    """Return an envelope, locked, so that commitments come one after the other."""
    row = await tx.fetchrow(
        """
        SELECT id, year, programme, amount_cents, committed_cents
        FROM envelope
        WHERE id = $1
        FOR UPDATE
        """,
        envelope_id,
    )
    if row is None:
        raise NoSuchEnvelope
    return _envelope(row)


_OF_REQUEST = """
    SELECT envelope.id, envelope.year, envelope.programme, envelope.amount_cents, envelope.committed_cents
    FROM envelope
    JOIN escalation ON escalation.request_id = $1
    WHERE envelope.year = $2
        AND (envelope.programme IS NULL OR envelope.programme = escalation.programme)
    ORDER BY envelope.programme NULLS LAST
    LIMIT 1
"""


async def envelope_of_request(tx: Transaction, request_id: UUID, *, year: int) -> Envelope | None:
    """Give the year's envelope of the request's programme, or the general one when it has none of its own."""
    row = await tx.fetchrow(_OF_REQUEST, request_id, year)
    return _envelope(row) if row else None


async def envelope_of_request_for_update(tx: Transaction, request_id: UUID, *, year: int) -> Envelope | None:
    """Give, locked, the year's envelope of the request's programme, or the general one when it has none of its own."""
    row = await tx.fetchrow(f"{_OF_REQUEST} FOR UPDATE OF envelope", request_id, year)
    return _envelope(row) if row else None


async def save_envelope(tx: Transaction, envelope: Envelope) -> None:
    """Write the budget and what is committed."""
    await tx.execute(
        "UPDATE envelope SET amount_cents = $2, committed_cents = $3 WHERE id = $1",
        envelope.id,
        envelope.amount_cents,
        envelope.committed_cents,
    )


async def add_mobilisation(
    tx: Transaction, mobilisation: Mobilisation, *, by: Actor, at: datetime, lines: Sequence[OrderLine] = ()
) -> None:
    """Store a new mobilisation, and what is ordered with it."""
    await tx.execute(
        """
        INSERT INTO mobilisation (
            id, request_id, kind, resource, amount_cents, lot, purchase_order, state, envelope_id, proposed_at,
            proposed_by, changed_at, operator_id, lot_id, lines
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $10, $12, $13, $14)
        """,
        mobilisation.id,
        mobilisation.request_id,
        mobilisation.kind,
        mobilisation.resource,
        mobilisation.amount_cents,
        mobilisation.lot,
        mobilisation.purchase_order,
        mobilisation.state,
        mobilisation.envelope_id,
        at,
        by.model_dump(mode="json"),
        mobilisation.operator_id,
        mobilisation.lot_id,
        [
            {
                "label": line.label,
                "unit": line.unit,
                "quantity": f"{line.quantity:f}",
                "price_cents": line.price_cents,
                "total_cents": line.total_cents,
            }
            for line in lines
        ],
    )


MOBILISATION = """
    id, request_id, kind, resource, amount_cents, lot, purchase_order, state, envelope_id, operator_id, lot_id,
    delivered_cents, paid_cents, proposed_at, cancelled_for
"""


def mobilisation_of(row: Row) -> Mobilisation:
    """Make a mobilisation of a row that has the columns `MOBILISATION`."""
    return Mobilisation(
        id=row["id"],
        request_id=row["request_id"],
        kind=MobilisationKind(row["kind"]),
        resource=row["resource"],
        amount_cents=row["amount_cents"],
        lot=row["lot"],
        purchase_order=row["purchase_order"],
        state=MobilisationState(row["state"]),
        envelope_id=row["envelope_id"],
        operator_id=row["operator_id"],
        lot_id=row["lot_id"],
        delivered_cents=row["delivered_cents"],
        paid_cents=row["paid_cents"],
        cancelled_for=row["cancelled_for"],
        ordered_on=calendar.today(calendar.PARIS, row["proposed_at"]),
    )


async def load_mobilisation_for_update(tx: Transaction, request_id: UUID, mobilisation_id: UUID) -> Mobilisation:
    """Return a mobilisation of a dossier, locked."""
    row = await tx.fetchrow(
        f"""
        SELECT {MOBILISATION}
        FROM mobilisation
        WHERE id = $1 AND request_id = $2
        FOR UPDATE
        """,
        mobilisation_id,
        request_id,
    )
    if row is None:
        raise NoSuchMobilisation
    mobilisation = mobilisation_of(row)
    entries = await tx.fetch(
        "SELECT kind, dated, amount_cents FROM order_entry WHERE mobilisation_id = $1", mobilisation_id
    )
    mobilisation.entries = [Entry(OrderEntry(one["kind"]), one["dated"], one["amount_cents"]) for one in entries]
    return mobilisation


async def load_mobilisations_for_update(tx: Transaction, request_id: UUID) -> list[Mobilisation]:
    """Return all mobilisations of a dossier, locked, in the order of their ids."""
    rows = await tx.fetch(
        f"SELECT {MOBILISATION} FROM mobilisation WHERE request_id = $1 ORDER BY id FOR UPDATE",
        request_id,
    )
    return [mobilisation_of(row) for row in rows]


async def save_mobilisation(tx: Transaction, mobilisation: Mobilisation, *, at: datetime) -> None:
    """Write where a mobilisation stands, and what was delivered and paid of it."""
    await tx.execute(
        """
        UPDATE mobilisation
        SET state = $2, delivered_cents = $3, paid_cents = $4, changed_at = $5, cancelled_for = $6
        WHERE id = $1
        """,
        mobilisation.id,
        mobilisation.state,
        mobilisation.delivered_cents,
        mobilisation.paid_cents,
        at,
        mobilisation.cancelled_for,
    )


async def add_entry(tx: Transaction, fact: OrderBooked) -> None:
    """Record that a part of an order was delivered or paid."""
    await tx.execute(
        """
        INSERT INTO order_entry (id, mobilisation_id, kind, amount_cents, dated, reference, recorded_at, by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        fact.entry_id,
        fact.mobilisation_id,
        fact.entry,
        fact.amount_cents,
        fact.dated,
        fact.reference,
        fact.at,
        fact.by.model_dump(mode="json"),
    )


async def next_order_number(tx: Transaction, year: int) -> str:
    """Return the next number of a year; the year's row stays locked until commit, so that none is lost or doubled."""
    last = await tx.fetchval(
        """
        INSERT INTO order_counter AS counter (year, last)
        VALUES ($1, 1)
        ON CONFLICT (year) DO UPDATE SET last = counter.last + 1
        RETURNING last
        """,
        year,
    )
    return f"BC-{year}-{last:04d}"


async def save_financing(tx: Transaction, fact: FinancingPlanned) -> None:
    """Store who pays what, in place of what was settled before."""
    await tx.execute(
        """
        INSERT INTO financing (request_id, total_cents, shares, set_at, set_by)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (request_id) DO UPDATE
        SET total_cents = EXCLUDED.total_cents, shares = EXCLUDED.shares, set_at = EXCLUDED.set_at,
            set_by = EXCLUDED.set_by
        """,
        fact.request_id,
        fact.total_cents,
        [share.model_dump(mode="json") for share in fact.shares],
        fact.at,
        fact.by.model_dump(mode="json"),
    )
