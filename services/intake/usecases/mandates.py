"""Use an agent's filing mandate, once."""

import hashlib
from datetime import datetime

from services.intake.domain.mandates import Mandate, MandateOver
from services.intake.store import mandates
from shared.contracts.fact import Actor
from shared.db import Transaction


async def use_mandate(
    tx: Transaction, mandate: Mandate | None, *, at: datetime, key: str | None = None
) -> Actor | None:
    """Return the agent who files; None without a mandate. Refuses (`MandateOver`) one that was used before.

    The same idempotency key may come with the same mandate again: it files nothing more.
    """
    if mandate is None:
        return None
    key_digest = hashlib.sha256(key.encode()).digest() if key is not None else None
    if not await mandates.claim(tx, mandate.id, key_digest=key_digest, at=at):
        raise MandateOver
    return mandate.agent
