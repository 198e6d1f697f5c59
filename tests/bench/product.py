"""Start the product as `make run` does, for measurements over HTTP."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import asyncpg

from deploy.local.places import Places
from deploy.local.postgres import LocalPostgres
from tests.bench import processor
from tests.bench.hop.contestants import ROOT
from tests.command_line import command
from tests.faults.mailbox import Mailbox
from tests.system import free_base

SERVICES = ("intake", "qualification", "escalation", "notifications")
UP_WITHIN = 180.0
WITHIN = 3600.0
"""Seconds that a command may take."""
HASTY = {
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "2GB",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "8GB",
}
"""How PostgreSQL runs while its databases are only filled."""
_MARKS = {"rabbitmq": "beam.smp", "postgres": "bin/postgres", **{name: f"services.{name}" for name in SERVICES}}


class Product:
    """A running product: where it is, who its processes are, and its databases."""

    def __init__(
        self,
        folder: Path,
        base: int,
        mailbox: Mailbox,
        *,
        copies: int = 1,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.places = Places(base, folder, copies)
        self.mailbox = mailbox
        self._settings = dict(settings or {})
        self._process: asyncio.subprocess.Process | None = None

    @property
    def endpoints(self) -> dict[str, str]:
        """Give the address of each service."""
        told: dict[str, str] = json.loads(self.places.endpoints.read_text())
        return told

    async def start(self) -> float:
        """Start it; give the seconds until it said where everything is."""
        began = time.monotonic()
        log = (self.places.folder / "supervisor.log").open("ab")
        with log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "deploy.local.run"),
                cwd=ROOT,
                env=os.environ
                | self._settings
                | {
                    "COUSU_RUN_FOLDER": str(self.places.folder),
                    "COUSU_PORT_BASE": str(self.places.base),
                    "COUSU_COPIES": str(self.places.copies),
                    "NOTIFICATIONS_SMTP_URL": f"smtp://127.0.0.1:{self.mailbox.port}",
                    "NOTIFICATIONS_ATTACH_LETTERS": "false",  # making a PDF is no part of what is measured
                },
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
            )
        while not self.places.endpoints.exists():
            if self._process.returncode is not None or time.monotonic() - began > UP_WITHIN:
                raise RuntimeError((self.places.folder / "supervisor.log").read_text(errors="replace")[-3000:])
            await asyncio.sleep(0.02)
        return time.monotonic() - began

    async def stop(self) -> None:
        """Stop it as Ctrl-C would."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGINT)
            try:
                async with asyncio.timeout(90):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
                await self._process.wait()

    @contextlib.asynccontextmanager
    async def standing_still(self) -> AsyncIterator[None]:
        """Have nothing but PostgreSQL run while the block runs, as quickly as it can; then start everything again."""
        await self.stop()
        server = LocalPostgres(self.places.folder / "postgres", self.places.ports["postgres"], settings=HASTY)
        await server.start()
        try:
            yield
        finally:
            await server.stop()
        await asyncio.to_thread(os.sync)
        await self.start()

    def pids(self) -> dict[str, list[int]]:
        """Give the processes of each part."""
        assert self._process is not None
        found: dict[str, list[int]] = {name: [] for name in _MARKS}
        for pid in processor.children(self._process.pid):
            command = processor.command(pid)
            for name, mark in _MARKS.items():
                if mark in command:
                    found[name].append(pid)
        return found

    @contextlib.asynccontextmanager
    async def database(self, service: str = "") -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
        """Connect to a service's database, or to none of them, as the superuser."""
        server = LocalPostgres(self.places.folder / "postgres", self.places.ports["postgres"])
        connection = await asyncpg.connect(server.url(f"cousu_{service}" if service else "postgres"))
        try:
            yield connection
        finally:
            await connection.close()

    async def command(self, *arguments: str) -> str:
        """Run `cousu-main` as an operator would; give what it prints."""
        told = {"COUSU_ENVIRONMENT_FILE": str(self.places.environment)}
        ran = await command(*arguments, environment=os.environ | told, within=WITHIN)
        if ran.code != 0:
            raise RuntimeError(f"cousu-main {arguments[0]} ended with {ran.code}: {ran.errors}")
        return ran.output.strip()


@contextlib.asynccontextmanager
async def prepared(
    where: Path, *, copies: int = 1, settings: Mapping[str, str] | None = None
) -> AsyncIterator[Product]:
    """Give a product that is not started yet, in a private folder that is removed at the end."""
    folder = await asyncio.to_thread(lambda: Path(tempfile.mkdtemp(prefix="cousu-bench-", dir=where)))
    folder.chmod(0o711)
    mailbox = Mailbox()
    await mailbox.start()
    product = Product(folder, free_base(), mailbox, copies=copies, settings=settings)
    try:
        yield product
    finally:
        await product.stop()
        mailbox.stop()
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
