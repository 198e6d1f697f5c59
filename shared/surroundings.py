"""Profile of a request's territory, for the pages of the département and the national team."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from pydantic import BaseModel

from shared.contracts.intake import Applicant
from shared.contracts.vocabulary import ApplicantKind
from shared.coverage import Covering, covering
from shared.db import Reader
from shared.territory import Territories
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
    reader: Reader, territories: Territories, applicant: Applicant, *, neighbours: Sequence[Neighbour], today: date
) -> Profile:
    """Return the profile for an applicant; without an official territory it is nearly empty."""
    territory = territories.find(applicant.kind, applicant.code) if applicant.code else None
    code = applicant.code if applicant.kind is ApplicantKind.EPCI else applicant.epci
    epci = territories.find(ApplicantKind.EPCI, code) if code else None
    programmes = await covering(reader, territory) if territory else []
    return Profile(
        population=applicant.population,
        epci=_place(epci) if epci else None,
        communes=[_place(each) for each in (territories.communes_of(epci.code) if epci else ())],
        neighbours=list(neighbours),
        programmes=[each for each in programmes if each.is_in_force(today)],
    )


def public_page(intake_url: str, applicant: Applicant) -> str | None:
    """Return the address of the public profile of an applicant's territory, or None where it is no official one."""
    return f"{intake_url}/territoires/{applicant.kind}/{applicant.code}" if applicant.code else None


def _place(territory: Territory) -> Place:
    return Place(code=territory.code, name=territory.full_name, population=territory.population)
