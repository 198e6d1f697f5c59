"""PostgreSQL and RabbitMQ for the kills: private ones in memory, or those that run already."""

import asyncio
import contextlib
import json
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from deploy.local.postgres import LocalPostgres
from deploy.local.rabbitmq import LocalRabbit

MEMORY = Path("/dev/shm")  # noqa: S108 - Linux's own folder in memory; what we make there is private and removed

_FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "400",
    "scram_iterations": "1",  # a login costs 20 ms with the usual 4096, and each kill is followed by some
    "autovacuum_naptime": "5s",
}
"""The server itself is never killed here, and the machine's power cut is nobody's subject."""


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the two servers run."""

    folder: Path
    postgres: LocalPostgres
    rabbit: LocalRabbit

    @classmethod
    def at(cls, folder: Path, ports: list[int]) -> "Servers":
        """Name the servers of a folder; nothing is started."""
        amqp, management, prometheus, distribution, epmd, postgres = ports
        return cls(
            folder,
            LocalPostgres(folder / "postgres", postgres, settings=_FAST),
            LocalRabbit(
                folder / "rabbitmq", amqp, management, prometheus, distribution_port=distribution, epmd_port=epmd
            ),
        )

    def written(self) -> str:
        """Give what another process needs to use them: `read` takes it."""
        rabbit = self.rabbit
        return json.dumps(
            {
                "folder": str(self.folder),
                "ports": [
                    rabbit.amqp_port,
                    rabbit.management_port,
                    rabbit.prometheus_port,
                    0,
                    0,
                    self.postgres.port,
                ],
            }
        )


def read(file: Path) -> Servers:
    """Take the servers that somebody else started and wrote down."""
    told = json.loads(file.read_text())
    return Servers.at(Path(told["folder"]), told["ports"])


@contextlib.asynccontextmanager
async def started(folder: Path | None = None) -> AsyncIterator[Servers]:
    """Start both in a folder (one in memory when not given, removed afterwards) and stop them at the end."""
    where = folder or Path(tempfile.mkdtemp(prefix="cousu-kills-", dir=MEMORY if MEMORY.is_dir() else None))
    where.mkdir(parents=True, exist_ok=True)
    where.chmod(0o711)
    servers = Servers.at(where, free_ports(6))
    try:
        await asyncio.gather(servers.postgres.start(), servers.rabbit.start())
        yield servers
    finally:
        await asyncio.gather(servers.postgres.stop(), servers.rabbit.stop(patience=3), return_exceptions=True)
        if folder is None:
            shutil.rmtree(where, ignore_errors=True)


def free_ports(count: int) -> list[int]:
    """Find ports of loopback that nobody uses now."""
    with contextlib.ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
