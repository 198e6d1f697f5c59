"""The SQL that changes envelopes, mobilisations and milestones."""

from datetime import date, datetime
from uuid import UUID

import asyncpg

from services.escalation.domain.dossier import Milestone
from services.escalation.domain.means import Envelope, Mobilisation, MobilisationState
from services.escalation.domain.refusals import EnvelopeExists
from shared.contracts.fact import Actor
from shared.contracts.vocabulary import MobilisationKind, Programme
from shared.db import Row, Transaction
from shared.errors import NotFound


class NoSuchMobilisation(NotFound):
    """The dossier has no such mobilisation (HTTP 404)."""

    code = "no_such_mobilisation"
    title = "No such mobilisation of this dossier"
    sentence = "Cette mobilisation n’existe pas dans ce dossier."


class NoSuchMilestone(NotFound):
    """The dossier has no such milestone (HTTP 404)."""

    code = "no_such_milestone"
    title = "No such milestone of this dossier"
    sentence = "Ce jalon n’existe pas dans ce dossier."


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
    """Give an envelope, locked, so that commitments come one after the other."""
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


async def envelope_of_request_for_update(tx: Transaction, request_id: UUID, *, year: int) -> Envelope | None:
    """Give, locked, the year's envelope of the request's programme, or the general one when it has none of its own."""
    row = await tx.fetchrow(
        """
        SELECT envelope.id, envelope.year, envelope.programme, envelope.amount_cents, envelope.committed_cents
        FROM envelope
        JOIN escalation ON escalation.request_id = $1
        WHERE envelope.year = $2
            AND (envelope.programme IS NULL OR envelope.programme = escalation.programme)
        ORDER BY envelope.programme NULLS LAST
        LIMIT 1
        FOR UPDATE OF envelope
        """,
        request_id,
        year,
    )
    return _envelope(row) if row else None


async def save_envelope(tx: Transaction, envelope: Envelope) -> None:
    """Write the budget and what is committed."""
    await tx.execute(
        "UPDATE envelope SET amount_cents = $2, committed_cents = $3 WHERE id = $1",
        envelope.id,
        envelope.amount_cents,
        envelope.committed_cents,
    )


async def add_mobilisation(tx: Transaction, mobilisation: Mobilisation, *, by: Actor, at: datetime) -> None:
    """Keep a new mobilisation."""
    await tx.execute(
        """
        INSERT INTO mobilisation (
            id, request_id, kind, resource, amount_cents, lot, purchase_order, state, envelope_id, proposed_at,
            proposed_by, changed_at
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $10)
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
    )


async def load_mobilisation_for_update(tx: Transaction, request_id: UUID, mobilisation_id: UUID) -> Mobilisation:
    """Give a mobilisation of a dossier, locked."""
    row = await tx.fetchrow(
        """
        SELECT id, request_id, kind, resource, amount_cents, lot, purchase_order, state, envelope_id
        FROM mobilisation
        WHERE id = $1 AND request_id = $2
        FOR UPDATE
        """,
        mobilisation_id,
        request_id,
    )
    if row is None:
        raise NoSuchMobilisation
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
    )


async def save_mobilisation(tx: Transaction, mobilisation: Mobilisation, *, at: datetime) -> None:
    """Write where a mobilisation stands."""
    await tx.execute(
        "UPDATE mobilisation SET state = $2, changed_at = $3 WHERE id = $1",
        mobilisation.id,
        mobilisation.state,
        at,
    )


async def add_milestone(
    tx: Transaction, milestone: Milestone, request_id: UUID, *, deliverable: str | None, at: datetime
) -> None:
    """Keep a new milestone."""
    await tx.execute(
        """
        INSERT INTO milestone (id, request_id, title, deliverable, due_on, planned_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        milestone.id,
        request_id,
        milestone.title,
        deliverable,
        milestone.due_on,
        at,
    )


async def load_milestone_for_update(tx: Transaction, request_id: UUID, milestone_id: UUID) -> Milestone:
    """Give a milestone of a dossier, locked."""
    row = await tx.fetchrow(
        """
        SELECT id, title, due_on, reached_on, overdue_told
        FROM milestone
        WHERE id = $1 AND request_id = $2
        FOR UPDATE
        """,
        milestone_id,
        request_id,
    )
    if row is None:
        raise NoSuchMilestone
    return Milestone(row["id"], row["title"], row["due_on"], row["reached_on"], row["overdue_told"])


async def claim_overdue_milestones(tx: Transaction, *, today: date) -> list[tuple[UUID, Milestone]]:
    """Lock late milestones that were not told, each with its request, leaving those that somebody else holds."""
    rows = await tx.fetch(
        """
        SELECT milestone.request_id, milestone.id, milestone.title, milestone.due_on, milestone.reached_on,
            milestone.overdue_told
        FROM milestone
        JOIN escalation ON escalation.request_id = milestone.request_id
        WHERE milestone.reached_on IS NULL
            AND NOT milestone.overdue_told
            AND milestone.due_on < $1
            AND escalation.state = 'accompanied'
        ORDER BY milestone.due_on
        LIMIT 100
        FOR UPDATE SKIP LOCKED
        """,
        today,
    )
    return [
        (
            row["request_id"],
            Milestone(row["id"], row["title"], row["due_on"], row["reached_on"], row["overdue_told"]),
        )
        for row in rows
    ]


async def save_milestone(tx: Transaction, milestone: Milestone) -> None:
    """Write that a milestone is reached, or that its delay was told."""
    await tx.execute(
        "UPDATE milestone SET reached_on = $2, overdue_told = $3 WHERE id = $1",
        milestone.id,
        milestone.reached_on,
        milestone.overdue_told,
    )
