"""Access guards: roles that may read the committee's documents and national data; scopes of the statistics."""

from typing import Any, Final

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from services.escalation.domain.perimeter import Perimeter
from services.escalation.web.context import AgentContext
from shared.contracts.vocabulary import Programme
from shared.errors import NotFound, Unauthenticated
from shared.identity.model import Agent, Role
from shared.web.access import current_agent, only

COMMITTEE_READERS: Final = (Role.NATIONAL_AGENT, Role.COMMITTEE_SECRETARY, Role.OPERATOR, Role.AUDITOR)
committee_readers: Final = only(*COMMITTEE_READERS)
"""Guard of what the national team, its secretary, operators and auditors read."""


def reads_country(agent: Agent | None) -> bool:
    """Return whether somebody reads the papers of the whole country: sessions, envelopes, operators, contracts."""
    return agent is not None and agent.has(*COMMITTEE_READERS) and agent.perimeter is None


async def whole_country(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Guard of the papers of the whole country; for an operator or auditor of some départements they do not exist."""
    agent = current_agent(connection)
    if agent is None:
        raise Unauthenticated
    agent.require(*COMMITTEE_READERS)
    if not reads_country(agent):
        raise NotFound


def wanted(context: AgentContext, *, region: str, departement: str, programme: Programme | None) -> Perimeter:
    """Return what the agent sees of a région, a département and a programme; blanks narrow nothing."""
    seen = context.perimeter
    if region:
        within = [one.code for one in context.parts.territories.departements() if one.region == region]
        seen = seen.narrowed(departements=within, programme=None)
    return seen.narrowed(departements=[departement] if departement else None, programme=programme)
