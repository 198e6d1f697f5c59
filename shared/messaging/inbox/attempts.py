"""How often a message was begun: one that kills its consumer is found by it, and tried no more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from shared.db import Database, Transaction

FATAL_AFTER = 10
"""A message begun this often without an end kills its consumer."""

MARKED_AFTER = 5
"""From this attempt on it is also written down that the message could be read: an ordinary redelivery need not wait."""

FORGOTTEN_AFTER = timedelta(days=7)
"""A message that was begun and did not come back for so long is gone: its queue was purged, or the broker wiped."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """The n-th attempt at a message, and whether one before got beyond reading it."""

    number: int
    readable: bool

    @property
    def kills(self) -> bool:
        """Whether it has ended its consumer often enough."""
        return self.number > FATAL_AFTER

    @property
    def kills_its_reader(self) -> bool:
        """Whether it ends its consumer before its stream is known, or can be read only sometimes."""
        return self.kills and (not self.readable or self.number > 2 * FATAL_AFTER)


async def begin_first(database: Database, fingerprints: Sequence[bytes]) -> set[bytes]:
    """Count the first attempt at each; it is committed before the attempt begins. Give those that had none before."""
    async with database.transaction() as tx:
        rows = await tx.fetch(
            """
            INSERT INTO inbox_attempt (fingerprint)
            SELECT DISTINCT f FROM unnest($1::bytea[]) AS f ORDER BY f
            ON CONFLICT DO NOTHING
            RETURNING fingerprint
            """,
            fingerprints,
        )
    return {row["fingerprint"] for row in rows}


async def begin(database: Database, fingerprint: bytes) -> Attempt:
    """Count one more attempt, committed before it begins."""
    async with database.transaction() as tx:
        row = await tx.fetchrow(
            """
            INSERT INTO inbox_attempt AS a (fingerprint) VALUES ($1)
            ON CONFLICT (fingerprint) DO UPDATE SET attempts = a.attempts + 1, last_at = now()
            RETURNING attempts, readable
            """,
            fingerprint,
        )
    assert row is not None  # noqa: S101 - an INSERT that returns
    return Attempt(row["attempts"], row["readable"])


async def mark_readable(database: Database, fingerprint: bytes) -> None:
    """Write down that the message could be read: what kills now is what it does, and its stream is known."""
    async with database.transaction() as tx:
        await tx.execute("UPDATE inbox_attempt SET readable = TRUE WHERE fingerprint = $1", fingerprint)


async def end(tx: Transaction, fingerprints: Sequence[bytes]) -> None:
    """Forget the attempts of messages that are safe now."""
    await tx.execute("DELETE FROM inbox_attempt WHERE fingerprint = ANY ($1)", fingerprints)


async def uncount(database: Database, fingerprints: Sequence[bytes]) -> None:
    """Count one attempt less of each: they were broken off by ourselves."""
    async with database.transaction() as tx:
        await tx.execute(
            """
            WITH fewer AS (
                UPDATE inbox_attempt SET attempts = attempts - 1
                WHERE fingerprint = ANY ($1) AND attempts > 1
            )
            DELETE FROM inbox_attempt WHERE fingerprint = ANY ($1) AND attempts = 1
            """,
            fingerprints,
        )


async def leave_one(tx: Transaction, fingerprint: bytes) -> None:
    """Let an event that was held because it kills be tried once more where an operator says so, not ten times."""
    await tx.execute(
        """
        INSERT INTO inbox_attempt (fingerprint, attempts, readable) VALUES ($1, $2, TRUE)
        ON CONFLICT (fingerprint) DO UPDATE SET attempts = EXCLUDED.attempts, readable = TRUE
        """,
        fingerprint,
        FATAL_AFTER - 1,
    )


async def forget_old(database: Database) -> int:
    """Forget the attempts of messages that are gone; tell how many."""
    async with database.transaction() as tx:
        tag = await tx.execute("DELETE FROM inbox_attempt WHERE last_at < now() - $1::interval", FORGOTTEN_AFTER)
    return int(tag.rsplit(" ", 1)[1])
