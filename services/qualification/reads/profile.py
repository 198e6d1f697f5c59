"""The territory that a case is about: who lives there, what else was asked there, which programmes cover it."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from pydantic import BaseModel

from services.qualification.reads.case import CaseView
from shared.coverage import Covering, covering
from shared.db import Reader
from shared.territory.model import Territory


class Neighbour(BaseModel):
    """Another request of the same territory; `same_field`: it shares a field with this one."""

    request_id: UUID
    number: str
    title: str
    applicant_name: str
    state: str
    programme: str | None
    same_field: bool


class Place(BaseModel):
    """A territory by its name."""

    code: str
    name: str
    population: int | None


class Profile(BaseModel):
    """What helps to judge a request: `epci` is the applicant's intercommunalité, itself if it is one."""

    population: int | None
    epci: Place | None
    communes: list[Place]
    neighbours: list[Neighbour]
    programmes: list[Covering]


async def profile(
    reader: Reader,
    case: CaseView,
    *,
    territory: Territory | None,
    epci: Territory | None,
    communes: Sequence[Territory],
    today: date,
) -> Profile:
    """Gather it; `territory` is the applicant's official one (None: it has none), `communes` those of its EPCI."""
    programmes = await covering(reader, territory) if territory else []
    return Profile(
        population=case.request.applicant.population,
        epci=_place(epci) if epci else None,
        communes=[_place(each) for each in communes],
        neighbours=await neighbours(reader, case),
        programmes=[each for each in programmes if each.is_in_force(today)],
    )


async def neighbours(reader: Reader, case: CaseView, *, limit: int = 6) -> list[Neighbour]:
    """Give the other requests of the same intercommunalité (of the applicant, where it has none).

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


def _place(territory: Territory) -> Place:
    return Place(code=territory.code, name=territory.full_name, population=territory.population)
