"""The SQL of the milestones of an accompaniment, from the events of the national team or of a département."""

from uuid import UUID

from services.intake.domain.accompaniment import Milestone
from shared.contracts import escalation, qualification
from shared.db import Reader, Transaction

COLUMNS = "id, title, due_on, reached_on"

Change = (
    escalation.MilestonePlanned
    | escalation.MilestonePostponed
    | escalation.MilestoneReached
    | qualification.LocalMilestoneSet
    | qualification.LocalMilestonePostponed
    | qualification.LocalMilestoneReached
)
REACHED = escalation.MilestoneReached | qualification.LocalMilestoneReached


async def store(tx: Transaction, fact: Change) -> None:
    """Store a milestone as it is now; whichever fact names it first, for each holds all that is shown of it."""
    await tx.execute(
        """
        INSERT INTO milestone (id, request_id, title, due_on, reached_on)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (id) DO UPDATE SET
            due_on = EXCLUDED.due_on,
            reached_on = coalesce(EXCLUDED.reached_on, milestone.reached_on)
        """,
        fact.milestone_id,
        fact.request_id,
        fact.title,
        fact.due_on,
        fact.reached_on if isinstance(fact, REACHED) else None,
    )


async def forget(tx: Transaction, milestone_id: UUID) -> None:
    """Delete a milestone that is not to be reached any more."""
    await tx.execute("DELETE FROM milestone WHERE id = $1", milestone_id)


async def forget_open(tx: Transaction, request_id: UUID) -> None:
    """Delete the milestones that are not reached: the work that they belonged to has stopped."""
    await tx.execute("DELETE FROM milestone WHERE request_id = $1 AND reached_on IS NULL", request_id)


async def of_request(reader: Reader, request_id: UUID) -> list[Milestone]:
    """Return the milestones of a request, those due first before the others."""
    rows = await reader.fetch(
        f"SELECT {COLUMNS} FROM milestone WHERE request_id = $1 ORDER BY due_on, id",
        request_id,
    )
    return [Milestone(**row) for row in rows]
