"""The SQL that stores the outcome of every request for the statistics; events may arrive in any order."""

from datetime import datetime
from uuid import UUID

from shared.contracts.intake import RequestSubmitted
from shared.db import Transaction


async def note_submitted(tx: Transaction, fact: RequestSubmitted) -> None:
    """A request was filed: who asks, for what."""
    request = fact.request
    await tx.execute(
        """
        INSERT INTO followed AS f (
            request_id, departement, departement_at, number, region, applicant_name, kind, fields, asked_programme,
            submitted_at
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (request_id) DO UPDATE SET
            departement = coalesce(f.departement, excluded.departement),
            departement_at = coalesce(f.departement_at, excluded.departement_at),
            number = excluded.number,
            region = excluded.region,
            applicant_name = excluded.applicant_name,
            kind = excluded.kind,
            fields = excluded.fields,
            asked_programme = excluded.asked_programme,
            submitted_at = excluded.submitted_at
        """,
        fact.request_id,
        fact.departement,
        fact.at,
        request.number,
        request.applicant.region,
        request.applicant.name,
        request.kind,
        list(request.fields),
        request.programme,
        request.submitted_at,
    )


async def note_registered(tx: Transaction, request_id: UUID, departement: str, at: datetime) -> None:
    """A département took it: the latest one has it in charge, the first time counts for delays."""
    await tx.execute(
        """
        INSERT INTO followed AS f (request_id, departement, departement_at, registered_at)
        VALUES ($1, $2, $3, $3)
        ON CONFLICT (request_id) DO UPDATE SET
            departement =
                CASE WHEN f.departement_at > excluded.departement_at THEN f.departement ELSE excluded.departement END,
            departement_at = greatest(f.departement_at, excluded.departement_at),
            registered_at = least(f.registered_at, excluded.registered_at)
        """,
        request_id,
        departement,
        at,
    )


async def note_outcome(
    tx: Transaction,
    request_id: UUID,
    outcome: str | None,
    *,
    at: datetime,
    provider: str | None = None,
    programme: str | None = None,
    cents: int | None = None,
) -> None:
    """The département answered, or looks for an answer again (None): the latest counts, the first for delays."""
    await tx.execute(
        """
        INSERT INTO followed AS f (
            request_id, outcome, outcome_at, provider, programme, local_support_cents, first_answer_at
        )
        VALUES ($1, $2::text, $3::timestamptz, $4, $5, $6, CASE WHEN $2::text IS NOT NULL THEN $3::timestamptz END)
        ON CONFLICT (request_id) DO UPDATE SET
            outcome = CASE WHEN f.outcome_at > excluded.outcome_at THEN f.outcome ELSE excluded.outcome END,
            provider = CASE WHEN f.outcome_at > excluded.outcome_at THEN f.provider ELSE excluded.provider END,
            programme = CASE WHEN f.outcome_at > excluded.outcome_at THEN f.programme ELSE excluded.programme END,
            local_support_cents = CASE
                WHEN f.outcome_at > excluded.outcome_at THEN f.local_support_cents
                ELSE excluded.local_support_cents
            END,
            outcome_at = greatest(f.outcome_at, excluded.outcome_at),
            first_answer_at = least(f.first_answer_at, excluded.first_answer_at)
        """,
        request_id,
        outcome,
        at,
        provider,
        programme,
        cents,
    )


async def note_withdrawn(tx: Transaction, request_id: UUID, at: datetime) -> None:
    """It was accepted that the applicant withdraws."""
    await tx.execute(
        """
        INSERT INTO followed AS f (request_id, withdrawn_at)
        VALUES ($1, $2)
        ON CONFLICT (request_id) DO UPDATE SET withdrawn_at = excluded.withdrawn_at
        """,
        request_id,
        at,
    )
