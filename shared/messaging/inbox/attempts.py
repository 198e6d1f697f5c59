"""Attempts: counts how often a message was begun, to find one that ends its consumer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from shared.db import Database, Transaction

FATAL_AFTER = 10
"""Attempts after which a message is taken to end its consumer."""

MARKED_AFTER = 5
"""Attempts after which it is also recorded that the message can be parsed; earlier ones need no extra statement."""

FORGOTTEN_AFTER = timedelta(days=7)
"""Age after which an attempt is deleted: the message is gone from its queue."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """The n-th attempt at a message, and whether an earlier one could parse it."""

    number: int
    readable: bool

    @property
    def kills(self) -> bool:
        """Whether the message ended its consumer too often."""
        return self.number > FATAL_AFTER

    @property
    def kills_its_reader(self) -> bool:
        """Whether the message ends its consumer before its stream is known, or parses only sometimes."""
        return self.kills and (not self.readable or self.number > 2 * FATAL_AFTER)


async def begin_first(database: Database, fingerprints: Sequence[bytes]) -> set[bytes]:
    """Count and commit the first attempt at each message; return those that had none before."""
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
    """Count and commit one more attempt, before it begins."""
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
    """Record that the message can be parsed, so that its stream is known if its handler ends the process."""
    async with database.transaction() as tx:
        await tx.execute("UPDATE inbox_attempt SET readable = TRUE WHERE fingerprint = $1", fingerprint)


async def end(tx: Transaction, fingerprints: Sequence[bytes]) -> None:
    """Delete the attempts of processed messages."""
    await tx.execute("DELETE FROM inbox_attempt WHERE fingerprint = ANY ($1)", fingerprints)


async def uncount(database: Database, fingerprints: Sequence[bytes]) -> None:
    """Count one attempt less for each message: we interrupted it."""
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


async def leave_one(tx: Transaction, fingerprint: bytes, *, readable: bool) -> None:
    """Leave one attempt for a message that ends its consumer, for a retry by an operator.

    An event that is held can be read; a dead letter perhaps not.
    """
    await tx.execute(
        """
        INSERT INTO inbox_attempt (fingerprint, attempts, readable) VALUES ($1, $2, $3)
        ON CONFLICT (fingerprint) DO UPDATE SET attempts = EXCLUDED.attempts, readable = EXCLUDED.readable
        """,
        fingerprint,
        FATAL_AFTER - 1,
        readable,
    )


async def forget_old(database: Database) -> int:
    """Delete the attempts of messages that are gone; return how many."""
    async with database.transaction() as tx:
        tag = await tx.execute("DELETE FROM inbox_attempt WHERE last_at < now() - $1::interval", FORGOTTEN_AFTER)
    return int(tag.rsplit(" ", 1)[1])
