"""Real servers for the tests, started only when a test asks for them, once for the whole session.

- `postgres_server` — a `LocalPostgres` (superuser: `postgres_server.url("postgres")`).
- `fresh_database(service)` — async factory: a new, empty, migrated database for this test, as `FreshDatabase(name,
  app_url, owner_url, operators_url)`. `service` is `intake`, `qualification`, `escalation`, `notifications`, or
  `shared` for the tables of shared/messaging and shared/identity alone. `app_url` has the running service's rights,
  `owner_url` may change everything, `operators_url` has operators' rights. Dropped after the test.
- `database_url(service)` — the same, only the `app_url`.
- `rabbit_server` — a `LocalRabbit`, users as in shared/messaging/accounts.py (to kill one, start your own).
- `broker_vhost` — the name of a virtual host made for this test and removed after it.
- `broker_url(user)` — the AMQP URL of a user (`intake`, …, `operator`, `supervisor`) in this test's `broker_vhost`.
- `territories` — the official lists of territories.
- `free_ports(n)` — n ports of 127.0.0.1 that nobody uses.
- `chromium` — Chromium for asynchronous tests; each opens a window of its own and closes it.
- `system`, `agent(name)` — the whole product, started once as `make run` does (tests/system.py).
"""

import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import hypothesis
import pytest
import structlog
from playwright import async_api, sync_api
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped] # xdist says no types

from deploy.local.postgres import SUPERUSER, LocalPostgres
from deploy.local.rabbitmq import LocalRabbit
from services.operations.adapters import migrations
from shared.territory.territories import Territories
from tests.chromium import LAUNCH
from tests.logins import make_logins_quick
from tests.rooms import place, shares_product, together

pytest_plugins = ["tests.system", "tests.summary"]


def pytest_configure() -> None:
    """Log tracebacks plainly: structlog's own way paints every local variable, which takes a second for each.

    Properties look at the same examples in each run; neither they nor a browser's page are wrong because the machine
    stood still for a moment.
    """
    hypothesis.settings.register_profile("ours", deadline=None, derandomize=True)
    hypothesis.settings.load_profile("ours")
    for one in (sync_api, async_api):
        one.expect.set_options(timeout=15_000)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
        ]
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes longest first, and what shares something beside each other."""
    items.sort(key=lambda item: place(item.nodeid))
    strangers = [item.nodeid for item in items if "system" in fixtures_of(item) and not shares_product(item.nodeid)]
    assert not strangers, f"they would start a product of their own: see tests/rooms.py: {strangers}"


def fixtures_of(item: pytest.Item) -> list[str]:
    """Name the fixtures of a test, those of its fixtures too."""
    return item.fixturenames if isinstance(item, pytest.Function) else []


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> "_Together":
    """Share the tests among processes by what they share (`tests/rooms.py`)."""
    return _Together(config, log)


class _Together(LoadScopeScheduling):  # type: ignore[misc] # same
    def _split_scope(self, nodeid: str) -> str:
        return together(nodeid)


MEMORY = Path("/dev/shm")  # noqa: S108 - Linux's own folder in memory; what we make there is private and removed
MEMORY_NEEDED = 2 * 1024**3


@dataclass(frozen=True, slots=True)
class FreshDatabase:
    """A migrated database that belongs to one test."""

    name: str
    app_url: str
    owner_url: str
    operators_url: str


@pytest.fixture(scope="session")
def servers_folder() -> Iterator[Path]:
    """A folder that PostgreSQL's account may walk into, which pytest's own private ones are not.

    In memory where there is room: a fresh database costs 15 ms there, and half a second on a busy disk.
    """
    roomy = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > MEMORY_NEEDED
    folder = Path(tempfile.mkdtemp(prefix="cousu-tests-", dir=MEMORY if roomy else None))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def free_ports() -> Callable[[int], list[int]]:
    """Find ports that nobody uses now, and none that this has found before."""
    found: set[int] = set()

    def find(count: int) -> list[int]:
        ports: list[int] = []
        with ExitStack() as held:
            while len(ports) < count:
                probe = held.enter_context(socket.socket())
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
                if port not in found:
                    found.add(port)
                    ports.append(port)
        return ports

    return find


@pytest.fixture(scope="session")
def territories() -> Territories:
    """The official lists, with their search, read once."""
    return Territories.load()


@pytest.fixture(scope="session")
async def postgres_server(servers_folder: Path, free_ports: Callable[[int], list[int]]) -> AsyncIterator[LocalPostgres]:
    """One PostgreSQL for the session, as fast as one may be that need not survive the machine's power cut."""
    settings = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "300"}
    server = LocalPostgres(servers_folder / "postgres", free_ports(1)[0], settings=settings)
    await server.start()
    await make_logins_quick(server, SUPERUSER)
    yield server
    await server.stop()


@pytest.fixture(scope="session")
async def database_templates(postgres_server: LocalPostgres) -> Callable[[str], Awaitable[str]]:
    """Migrate each service's template once, when it is first asked for."""
    made: dict[str, str] = {}

    async def template(service: str) -> str:
        if service not in made:
            name = f"template_{service}"
            owner, app = f"{service}_owner", f"{service}_app"
            await postgres_server.ensure_role(owner)
            await postgres_server.ensure_role(app)
            await postgres_server.ensure_database(name, owner=owner)
            await migrations.migrate(service, postgres_server.url(name, owner))
            operators = f"{service}_operators"
            await postgres_server.ensure_role(operators)
            await make_logins_quick(postgres_server, app, operators)
            await migrations.grant_all(
                service,
                postgres_server.url(name, owner),
                to=postgres_server.url(name, app),
                operators=postgres_server.url(name, operators),
            )
            made[service] = name
        return made[service]

    return template


@pytest.fixture
async def fresh_database(
    postgres_server: LocalPostgres, database_templates: Callable[[str], Awaitable[str]]
) -> AsyncIterator[Callable[[str], Awaitable[FreshDatabase]]]:
    """Copy a service's template, as often as the test wants, and drop the copies after it."""
    admin = await asyncpg.connect(postgres_server.url("postgres"))
    made: list[str] = []

    async def fresh(service: str) -> FreshDatabase:
        template = await database_templates(service)
        owner, app = f"{service}_owner", f"{service}_app"
        name = f"{service}_{secrets.token_hex(6)}"
        await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" OWNER "{owner}" STRATEGY FILE_COPY')
        await admin.execute(f'REVOKE CONNECT, TEMPORARY ON DATABASE "{name}" FROM PUBLIC')
        operators = f"{service}_operators"
        await admin.execute(f'GRANT CONNECT ON DATABASE "{name}" TO "{app}", "{operators}"')
        made.append(name)
        urls = (postgres_server.url(name, role) for role in (app, owner, operators))
        return FreshDatabase(name, *urls)

    yield fresh
    for name in made:
        await admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    await admin.close()


@pytest.fixture
def database_url(
    fresh_database: Callable[[str], Awaitable[FreshDatabase]],
) -> Callable[[str], Awaitable[str]]:
    """Give the URL of a fresh database with the running service's rights."""

    async def url(service: str) -> str:
        return (await fresh_database(service)).app_url

    return url


@pytest.fixture(scope="session")
async def rabbit_server(servers_folder: Path, free_ports: Callable[[int], list[int]]) -> AsyncIterator[LocalRabbit]:
    """One RabbitMQ node for the session."""
    amqp, management, prometheus, distribution, epmd = free_ports(5)
    server = LocalRabbit(
        servers_folder / "rabbitmq", amqp, management, prometheus, distribution_port=distribution, epmd_port=epmd
    )
    await server.start()
    yield server
    await server.stop(patience=3)


@pytest.fixture
async def broker_vhost(rabbit_server: LocalRabbit) -> AsyncIterator[str]:
    """A virtual host of this test's own."""
    name = f"test-{secrets.token_hex(6)}"
    await rabbit_server.create_vhost(name)
    yield name
    await rabbit_server.delete_vhost(name)


@pytest.fixture
def broker_url(rabbit_server: LocalRabbit, broker_vhost: str) -> Callable[[str], str]:
    """Give the AMQP URL of a user in this test's virtual host."""

    def url(user: str) -> str:
        return rabbit_server.url(user, broker_vhost)

    return url


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[async_api.Browser]:
    """One Chromium for the session."""
    async with async_api.async_playwright() as playwright:
        browser = await playwright.chromium.launch(**LAUNCH)
        yield browser
        await browser.close()
