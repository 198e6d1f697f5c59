"""The SQL of evaluations: answers of applicants, and who must be asked or reminded."""

from datetime import datetime
from typing import Final
from uuid import UUID

from services.intake.domain.life import ENDED
from shared.contracts import intake
from shared.contracts.vocabulary import EvaluationRound
from shared.db import Transaction

HELPED: Final = sorted(ENDED)
"""Where help was given, of which there may be an evaluation."""

REMINDERS: Final = 2
"""How often somebody is reminded in a round."""


async def add(tx: Transaction, fact: intake.EvaluationSubmitted, *, evaluation_id: UUID) -> None:
    """Store what the applicant said."""
    await tx.execute(
        """
        INSERT INTO evaluation (id, request_id, at, need_met, progress, satisfaction, impact, comment, round)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        evaluation_id,
        fact.request_id,
        fact.at,
        fact.need_met,
        fact.progress,
        fact.satisfaction,
        fact.impact,
        fact.comment,
        fact.round,
    )


async def correct(tx: Transaction, fact: intake.EvaluationSubmitted) -> None:
    """Store what the applicant says instead of what they said in the same round."""
    await tx.execute(
        """
        UPDATE evaluation
        SET at = $3, need_met = $4, progress = $5, satisfaction = $6, impact = $7, comment = $8
        WHERE request_id = $1
            AND round = $2
        """,
        fact.request_id,
        fact.round,
        fact.at,
        fact.need_met,
        fact.progress,
        fact.satisfaction,
        fact.impact,
        fact.comment,
    )


async def round_of(tx: Transaction, request_id: UUID) -> EvaluationRound:
    """Return the round in which the applicant answers."""
    found = await tx.fetchval("SELECT round FROM evaluation_asked WHERE request_id = $1", request_id)
    return EvaluationRound(found or EvaluationRound.COMPLETION)


async def note_opened(tx: Transaction, request_id: UUID, *, at: datetime, invited: bool) -> None:
    """Store that the applicant may say what came of it, unless they were asked later than that."""
    await tx.execute(
        """
        INSERT INTO evaluation_asked AS known (request_id, round, asked_at, invited)
        VALUES ($1, 'completion', $2, $3)
        ON CONFLICT (request_id) DO UPDATE SET
            round = excluded.round,
            asked_at = excluded.asked_at,
            invited = excluded.invited OR (known.asked_at = excluded.asked_at AND known.invited),
            reminders = CASE WHEN known.asked_at = excluded.asked_at THEN known.reminders ELSE 0 END
        WHERE known.asked_at <= excluded.asked_at
        """,
        request_id,
        at,
        invited,
    )


async def note_awaited(tx: Transaction, fact: intake.EvaluationAwaited) -> None:
    """Store that the applicant was asked again, or reminded."""
    await tx.execute(
        """
        INSERT INTO evaluation_asked AS known (request_id, round, asked_at, invited)
        VALUES ($1, $2, $3, true)
        ON CONFLICT (request_id) DO UPDATE SET
            round = excluded.round,
            asked_at = CASE WHEN $4 THEN known.asked_at ELSE excluded.asked_at END,
            invited = true,
            reminders = CASE WHEN $4 THEN known.reminders + 1 ELSE 0 END
        """,
        fact.request_id,
        fact.round,
        fact.at,
        fact.reminder,
    )


async def to_ask_again(tx: Transaction, *, asked_before: datetime, most: int) -> list[UUID]:
    """Lock the requests of which it is time to ask once more, leaving those that another copy has in hand."""
    rows = await tx.fetch(
        """
        SELECT request.id
        FROM evaluation_asked
        JOIN request ON request.id = evaluation_asked.request_id
        WHERE evaluation_asked.round = 'completion'
            AND evaluation_asked.asked_at < $1
            AND request.status = ANY($2)
        ORDER BY evaluation_asked.asked_at
        LIMIT $3
        FOR UPDATE SKIP LOCKED
        """,
        asked_before,
        HELPED,
        most,
    )
    return [row["id"] for row in rows]


async def to_remind(tx: Transaction, *, days: int, at: datetime, most: int) -> list[tuple[UUID, EvaluationRound]]:
    """Lock the requests whose applicant has not answered so many days after they were asked, or last reminded."""
    rows = await tx.fetch(
        """
        SELECT request.id, evaluation_asked.round
        FROM evaluation_asked
        JOIN request ON request.id = evaluation_asked.request_id
        WHERE evaluation_asked.invited
            AND evaluation_asked.reminders < $3
            AND evaluation_asked.asked_at + make_interval(days => $1 * (evaluation_asked.reminders + 1)) < $2
            AND request.evaluation_open
            AND request.status = ANY($4)
        ORDER BY evaluation_asked.asked_at
        LIMIT $5
        FOR UPDATE SKIP LOCKED
        """,
        days,
        at,
        REMINDERS,
        HELPED,
        most,
    )
    return [(row["id"], EvaluationRound(row["round"])) for row in rows]
