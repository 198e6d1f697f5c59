"""Envelopes: what there is, what is committed, what is left."""

from uuid import UUID

from pydantic import BaseModel

from services.escalation.domain.moves import Action, By
from shared.contracts.vocabulary import Programme
from shared.db import Reader, Row


class EnvelopeRow(BaseModel):
    """A year's budget, in euro cents; general when it has no programme."""

    id: UUID
    year: int
    programme: Programme | None
    amount_cents: int
    committed_cents: int
    available_cents: int
    allowed_actions: list[str]


def _envelope(row: Row, by: By) -> EnvelopeRow:
    allowed = ["amount"] if by.may(Action.ENVELOPES) else []
    return EnvelopeRow.model_validate({**dict(row), "allowed_actions": allowed})


async def envelopes(
    reader: Reader, *, year: int | None, programme: Programme | None, by: By, limit: int, offset: int
) -> list[EnvelopeRow]:
    """Give envelopes, the latest year first, the general one before those of programmes."""
    rows = await reader.fetch(
        """
        SELECT id, year, programme, amount_cents, committed_cents, amount_cents - committed_cents AS available_cents
        FROM envelope
        WHERE ($1::integer IS NULL OR year = $1) AND ($2::text IS NULL OR programme = $2)
        ORDER BY year DESC, programme NULLS FIRST
        LIMIT $3 OFFSET $4
        """,
        year,
        programme,
        limit,
        offset,
    )
    return [_envelope(row, by) for row in rows]


async def count_envelopes(reader: Reader, *, year: int | None, programme: Programme | None) -> int:
    """Count the envelopes that such a list would show."""
    total: int = await reader.fetchval(
        """
        SELECT count(*)
        FROM envelope
        WHERE ($1::integer IS NULL OR year = $1) AND ($2::text IS NULL OR programme = $2)
        """,
        year,
        programme,
    )
    return total


async def envelope(reader: Reader, envelope_id: UUID, *, by: By) -> EnvelopeRow:
    """Give one envelope, which exists."""
    row = await reader.fetchrow(
        """
        SELECT id, year, programme, amount_cents, committed_cents, amount_cents - committed_cents AS available_cents
        FROM envelope
        WHERE id = $1
        """,
        envelope_id,
    )
    assert row is not None, "an envelope is never deleted"  # noqa: S101 - says what the caller promised
    return _envelope(row, by)
