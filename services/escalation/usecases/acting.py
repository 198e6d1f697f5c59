"""Who acts and what he sees, as the domain asks for it."""

from services.escalation.domain.moves import By
from services.escalation.domain.perimeter import Perimeter
from shared.identity.model import Agent


def by(agent: Agent) -> By:
    """Give who acts."""
    return By(frozenset(role.value for role in agent.roles), agent.name, agent.email)


def perimeter(agent: Agent) -> Perimeter:
    """Give which dossiers he sees."""
    return Perimeter.of(
        roles={role.value for role in agent.roles}, departements=agent.perimeter, programmes=agent.programmes
    )
