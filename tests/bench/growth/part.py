"""Measure lists, searches, pages, statistics and filing over HTTP at growing sizes, with their query plans."""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median, quantiles

from tests.bench import processor
from tests.bench.ground import come_to_rest
from tests.bench.growth import plans
from tests.bench.growth.modes import AT_REST, DATABASES, HEALING, NO_SNAPSHOT, OLD_SNAPSHOT
from tests.bench.growth.multiply import multiply
from tests.bench.hop import trial
from tests.bench.hop.contestants import HOP
from tests.bench.hop.trial import Effort
from tests.bench.life.part import clients
from tests.bench.measure import Bench
from tests.bench.product import SERVICES, Product, prepared
from tests.bench.tally import Figures
from tests.faults.clients import Client
from tests.faults.lives import WAYS, chosen
from tests.faults.person import Person
from tests.steps import a_body

TIMES = 200
"""How often each thing is asked in a round."""
LIVED = 50
"""Requests that are really lived, and multiplied."""
MAILS_UP_TO = 100_000
"""Requests whose mails are multiplied, too: they are two thirds of everything, and a million's fill no disk of ours."""
MAILS = ("delivery", "delivery_attempt")
LOST = 100
"""Requests of which nobody is told, so that they have to be found missing."""
RESTS = 30.0
"""Seconds for which the services are left alone."""

NOTHING_FALLS_DUE = {
    "INTAKE_CLOSE_AFTER_DAYS": "0",
    "INTAKE_EVALUATION_AGAIN_DAYS": "36500",
    "INTAKE_EVALUATION_REMINDER_DAYS": "36500",
}
"""Evaluated requests are closed before they are multiplied; copies of long ago are not all reminded at once."""

LOSES = """
    CREATE FUNCTION bench_loses() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
    CREATE TRIGGER bench_loses BEFORE INSERT ON outbox
        FOR EACH ROW WHEN (NEW.queue = '') EXECUTE FUNCTION bench_loses();
"""
"""Events are recorded and never sent, as where a message got lost after all; what is asked for again is sent."""
LOSES_NO_MORE = "DROP FUNCTION IF EXISTS bench_loses CASCADE"

HISTORIES = (0, 100_000, 1_000_000, 10_000_000)
"""Events told and heard before; the last is prepared once, for it takes minutes."""
RATE = 50.0
"""Events a second while the snapshot is held."""


@dataclass(frozen=True, slots=True)
class Operation:
    """Something that is asked."""

    name: str
    service: str
    path: str
    who: str | None
    """The agent; the applicant where it is nobody."""


OPERATIONS = (
    Operation("the département’s queue", "qualification", "/cases?per_page=25", "sat95"),
    Operation("its cases under examination", "qualification", "/cases?state=under_examination", "sat95"),
    Operation("its search", "qualification", "/cases?q=ecole&per_page=2", "sat95"),
    Operation("a case", "qualification", "/cases/{id}", "sat95"),
    Operation("the national queue", "escalation", "/escalations?per_page=25", "national"),
    Operation("its search", "escalation", "/escalations?q=ecole", "national"),
    Operation("a dossier", "escalation", "/escalations/{id}", "national"),
    Operation("national statistics", "escalation", "/statistics", "national"),
    Operation("the applicant’s request", "intake", "/requests/{id}", None),
    Operation("public statistics", "intake", "/statistics", None),
)

HEALS_WITHIN = 300.0

WAITS = {
    "outbox": "",
    "inbox_waiting": "",
    "delivery": "WHERE status = 'sending' OR (status = 'queued' AND cadence = 'instant')",
}
"""What is empty in a service at rest."""


async def growth(bench: Bench) -> None:
    """Measure each size on one product that grows."""
    sizes = (1_000, 10_000) if bench.quick else (10_000, 100_000, 1_000_000)
    async with prepared(bench.where, settings=NOTHING_FALLS_DUE) as product:
        await product.start()
        async with product.database("qualification") as connection:
            await connection.execute("UPDATE provider SET capacity = 1000000")
        async with clients(product) as client:
            await _live(product, client)
            async with product.database("notifications") as connection:  # digests to come would all be due at once
                await connection.execute(
                    "UPDATE delivery SET status = 'sent', sent_at = created_at, next_attempt_at = NULL"
                    " WHERE status = 'queued'"
                )
            copies = 0
            for size in sizes:
                await _grow(product, copies + 1, size // LIVED - 1, mails=size <= MAILS_UP_TO)
                copies = size // LIVED - 1
                await bench.measure("growth", DATABASES, str(size), 0, partial(_sizes, product))
                for number in range(bench.rounds):
                    in_turn = _InTurn(client, OPERATIONS)
                    for one in OPERATIONS:
                        work = partial(in_turn.taken_by, one)
                        await bench.measure("growth", f"{one.service}: {one.name}", str(size), number, work)
                    await bench.measure(
                        "growth", "intake: filing", str(size), number, partial(_file, client, size, number)
                    )
                    await bench.measure(
                        "growth", HEALING, str(size), number, partial(_heal, product, client, f"{size}-{number}")
                    )
                    await bench.measure("growth", AT_REST, str(size), number, partial(_rest, product))
            await bench.measure("growth", "plans", f"at {sizes[-1]}", 0, partial(_plans, product, client))


async def history(bench: Bench) -> None:
    """Measure relay and inbox with events told and heard before, and while an old snapshot is held open."""
    events = 2_000 if bench.quick else 10_000
    for number in range(bench.rounds):
        for before in HISTORIES[:2] if bench.quick else HISTORIES:
            if before < HISTORIES[-1] or number == 0:
                work = partial(trial.run, bench.ground, HOP[0], Effort(events, history=before))
                await bench.measure("history", "ours", f"{before} events before", number, work)
    held, free = (60, 20) if bench.quick else (600, 60)
    for mode, seconds in ((NO_SNAPSHOT, free), (OLD_SNAPSHOT, held)):
        effort = Effort(int(RATE * seconds), rate=RATE, snapshot=mode == OLD_SNAPSHOT)
        await bench.measure("history", "ours", mode, 0, partial(trial.run, bench.ground, HOP[0], effort))


async def _live(product: Product, client: Client) -> None:
    """Live some requests of every kind, several at a time; a few stay where they are."""
    kinds = [kind for kind in WAYS if "provider" not in kind]

    async def lives(n: int) -> None:
        person = Person(client, product.mailbox, random.Random(f"growth.{n}"), f"growth-{n}", chosen(kinds))  # noqa: S311 - a seed
        for _ in range(LIVED // 5 - 2):
            await person.one()
        for stays in range(2):
            await client.do("intake", "/requests", None, a_body(), key=f"growth-{n}-stays-{stays}")

    await asyncio.gather(*(lives(n) for n in range(5)))
    async with product.database("intake") as connection:
        while await connection.fetchval("SELECT count(*) FROM request WHERE status = 'evaluated'"):
            await asyncio.sleep(1)  # its jobs come round once a minute
    await _all_heard(product)


async def _all_heard(product: Product, *, within: float = 60, of_streams: bool = True) -> None:
    """Wait until everything told was heard and every mail is sent: what is multiplied is at rest, and lacks nothing."""
    until = time.monotonic() + within
    while missing := await _under_way(product, of_streams=of_streams):
        if time.monotonic() > until:
            raise RuntimeError(f"still under way: {missing}")
        await asyncio.sleep(0.5)


async def _under_way(product: Product, *, of_streams: bool) -> dict[str, int]:
    """Count what waits in each service, and the streams that one of them has not heard to the end."""
    found: dict[str, int] = {}
    told: dict[tuple[str, str], int] = {}
    heard: dict[str, dict[tuple[str, str], int]] = {}
    for service in SERVICES:
        async with product.database(service) as connection:
            for table, which in WAITS.items():
                if await connection.fetchval("SELECT to_regclass($1)", table):
                    found[f"{service}: {table}"] = await connection.fetchval(f"SELECT count(*) FROM {table} {which}")
            if not of_streams:
                continue
            rows = await connection.fetch("SELECT source, subject, sequence AS at FROM stream")
            told |= {(row["source"], row["subject"]): row["at"] for row in rows}
            rows = await connection.fetch("SELECT source, subject, applied AS at FROM inbox_stream")
            heard[service] = {(row["source"], row["subject"]): row["at"] for row in rows}
    for service, streams in heard.items():
        found[f"{service}: streams"] = sum(told.get(stream, at) > at for stream, at in streams.items())
    return {name: count for name, count in found.items() if count}


async def _grow(product: Product, first: int, last: int, *, mails: bool) -> None:
    """Multiply everywhere, and let the server finish what it has to do after that before anything is measured."""

    async def multiplied(*services: str) -> None:
        for service in services:
            async with product.database(service) as connection:
                await multiply(connection, first, last, without=() if mails else MAILS)

    async with product.standing_still():
        await asyncio.gather(multiplied("qualification"), multiplied("intake", "escalation", "notifications"))
    async with product.database() as connection:
        await come_to_rest(connection)


async def _sizes(product: Product) -> Figures:
    found: Figures = {}
    for service in SERVICES:
        async with product.database(service) as connection:
            found[service] = await connection.fetchval("SELECT pg_database_size(current_database())")
    return found


async def _heal(product: Product, client: Client, key: str) -> Figures:
    """Lose what is told of new requests before it is sent; give how long until the département has them all."""
    async with product.database("intake") as connection:
        await connection.execute(LOSES)
        try:
            filed = [await client.do("intake", "/requests", None, a_body(), key=f"lost-{key}-{n}") for n in range(LOST)]
        finally:
            await connection.execute(LOSES_NO_MORE)
    pids = product.pids()
    used, began = processor.seconds(pids), time.monotonic()
    lost = [one["id"] for one in filed]
    async with product.database("qualification") as connection:
        while await connection.fetchval("SELECT count(*) FROM case_file WHERE request_id = ANY ($1)", lost) < LOST:
            if time.monotonic() - began > HEALS_WITHIN:
                raise RuntimeError("what was lost was not found")
            await asyncio.sleep(0.1)
    seconds = time.monotonic() - began
    cpu = {name: value - used[name] for name, value in processor.seconds(pids).items()}
    return {"seconds": seconds, "cpu_s": sum(cpu.values())}


async def _rest(product: Product) -> Figures:
    """Give how much of a core each part takes while nobody asks for anything."""
    await _all_heard(product, of_streams=False)
    pids = product.pids()
    used = processor.seconds(pids)
    await asyncio.sleep(RESTS)
    return {name: (value - used[name]) / RESTS for name, value in processor.seconds(pids).items()}


class _InTurn:
    """One request of each kind after the other, again and again: what disturbs for a second disturbs all alike."""

    def __init__(self, client: Client, operations: Sequence[Operation], *, times: int = TIMES) -> None:
        self._client = client
        self._operations = operations
        self._times = times
        self._taken: dict[Operation, list[float]] = defaultdict(list)
        self._lives = [one for one in client.ledger.lives if one.finished and one.kind == "whole_life"]

    async def taken_by(self, operation: Operation) -> Figures:
        """Give what one of them took; whoever comes first has all of them asked."""
        if not self._taken:
            for n in range(self._times):
                for one in self._operations:
                    self._taken[one].append(await self._ask(one, n))
        return _of(self._taken[operation])

    async def _ask(self, operation: Operation, n: int) -> float:
        life = self._lives[n % len(self._lives)]
        token = self._client.tokens[operation.who][1] if operation.who else life.token
        path = operation.path.format(id=life.id)
        began = time.perf_counter()
        status, _ = await self._client.once(operation.service, "GET", path, token, None)
        if status != 200:
            raise RuntimeError(f"{operation.service}{path}: {status}")
        return 1000 * (time.perf_counter() - began)


async def _file(client: Client, size: int, number: int, *, times: int = 40) -> Figures:
    taken = []
    for n in range(times):
        began = time.perf_counter()
        await client.do("intake", "/requests", None, a_body(), key=f"growth-{size}-{number}-{n}")
        taken.append(1000 * (time.perf_counter() - began))
    return _of(taken)


async def _plans(product: Product, client: Client) -> Figures:
    """Have PostgreSQL tell the plans of everything that is asked."""
    log = product.places.log("postgres")
    found: Figures = {}
    for service in ("intake", "qualification", "escalation"):
        role = f"{service}_app"
        async with product.database(service) as connection:
            since = log.stat().st_size
            await plans.tell(connection, role, them=True)
            await asyncio.sleep(2)
            ours = [one for one in OPERATIONS if one.service == service]
            await _InTurn(client, ours, times=8).taken_by(ours[0])
            await plans.tell(connection, role, them=False)
            told = await asyncio.to_thread(plans.read, log, since)
            found[service] = {"plans": told, "as_a_whole": await plans.read_as_a_whole(connection, told)}
    return found


def _of(taken: list[float]) -> Figures:
    return {"median_ms": median(taken), "p99_ms": quantiles(taken, n=100)[98], "asked": len(taken)}
