"""Statistics of all requests: outcomes, places, response times of the départements, and costs."""

from typing import Final

from pydantic import BaseModel

from services.escalation.domain.perimeter import Perimeter
from shared.db import Reader

OUTCOMES: Final = (
    "departement_pending",
    "local",
    "programme",
    "departement_refused",
    "national_pending",
    "national_granted",
    "national_refused",
    "withdrawn",
)
"""Each request is in one of them: in whose hands it is, or what was answered."""


class DelayRow(BaseModel):
    """How long something took, in days: median and 90th percentile of the `count` requests that went through it."""

    count: int
    median_days: float | None
    p90_days: float | None


class MoneyRow(BaseModel):
    """Euro cents: granted by the committee, committed on envelopes, of which delivered; and paid by départements."""

    granted_cents: int
    committed_cents: int
    delivered_cents: int
    local_support_cents: int


class OverviewView(BaseModel):
    """All requests of the caller's perimeter, wherever they were answered.

    `share_answered_locally`: of those that have an answer, how many a local provider or the département helps.
    """

    requests: int
    outcomes: dict[str, int]
    by_departement: dict[str, int]
    share_answered_locally: float | None
    registration: DelayRow
    first_answer: DelayRow
    money: MoneyRow


_SEEN: Final = """
    ($1::text[] IS NULL OR f.departement = ANY($1))
    AND ($2::text[] IS NULL OR coalesce(f.programme, f.asked_programme) = ANY($2))
"""

_OUTCOME: Final = """
    CASE
        WHEN f.withdrawn_at IS NOT NULL THEN 'withdrawn'
        WHEN f.outcome = 'escalation' THEN
            CASE
                WHEN e.state IN ('granted', 'granted_with_reserve', 'mobilising', 'accompanied', 'completed')
                    THEN 'national_granted'
                WHEN e.state = 'refused' THEN 'national_refused'
                WHEN e.state = 'returned' THEN 'departement_pending'
                ELSE 'national_pending'
            END
        WHEN f.outcome IN ('local_orientation', 'local_support') THEN 'local'
        WHEN f.outcome = 'programme' THEN 'programme'
        WHEN f.outcome = 'refusal' THEN 'departement_refused'
        ELSE 'departement_pending'
    END
"""

_ANSWERED: Final = ("local", "programme", "departement_refused", "national_granted", "national_refused")


async def overview(reader: Reader, *, perimeter: Perimeter) -> OverviewView:
    """Return the figures of all requests that the caller sees."""
    outcomes = await _outcomes(reader, perimeter)
    answered = sum(outcomes[outcome] for outcome in _ANSWERED)
    return OverviewView(
        requests=sum(outcomes.values()),
        outcomes=outcomes,
        by_departement=await _by_departement(reader, perimeter),
        share_answered_locally=round(outcomes["local"] / answered, 3) if answered else None,
        registration=await _delay(reader, "registered_at", perimeter),
        first_answer=await _delay(reader, "first_answer_at", perimeter),
        money=await _money(reader, perimeter),
    )


async def _outcomes(reader: Reader, perimeter: Perimeter) -> dict[str, int]:
    rows = await reader.fetch(
        f"""
        SELECT {_OUTCOME} AS outcome, count(*)::int AS requests
        FROM followed AS f
        LEFT JOIN escalation AS e USING (request_id)
        WHERE f.submitted_at IS NOT NULL AND {_SEEN}
        GROUP BY 1
        """,
        perimeter.departements,
        perimeter.programmes,
    )
    found = {row["outcome"]: row["requests"] for row in rows}
    return {outcome: found.get(outcome, 0) for outcome in OUTCOMES}


async def _by_departement(reader: Reader, perimeter: Perimeter) -> dict[str, int]:
    rows = await reader.fetch(
        f"""
        SELECT f.departement, count(*)::int AS requests
        FROM followed AS f
        WHERE f.submitted_at IS NOT NULL AND {_SEEN}
        GROUP BY f.departement
        ORDER BY f.departement
        """,
        perimeter.departements,
        perimeter.programmes,
    )
    return {row["departement"]: row["requests"] for row in rows}


async def _delay(reader: Reader, until: str, perimeter: Perimeter) -> DelayRow:
    row = await reader.fetchrow(
        f"""
        WITH taken AS (
            SELECT extract(epoch FROM f.{until} - f.submitted_at)::float / 86400 AS days
            FROM followed AS f
            WHERE f.{until} >= f.submitted_at AND {_SEEN}
        )
        SELECT count(*)::int AS count,
            round(percentile_cont(0.5) WITHIN GROUP (ORDER BY days)::numeric, 1)::float AS median_days,
            round(percentile_cont(0.9) WITHIN GROUP (ORDER BY days)::numeric, 1)::float AS p90_days
        FROM taken
        """,
        perimeter.departements,
        perimeter.programmes,
    )
    return DelayRow.model_validate(dict(row or {}))


async def _money(reader: Reader, perimeter: Perimeter) -> MoneyRow:
    row = await reader.fetchrow(
        """
        WITH seen AS (
            SELECT request_id, state
            FROM escalation
            WHERE ($1::text[] IS NULL OR departement = ANY($1)) AND ($2::text[] IS NULL OR programme = ANY($2))
        )
        SELECT
            (
                SELECT coalesce(sum(amount_cents), 0)::bigint
                FROM decision
                JOIN seen USING (request_id)
                WHERE outcome IN ('granted', 'granted_with_reserve') AND replaced_by IS NULL
                    AND seen.state <> 'withdrawn'
            ) AS granted_cents,
            (
                SELECT coalesce(sum(committed_cents), 0)::bigint
                FROM mobilisation
                JOIN seen USING (request_id)
            ) AS committed_cents,
            (
                SELECT coalesce(sum(delivered_cents), 0)::bigint
                FROM mobilisation
                JOIN seen USING (request_id)
            ) AS delivered_cents,
            (
                SELECT coalesce(sum(local_support_cents), 0)::bigint
                FROM followed
                WHERE ($1::text[] IS NULL OR departement = ANY($1)) AND $2::text[] IS NULL AND withdrawn_at IS NULL
            ) AS local_support_cents
        """,
        perimeter.departements,
        perimeter.programmes,
    )
    return MoneyRow.model_validate(dict(row or {}))
