"""Run one trial: a contestant's sender and listeners on empty databases, measured by PostgreSQL's commits."""

import asyncio
import contextlib
import os
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

from tests.bench import processor
from tests.bench.ground import Field, Ground, come_to_rest
from tests.bench.hop.contestants import ROOT, Contestant
from tests.bench.hop.job import Order
from tests.bench.tally import Figures

READY_WITHIN = 120.0
SETTLES = 1.0
"""Seconds between the last `ready` and the beginning."""
WARMS = 1.0
"""Seconds at a rate whose events do not count for how long one takes: connections and plans are made in them."""


class Failed(Exception):
    """A contestant did not do its job; the text says what it said last."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is to be carried, and how fast it comes."""

    events: int
    rate: float = 0.0
    copies: int = 1
    """Of the listener."""
    instances: int = 1
    """Listeners with a queue each, as départements that have one of their own."""
    within: float = 180.0
    listens: bool = True
    """Whether anybody listens: without, the sender alone is measured."""
    history: int | None = None
    """Events that were told and heard before; where it is given, the servers come to rest first."""
    snapshot: bool = False
    """Whether somebody holds an old snapshot of the sender's database open."""
    beforehand: bool = False
    """Whether all of it stands in the queue before the listener begins."""


class Player:
    """One process of a contestant, and what it says."""

    def __init__(self, process: asyncio.subprocess.Process, log: BinaryIO) -> None:
        self._process = process
        self._said: list[str] = []
        self._log = log
        self._reads = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, contestant: Contestant, role: str, order: Order) -> "Player":
        """Start it; its log goes to a file, for whoever reads along takes from the cores that are measured."""
        log = tempfile.TemporaryFile()  # noqa: SIM115 - it is the player's until its end
        process = await asyncio.create_subprocess_exec(
            *contestant.command(role),
            cwd=contestant.tree,
            env=os.environ | order.to_environment() | {"PYTHONPATH": f"{contestant.tree}:{ROOT}"},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
        return cls(process, log)

    @property
    def pid(self) -> int:
        """Give its process id."""
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Tell whether it says nothing more."""
        return self._reads.done()

    async def until(self, word: str, within: float) -> None:
        """Wait until it says a word."""
        until = time.monotonic() + within
        while word not in self._said:
            if self.ended or time.monotonic() > until:
                raise Failed(self.last_words())
            await asyncio.sleep(0.005)

    async def go(self) -> None:
        """Let it begin."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"go\n")
        await self._process.stdin.drain()

    async def end(self) -> None:
        """End it, and all that it started."""
        below = processor.descendants(self.pid)
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
            try:
                async with asyncio.timeout(5):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
        for pid in below:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 9)
        await self._process.wait()
        self._reads.cancel()
        self._log.close()

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self._said.append(line.decode(errors="replace").rstrip())

    def last_words(self) -> str:
        """Give what it said, and the end of its log."""
        self._log.seek(0)
        return "\n".join([*self._said, *self._log.read().decode(errors="replace").splitlines()[-30:]])


async def _nothing() -> None:
    """Do nothing meanwhile."""


async def run(
    ground: Ground,
    contestant: Contestant,
    effort: Effort,
    *,
    meanwhile: Callable[[], Awaitable[None]] = _nothing,
) -> Figures:
    """Carry the events, and say how that went; `meanwhile` is done beside it."""
    async with ground.field() as field:
        order = replace(
            ground.order(field, ours=contestant.ours, events=effort.events, rate=effort.rate),
            instances=effort.instances,
        )
        if effort.history is not None:
            await _remember(ground, field, effort.history)
        async with (
            _snapshot(ground, field, held=effort.snapshot),
            _players(contestant, order, effort) as (sender, listeners),
        ):
            pids = ground.server_pids() | {"sender": [sender.pid], "listener": [one.pid for one in listeners]}
            await asyncio.sleep(SETTLES)
            used = processor.seconds(pids)
            wal = await _wal(ground)
            began = time.time()
            beside = asyncio.ensure_future(meanwhile())
            if not effort.beforehand:
                await sender.go()
            if effort.listens:
                await all_applied(ground, field, effort, [sender, *listeners])
            else:
                await sender.until("done", effort.within)
            seconds = time.time() - began
            await beside
            cpu = {name: value - used[name] for name, value in processor.seconds(pids).items()}
            wal = await _wal(ground) - wal
        warm = began + WARMS if effort.rate and effort.events > 2 * WARMS * effort.rate else 0.0
        figures = await figures_of(ground, field, began, warm) if effort.listens else {}
        if not effort.listens:
            figures = {"seconds": seconds, "per_second": effort.events / seconds}
        return figures | {
            "events": effort.events,
            "rate": effort.rate,
            "copies": effort.copies,
            "cpu_ms": {name: 1000 * value / effort.events for name, value in cpu.items()},
            "wal_bytes": wal / effort.events,
        }


YEARS = 5
"""For which events were told before."""


async def _remember(ground: Ground, field: Field, history: int) -> None:
    """Have so many events in the journal here, and their streams in the inbox there, told evenly over five years.

    Their identifiers count up in time, as the product makes them: at random they would lie elsewhere in each index.
    """
    events = f"generate_series(0, {history - 1}) n"
    requests = f"generate_series(0, {history - 1}, 5) n"
    moment = f"now() - interval '{YEARS} years' * (({history} - n / 5 * 5)::float8 / {history})"
    subject, event = (_identifier(moment, seed) for seed in ("n / 5", "'event' || n"))
    async with ground.connected(field.source) as source, ground.connected(field.target) as target:
        await source.execute(
            f"""
            INSERT INTO stream (source, subject, sequence, hash, departement, changed_at)
            SELECT '/intake', {subject}::text, 5, sha256(''), '95', {moment} FROM {requests}
            """
        )
        await source.execute(
            f"""
            INSERT INTO journal (id, source, subject, sequence, type, routing_key, recorded_at, body, hash)
            SELECT {event}, '/intake', {subject}::text, n % 5 + 1, 'intake.message_posted.v1',
                   'intake.message_posted.95', {moment}, repeat('x', 800), sha256('')
            FROM {events}
            """
        )
        await target.execute(
            f"""
            INSERT INTO inbox_stream (source, subject, applied, changed_at)
            SELECT '/intake', {subject}::text, 5, {moment} FROM {requests}
            """
        )
        await source.execute("VACUUM ANALYZE")
        await target.execute("VACUUM ANALYZE")
        await come_to_rest(source)


def _identifier(moment: str, seed: str) -> str:
    """Give the SQL of a UUID of the seventh kind, made at a moment."""
    milliseconds, rest = f"(extract(epoch FROM {moment}) * 1000)::bigint", f"md5(({seed})::text)"
    return f"(lpad(to_hex({milliseconds}), 12, '0') || '7' || left({rest}, 3) || '8' || right({rest}, 15))::uuid"


@contextlib.asynccontextmanager
async def _snapshot(ground: Ground, field: Field, *, held: bool) -> AsyncIterator[None]:
    """Hold a snapshot of the sender's database, where one is to be held."""
    if not held:
        yield
        return
    async with ground.connected(field.source) as connection, connection.transaction(isolation="repeatable_read"):
        await connection.fetchval("SELECT count(*) FROM journal")
        yield


@contextlib.asynccontextmanager
async def _players(contestant: Contestant, order: Order, effort: Effort) -> AsyncIterator[tuple[Player, list[Player]]]:
    """Start the listeners and then the sender; where nobody is to listen, or not yet, their queue stands there."""
    players: list[Player] = []

    async def play(role: str, instance: int = 0) -> Player:
        players.append(await Player.start(contestant, role, replace(order, instance=instance)))
        await players[-1].until("ready", READY_WITHIN + order.events / 200)
        return players[-1]

    try:
        listeners = [await play("hear", n) for n in range(effort.instances) for _ in range(effort.copies)]
        if effort.beforehand or not effort.listens:
            await asyncio.gather(*(one.end() for one in listeners))
            listeners = []
        sender = await play("send")
        if effort.beforehand:
            await sender.go()
            await sender.until("done", effort.within)
            listeners = [await Player.start(contestant, "hear", order) for _ in range(effort.copies)]
            players += listeners
        yield sender, listeners
    finally:
        await asyncio.gather(*(one.end() for one in players))


async def all_applied(ground: Ground, field: Field, effort: Effort, players: Sequence[Player]) -> None:
    """Wait until all has taken effect at the end."""
    until = time.monotonic() + effort.within + (effort.events / effort.rate if effort.rate else 0)
    async with ground.connected(field.target) as connection:
        while (there := await connection.fetchval("SELECT count(*) FROM step")) < effort.events:
            if time.monotonic() > until or any(one.ended for one in players):
                said = "\n".join(one.last_words() for one in players)
                raise Failed(f"{there} of {effort.events} arrived in time\n{said}")
            await asyncio.sleep(0.1)


async def _wal(ground: Ground) -> int:
    async with ground.connected("postgres") as connection:
        value: int = await connection.fetchval("SELECT pg_current_wal_lsn() - '0/0'")
    return int(value)


async def figures_of(ground: Ground, field: Field, began: float, warm: float = 0.0) -> Figures:
    """Read what was committed when, which is the same clock for everybody, whoever wrote it.

    A row's moment is that of its transaction's commit, before its way to the disk. What was sent before `warm` does
    not count for how long an event takes.
    """
    async with ground.connected(field.target) as connection:
        row = await connection.fetchrow(
            """
            WITH one AS (
                SELECT id, event_id, request_id,
                       extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 AS applied,
                       split_part(text, ' ', 1)::float8 AS sent,
                       split_part(text, ' ', 2)::integer AS number
                FROM effect
            ), seen AS (
                SELECT *, CASE WHEN sent >= $2::float8 THEN applied - sent END AS way,
                       number < lag(number) OVER (PARTITION BY request_id ORDER BY id) AS overtaken
                FROM one
            )
            SELECT max(applied) - $1::float8 AS seconds,
                   count(*) / (max(applied) - $1::float8) AS per_second,
                   1000 * percentile_cont(0.5) WITHIN GROUP (ORDER BY way) AS median_ms,
                   1000 * percentile_cont(0.99) WITHIN GROUP (ORDER BY way) AS p99_ms,
                   count(*) - count(DISTINCT event_id) AS doubled,
                   count(*) FILTER (WHERE overtaken) AS overtaken
            FROM seen
            """,
            began,
            warm,
        )
    assert row is not None
    return dict(row)
