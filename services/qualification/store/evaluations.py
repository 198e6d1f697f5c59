"""Rows of applicants' evaluations."""

from services.qualification.domain.case import Case
from shared.contracts.intake import EvaluationSubmitted
from shared.db import Transaction


async def insert(tx: Transaction, case: Case, fact: EvaluationSubmitted) -> None:
    """Store what an applicant said: the latest word of each round."""
    await tx.execute(
        """
        INSERT INTO evaluation (
            request_id, departement, round, need_met, progress, satisfaction, impact, comment, submitted_at
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (request_id, departement, round) DO UPDATE SET
            need_met = excluded.need_met,
            progress = excluded.progress,
            satisfaction = excluded.satisfaction,
            impact = excluded.impact,
            comment = excluded.comment,
            submitted_at = excluded.submitted_at
        WHERE evaluation.submitted_at < excluded.submitted_at
        """,
        case.request_id,
        case.departement,
        fact.round,
        fact.need_met,
        fact.progress,
        fact.satisfaction,
        fact.impact,
        fact.comment,
        fact.at,
    )
