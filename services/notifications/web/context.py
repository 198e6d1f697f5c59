"""The request context of notifications: the dependency `context` of its handlers."""

from dataclasses import dataclass

from services.notifications.domain.perimeter import Perimeter
from services.notifications.usecases.context import Context
from services.notifications.usecases.parts import Parts
from services.notifications.usecases.resend import MAY_RESEND
from shared import clock
from shared.db import Transaction
from shared.identity.model import Agent
from shared.web.actions import RequestContext


@dataclass(frozen=True, slots=True)
class AgentContext(RequestContext):
    """The context of an agent's request."""

    agent: Agent
    parts: Parts

    def acting(self, tx: Transaction) -> Context:
        """Return the context of a use case that runs in this transaction, now."""
        return Context(tx, self.agent, clock.now(), self.parts)

    @property
    def perimeter(self) -> Perimeter:
        """Which mails the agent sees."""
        return Perimeter.of(self.agent)

    @property
    def may_resend(self) -> bool:
        """Whether the agent may have a mail sent again."""
        return self.agent.has(*MAY_RESEND)
