"""The product under test: started as `make run` does, in a folder and on ports of its own."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx2

from deploy.local import broker
from deploy.local.child import listening
from deploy.local.environment import Environments
from deploy.local.passwords import Passwords
from deploy.local.places import Places
from deploy.local.postgres import LocalPostgres
from shared.db import AWAY
from tests.command_line import command
from tests.faults import orders
from tests.faults.disk import SmallDisk
from tests.faults.mailbox import Mailbox
from tests.faults.network import Link

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("intake", "qualification", "escalation", "notifications")
UP_WITHIN = 180.0
ANSWERED_WITHIN = 600.0
"""A replay of a long run on a busy machine."""
REPLACED_WITHIN = 180.0
_LAST_WORDS = ("Everything was replaced", "The replacement did not begin", "The replacement stopped there")

_MARKS = {
    "rabbitmq": "beam.smp",
    "postgres": "bin/postgres",
    **{service: f"services.{service}" for service in SERVICES},
}


class Product:
    """All of Cousu-main: four services, PostgreSQL, RabbitMQ and the supervisor that starts again what dies."""

    broker_nodes = 1

    def __init__(self, folder: Path, base: int, mailbox: Mailbox, *, copies: int = 1) -> None:
        self.folder = folder
        self.places = Places(base, folder, copies)
        self.mailbox = mailbox
        self.endpoints: dict[str, str] = {}
        self.to_broker, self.to_database = (
            {service: Link(self.places.ports[server]) for service in SERVICES} for server in ("amqp", "postgres")
        )
        """The network: each service's own ways."""
        self.disk = SmallDisk(folder / "postgres") if SmallDisk.possible() else None
        """PostgreSQL's, where it can be filled."""
        self._orders = folder / "orders"
        self._supervisor: subprocess.Popen[bytes] | None = None
        self._databases: dict[str, asyncpg.Pool[asyncpg.Record]] = {}
        self._http = httpx2.AsyncClient(timeout=10, trust_env=False)

    async def start(self) -> None:
        """Start it and wait until it says where everything is."""
        self.folder.mkdir(mode=0o711, exist_ok=True)
        self._orders.mkdir()
        if self.disk:
            await asyncio.to_thread(self.disk.mount)
        for ways in (self.to_broker, self.to_database):
            for link in ways.values():
                await link.start()
        await self._start_supervisor()

    async def kill_supervisor(self) -> None:
        """SIGKILL the supervisor, and start another in the same folder; come back when all is up again."""
        assert self._supervisor is not None
        self._supervisor.kill()
        await asyncio.to_thread(self._supervisor.wait)
        self.places.endpoints.unlink(missing_ok=True)
        await self._start_supervisor()

    async def _start_supervisor(self) -> None:
        links: dict[str, dict[int, int]] = {service: {} for service in SERVICES}
        for ways in (self.to_broker, self.to_database):
            for service, link in ways.items():
                links[service][link.to_port] = link.port
        log = self.folder / "supervisor.log"
        with log.open("ab") as output:
            self._supervisor = subprocess.Popen(  # noqa: ASYNC220 - it outlives this loop's waits, and is waited for
                [sys.executable, "-m", "tests.faults.launcher"],
                cwd=ROOT,
                env=os.environ
                | {
                    "COUSU_RUN_FOLDER": str(self.folder),
                    "COUSU_PORT_BASE": str(self.places.base),
                    broker.VARIABLE: str(self.broker_nodes),
                    "COUSU_COPIES": str(self.places.copies),
                    "NOTIFICATIONS_SMTP_URL": f"smtp://127.0.0.1:{self.mailbox.port}",
                    "NOTIFICATIONS_ATTACH_LETTERS": "false",  # a PDF takes a processor, and loses no mail
                    orders.LINKS: json.dumps(links),
                    orders.FOLDER: str(self._orders),
                },
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        until = time.monotonic() + UP_WITHIN
        while not self.places.endpoints.exists():
            if self._supervisor.poll() is not None or time.monotonic() > until:
                await self.stop()
                raise RuntimeError(f"the product did not start:\n{log.read_text(errors='replace')}")
            await asyncio.sleep(0.1)
        self.endpoints = json.loads(self.places.endpoints.read_text())
        self.endpoints["replies"] = f"smtp://127.0.0.1:{self.places.ports['replies']}"
        for service in SERVICES:
            if not (self._orders / f"{service}.obeys").exists() or not self.to_database[service].used:
                raise RuntimeError(f"{service} was not started as the launcher wants it: no order would reach it")

    def order(self, service: str, what: orders.Orders) -> None:
        """Tell a service how wrong to go."""
        what.give(self._orders, service)

    async def stop(self) -> None:
        """Stop it as Ctrl-C would."""
        for pool in self._databases.values():
            pool.terminate()
        await self._http.aclose()
        if self._supervisor is not None and self._supervisor.poll() is None:
            for name in _MARKS:
                for pid in self.pids(name):
                    send(pid, signal.SIGCONT)
            self._supervisor.send_signal(signal.SIGINT)
            try:
                await asyncio.to_thread(self._supervisor.wait, 90)
            except subprocess.TimeoutExpired:
                self._supervisor.kill()
                await asyncio.to_thread(self._supervisor.wait)
        for link in (*self.to_broker.values(), *self.to_database.values()):
            link.stop()

    def remove_disk(self) -> None:
        """Give the small disk back: only when nobody wants to look at the databases any more."""
        if self.disk:
            self.disk.unmount()

    def children(self) -> list[int]:
        """Give the process ids of all that the supervisor started."""
        if self._supervisor is None:
            return []
        children = Path(f"/proc/{self._supervisor.pid}/task/{self._supervisor.pid}/children")
        try:
            return [int(pid) for pid in children.read_text().split()]
        except FileNotFoundError:
            return []

    def pid(self, name: str) -> int | None:
        """Find the process of a service (the oldest of its copies), `rabbitmq` or `postgres`."""
        return next(iter(self.pids(name)), None)

    def pids(self, name: str) -> list[int]:
        """Find all such processes among the supervisor's children, the oldest first."""
        found = []
        for pid in self.children():
            try:
                command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except (FileNotFoundError, ProcessLookupError):
                continue
            if _MARKS[name] in command and "-c test " not in command:  # that one is still on its way
                found.append(pid)
        return found

    def signal(self, name: str, what: signal.Signals) -> bool:
        """Send a signal to one of them; tell whether it was there to receive it."""
        pid = self.pid(name)
        return pid is not None and send(pid, what)

    async def replace(self) -> str:
        """Have all copies of the services replaced, one after the other; give the supervisor's last word about it."""
        assert self._supervisor is not None
        log = self.folder / "supervisor.log"
        before = log.stat().st_size
        self._supervisor.send_signal(signal.SIGHUP)
        async with asyncio.timeout(REPLACED_WITHIN):
            while True:
                with log.open(errors="replace") as lines:
                    lines.seek(before)
                    words = [line for line in lines if any(word in line for word in _LAST_WORDS)]
                if words:
                    return words[-1].strip()
                await asyncio.sleep(0.1)

    async def gone(self, pid: int, *, within: float = 20.0) -> None:
        """Wait until a process has ended."""
        async with asyncio.timeout(within):
            while _runs(pid):
                await asyncio.sleep(0.01)

    async def ready(self) -> bool:
        """Tell whether all services say that they are ready, and PostgreSQL and RabbitMQ take connections."""
        if not self.servers_listen():
            return False
        addresses = [address for copies in self._copies().values() for address in copies]
        answers = await asyncio.gather(*(self._status(f"{address}/health/ready") for address in addresses))
        return all(answer == 200 for answer in answers)

    def servers_listen(self) -> bool:
        """Tell whether PostgreSQL and RabbitMQ take connections."""
        return listening(self.places.ports["postgres"]) and listening(self.places.ports["amqp"])

    async def readiness(self) -> dict[str, list[tuple[int, int]]]:
        """Give, service by service, what each copy answers to `/health/live` and to `/health/ready`; 0: nothing."""

        async def both(address: str) -> tuple[int, int]:
            return await self._status(f"{address}/health/live"), await self._status(f"{address}/health/ready")

        return {
            service: await asyncio.gather(*(both(address) for address in copies))
            for service, copies in self._copies().items()
            if service in SERVICES
        }

    def _copies(self) -> dict[str, list[str]]:
        """Give the addresses of all copies, by service."""
        found: dict[str, list[str]] = {}
        for one in json.loads(self.places.copies_file.read_text()):
            found.setdefault(one["labels"]["service"], []).extend(f"http://{target}" for target in one["targets"])
        return found

    async def _status(self, address: str) -> int:
        """Give the status of an answer; 0 when there is none."""
        try:
            return (await self._http.get(address, timeout=3)).status_code
        except httpx2.HTTPError:
            return 0

    async def ask(self, service: str, path: str) -> httpx2.Response:
        """Ask a service for a page that needs no one to be known."""
        return await self._http.get(f"{self.endpoints[service]}{path}", timeout=3)

    async def manage(self, method: str, path: str) -> int:
        """Call RabbitMQ's management API as the supervisor; give the status of the answer."""
        user = urlsplit(self.endpoints["amqp"])
        assert user.username is not None
        answer = await self._http.request(
            method,
            f"{self.endpoints['management']}/api{path}",
            auth=httpx2.BasicAuth(user.username, user.password or ""),
        )
        return answer.status_code

    async def fetch(self, service: str, query: str, *arguments: Any) -> list[asyncpg.Record]:
        """Ask the database of a service, from outside; waits while PostgreSQL is away."""
        rows: list[asyncpg.Record] = await self._patiently(service, lambda pool: pool.fetch(query, *arguments))
        return rows

    async def execute(self, service: str, query: str, *arguments: Any) -> str:
        """Change something in the database of a service, from outside."""
        tag: str = await self._patiently(service, lambda pool: pool.execute(query, *arguments))
        return tag

    async def _patiently(self, service: str, ask: "Callable[[asyncpg.Pool[asyncpg.Record]], Awaitable[Any]]") -> Any:
        async with asyncio.timeout(120):
            while True:
                try:
                    if service not in self._databases:
                        self._databases[service] = await asyncpg.create_pool(
                            self.database_url(f"cousu_{service}"), min_size=0, max_size=2, command_timeout=60
                        )
                    return await ask(self._databases[service])
                except AWAY:
                    pass
                await asyncio.sleep(0.2)

    async def connect(self, service: str) -> "asyncpg.Connection[asyncpg.Record]":
        """Open a session of somebody else at the database of a service."""
        return await asyncpg.connect(self.database_url(f"cousu_{service}"))

    def database_url(self, database: str) -> str:
        """Give the address of a database, as the superuser."""
        return urlsplit(self.endpoints["postgres"])._replace(path=f"/{database}").geturl()

    def environment_of(self, service: str) -> dict[str, str]:
        """Give what a service was told when it was started."""
        return Environments(
            self.places,
            Passwords(self.folder / "secrets.json"),
            LocalPostgres(self.folder / "postgres", self.places.ports["postgres"]),
            broker.own_broker(self.places, self.broker_nodes),
        ).of(service)

    async def command(self, *arguments: str) -> str:
        """Run `cousu-main` as an operator would; give what it prints, or raise with what it complains of."""
        told = {"COUSU_ENVIRONMENT_FILE": str(self.places.environment), "COLUMNS": "200"}
        ran = await command(*arguments, environment=os.environ | told, within=ANSWERED_WITHIN)
        if ran.code != 0:
            raise RuntimeError(f"cousu-main {' '.join(arguments)}: {ran.output}{ran.errors}")
        return ran.output.strip()


def send(pid: int, what: signal.Signals) -> bool:
    """Send a signal to a process; tell whether it was there to receive it."""
    try:
        os.kill(pid, what)
    except ProcessLookupError:
        return False
    return True


def _runs(pid: int) -> bool:
    """Tell whether anything of the process is left: its first thread may be gone while others still hold its ports."""
    try:
        dead = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
        return not dead or len(list(Path(f"/proc/{pid}/task").iterdir())) > 1
    except (FileNotFoundError, ProcessLookupError):
        return False
