"""Rows of the départements' yearly envelopes, locked while money is committed."""

from datetime import datetime
from uuid import UUID

from shared.clock import new_id
from shared.db import Transaction


async def lock(tx: Transaction, departement: str, year: int, default_cents: int) -> int:
    """Open the year's envelope if need be, lock it, and give what is left of it, in euro cents."""
    await tx.execute(
        """
        INSERT INTO envelope (departement, year, amount_cents)
        VALUES ($1, $2, $3)
        ON CONFLICT (departement, year) DO NOTHING
        """,
        departement,
        year,
        default_cents,
    )
    left: int = await tx.fetchval(
        """
        SELECT amount_cents - committed_cents
        FROM envelope
        WHERE departement = $1 AND year = $2
        FOR UPDATE
        """,
        departement,
        year,
    )
    return left


async def commit(
    tx: Transaction, *, departement: str, year: int, request_id: UUID, amount_cents: int, at: datetime
) -> None:
    """Spend from an envelope; the table itself refuses to go below zero."""
    await tx.execute(
        """
        WITH spent AS (
            UPDATE envelope SET committed_cents = committed_cents + $5
            WHERE departement = $2 AND year = $3
        )
        INSERT INTO envelope_commitment (id, departement, year, request_id, amount_cents, at)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        new_id(),
        departement,
        year,
        request_id,
        amount_cents,
        at,
    )


async def release(tx: Transaction, *, departement: str, request_id: UUID, at: datetime) -> None:
    """Give back what is committed for a request, to the envelope of the year that it was committed on."""
    await tx.execute(
        """
        WITH released AS (
            UPDATE envelope_commitment SET released_at = $3
            WHERE departement = $1
              AND request_id = $2
              AND released_at IS NULL
              AND settled_at IS NULL
            RETURNING year, amount_cents
        )
        UPDATE envelope AS e SET committed_cents = committed_cents - r.amount_cents
        FROM (SELECT year, sum(amount_cents)::bigint AS amount_cents FROM released GROUP BY year) AS r
        WHERE e.departement = $1
          AND e.year = r.year
        """,
        departement,
        request_id,
        at,
    )


async def settle(tx: Transaction, *, departement: str, request_id: UUID, back_cents: int, at: datetime) -> None:
    """Give back what was not spent of a support whose work stopped; the rest is spent for good."""
    await tx.execute(
        """
        WITH settled AS (
            UPDATE envelope_commitment SET amount_cents = amount_cents - $3, settled_at = $4
            WHERE departement = $1
              AND request_id = $2
              AND released_at IS NULL
              AND settled_at IS NULL
            RETURNING year
        )
        UPDATE envelope AS e SET committed_cents = committed_cents - $3
        FROM settled AS s
        WHERE e.departement = $1
          AND e.year = s.year
        """,
        departement,
        request_id,
        back_cents,
        at,
    )
