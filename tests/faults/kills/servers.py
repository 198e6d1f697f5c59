"""PostgreSQL and RabbitMQ for the kills: private ones in memory, or running ones."""

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
    "autovacuum_naptime": "5s",
}
"""The server itself is never killed here, and the machine's power cut is nobody's subject."""


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the two servers run."""

    postgres: LocalPostgres
    rabbit: LocalRabbit

    @classmethod
    def at(cls, folder: Path, ports: list[int]) -> "Servers":
        """Name the servers of a folder; nothing is started."""
        amqp, management, prometheus, distribution, epmd, postgres = ports
        return cls(
            LocalPostgres(folder / "postgres", postgres, settings=_FAST),
            LocalRabbit(
                folder / "rabbitmq", amqp, management, prometheus, distribution_port=distribution, epmd_port=epmd
            ),
        )


def read(file: Path) -> Servers:
    """Take the servers that somebody else started and wrote down."""
    told = json.loads(file.read_text())
    return Servers.at(Path(told["folder"]), told["ports"])


@contextlib.asynccontextmanager
async def started(*, note: Path | None = None) -> AsyncIterator[Servers]:
    """Start both, in memory if there is such a place, and stop and remove them at the end.

    While they run, `note` is a file from which another process may `read` where they are.
    """
    where, ports = _private_folder(), free_ports(6)
    servers = Servers.at(where, ports)
    try:
        await asyncio.gather(servers.postgres.start(), servers.rabbit.start())
        if note is not None:
            await asyncio.to_thread(note.write_text, json.dumps({"folder": str(where), "ports": ports}))
        yield servers
    finally:
        await asyncio.gather(servers.postgres.stop(), servers.rabbit.stop(patience=3), return_exceptions=True)
        if note is not None:
            await asyncio.to_thread(note.unlink, missing_ok=True)
        shutil.rmtree(where, ignore_errors=True)


def _private_folder() -> Path:
    """Make a folder that PostgreSQL's account may walk into."""
    folder = Path(tempfile.mkdtemp(prefix="cousu-kills-", dir=MEMORY if MEMORY.is_dir() else None))
    folder.chmod(0o711)
    return folder


def free_ports(count: int) -> list[int]:
    """Find ports of loopback that nobody uses now."""
    with contextlib.ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
