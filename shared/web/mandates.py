"""Mandates: encrypted tokens by which an agent of another service files at intake on behalf of a collectivité.

A mandate is posted, never part of an address, and intake accepts each one once.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from shared import clock
from shared.contracts.fact import Actor
from shared.web.encrypted_tokens import TokenCipher

LIFETIME: Final = timedelta(minutes=10)
"""Time to begin a draft; the draft then lasts as long as any other."""
PATH: Final = "/demande/mandat"
"""Address at intake to which a browser posts a mandate."""
POSTED_AS: Final = "mandat"
"""The field of the form that holds it."""


class Mandates:
    """Makes and reads mandates; both services hold the key."""

    def __init__(self, key: str) -> None:
        self._cipher = TokenCipher(key, purpose="filing for a collectivité")

    def give(self, agent: Actor, *, at: datetime) -> str:
        """Return a mandate for this agent, valid for `LIFETIME`."""
        held = {"id": str(clock.new_id()), "agent": agent.model_dump(mode="json")}
        return self._cipher.encrypt(held, at=at, lifetime=LIFETIME)

    def read(self, mandate: str, *, at: datetime) -> tuple[UUID, Actor] | None:
        """Return the id of a mandate and its agent; None when it is forged or expired."""
        found = self._cipher.decrypt(mandate, at=at)
        return (UUID(found["id"]), Actor.model_validate(found["agent"])) if found is not None else None
