"""Who acts next on a request that no technical obstacle blocks, as its applicant reads it."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel

from services.operations.adapters.connections import UNREACHABLE, Connections
from services.operations.reads.journals import HAS_NUMBERS
from shared.french.words import next_action_word


class Awaited(BaseModel):
    """The team that acts next, what is expected of it in the words that the applicant reads, and its last day."""

    team: str
    what: str
    until: date | None


async def awaited(connections: Connections, request_id: UUID, *, perimeter: list[str] | None = None) -> Awaited | None:
    """Return who acts next; None when nobody does, or when intake is away or gives no right to know."""
    intake = connections.services.get(HAS_NUMBERS)
    if intake is None:
        return None
    try:
        row = await intake.database.fetchrow(
            """
            SELECT expected->>'team' AS team, expected->>'what' AS what, (expected->>'until')::date AS until
            FROM request
            WHERE id = $1
              AND expected IS NOT NULL
              AND ($2::text[] IS NULL OR departement = ANY($2))
            """,
            request_id,
            perimeter,
        )
    except UNREACHABLE:
        return None
    return Awaited(team=row["team"], what=next_action_word(row["what"]), until=row["until"]) if row else None
