"""The SQL that changes an accompaniment: milestones, progress, deliverables, providers' links."""

from datetime import date, datetime
from uuid import UUID

from services.escalation.domain.accompaniment import Milestone
from shared.accompaniment import NoSuchMilestone
from shared.contracts.escalation import DeliverableAdded, MilestonePostponed, ProgressReported, ProviderInvited
from shared.contracts.intake import ProgressTold
from shared.contracts.vocabulary import Team
from shared.db import Row, Transaction
from shared.documents import Stored


async def add_milestone(
    tx: Transaction, milestone: Milestone, request_id: UUID, *, deliverable: str | None, at: datetime
) -> None:
    """Store a new milestone."""
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
    """Return a milestone of a dossier, locked."""
    row = await tx.fetchrow(
        """
        SELECT id, title, due_on, reached_on, overdue_told, soon_told, cancelled_for
        FROM milestone
        WHERE id = $1 AND request_id = $2
        FOR UPDATE
        """,
        milestone_id,
        request_id,
    )
    if row is None:
        raise NoSuchMilestone
    return _milestone(row)


def _milestone(row: Row) -> Milestone:
    return Milestone(
        row["id"],
        row["title"],
        row["due_on"],
        row["reached_on"],
        row["overdue_told"],
        soon_told=row["soon_told"],
        cancelled_for=row["cancelled_for"],
    )


async def claim_overdue_milestones(tx: Transaction, *, today: date) -> list[tuple[UUID, Milestone]]:
    """Lock late milestones that were not published, each with its request, skipping locked ones."""
    return await _claim(tx, "NOT milestone.overdue_told AND milestone.due_on < $1", today)


async def claim_milestones_due_soon(tx: Transaction, *, today: date, soon: date) -> list[tuple[UUID, Milestone]]:
    """Lock milestones of these days without reminder, each with its request, skipping locked ones."""
    nearly = "NOT milestone.soon_told AND NOT milestone.overdue_told AND milestone.due_on BETWEEN $1 AND $2"
    return await _claim(tx, nearly, today, soon)


async def _claim(tx: Transaction, which: str, *days: date) -> list[tuple[UUID, Milestone]]:
    rows = await tx.fetch(
        f"""
        SELECT milestone.request_id, milestone.id, milestone.title, milestone.due_on, milestone.reached_on,
            milestone.overdue_told, milestone.soon_told, milestone.cancelled_for
        FROM milestone
        JOIN escalation ON escalation.request_id = milestone.request_id
        WHERE milestone.reached_on IS NULL
            AND milestone.cancelled_for IS NULL
            AND {which}
            AND escalation.state = 'accompanied'
        ORDER BY milestone.due_on
        LIMIT 100
        FOR UPDATE SKIP LOCKED
        """,
        *days,
    )
    return [(row["request_id"], _milestone(row)) for row in rows]


async def save_milestone(tx: Transaction, milestone: Milestone) -> None:
    """Store that a milestone is reached, or that its reminder or its delay was published."""
    await tx.execute(
        """
        UPDATE milestone SET reached_on = $2, overdue_told = $3, soon_told = $4, cancelled_for = $5 WHERE id = $1
        """,
        milestone.id,
        milestone.reached_on,
        milestone.overdue_told,
        milestone.soon_told,
        milestone.cancelled_for,
    )


async def load_milestones(tx: Transaction, request_id: UUID) -> list[Milestone]:
    """Return the milestones of a dossier, which is locked, in the order of their dates."""
    rows = await tx.fetch(
        """
        SELECT id, title, due_on, reached_on, overdue_told, soon_told, cancelled_for
        FROM milestone
        WHERE request_id = $1
        ORDER BY due_on, id
        """,
        request_id,
    )
    return [_milestone(row) for row in rows]


async def note_postponed(tx: Transaction, fact: MilestonePostponed) -> None:
    """Write a milestone's new date, and why; the date that it had first stays on record."""
    await tx.execute(
        """
        UPDATE milestone
        SET due_on = $2, overdue_told = false, soon_told = false, postponed_for = $3,
            first_due_on = coalesce(first_due_on, $4)
        WHERE id = $1
        """,
        fact.milestone_id,
        fact.due_on,
        fact.motive,
        fact.was_due_on,
    )


async def add_progress(tx: Transaction, fact: ProgressReported | ProgressTold, *, team: Team, author: str) -> None:
    """Store a progress report."""
    await tx.execute(
        """
        INSERT INTO progress (id, request_id, milestone_id, at, team, author, percent, text)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        fact.report_id,
        fact.request_id,
        fact.milestone_id,
        fact.at,
        team,
        author,
        fact.percent,
        fact.text,
    )


async def stored_deliverables(tx: Transaction, request_id: UUID) -> Stored:
    """Return how many deliverables a dossier has, and their bytes together."""
    row = await tx.fetchrow(
        "SELECT count(*) AS files, coalesce(sum(size), 0)::bigint AS size FROM deliverable WHERE request_id = $1",
        request_id,
    )
    return Stored(**row) if row else Stored()


async def add_deliverable(tx: Transaction, fact: DeliverableAdded, content: bytes | None) -> None:
    """Store a file; without its bytes in a database that is rebuilt."""
    await tx.execute(
        """
        INSERT INTO deliverable (
            id, request_id, milestone_id, at, team, author, name, media_type, size, sha256, content
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        """,
        fact.document.id,
        fact.request_id,
        fact.milestone_id,
        fact.at,
        fact.team,
        fact.author,
        fact.document.name,
        fact.document.media_type,
        fact.document.size,
        fact.document.sha256,
        content,
    )


async def next_link_generation(tx: Transaction, mobilisation_id: UUID) -> int:
    """Return the generation of the next link of a mobilisation, which is locked."""
    generation: int = await tx.fetchval(
        "SELECT coalesce(max(generation), 0) + 1 FROM provider_link WHERE mobilisation_id = $1", mobilisation_id
    )
    return generation


async def save_link(tx: Transaction, fact: ProviderInvited) -> None:
    """Let the new link open, and no other."""
    await tx.execute(
        """
        INSERT INTO provider_link (mobilisation_id, email, generation, invited_at, invited_by)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (mobilisation_id) DO UPDATE
        SET email = EXCLUDED.email, generation = EXCLUDED.generation, invited_at = EXCLUDED.invited_at,
            invited_by = EXCLUDED.invited_by
        """,
        fact.mobilisation_id,
        fact.email,
        fact.link_generation,
        fact.at,
        fact.by.model_dump(mode="json"),
    )


async def linked(tx: Transaction, mobilisation_id: UUID, generation: int) -> tuple[UUID, str] | None:
    """Return the request and the provider of a link that is valid."""
    row = await tx.fetchrow(
        """
        SELECT mobilisation.request_id, mobilisation.resource
        FROM provider_link
        JOIN mobilisation ON mobilisation.id = provider_link.mobilisation_id
        WHERE provider_link.mobilisation_id = $1
            AND provider_link.generation = $2
            AND mobilisation.state <> 'declined'
        """,
        mobilisation_id,
        generation,
    )
    return (row["request_id"], row["resource"]) if row else None


PROGRESS = "SELECT at, text FROM progress WHERE request_id = $2 AND team = $3"
"""Progress reports of one side, for `texts.find_room`."""
