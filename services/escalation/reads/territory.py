"""Read the other dossiers of the same intercommunalité or applicant."""

from uuid import UUID

from services.escalation.domain.perimeter import Perimeter
from shared.db import Reader
from shared.surroundings import Neighbour


async def neighbours(reader: Reader, request_id: UUID, *, perimeter: Perimeter, limit: int = 6) -> list[Neighbour]:
    """Return the other dossiers of the same intercommunalité (or of the applicant) that the caller sees.

    Those about the same field first, then the latest.
    """
    rows = await reader.fetch(
        """
        SELECT other.request_id, other.number, other.title, other.applicant_name, other.state, other.programme,
            other.fields && this.fields AS same_field
        FROM escalation AS this
        JOIN escalation AS other USING (territory)
        WHERE this.request_id = $1
            AND other.request_id <> $1
            AND ($2::text[] IS NULL OR other.departement = ANY($2))
            AND ($3::text[] IS NULL OR other.programme = ANY($3))
        ORDER BY same_field DESC, other.received_at DESC
        LIMIT $4
        """,
        request_id,
        perimeter.departements,
        perimeter.programmes,
        limit,
    )
    return [Neighbour.model_validate(dict(row)) for row in rows]
