"""The SQL that changes what is known of programmes' requests and of evaluations."""

from datetime import datetime
from uuid import UUID

from shared.contracts.intake import EvaluationSubmitted
from shared.contracts.qualification import DirectedToProgramme
from shared.db import Transaction


async def add_programme_request(tx: Transaction, fact: DirectedToProgramme) -> None:
    """Keep a request that was directed to a programme; the last direction counts.

    What the applicant did since may have come before: it comes from another service.
    """
    request = fact.dossier.request
    await tx.execute(
        """
        INSERT INTO programme_request (
            request_id, programme, number, departement, title, applicant_name, directed_at, motive, directed_by,
            dossier, state, changed_at
        )
        SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10,
               CASE WHEN c.at IS NOT NULL THEN 'closed'
                    WHEN w.at IS NOT NULL THEN 'withdrawn'
                    WHEN e.submitted_at > $7 THEN 'evaluated'
                    ELSE 'directed' END,
               greatest($7, w.at, e.submitted_at, c.at)
        FROM (SELECT $1::uuid AS request_id) AS r
        LEFT JOIN early_note AS c ON c.request_id = r.request_id AND c.type = 'intake.request_closed.v1'
        LEFT JOIN withdrawal AS w ON w.request_id = r.request_id
        LEFT JOIN evaluation AS e ON e.request_id = r.request_id
        ON CONFLICT (request_id) DO UPDATE SET
            programme = excluded.programme,
            departement = excluded.departement,
            state = excluded.state,
            directed_at = excluded.directed_at,
            changed_at = excluded.changed_at,
            motive = excluded.motive,
            directed_by = excluded.directed_by,
            dossier = excluded.dossier
        """,
        fact.request_id,
        fact.programme,
        request.number,
        fact.departement,
        request.title,
        request.applicant.name,
        fact.at,
        fact.motive,
        fact.by.model_dump(mode="json"),
        fact.dossier.model_dump(mode="json"),
    )


async def move_programme_request(tx: Transaction, request_id: UUID, *, state: str, at: datetime) -> None:
    """Note what became of a request that was directed to a programme, if this one was."""
    await tx.execute(
        "UPDATE programme_request SET state = $2, changed_at = $3 WHERE request_id = $1", request_id, state, at
    )


async def add_evaluation(tx: Transaction, fact: EvaluationSubmitted) -> None:
    """Keep what an applicant said of the result."""
    await tx.execute(
        """
        INSERT INTO evaluation (
            request_id, number, departement, applicant_name, fields, programme, need_met, progress, satisfaction,
            impact, comment, submitted_at
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        ON CONFLICT (request_id) DO UPDATE SET
            need_met = excluded.need_met,
            progress = excluded.progress,
            satisfaction = excluded.satisfaction,
            impact = excluded.impact,
            comment = excluded.comment,
            submitted_at = excluded.submitted_at
        """,
        fact.request_id,
        fact.number,
        fact.departement,
        fact.applicant.name,
        list(fact.fields),
        fact.programme,
        fact.need_met,
        fact.progress,
        fact.satisfaction,
        fact.impact,
        fact.comment,
        fact.at,
    )
