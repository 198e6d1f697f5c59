"""The SQL of used filing mandates."""

from datetime import datetime
from uuid import UUID

from shared.db import Transaction


async def claim(tx: Transaction, mandate_id: UUID, *, key_digest: bytes | None, at: datetime) -> bool:
    """Use a mandate; False when it was used before, unless under the same idempotency key."""
    used = await tx.fetchval(
        """
        INSERT INTO used_mandate (id, key_digest, used_at)
        VALUES ($1, $2, $3)
        ON CONFLICT (id) DO UPDATE SET key_digest = excluded.key_digest
            WHERE used_mandate.key_digest = excluded.key_digest
        RETURNING TRUE
        """,
        mandate_id,
        key_digest,
        at,
    )
    return bool(used)


async def forget_before(tx: Transaction, before: datetime) -> None:
    """Delete mandates that were used so long ago that they are over by themselves."""
    await tx.execute("DELETE FROM used_mandate WHERE used_at < $1", before)
