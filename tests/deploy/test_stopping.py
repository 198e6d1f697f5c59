"""A service that is told to stop ends in time, whatever state its broker and its database are in."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest

from deploy.local.environment import Environments
from deploy.local.passwords import Passwords
from deploy.local.places import Places
from deploy.local.postgres import LocalPostgres
from deploy.local.rabbitmq import LocalRabbit
from shared.stopping import ENDS_WITHIN
from tests.faults.network import Link
from tests.polling import eventually

if TYPE_CHECKING:
    from tests.conftest import FreshDatabase

ROOT = Path(__file__).resolve().parents[2]
SLOW_MACHINE = 30.0
"""Seconds beyond the bound that a test waits."""


@dataclass(slots=True)
class Trial:
    """One service as a process, and its own ways to the broker and to the database."""

    service: str
    port: int
    environment: dict[str, str]
    log: Path
    broker: Link
    database: Link
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it; it may not become ready."""
        with self.log.open("wb") as output:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", f"services.{self.service}", env=os.environ | self.environment,
                cwd=ROOT, stdout=output, stderr=output,
            )  # fmt: skip

    async def ready(self) -> bool:
        """Tell whether it consumes and relays."""
        async with httpx2.AsyncClient(trust_env=False) as client:
            try:
                return (await client.get(f"http://127.0.0.1:{self.port}/health/ready", timeout=5)).status_code == 200
            except httpx2.HTTPError:
                return False

    async def logged(self, what: str) -> bool:
        """Tell whether its log holds these words."""
        return what in await asyncio.to_thread(self.log.read_text)

    def away(self, *links: Link) -> None:
        """Refuse connections, and reset those there are."""
        for link in links:
            link.open = False
            link.cut()

    def silent(self, *links: Link) -> None:
        """Accept connections and bytes, and answer nothing, on old and on new connections."""
        for link in links:
            link.stall()

    async def ends(self, *, within: float) -> int:
        """Tell it to stop; give its exit code, and fail when it does not end in time."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        async with asyncio.timeout(within):
            return await self.process.wait()


Fresh = Callable[[str], Awaitable["FreshDatabase"]]
Trials = Callable[[str], Awaitable[Trial]]


@pytest.fixture
async def trials(
    tmp_path: Path,
    fresh_database: Fresh,
    postgres_server: LocalPostgres,
    rabbit_server: LocalRabbit,
    broker_url: Callable[[str], str],
    free_ports: Callable[[int], list[int]],
) -> AsyncIterator[Trials]:
    """Make services, each with a network of its own; nothing of them is left after the test."""
    environments = Environments(
        Places(folder=tmp_path), Passwords(tmp_path / "secrets.json"), postgres_server, rabbit_server
    )
    made: list[Trial] = []
    urls: dict[str, str] = {}
    async with AsyncExitStack() as links:

        async def make(service: str) -> Trial:
            if service not in urls:
                urls[service] = (await fresh_database(service)).app_url
            broker, database = Link(rabbit_server.amqp_port), Link(postgres_server.port)
            for link in (broker, database):
                await link.start()
                links.callback(link.stop)
            port, replies = free_ports(2)
            name = service.upper()
            environment = environments.of(service) | {
                f"{name}_PORT": str(port),
                f"{name}_AMQP_URL": broker_url(service).replace(f":{rabbit_server.amqp_port}/", f":{broker.port}/"),
                f"{name}_DATABASE_URL": urls[service].replace(f":{postgres_server.port}/", f":{database.port}/"),
                "NOTIFICATIONS_INBOUND_MAIL": f"smtp://127.0.0.1:{replies}",
            }
            trial = Trial(service, port, environment, tmp_path / f"{len(made)}.log", broker, database)
            made.append(trial)
            return trial

        yield make
        for trial in made:
            if trial.process is not None and trial.process.returncode is None:
                trial.process.kill()
                await trial.process.wait()


STATES: dict[str, Callable[[Trial], None]] = {
    "all is well": lambda _: None,
    "broker away": lambda trial: trial.away(trial.broker),
    "broker silent": lambda trial: trial.silent(trial.broker),
    "database away": lambda trial: trial.away(trial.database),
    "database silent": lambda trial: trial.silent(trial.database),
    "both away": lambda trial: trial.away(trial.broker, trial.database),
    "both silent": lambda trial: trial.silent(trial.broker, trial.database),
}


async def outcomes(trials: Mapping[str, Trial]) -> dict[str, int | str]:
    """Tell all to stop at once; give how each ended."""

    async def one(trial: Trial) -> int | str:
        try:
            return await trial.ends(within=ENDS_WITHIN + SLOW_MACHINE)
        except TimeoutError:
            return "still runs"

    ended = await asyncio.gather(*(one(trial) for trial in trials.values()))
    return dict(zip(trials, ended, strict=True))


async def test_a_running_service_ends_whatever_becomes_of_broker_and_database(trials: Trials) -> None:
    running = {f"intake, {state}": await trials("intake") for state in STATES}
    running["notifications, both silent"] = await trials("notifications")
    for trial in running.values():
        await trial.start()
    for trial in running.values():
        await eventually(trial.ready, within=180)
    for name, trial in running.items():
        STATES[name.partition(", ")[2]](trial)
    # A reconnection is under way when the signal comes.
    await eventually(lambda: running["intake, broker away"].logged("Connection attempt"), within=60)
    assert await outcomes(running) == dict.fromkeys(running, 0)


async def test_a_service_that_never_reached_broker_or_database_ends_too(trials: Trials) -> None:
    starting = {state: await trials("intake") for state in STATES if state.startswith(("broker", "database"))}
    for state, trial in starting.items():
        STATES[state](trial)
        await trial.start()
    await eventually(lambda: starting["broker away"].logged("consumer.broker_away"), within=120)
    await eventually(lambda: starting["database away"].logged("database.away"), within=120)

    async def waits_for_silence() -> bool:
        return bool(starting["broker silent"].broker.used and starting["database silent"].database.used)

    await eventually(waits_for_silence, within=120)
    assert await outcomes(starting) == dict.fromkeys(starting, 0)
