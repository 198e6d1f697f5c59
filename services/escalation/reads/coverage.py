"""Read model of the territories that a programme covers, for its page, its API and its CSV table."""

from datetime import date

from pydantic import BaseModel

from shared.contracts.vocabulary import ApplicantKind, Programme
from shared.db import Reader


class CoveredRow(BaseModel):
    """A territory that a programme covers, in all the départements it lies in."""

    kind: ApplicantKind
    code: str
    name: str
    departements: list[str]
    since: date | None
    until: date | None


async def territories_covered(
    reader: Reader,
    programme: Programme,
    *,
    departement: str | None = None,
    q: str = "",
    limit: int | None = None,
    offset: int = 0,
) -> list[CoveredRow]:
    """Return the territories that a programme covers, by département and name; all of them without a `limit`."""
    rows = await reader.fetch(
        """
        SELECT kind, code, name, array_agg(departement ORDER BY departement) AS departements, since, until
        FROM programme_territory
        WHERE programme = $1
            AND strpos(lower(unaccent(name)), lower(unaccent($2))) > 0
        GROUP BY kind, code, name, since, until
        HAVING $3::text IS NULL OR $3 = ANY(array_agg(departement))
        ORDER BY min(departement), lower(unaccent(name)), code
        LIMIT $4 OFFSET $5
        """,
        programme,
        q,
        departement,
        limit,
        offset,
    )
    return [CoveredRow.model_validate(dict(row)) for row in rows]


async def count_territories_covered(
    reader: Reader, programme: Programme, *, departement: str | None = None, q: str = ""
) -> int:
    """Count the territories that such a list would show."""
    total: int = await reader.fetchval(
        """
        SELECT count(DISTINCT (kind, code))
        FROM programme_territory
        WHERE programme = $1
            AND strpos(lower(unaccent(name)), lower(unaccent($2))) > 0
            AND ($3::text IS NULL OR departement = $3)
        """,
        programme,
        q,
        departement,
    )
    return total
