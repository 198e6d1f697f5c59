"""The national programmes, with the requests directed to them and what became of those."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from services.escalation.domain.perimeter import Perimeter
from shared.contracts.fact import Actor
from shared.contracts.vocabulary import Programme
from shared.db import Reader
from shared.words import word

ProgrammeRequestState = Literal["directed", "withdrawn", "evaluated", "closed"]


class ProgrammeRow(BaseModel):
    """A programme: requests directed to it by state, départements they come from, dossiers before the committee."""

    programme: Programme
    name: str
    requests: int
    open: int
    evaluated: int
    departements: int
    escalations: int
    satisfaction: float | None


class ProgrammeRequest(BaseModel):
    """A request that a département directed to a programme."""

    request_id: UUID
    number: str
    programme: Programme
    state: ProgrammeRequestState
    departement: str
    title: str
    applicant_name: str
    directed_at: datetime
    changed_at: datetime
    motive: str
    directed_by: Actor
    contact: dict[str, str | None]
    description: str
    allowed_actions: list[str] = []


async def programmes(reader: Reader, *, perimeter: Perimeter) -> list[ProgrammeRow]:
    """Give the programmes that the caller sees, with their counts."""
    rows = await reader.fetch(
        """
        SELECT listed.programme,
            count(programme_request.request_id) AS requests,
            count(*) FILTER (WHERE programme_request.state = 'directed') AS open,
            count(evaluation.request_id) AS evaluated,
            count(DISTINCT programme_request.departement) AS departements,
            (SELECT count(*) FROM escalation WHERE escalation.programme = listed.programme) AS escalations,
            avg(evaluation.satisfaction)::float AS satisfaction
        FROM unnest($1::text[]) WITH ORDINALITY AS listed (programme, place)
        LEFT JOIN programme_request ON programme_request.programme = listed.programme
            AND ($2::text[] IS NULL OR programme_request.departement = ANY($2))
        LEFT JOIN evaluation ON evaluation.request_id = programme_request.request_id
        GROUP BY listed.programme, listed.place
        ORDER BY listed.place
        """,
        [programme.value for programme in Programme if _seen(programme, perimeter)],
        perimeter.departements,
    )
    return [ProgrammeRow.model_validate({**dict(row), "name": word(Programme(row["programme"]))}) for row in rows]


def _seen(programme: Programme, perimeter: Perimeter) -> bool:
    return perimeter.programmes is None or programme.value in perimeter.programmes


async def programme_requests(
    reader: Reader,
    programme: Programme,
    *,
    state: ProgrammeRequestState | None,
    perimeter: Perimeter,
    limit: int,
    offset: int,
) -> list[ProgrammeRequest]:
    """Give the requests directed to a programme, the latest first; none of one that the caller does not see."""
    rows = await reader.fetch(
        """
        SELECT request_id, number, programme, state, departement, title, applicant_name, directed_at, changed_at,
            motive, directed_by, dossier #> '{request,contact}' AS contact,
            dossier #>> '{request,description}' AS description
        FROM programme_request
        WHERE programme = $1
            AND ($2::text IS NULL OR state = $2)
            AND ($3::text[] IS NULL OR departement = ANY($3))
            AND ($4::text[] IS NULL OR programme = ANY($4))
        ORDER BY directed_at DESC, request_id
        LIMIT $5 OFFSET $6
        """,
        programme,
        state,
        perimeter.departements,
        perimeter.programmes,
        limit,
        offset,
    )
    return [ProgrammeRequest.model_validate(dict(row)) for row in rows]


async def count_programme_requests(
    reader: Reader, programme: Programme, *, state: ProgrammeRequestState | None, perimeter: Perimeter
) -> int:
    """Count the requests that such a list would show."""
    total: int = await reader.fetchval(
        """
        SELECT count(*)
        FROM programme_request
        WHERE programme = $1
            AND ($2::text IS NULL OR state = $2)
            AND ($3::text[] IS NULL OR departement = ANY($3))
            AND ($4::text[] IS NULL OR programme = ANY($4))
        """,
        programme,
        state,
        perimeter.departements,
        perimeter.programmes,
    )
    return total
