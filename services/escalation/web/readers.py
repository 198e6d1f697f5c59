"""Who sees what: the committee and the envelopes are not of one programme alone; a programme is its team's.

And what somebody wants to see of it: figures of a région, a département or a programme.
"""

from typing import Final

from services.escalation.domain.perimeter import Perimeter
from services.escalation.usecases import acting
from shared.contracts.vocabulary import Programme
from shared.errors import NotFound
from shared.identity.model import Agent, Role
from shared.territory.territories import Territories

COMMITTEE_READERS: Final = (Role.NATIONAL_AGENT, Role.COMMITTEE_SECRETARY, Role.OPERATOR, Role.AUDITOR)


def programme_named(name: str, agent: Agent) -> Programme:
    """Give a programme of the caller's perimeter by its wire value; refuses (`NotFound`) any other."""
    seen = acting.perimeter(agent).programmes
    if name not in {programme.value for programme in Programme} or (seen is not None and name not in seen):
        raise NotFound
    return Programme(name)


def wanted(
    agent: Agent, territories: Territories, *, region: str, departement: str, programme: Programme | None
) -> Perimeter:
    """Give what the caller sees of a région, a département and a programme; blanks narrow nothing."""
    seen = acting.perimeter(agent)
    if region:
        within = [one.code for one in territories.departements() if one.region == region]
        seen = seen.narrowed(departements=within, programme=None)
    return seen.narrowed(departements=[departement] if departement else None, programme=programme)
