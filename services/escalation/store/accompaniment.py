"""The SQL that changes the milestones of an accompaniment."""

from datetime import date, datetime
from uuid import UUID

from services.escalation.domain.dossier import Milestone
from shared.db import Transaction
from shared.errors import NotFound


class NoSuchMilestone(NotFound):
    """The dossier has no such milestone (HTTP 404)."""

    code = "no_such_milestone"
    title = "No such milestone of this dossier"
    sentence = "Ce jalon n’existe pas dans ce dossier."


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
