"""What the demonstration begins with on the national side: this year's envelope."""

from datetime import datetime

from services.escalation.domain.means import Envelope
from services.escalation.store import means as store
from services.escalation.usecases.telling import day
from shared.clock import new_id
from shared.db import Transaction

AMOUNT_CENTS = 2_000_000_00


async def load(tx: Transaction, at: datetime) -> None:
    """Open this year's general envelope, unless it is there."""
    await store.ensure_envelope(tx, Envelope(new_id(), day(at).year, None, AMOUNT_CENTS), at=at)
