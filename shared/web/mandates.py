"""Filing mandates: an encrypted token that tells intake which agent files on behalf of a collectivité.

A mandate is posted, never part of an address, and intake takes each one once.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from shared import clock
from shared.contracts.fact import Actor
from shared.web.encrypted_tokens import TokenCipher

LIFETIME: Final = timedelta(minutes=10)
"""Long enough to begin; what was begun may be filled in and filed for as long as any draft."""
PATH: Final = "/demande/mandat"
"""Where intake takes a mandate that a browser posts."""
POSTED_AS: Final = "mandat"
"""The field of the form that holds it."""


class Mandates:
    """Makes and reads mandates; both services hold the key."""

    def __init__(self, key: str) -> None:
        self._cipher = TokenCipher(key, purpose="filing for a collectivité")

    def give(self, agent: Actor, *, at: datetime) -> str:
        """Encrypt who files into a mandate that is valid for `LIFETIME`."""
        held = {"id": str(clock.new_id()), "agent": agent.model_dump(mode="json")}
        return self._cipher.encrypt(held, at=at, lifetime=LIFETIME)

    def read(self, mandate: str, *, at: datetime) -> tuple[UUID, Actor] | None:
        """Tell which mandate it is and who files; None when the mandate is not ours, or too old."""
        found = self._cipher.decrypt(mandate, at=at)
        return (UUID(found["id"]), Actor.model_validate(found["agent"])) if found is not None else None
