"""Who sees what: the committee's and the envelopes' papers are of the whole country; a programme is its team's.

And what somebody wants to see of it: figures of a région, a département or a programme.
"""

from typing import Any, Final

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from services.escalation.domain.perimeter import Perimeter
from services.escalation.usecases import acting
from shared.contracts.vocabulary import Programme
from shared.errors import NotFound, Unauthenticated
from shared.identity.model import Agent, Role
from shared.territory.territories import Territories
from shared.web.access import current_agent

COMMITTEE_READERS: Final = (Role.NATIONAL_AGENT, Role.COMMITTEE_SECRETARY, Role.OPERATOR, Role.AUDITOR)


def reads_country(agent: Agent | None) -> bool:
    """Tell whether somebody reads the papers of the whole country: sessions, envelopes, operators, contracts."""
    return agent is not None and agent.has(*COMMITTEE_READERS) and agent.perimeter is None


async def whole_country(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Guard of the papers of the whole country; for an operator or auditor of some départements they do not exist."""
    agent = current_agent(connection)
    if agent is None:
        raise Unauthenticated
    agent.require(*COMMITTEE_READERS)
    if not reads_country(agent):
        raise NotFound


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
