"""The SQL of reminders: deadlines that are near and not yet reminded of."""

from datetime import date, datetime
from uuid import UUID

from services.qualification.domain.case import INFORMATION, QUESTION, Case
from services.qualification.store.cases import COLUMNS, case_of_row
from shared.db import Transaction


async def load_due_soon(tx: Transaction, *, today: date, soon: date, limit: int) -> list[Case]:
    """Lock cases of which a clock ends between these days and nobody was warned; another copy's are skipped."""
    rows = await tx.fetch(
        f"""
        SELECT {COLUMNS}
        FROM case_file AS c, LATERAL (
            SELECT
                CASE
                    WHEN c.question IS NOT NULL THEN '{QUESTION}'
                    WHEN c.answer_until IS NOT NULL THEN '{INFORMATION}'
                    ELSE c.stage
                END,
                coalesce((c.question ->> 'until')::date, c.answer_until, c.due_on)
        ) AS clock (name, last_day)
        WHERE clock.last_day BETWEEN $1 AND $2
          AND (
              c.state IN ('registered', 'under_examination', 'awaiting_information', 'proposed', 'oriented_locally')
              OR c.state = 'escalated' AND c.question IS NOT NULL
          )
          AND NOT EXISTS (
              SELECT FROM deadline_warning AS w
              WHERE w.request_id = c.request_id
                AND w.departement = c.departement
                AND w.clock = clock.name
                AND w.due_on = clock.last_day
          )
        ORDER BY clock.last_day
        LIMIT $3
        FOR UPDATE OF c SKIP LOCKED
        """,
        today,
        soon,
        limit,
    )
    return [case_of_row(row) for row in rows]


async def note(tx: Transaction, request_id: UUID, departement: str, *, clock: str, due_on: date, at: datetime) -> None:
    """Record a warning."""
    await tx.execute(
        """
        INSERT INTO deadline_warning (request_id, departement, clock, due_on, told_at)
        VALUES ($1, $2, $3, $4, $5)
        """,
        request_id,
        departement,
        clock,
        due_on,
        at,
    )
