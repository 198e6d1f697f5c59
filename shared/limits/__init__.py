"""Rate limits per purpose and subject, counted in PostgreSQL so that all copies of a service share them.

A window begins with the first use and lasts as long as the rate says. Uses are counted in the caller's transaction:
what is rolled back was not used. Two transactions of one subject wait for each other, so that none passes the limit.
"""

import hashlib
import hmac
import math
import re
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Annotated, Final

from pydantic import PlainSerializer, PlainValidator
from pydantic_settings import NoDecode

from shared import rounds
from shared.db import Database, Transaction
from shared.errors import TooManyRequests

PERIODS: Final = {"min": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
SWEEP_EVERY: Final = 600.0
"""Seconds between two deletions of counts whose window is over."""
_RATE: Final = re.compile(r"(?P<most>[0-9]{1,15})/(?P<period>min|h|d)")
_NETWORK_OF_ONE_CALLER: Final = 64
"""Bits of an IPv6 address that name a caller's network: the rest is the caller's to choose."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many uses in a period; 0 means no limit."""

    most: int
    period: timedelta = PERIODS["h"]

    @classmethod
    def parse(cls, value: object) -> "Rate":
        """Read `20/h` (or `min`, `d`); `0` means no limit. Raises `ValueError`."""
        if isinstance(value, cls):
            return value
        text = str(value).strip()
        if text == "0":
            return cls(0)
        found = _RATE.fullmatch(text)
        if found is None:
            raise ValueError("give a number and a period, such as 20/h (min, h or d), or 0 for no limit")
        return cls(int(found["most"]), PERIODS[found["period"]])

    def __str__(self) -> str:
        """Write it as a setting is written."""
        period = next(name for name, length in PERIODS.items() if length == self.period)
        return f"{self.most}/{period}" if self.most else "0"


RateSetting = Annotated[Rate, NoDecode, PlainValidator(Rate.parse), PlainSerializer(str)]
"""A rate as an environment variable gives it."""


class LimitReached(TooManyRequests):
    """A subject has used all that it may in this window (HTTP 429)."""

    code = "limit_reached"
    title = "The limit for this purpose is reached"
    sentence = "Cette action a été demandée trop souvent. Réessayez {when}."

    def __init__(self, *, retry_after: int) -> None:
        super().__init__(retry_after=retry_after, when=_in_words(retry_after))
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a purpose by a subject: an address, a mail address, a request."""

    purpose: str
    subject: str
    rate: Rate
    refusal: type[LimitReached] = LimitReached
    amount: int = 1


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Counts uses. Subjects are stored as digests under `key`, so that the table identifies nobody."""

    key: str

    def quota(self, *uses: Use) -> "Quota":
        """Return what `uses` take once they are counted; those without a limit are left out."""
        return Quota(self, tuple(use for use in uses if use.rate.most))

    async def take(self, tx: Transaction, uses: Iterable[Use]) -> None:
        """Count all uses, or refuse with the `refusal` of the one whose window ends last.

        The caller's transaction must be rolled back after a refusal.
        """
        digests = {(use.purpose, self._digest(use)): use for use in uses}
        if not digests:
            return
        taken = await tx.fetch(
            """
            INSERT INTO rate_limit AS held (purpose, subject, used, most, ends_at)
            SELECT purpose, subject, amount, most, now() + period
            FROM unnest($1::text[], $2::bytea[], $3::bigint[], $4::bigint[], $5::interval[])
                AS asked (purpose, subject, amount, most, period)
            WHERE amount <= most
            ORDER BY purpose, subject
            ON CONFLICT (purpose, subject) DO UPDATE SET
                used = EXCLUDED.used + CASE WHEN held.ends_at > now() THEN held.used ELSE 0 END,
                most = EXCLUDED.most,
                ends_at = CASE WHEN held.ends_at > now() THEN held.ends_at ELSE EXCLUDED.ends_at END
            WHERE held.ends_at <= now() OR held.used + EXCLUDED.used <= EXCLUDED.most
            RETURNING purpose, subject
            """,
            [purpose for purpose, _ in digests],
            [subject for _, subject in digests],
            [use.amount for use in digests.values()],
            [use.rate.most for use in digests.values()],
            [use.rate.period for use in digests.values()],
        )
        refused = digests.keys() - {(row["purpose"], row["subject"]) for row in taken}
        if refused:
            raise await self._refusal(tx, {digest: digests[digest] for digest in refused})

    @staticmethod
    async def _refusal(tx: Transaction, refused: dict[tuple[str, bytes], Use]) -> LimitReached:
        rows = await tx.fetch(
            """
            SELECT purpose, subject, extract(epoch FROM ends_at - now())::float8 AS seconds
            FROM rate_limit
            WHERE (purpose, subject) IN (SELECT * FROM unnest($1::text[], $2::bytea[]))
            """,
            [purpose for purpose, _ in refused],
            [subject for _, subject in refused],
        )
        left = {(row["purpose"], row["subject"]): row["seconds"] for row in rows}
        waits = {digest: left.get(digest, use.rate.period.total_seconds()) for digest, use in refused.items()}
        last = max(waits, key=lambda digest: (waits[digest], digest))
        return refused[last].refusal(retry_after=max(1, math.ceil(waits[last])))

    def _digest(self, use: Use) -> bytes:
        return self.digest(use.purpose, use.subject)[:16]

    def digest(self, purpose: str, subject: str) -> bytes:
        """Return the keyed digest of a subject, in which upper and lower case are the same."""
        return hmac.digest(self.key.encode(), f"{purpose}\0{subject.strip().casefold()}".encode(), hashlib.sha256)


@dataclass(frozen=True, slots=True)
class Quota:
    """Uses that are counted in the transaction of what they are for."""

    limits: RateLimits
    uses: tuple[Use, ...]

    async def take(self, tx: Transaction) -> None:
        """Count them; refuses with `LimitReached`."""
        await self.limits.take(tx, self.uses)


UNLIMITED: Final = Quota(RateLimits(""), ())
"""For callers who are exempt."""


def network_of(address: str) -> str:
    """Return the network that stands for a caller: an IPv4 address, the /64 of an IPv6 one; other text as it is."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(ip, IPv6Address):
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ip_network((int(ip), _NETWORK_OF_ONE_CALLER), strict=False))


async def sweep(database: Database) -> None:
    """Delete the counts of windows that are over."""
    async with database.transaction() as tx:
        await tx.execute("DELETE FROM rate_limit WHERE ends_at <= now()")


def sweeping(database: Database) -> AbstractAsyncContextManager[None]:
    """Delete them from time to time while the block runs."""
    return rounds.running(lambda: sweep(database), every=SWEEP_EVERY, name="limits.sweep")


def _in_words(seconds: int) -> str:
    """Return the time left, rounded up: in a minute, in 12 minutes, in 3 hours."""
    minutes = math.ceil(seconds / 60)
    if minutes <= 1:
        return "dans une minute"
    if minutes < 120:  # noqa: PLR2004 - from two hours on, minutes are noise
        return f"dans {minutes}\u00a0minutes"
    return f"dans {math.ceil(minutes / 60)}\u00a0heures"
