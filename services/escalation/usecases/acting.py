"""Base class of contexts: the agent as the actor and the perimeter that the domain uses."""

from services.escalation.domain.moves import By
from services.escalation.domain.perimeter import Perimeter
from shared.contracts.vocabulary import Programme
from shared.errors import NotFound
from shared.identity.model import Agent


class Acting:
    """Base of contexts in which an agent acts."""

    __slots__ = ()

    agent: Agent

    @property
    def by(self) -> By:
        """The agent as the domain names who acts."""
        return By(frozenset(role.value for role in self.agent.roles), self.agent.name, self.agent.email)

    @property
    def perimeter(self) -> Perimeter:
        """Which dossiers the agent sees."""
        return Perimeter.of(
            roles={role.value for role in self.agent.roles},
            departements=self.agent.perimeter,
            programmes=self.agent.programmes,
        )

    def programme(self, name: str) -> Programme:
        """Return a programme of the agent's perimeter by its wire value; refuses (`NotFound`) any other."""
        seen = self.perimeter.programmes
        if name not in {programme.value for programme in Programme} or (seen is not None and name not in seen):
            raise NotFound
        return Programme(name)
