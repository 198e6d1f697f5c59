"""Measure whole requests per second through all four services, their cost by function, and filing alone."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from statistics import median, quantiles

from tests.bench import processor
from tests.bench.life import profile
from tests.bench.measure import Bench
from tests.bench.product import SERVICES, Product, prepared
from tests.bench.tally import Figures
from tests.faults.clients import Client, Ledger
from tests.faults.harness import AGENTS, email_of
from tests.faults.lives import chosen
from tests.faults.person import Person
from tests.steps import a_body

PEOPLE = 12
"""Who live requests beside each other."""
FILERS = 8


async def life(bench: Bench) -> None:
    """Measure, on one product that stands for all rounds."""
    seconds = 12 if bench.quick else 40
    async with prepared(bench.where) as product:
        await product.start()
        async with product.database("qualification") as connection:
            await connection.execute("UPDATE provider SET capacity = 1000000")
        await _lives(product, 5, "warm")
        for number in range(bench.rounds):
            await bench.measure(
                "life", "whole lives", "saturation", number, partial(_lives, product, seconds, str(number))
            )
            await bench.measure("life", "filing", "saturation", number, partial(_files, product, seconds / 2, number))
        await bench.measure("life", "profile", "saturation", 0, partial(_profiled, product, seconds))


@asynccontextmanager
async def clients(product: Product) -> AsyncIterator[Client]:
    """Give a client that may act as everybody."""
    client = Client(Ledger(), product.endpoints, patience=60)
    for agent, service in AGENTS.items():
        token = await product.command("agent", "token", "--service", service, "--email", email_of(agent))
        client.tokens[agent] = service, token
    try:
        yield client
    finally:
        await client.close()


async def _lives(product: Product, seconds: float, name: str) -> Figures:
    """Let people live whole lives for a while; those begun in time are lived to their end."""
    async with clients(product) as client:
        until = time.monotonic() + seconds

        async def lives(n: int) -> None:
            chance = random.Random(f"{name}.{n}")  # noqa: S311 - a seed
            person = Person(client, product.mailbox, chance, f"bench-{name}-{n}", chosen(["whole_life"]))
            while time.monotonic() < until:
                await person.one()

        pids = product.pids()
        used, wal, size = processor.seconds(pids), await _wal(product), await _size(product)
        told = await _told(product)
        began = time.monotonic()
        await asyncio.gather(*(lives(n) for n in range(PEOPLE)))
        took = time.monotonic() - began
        finished = sum(one.finished for one in client.ledger.lives)
        cpu = {part: (value - used[part]) / finished for part, value in processor.seconds(pids).items()}
        return {
            "seconds": took,
            "lives": finished,
            "per_second": finished / took,
            "http_per_second": client.ledger.asked.total() / took,
            "http_per_life": client.ledger.asked.total() / finished,
            "answers": dict(client.ledger.asked),
            "complaints": client.ledger.complaints[:5],
            "cpu_s": cpu,
            "cpu_s_all": sum(cpu.values()),
            "events_per_life": (await _told(product) - told) / finished,
            "wal_bytes": (await _wal(product) - wal) / finished,
            "database_bytes": (await _size(product) - size) / finished,
        }


async def _files(product: Product, seconds: float, number: int) -> Figures:
    """File through the public API, one after the other from several clients."""
    taken: list[float] = []
    async with clients(product) as client:
        until = time.monotonic() + seconds

        async def files(n: int) -> None:
            count = 0
            while time.monotonic() < until:
                count += 1
                began = time.monotonic()
                body = a_body(title=f"bench {number} {n} {count}")
                await client.do("intake", "/requests", None, body, key=f"filing-{number}-{n}-{count}")
                taken.append(1000 * (time.monotonic() - began))

        pids = product.pids()
        used, began = processor.seconds(pids), time.monotonic()
        await asyncio.gather(*(files(n) for n in range(FILERS)))
        took = time.monotonic() - began
        cpu = {part: 1000 * (value - used[part]) / len(taken) for part, value in processor.seconds(pids).items()}
    return {
        "filed": len(taken),
        "per_second": len(taken) / took,
        "median_ms": median(taken),
        "p99_ms": quantiles(taken, n=100)[98],
        "cpu_ms": cpu,
    }


async def _profiled(product: Product, seconds: float) -> Figures:
    """Let people live while the services are looked at."""
    pids = product.pids()
    looks = [asyncio.create_task(profile.of(pids[name][0], seconds)) for name in SERVICES]
    figures = await _lives(product, seconds, "profile")
    found = await asyncio.gather(*looks)
    return {"lives": figures["lives"], "profile": dict(zip(SERVICES, found, strict=True))}


async def _wal(product: Product) -> int:
    async with product.database() as connection:
        return int(await connection.fetchval("SELECT pg_current_wal_lsn() - '0/0'"))


async def _told(product: Product) -> int:
    """Count the events that the journals hold."""
    total = 0
    for service in SERVICES:
        async with product.database(service) as connection:
            total += await connection.fetchval("SELECT coalesce(max(position), 0) FROM journal")
    return total


async def _size(product: Product) -> int:
    async with product.database() as connection:
        return int(await connection.fetchval("SELECT sum(pg_database_size(oid)) FROM pg_database"))
