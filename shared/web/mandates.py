"""An agent files for a collectivité that phones or writes: who he is travels, sealed, from his service to intake."""

from datetime import datetime, timedelta
from typing import Final

from shared.contracts.fact import Actor
from shared.web.sealing import Seal

LIFETIME: Final = timedelta(hours=12)
"""A working day: long enough for a telephone call and what follows, too short to be of use to anybody else."""


class Mandates:
    """Makes and reads mandates; both services hold the key."""

    def __init__(self, key: str) -> None:
        self._seal = Seal(key, purpose="filing for a collectivité")

    def give(self, agent: Actor, *, at: datetime) -> str:
        """Seal who files; good for `LIFETIME`."""
        return self._seal.close(agent.model_dump(mode="json"), at=at, lifetime=LIFETIME)

    def read(self, mandate: str, *, at: datetime) -> Actor | None:
        """Tell who files; None when the mandate is not ours, or too old."""
        found = self._seal.open(mandate, at=at)
        return Actor.model_validate(found) if found is not None else None
