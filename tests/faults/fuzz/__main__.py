"""`python -m tests.faults.fuzz`: wrong messages by the hundred thousand; ends with 1 when one crashed or was lost."""

import asyncio
import logging
import os
import random
import secrets
import socket
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Annotated, Final
from uuid import UUID

import structlog
import typer

from deploy.local.postgres import LocalPostgres
from services.operations.adapters import migrations
from shared.db import Database
from shared.messaging.handlers import EventHandlers
from tests.conftest import MEMORY
from tests.faults.fuzz.fates import Fates, hear_all, take_all
from tests.faults.fuzz.listeners import listeners
from tests.faults.fuzz.mutations import mutate
from tests.faults.fuzz.seeds import a_life

UNTOUCHED: Final = 0.25
"""So many of those that go through the inbox are as they were told, so that streams go on."""


def main(
    messages: Annotated[int, typer.Option(help="Wrong messages that every service reads.")] = 100_000,
    through: Annotated[int, typer.Option(help="Messages that go through the inbox of each service.")] = 2_000,
    seed: Annotated[int | None, typer.Option(help="What decides; a new one when not given.")] = None,
) -> None:
    """Mutate real events; let all services read them, and some go through their inboxes into PostgreSQL."""
    seed = secrets.randbelow(10**9) if seed is None else seed
    _say(f"seed {seed}")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    heard_by = listeners()
    sound = _read(messages, seed, list(heard_by.values()))
    for service, fates in asyncio.run(_take(heard_by, through, seed)).items():
        told = ", ".join(f"{count} {fate}" for fate, count in sorted(fates.counted.items()))
        _say(f"{service}: {fates.messages} of {through} messages: {told}; lost {len(fates.lost)}")
        for body in fates.lost[:3]:
            _say(f"  lost: {body[:300]!r}")
        sound = sound and not fates.lost and fates.messages == through
    sys.exit(0 if sound else 1)


def bodies(count: int, chance: random.Random, *, without: str = "", untouched: float = 0.0) -> list[bytes]:
    """Give so many bodies, wrong but for a share; `without` names the service that does not hear itself.

    Where some are as they were told, some come twice, as they do after a lost acknowledgement.
    """
    made: list[bytes] = []
    while len(made) < count:
        life = [body for service, body in a_life(UUID(int=chance.getrandbits(128))) if service != without]
        for told in life:
            body = told if chance.random() < untouched else mutate(chance, told, chance.choice(life))
            made.extend([body] * (2 if chance.random() < untouched / 2 else 1))
    return made[:count]


def _read(count: int, seed: int, handlers: list[EventHandlers]) -> bool:
    chance, began = random.Random(seed), time.monotonic()  # noqa: S311 - what was drawn must be drawn again
    counted: Counter[str] = Counter()
    sound = True
    for start in range(0, count, 5_000):
        some, crashed = hear_all(handlers, bodies(min(5_000, count - start), chance))
        counted += some
        for body, error in crashed[:3]:
            _say(f"  crashed: {type(error).__name__} on {body[:300]!r}")
        sound = sound and not crashed
    told = ", ".join(f"{number} {what}" for what, number in sorted(counted.items()))
    _say(f"{count} messages read by {len(handlers)} services in {time.monotonic() - began:.0f} s: {told}")
    return sound and counted.total() == count * len(handlers)


async def _take(heard_by: dict[str, EventHandlers], through: int, seed: int) -> dict[str, Fates]:
    done = {}
    with tempfile.TemporaryDirectory(prefix="cousu-fuzz-", dir=MEMORY if MEMORY.is_dir() else None) as folder:
        os.chmod(folder, 0o711)  # noqa: PTH101, S103 - PostgreSQL's account must walk in; a quick call before all begins
        settings = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        server = LocalPostgres(Path(folder) / "postgres", _free_port(), settings=settings)
        await server.start()
        try:
            for service, handlers in heard_by.items():
                await server.ensure_role(service)
                await server.ensure_database(service, owner=service)
                await migrations.migrate(service, server.url(service, service))
                database = await Database.connect(server.url(service, service), name="fuzz")
                chance = random.Random(f"{seed} {service}")  # noqa: S311 - what was drawn must be drawn again
                some = bodies(through, chance, without=service, untouched=UNTOUCHED)
                done[service] = await take_all(database, handlers, some, chance)
                await database.close()
        finally:
            await server.stop()
    return done


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - a terminal's program


if __name__ == "__main__":
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(main)
    app()
