"""An agent's mandate to file one request for a collectivité, issued by the agent's own service."""

from dataclasses import dataclass
from uuid import UUID

from shared.contracts.fact import Actor
from shared.errors import Forbidden


@dataclass(frozen=True, slots=True)
class Mandate:
    """Which mandate it is, and the agent who has it."""

    id: UUID
    agent: Actor


class MandateOver(Forbidden):
    """A mandate is too old, was used before, or was not made by us."""

    code = "mandate_over"
    title = "This mandate to file is not valid, or no longer"
    sentence = (
        "Cette autorisation de déposer au nom d’une collectivité n’est plus valable\u00a0: elle sert une seule fois, "
        "pendant dix minutes. Recommencez depuis la page «\u00a0Demandes\u00a0» de votre service."
    )
