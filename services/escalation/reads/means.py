"""Read models of envelopes (allocated, committed, delivered, paid, left) and of the orders on them."""

from datetime import datetime
from typing import Final
from uuid import UUID

from pydantic import BaseModel

from services.escalation.domain.means import MobilisationState
from services.escalation.domain.moves import Action, By
from services.escalation.store.means import NoSuchEnvelope
from shared.contracts.vocabulary import MobilisationKind, Programme
from shared.db import Reader, Row
from shared.web.paging import Page, Paged


class EnvelopeRow(BaseModel):
    """A year's budget, in euro cents; general when it has no programme."""

    id: UUID
    year: int
    programme: Programme | None
    amount_cents: int
    committed_cents: int
    available_cents: int
    delivered_cents: int
    paid_cents: int
    orders: int
    allowed_actions: list[str]


class OrderRow(BaseModel):
    """A mobilisation that costs something, and of which dossier; all amounts in euro cents."""

    id: UUID
    request_id: UUID
    number: str
    title: str
    applicant_name: str
    departement: str
    kind: MobilisationKind
    resource: str
    lot: str | None
    purchase_order: str | None
    state: MobilisationState
    amount_cents: int
    committed_cents: int
    delivered_cents: int
    paid_cents: int
    proposed_at: datetime


_ENVELOPES: Final = """
    SELECT envelope.id, envelope.year, envelope.programme, envelope.amount_cents, envelope.committed_cents,
        envelope.amount_cents - envelope.committed_cents AS available_cents,
        used.delivered_cents, used.paid_cents, used.orders
    FROM envelope
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(delivered_cents), 0)::bigint AS delivered_cents,
            coalesce(sum(paid_cents), 0)::bigint AS paid_cents,
            count(*) AS orders
        FROM mobilisation
        WHERE mobilisation.envelope_id = envelope.id
    ) AS used
"""


def _envelope(row: Row, by: By) -> EnvelopeRow:
    allowed = ["amount"] if by.may(Action.ENVELOPES) else []
    return EnvelopeRow.model_validate({**dict(row), "allowed_actions": allowed})


async def envelopes(
    reader: Reader, *, year: int | None, programme: Programme | None, by: By, page: Page
) -> Paged[EnvelopeRow]:
    """Return envelopes, the latest year first, the general one before those of programmes."""
    rows = await reader.fetch(
        f"""
        {_ENVELOPES}
        WHERE ($1::integer IS NULL OR year = $1) AND ($2::text IS NULL OR programme = $2)
        ORDER BY year DESC, programme NULLS FIRST
        LIMIT $3 OFFSET $4
        """,
        year,
        programme,
        page.limit,
        page.offset,
    )
    total = await _count_envelopes(reader, year, programme)
    return Paged(items=[_envelope(row, by) for row in rows], total=total, page=page.number)


async def _count_envelopes(reader: Reader, year: int | None, programme: Programme | None) -> int:
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
    """Return one envelope; refuses (`NoSuchEnvelope`)."""
    row = await reader.fetchrow(f"{_ENVELOPES} WHERE envelope.id = $1", envelope_id)
    if row is None:
        raise NoSuchEnvelope
    return _envelope(row, by)


async def envelope_of_request(reader: Reader, request_id: UUID, *, year: int, by: By) -> EnvelopeRow | None:
    """Return the envelope that an order for this request would be committed on: its programme's, or the general one."""
    row = await reader.fetchrow(
        f"""
        {_ENVELOPES}
        JOIN escalation ON escalation.request_id = $1
        WHERE envelope.year = $2
            AND (envelope.programme IS NULL OR envelope.programme = escalation.programme)
        ORDER BY envelope.programme NULLS LAST
        LIMIT 1
        """,
        request_id,
        year,
    )
    return _envelope(row, by) if row else None


async def promised_cents(reader: Reader, envelope: EnvelopeRow) -> int:
    """Return what was granted to dossiers of an envelope and is not mobilised yet."""
    promised: int = await reader.fetchval(
        """
        SELECT coalesce(sum(greatest(decision.amount_cents - used.committed_cents, 0)), 0)::bigint
        FROM decision
        JOIN escalation USING (request_id)
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(committed_cents), 0) AS committed_cents
            FROM mobilisation
            WHERE mobilisation.request_id = escalation.request_id
        ) AS used
        WHERE decision.outcome IN ('granted', 'granted_with_reserve')
            AND decision.replaced_by IS NULL
            AND escalation.state IN ('granted', 'granted_with_reserve', 'mobilising', 'accompanied')
            AND CASE
                WHEN $2::text IS NULL THEN NOT EXISTS (
                    SELECT FROM envelope WHERE envelope.year = $1 AND envelope.programme = escalation.programme
                )
                ELSE escalation.programme = $2
            END
        """,
        envelope.year,
        envelope.programme,
    )
    return promised


async def orders(
    reader: Reader, *, envelope_id: UUID | None = None, lot_id: UUID | None = None, page: Page
) -> Paged[OrderRow]:
    """Return what draws on an envelope or on a lot, the latest first."""
    rows = await reader.fetch(
        """
        SELECT mobilisation.id, mobilisation.request_id, escalation.number, escalation.title,
            escalation.applicant_name, escalation.departement, mobilisation.kind, mobilisation.resource,
            mobilisation.lot, mobilisation.purchase_order, mobilisation.state, mobilisation.amount_cents,
            mobilisation.committed_cents, mobilisation.delivered_cents, mobilisation.paid_cents,
            mobilisation.proposed_at
        FROM mobilisation
        JOIN escalation USING (request_id)
        WHERE mobilisation.amount_cents > 0
            AND ($1::uuid IS NULL OR mobilisation.envelope_id = $1)
            AND ($2::uuid IS NULL OR mobilisation.lot_id = $2)
        ORDER BY mobilisation.proposed_at DESC, mobilisation.id
        LIMIT $3 OFFSET $4
        """,
        envelope_id,
        lot_id,
        page.limit,
        page.offset,
    )
    total = await _count_orders(reader, envelope_id, lot_id)
    return Paged(items=[OrderRow.model_validate(dict(row)) for row in rows], total=total, page=page.number)


async def _count_orders(reader: Reader, envelope_id: UUID | None, lot_id: UUID | None) -> int:
    total: int = await reader.fetchval(
        """
        SELECT count(*)
        FROM mobilisation
        WHERE amount_cents > 0
            AND ($1::uuid IS NULL OR envelope_id = $1)
            AND ($2::uuid IS NULL OR lot_id = $2)
        """,
        envelope_id,
        lot_id,
    )
    return total
