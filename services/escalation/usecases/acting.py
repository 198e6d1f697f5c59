"""Who acts and what they see, as the domain asks for it."""

from services.escalation.domain.moves import By
from services.escalation.domain.perimeter import Perimeter
from shared.contracts.vocabulary import Programme
from shared.errors import NotFound
from shared.identity.model import Agent


def by(agent: Agent) -> By:
    """Return who acts."""
    return By(frozenset(role.value for role in agent.roles), agent.name, agent.email)


def perimeter(agent: Agent) -> Perimeter:
    """Return which dossiers they see."""
    return Perimeter.of(
        roles={role.value for role in agent.roles}, departements=agent.perimeter, programmes=agent.programmes
    )


def programme_named(name: str, agent: Agent) -> Programme:
    """Return a programme of an agent's perimeter by its wire value; refuses (`NotFound`) any other."""
    seen = perimeter(agent).programmes
    if name not in {programme.value for programme in Programme} or (seen is not None and name not in seen):
        raise NotFound
    return Programme(name)
