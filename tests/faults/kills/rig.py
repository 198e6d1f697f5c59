"""The rig of the kills: databases, virtual host, mail server and parent process; also the `Product` of the oracle."""

import asyncio
import contextlib
import json
import os
import secrets
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import asyncpg
import httpx2

from deploy.local import databases
from deploy.local.demo import catalogue as qualification
from deploy.local.demo import means as escalation
from deploy.local.environment import REPLAY, Environments
from deploy.local.passwords import Passwords, write_private
from deploy.local.places import Places
from services.operations.adapters import migrations
from services.operations.usecases import agents
from shared import clock
from shared.db import Database
from tests.command_line import command
from tests.faults.kills.mail import LossyMailbox
from tests.faults.kills.servers import Servers
from tests.faults.product import ANSWERED_WITHIN, ROOT, SERVICES
from tests.logins import make_logins_quick
from tests.system import free_base

Told = dict[str, Any]

_BUILD_WITHIN = 180.0


class Rig:
    """Everything that is needed to kill services by the thousand, and to ask afterwards what became of the promises."""

    def __init__(self, servers: Servers) -> None:
        self.servers = servers
        self.listener: Callable[[Told], None] = lambda _: None
        """Who is told what the warm parent and its children say; see `nursery`."""
        self.mailbox = LossyMailbox()
        self.folder = Path(tempfile.mkdtemp(prefix="cousu-rig-"))
        self.endpoints: dict[str, str] = {}
        self.bug: str | None = None
        """The seeded bug, by its name, of the services that are forked from now on."""
        self.dawdles = 0.0
        """Seconds that one call in five of theirs waits at most."""
        self.fails = 0.0
        """Share of the events that they fail to handle, drawn anew at each attempt."""
        self._run = f"k{secrets.token_hex(3)}"
        self._sockets: dict[str, socket.socket] = {}
        self._environments: dict[str, dict[str, str]] = {}
        self._operations: dict[str, str] = {}
        self._nursery: asyncio.subprocess.Process | None = None
        self._listens: asyncio.Task[None] | None = None
        self._pools: dict[str, asyncpg.Pool[asyncpg.Record]] = {}
        self._http = httpx2.AsyncClient(timeout=10, trust_env=False)
        self._fresh = False

    # ── coming and going ────────────────────────────────────────────────────────────────────────────────────────

    async def start(self) -> None:
        """Make the templates of the databases, bind the ports and warm the parent up."""
        await self.mailbox.start()
        places = self._bind()
        (self.folder / "logs").mkdir()
        environments = Environments(
            places, Passwords(self.folder / "secrets.json"), self.servers.postgres, self.servers.rabbit
        )
        ours = {f"{name.upper()}_{what}_URL": url for name in SERVICES for what, url in self._addresses(name).items()}
        self._environments = {
            name: environments.of(name)
            | {key: url for key, url in ours.items() if key.startswith(name.upper())}
            | {f"{name.upper()}_SMTP_URL": f"smtp://127.0.0.1:{self.mailbox.port}"}
            | {f"{name.upper()}_SMTP_TIMEOUT": "3"}
            for name in SERVICES
        }
        for name in SERVICES:  # the databases of a moment have no role of operators
            ours[f"{name.upper()}_OPERATIONS_URL"] = ours[f"{name.upper()}_DATABASE_URL"]
        self._operations = environments.of_command_line() | ours
        write_private(
            self.folder / "environment", "".join(f"{key}={value}\n" for key, value in self._operations.items())
        )
        self.endpoints = {name: places.web(name) for name in SERVICES}
        self.endpoints["replies"] = f"smtp://127.0.0.1:{places.ports['replies']}"
        await self.servers.postgres.ensure_role(REPLAY, creates_databases=True)
        await asyncio.gather(self._warm_up(), *(self._make_template(name) for name in SERVICES))
        await self.fresh()

    async def stop(self) -> None:
        """Let go of everything that was made for this run; the servers stay."""
        if self._nursery is not None and self._nursery.stdin is not None:
            self._nursery.stdin.close()
            await self._nursery.wait()
        if self._listens is not None:
            self._listens.cancel()
            await asyncio.gather(self._listens, return_exceptions=True)
        self._close_pools()
        await self._http.aclose()
        self.mailbox.stop()
        for one in self._sockets.values():
            one.close()
        with contextlib.suppress(OSError, asyncpg.PostgresError):
            admin = await asyncpg.connect(self.database_url("postgres"))
            for name in SERVICES:
                for database in (self._database(name), self._template(name)):
                    await admin.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
            await admin.close()
        with contextlib.suppress(OSError):
            await self.servers.rabbit.delete_vhost(self._run)
        shutil.rmtree(self.folder, ignore_errors=True)

    async def fresh(self) -> None:
        """Begin again with empty databases, an empty virtual host, and agents who may act; all services are down."""
        self._close_pools()
        self.mailbox.empty()
        admin = await asyncpg.connect(self.database_url("postgres"))
        try:
            for name in SERVICES:
                database, app = self._database(name), f"{name}_app"
                await admin.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
                await admin.execute(
                    f'CREATE DATABASE "{database}" TEMPLATE "{self._template(name)}" OWNER "{name}_owner"'
                )
                await admin.execute(f'GRANT CONNECT ON DATABASE "{database}" TO "{app}"')
        finally:
            await admin.close()
        if self._fresh:
            await self.servers.rabbit.delete_vhost(self._run)
        self._fresh = True
        await self.servers.rabbit.create_vhost(self._run)

    async def token(self, service: str, email: str) -> str:
        """Give a bearer token of a persona."""
        database = await Database.connect(self._addresses(service)["DATABASE"], name="kills", max_size=2)
        try:
            return await agents.issue_token(database, email=email, name="kills", by="kills")
        finally:
            await database.close()

    def fork(self, service: str, hand: Mapping[str, int], *, healing: bool) -> None:
        """Have a child of that service; it dies where its hand says, and asks for what it misses only if it may."""
        assert self._nursery is not None
        assert self._nursery.stdin is not None
        told = {
            "start": service,
            "hand": hand,
            "healing": healing,
            "bug": self.bug,
            "dawdles": self.dawdles,
            "fails": self.fails,
        }
        self._nursery.stdin.write(json.dumps(told).encode() + b"\n")

    # ── what the oracle asks of a product ───────────────────────────────────────────────────────────────────────

    async def ready(self) -> bool:
        """Tell whether all services say that they are ready."""

        async def one(service: str) -> bool:
            try:
                answer = await self._http.get(f"{self.endpoints[service]}/health/ready", timeout=3)
            except httpx2.HTTPError:
                return False
            return answer.status_code == 200

        return all(await asyncio.gather(*(one(service) for service in SERVICES)))

    async def fetch(self, service: str, query: str, *arguments: Any) -> list[asyncpg.Record]:
        """Ask the database of a service, from outside."""
        return await (await self._pool(service)).fetch(query, *arguments)

    async def execute(self, service: str, query: str, *arguments: Any) -> str:
        """Change something in the database of a service, from outside."""
        return await (await self._pool(service)).execute(query, *arguments)

    async def connect(self, service: str) -> "asyncpg.Connection[asyncpg.Record]":
        """Open a session of somebody else at the database of a service."""
        return await asyncpg.connect(self.database_url(self._database(service)))

    def database_url(self, database: str) -> str:
        """Give the address of a database, as the superuser."""
        return self.servers.postgres.url(database)

    async def command(self, *arguments: str) -> str:
        """Run `cousu-main` as an operator would; give what it prints, or raise with what it complains of."""
        told = self._operations | {"COUSU_ENVIRONMENT_FILE": str(self.folder / "environment")}
        ran = await command(*arguments, environment=os.environ | told, within=ANSWERED_WITHIN)
        if ran.code != 0:
            raise RuntimeError(f"cousu-main {' '.join(arguments)}: {ran.output}{ran.errors}")
        return ran.output.strip()

    # ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _bind(self) -> Places:
        """Take the ports of the services, and keep them."""
        while True:
            places = Places(free_base(), self.folder)
            try:
                for name in SERVICES:
                    self._sockets[name] = socket.create_server(("127.0.0.1", places.ports[name]), backlog=1024)
            except OSError:  # somebody else chose the same base in the same moment
                for one in self._sockets.values():
                    one.close()
                continue
            return places

    async def _warm_up(self) -> None:
        told = {
            "environments": self._environments,
            "sockets": {name: one.fileno() for name, one in self._sockets.items()},
            "logs": str(self.folder / "logs"),
        }
        self._nursery = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.faults.kills.nursery",
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            pass_fds=[one.fileno() for one in self._sockets.values()],
        )
        assert self._nursery.stdin is not None
        assert self._nursery.stdout is not None
        self._nursery.stdin.write(json.dumps(told).encode() + b"\n")
        async with asyncio.timeout(_BUILD_WITHIN):
            first = await self._nursery.stdout.readline()
        if b'"warm"' not in first:
            raise RuntimeError("the warm parent did not come up; its words are above")
        self._listens = asyncio.create_task(self._listen(self._nursery.stdout))

    async def _listen(self, said: asyncio.StreamReader) -> None:
        while line := await said.readline():
            self.listener(json.loads(line))
        self.listener({"gone": True})

    async def _make_template(self, service: str) -> None:
        """Migrate a database to copy from, with the personas in it."""
        postgres, name = self.servers.postgres, self._template(service)
        owner, app = f"{service}_owner", f"{service}_app"
        for role in (owner, app):
            await postgres.ensure_role(role)
        await make_logins_quick(postgres, app)
        await postgres.ensure_database(name, owner=owner)
        await migrations.migrate(service, postgres.url(name, owner))
        await migrations.grant(postgres.url(name, owner), to=postgres.url(name, app))
        database = await Database.connect(postgres.url(name, app), name="kills", max_size=2)
        try:
            await databases.seed(service, database)
            await _load_demonstration(service, database)
        finally:
            await database.close()

    def _addresses(self, service: str) -> dict[str, str]:
        postgres, database = self.servers.postgres, self._database(service)
        return {
            "DATABASE": postgres.url(database, f"{service}_app") + "?sslmode=disable",  # each connection asks otherwise
            "MIGRATION": postgres.url(database, f"{service}_owner"),
            "AMQP": self.servers.rabbit.url(service, self._run),
        }

    def _database(self, service: str) -> str:
        return f"{self._run}_{service}"

    def _template(self, service: str) -> str:
        return f"{self._run}_template_{service}"

    async def _pool(self, service: str) -> "asyncpg.Pool[asyncpg.Record]":
        if service not in self._pools:
            self._pools[service] = await asyncpg.create_pool(
                self.database_url(self._database(service)), min_size=0, max_size=2, command_timeout=60
            )
        return self._pools[service]

    def _close_pools(self) -> None:
        for pool in self._pools.values():
            pool.terminate()
        self._pools = {}


async def _load_demonstration(service: str, database: Database) -> None:
    """Have the providers and envelopes that lives need; nobody here counts how much a provider can take on."""
    async with database.transaction() as tx:
        if service == "qualification":
            await qualification.load(tx, clock.now())
            await tx.execute("UPDATE provider SET capacity = 1000000")
        if service == "escalation":
            await escalation.load(tx, clock.now())
