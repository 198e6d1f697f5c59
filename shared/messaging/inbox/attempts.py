"""How often a redelivered message was begun: one that kills its consumer is found by it."""

from shared.db import Database, Transaction

FATAL_AFTER = 10
"""A message begun this often without an end kills its consumer: its stream is held instead."""


async def begin(database: Database, fingerprint: bytes) -> int:
    """Count an attempt, committed before it begins; give how many there were, this one included."""
    async with database.transaction() as tx:
        attempts: int = await tx.fetchval(
            """
            INSERT INTO inbox_attempt AS a (fingerprint) VALUES ($1)
            ON CONFLICT (fingerprint) DO UPDATE SET attempts = a.attempts + 1
            RETURNING attempts
            """,
            fingerprint,
        )
    return attempts


async def end(tx: Transaction, fingerprint: bytes) -> None:
    """Forget the attempts of a message that is safe now."""
    await tx.execute("DELETE FROM inbox_attempt WHERE fingerprint = $1", fingerprint)
