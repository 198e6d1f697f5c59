"""Start the servers that all contestants share: one PostgreSQL and one RabbitMQ, as durable as those of `make run`."""

import asyncio
import contextlib
import secrets
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from deploy.local.postgres import LocalPostgres
from deploy.local.rabbitmq import LocalRabbit
from deploy.local.rabbitmq_cluster import LocalCluster, NodePorts
from services.operations.adapters import migrations
from tests.bench.hop.job import TABLES, Order
from tests.faults.kills.servers import free_ports

DISK = Path("/var/tmp")  # noqa: S108 - a private folder is made there and removed
MEMORY = Path("/dev/shm")  # noqa: S108 - same

SETTINGS = {"track_commit_timestamp": "on", "shared_preload_libraries": "pg_stat_statements"}
"""Beside what `make run` has: when each row was committed, which is how everybody is measured; and what was asked."""

PEER = "supervisor"
"""The broker's user for those who know nothing of our rights."""

CLEANS = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'autovacuum worker'"
RESTS_WITHIN = 300.0

_TEMPLATE = "bench_template"
_OWNER, _APP = "shared_owner", "shared_app"


@dataclass(frozen=True, slots=True)
class Field:
    """Two empty databases and an empty virtual host for one trial."""

    source: str
    target: str
    vhost: str


class Ground:
    """The servers, and fresh fields on them."""

    def __init__(self, postgres: LocalPostgres, rabbit: LocalRabbit | LocalCluster) -> None:
        self.postgres = postgres
        self.rabbit = rabbit

    @property
    def nodes(self) -> tuple[LocalRabbit, ...]:
        """Give the broker's nodes."""
        return self.rabbit.nodes if isinstance(self.rabbit, LocalCluster) else (self.rabbit,)

    def server_pids(self) -> dict[str, list[int]]:
        """Give the processes of the servers."""
        return {
            "postgres": [self.postgres.pid] if self.postgres.pid else [],
            "rabbitmq": [node.pid for node in self.nodes if node.pid],
        }

    async def prepare(self) -> None:
        """Make the template that every field's databases are copied from."""
        for role in (_OWNER, _APP):
            await self.postgres.ensure_role(role)
        await self.postgres.ensure_database(_TEMPLATE, owner=_OWNER)
        owner = self.postgres.url(_TEMPLATE, _OWNER)
        await migrations.migrate("shared", owner)
        await migrations.grant(owner, to=self.postgres.url(_TEMPLATE, _APP))
        async with self.connected(_TEMPLATE, _OWNER) as connection:
            await connection.execute(TABLES)
            await connection.execute(f"GRANT SELECT, INSERT ON effect, step TO {_APP}")
        async with self.connected("postgres") as connection:
            await connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")

    @contextlib.asynccontextmanager
    async def field(self) -> AsyncIterator[Field]:
        """Give a field, and clear it away afterwards."""
        name = secrets.token_hex(4)
        field = Field(f"source_{name}", f"target_{name}", f"bench-{name}")
        try:
            async with self.connected("postgres") as admin:
                for database in (field.source, field.target):
                    await admin.execute(f'CREATE DATABASE "{database}" TEMPLATE {_TEMPLATE} OWNER {_OWNER}')
                    await admin.execute(f'GRANT CONNECT ON DATABASE "{database}" TO {_APP}')
            await self.nodes[0].create_vhost(field.vhost)
            yield field
        finally:
            await self.nodes[0].delete_vhost(field.vhost)
            async with self.connected("postgres") as admin:
                for database in (field.source, field.target):
                    await admin.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
                await admin.execute("CHECKPOINT")

    def order(self, field: Field, *, ours: bool, events: int, rate: float) -> Order:
        """Write down where everything is, for a contestant: ours have the rights of services, the others all rights."""
        role = _APP if ours else _OWNER
        return Order(
            self.rabbit.url("intake" if ours else PEER, field.vhost),
            self.rabbit.url("qualification" if ours else PEER, field.vhost),
            self.postgres.url(field.source, role),
            self.postgres.url(field.target, role),
            events,
            rate,
        )

    @contextlib.asynccontextmanager
    async def connected(
        self, database: str, user: str = "postgres"
    ) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
        """Connect to a database."""
        connection = await asyncpg.connect(self.postgres.url(database, user))
        try:
            yield connection
        finally:
            await connection.close()


async def come_to_rest(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Let the server finish what it has to do after it was filled, so that nobody's measurement pays for it."""
    await connection.execute("CHECKPOINT")
    until = time.monotonic() + RESTS_WITHIN
    while await connection.fetchval(CLEANS) and time.monotonic() < until:
        await asyncio.sleep(1)


@contextlib.asynccontextmanager
async def standing(where: Path, *, nodes: int = 1) -> AsyncIterator[Ground]:
    """Start both servers in a private folder of `where`, and stop and remove them at the end."""
    folder = await asyncio.to_thread(lambda: Path(tempfile.mkdtemp(prefix="cousu-bench-", dir=where)))
    folder.chmod(0o711)
    epmd, postgres, *ports = free_ports(2 + 4 * nodes)
    each = [ports[n : n + 4] for n in range(0, len(ports), 4)]
    rabbit = (
        LocalRabbit(folder / "rabbitmq", *each[0][:3], distribution_port=each[0][3], epmd_port=epmd)
        if nodes == 1
        else LocalCluster(folder / "rabbitmq", [NodePorts(*one) for one in each], epmd_port=epmd)
    )
    ground = Ground(LocalPostgres(folder / "postgres", postgres, settings=SETTINGS), rabbit)
    try:
        await asyncio.gather(ground.postgres.start(), rabbit.start())
        await ground.prepare()
        yield ground
    finally:
        await asyncio.gather(ground.postgres.stop(), rabbit.stop(), return_exceptions=True)
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
