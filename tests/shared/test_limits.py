"""Limits are counted for all copies of a service, never passed by those who come together, and name nobody."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest

from shared import limits
from shared.db import Database
from shared.errors import TooManyRequests
from shared.limits import LimitReached, Rate, RateLimits, Use, network_of

COUNTS = RateLimits("k" * 32)
HOURLY = Rate(3, timedelta(hours=1))


@pytest.fixture
async def database(database_url: Callable[[str], Awaitable[str]]) -> AsyncIterator[Database]:
    """A database with the table of counts, and more connections than a crowd needs."""
    opened = await Database.connect(await database_url("intake"), name="test", max_size=20)
    yield opened
    await opened.close()


async def use(database: Database, *uses: Use) -> bool:
    """Count uses in a transaction of their own; tell whether there was room."""
    try:
        async with database.transaction() as tx:
            await COUNTS.quota(*uses).take(tx)
    except LimitReached:
        return False
    return True


def filing(subject: str = "192.0.2.1", rate: Rate = HOURLY, amount: int = 1) -> Use:
    """One filing from an address."""
    return Use("filing:address", subject, rate, amount=amount)


async def test_concurrent_uses_never_pass_the_limit(database: Database) -> None:
    taken = await asyncio.gather(*(use(database, filing()) for _ in range(20)))
    assert sum(taken) == HOURLY.most
    assert await database.fetchval("SELECT used FROM rate_limit") == HOURLY.most


async def test_a_window_that_is_over_counts_from_nothing_and_is_deleted(database: Database) -> None:
    assert [await use(database, filing()) for _ in range(4)] == [True, True, True, False]
    async with database.transaction() as tx:
        await tx.execute("UPDATE rate_limit SET ends_at = now()")
    assert await use(database, filing())
    assert await database.fetchval("SELECT used FROM rate_limit") == 1
    await limits.sweep(database)
    assert await database.fetchval("SELECT count(*) FROM rate_limit") == 1
    async with database.transaction() as tx:
        await tx.execute("UPDATE rate_limit SET ends_at = now()")
    await limits.sweep(database)
    assert await database.fetchval("SELECT count(*) FROM rate_limit") == 0


async def test_what_is_rolled_back_was_not_used(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with database.transaction() as tx:
            await COUNTS.quota(filing()).take(tx)
            raise ZeroDivisionError
    assert await database.fetchval("SELECT count(*) FROM rate_limit") == 0


async def test_of_several_limits_none_is_used_when_one_is_reached(database: Database) -> None:
    by_mail = Use("filing:email", "mairie@cergy.test", Rate(1, timedelta(days=1)))
    assert await use(database, filing(), by_mail)
    assert not await use(database, filing(), by_mail)
    assert await use(database, filing())
    assert await database.fetchval("SELECT used FROM rate_limit WHERE purpose = 'filing:address'") == 2


async def test_an_amount_counts_as_a_whole(database: Database) -> None:
    bytes_a_day = Rate(100, timedelta(days=1))
    assert await use(database, filing(rate=bytes_a_day, amount=60))
    assert not await use(database, filing(rate=bytes_a_day, amount=60))
    assert await use(database, filing(rate=bytes_a_day, amount=40))
    assert not await use(database, filing("192.0.2.2", rate=bytes_a_day, amount=101))


async def test_a_refusal_says_when_to_come_back(database: Database) -> None:
    with pytest.raises(TooManyRequests) as refused:
        async with database.transaction() as tx:
            for _ in range(4):
                await COUNTS.quota(filing()).take(tx)
    assert 3590 <= int(str(refused.value.facts["retry_after"])) <= 3600
    assert "dans 60\u00a0minutes" in refused.value.detail
    assert "dans une minute" in LimitReached(retry_after=20).detail
    assert "dans 24\u00a0heures" in LimitReached(retry_after=86_400).detail


async def test_the_table_names_nobody(database: Database) -> None:
    await use(database, Use("filing:email", "Mairie@Cergy.test", HOURLY))
    kept = await database.fetchval("SELECT row_to_json(r)::text FROM rate_limit r")
    assert "cergy" not in kept.lower()
    await use(database, Use("filing:email", "mairie@cergy.test ", HOURLY))
    assert await database.fetchval("SELECT used FROM rate_limit") == 2


async def test_without_a_limit_nothing_is_written(database: Database) -> None:
    assert await use(database, filing(rate=Rate.parse("0")))
    assert await database.fetchval("SELECT count(*) FROM rate_limit") == 0


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("unknown", "unknown"),
    ],
)
def test_a_caller_is_an_ipv4_address_or_an_ipv6_network(address: str, network: str) -> None:
    assert network_of(address) == network


def test_a_rate_is_read_as_it_is_written() -> None:
    for text in ("20/h", "5/d", "600/min", "0"):
        assert str(Rate.parse(text)) == text
    for wrong in ("20", "20/w", "-1/h", "h", ""):
        with pytest.raises(ValueError, match="number and a period"):
            Rate.parse(wrong)
