"""Read other requests of a case's territory."""

from services.qualification.reads.case import CaseView
from shared.db import Reader
from shared.surroundings import Neighbour


async def neighbours(reader: Reader, case: CaseView, *, limit: int = 6) -> list[Neighbour]:
    """Return the other requests of the same intercommunalité (of the applicant, where it has none).

    Those about the same field first, then the latest.
    """
    applicant = case.request.applicant
    rows = await reader.fetch(
        """
        SELECT c.request_id, c.number, c.state,
               c.request ->> 'title' AS title,
               c.request #>> '{applicant,name}' AS applicant_name,
               c.proposal ->> 'programme' AS programme,
               c.request -> 'fields' ?| $4 AS same_field
        FROM case_file AS c
        WHERE c.departement = $1
          AND c.territory = $2
          AND c.request_id <> $3
        ORDER BY same_field DESC, c.opened_at DESC
        LIMIT $5
        """,
        case.departement,
        applicant.epci or applicant.code,
        case.request_id,
        [field.value for field in case.request.fields],
        limit,
    )
    return [Neighbour(**dict(row)) for row in rows]
