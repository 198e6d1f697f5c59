"""Context of agents' use cases: the transaction, the agent and the dependencies."""

from dataclasses import dataclass
from datetime import datetime

from services.notifications.usecases.parts import Parts
from shared.db import Transaction
from shared.identity.model import Agent


@dataclass(frozen=True, slots=True)
class Context:
    """The transaction, the agent who acts, the time, and what the service was built with."""

    tx: Transaction
    agent: Agent
    at: datetime
    parts: Parts
