"""Two services with real databases and queues, as operators reach them; and what can go wrong in them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import aio_pika
import httpx2
import pytest
import uvicorn
from litestar import Litestar
from pydantic import SecretStr

from deploy.local.rabbitmq import LocalRabbit
from services.operations.adapters import broker
from services.operations.adapters.broker import Broker
from services.operations.adapters.connections import Connections, Watched
from services.operations.main import application
from services.operations.reads import behind, status
from services.operations.settings import OperationsSettings
from services.operations.usecases import agents
from shared import clock
from shared.contracts.intake import MessagePosted
from shared.db import Database
from shared.identity.model import DEPARTEMENTAL, Agent, Role
from shared.messaging import topology
from shared.messaging.handlers import EventHandlers
from shared.messaging.inbox.held import RetryPolicy
from shared.messaging.inbox.inbox import Inbox
from shared.messaging.topology import Subscription
from shared.web import sessions
from tests.conftest import FreshDatabase
from tests.operations.trouble import CannotApply
from tests.polling import eventually
from tests.standing import StandingDatabase

DATABASE = StandingDatabase()
PUBLIC_URL = "http://127.0.0.1:8999"
SUBSCRIPTIONS = (Subscription("intake", ("escalation.#",)), Subscription("escalation", ("intake.#",)))


@dataclass(frozen=True, slots=True)
class Scene:
    """What a test plays on."""

    connections: Connections
    channel: aio_pika.abc.AbstractChannel
    escalation: Database
    intake: Database
    inbox: Inbox
    """Of escalation; its handler raises while `broken.is_set()`."""
    broken: CannotApply
    urls: dict[str, FreshDatabase]


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no look take a machine that stands still for a moment for a server that is away: ours refuse at once."""
    for module in (behind, broker, status):
        monkeypatch.setattr(module, "PATIENCE", 20.0)


@pytest.fixture
async def scene(
    fresh_database: Callable[[str], Awaitable[FreshDatabase]],
    broker_url: Callable[[str], str],
    rabbit_server: LocalRabbit,
) -> AsyncIterator[Scene]:
    urls = {"intake": await fresh_database("intake"), "escalation": await fresh_database("shared")}
    databases = {name: await Database.connect(fresh.app_url, name="test") for name, fresh in urls.items()}
    as_operators = {name: await Database.connect(fresh.operators_url, name="test") for name, fresh in urls.items()}
    watched = {name: Watched(name, database, name) for name, database in as_operators.items()}
    password = rabbit_server.passwords.of("operator")
    broker = Broker(
        broker_url("operator"),
        management_url=rabbit_server.management_url.replace("http://", f"http://operator:{password}@"),
        metrics_url=f"http://127.0.0.1:{rabbit_server.prometheus_port}",
    )
    broken = CannotApply()
    handlers = EventHandlers({MessagePosted: broken.apply})
    inbox = Inbox(databases["escalation"], handlers, RetryPolicy(first=0.01, longest=0.02, attempts=3))
    async with await aio_pika.connect(broker_url("supervisor")) as connection:
        channel = await connection.channel(publisher_confirms=True)
        await topology.declare(channel, SUBSCRIPTIONS)
        yield Scene(
            Connections(watched, broker), channel, databases["escalation"], databases["intake"], inbox, broken, urls
        )
    for database in (*databases.values(), *as_operators.values()):
        await database.close()


@pytest.fixture
def free_port(free_ports: Callable[[int], list[int]]) -> int:
    """A port where nobody listens."""
    return free_ports(1)[0]


@pytest.fixture
async def own_database(
    fresh_database: Callable[[str], Awaitable[FreshDatabase]],
) -> AsyncIterator[Database]:
    """The small database of the operator's page: who may sign in."""
    async with DATABASE.opened((await fresh_database("operations")).app_url, max_size=10) as database:
        yield database


@pytest.fixture(scope="session")
def scenes() -> list[Scene]:
    """The scene of the test that runs comes last."""
    return []


@pytest.fixture(scope="session")
def standing(scenes: list[Scene]) -> Litestar:
    """The operator's page, over the scene and the database of whatever test runs."""

    async def provide_connections() -> Connections:
        return scenes[-1].connections

    settings = OperationsSettings(
        database_url=SecretStr("postgresql://unused"),
        port=8999,
        public_url=PUBLIC_URL,
        secret_key=SecretStr("0123456789abcdef" * 4),
    )
    return application(settings, DATABASE, provide_connections)


@pytest.fixture
def page(standing: Litestar, scenes: list[Scene], scene: Scene, own_database: Database) -> Iterator[Litestar]:
    """The operator's page over the scene."""
    assert own_database is DATABASE
    scenes.append(scene)
    yield standing
    scenes.clear()


@pytest.fixture
async def browse(page: Litestar) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser, or a program, on the operator's page."""
    transport = httpx2.ASGITransport(app=page)  # type: ignore[arg-type] # Litestar's scopes are narrower than ASGI's
    async with httpx2.AsyncClient(transport=transport, base_url=PUBLIC_URL) as client:
        yield client


@pytest.fixture
def agent(own_database: Database) -> Callable[..., Awaitable[Agent]]:
    """Make somebody who may sign in: an operator of all départements unless told otherwise."""

    async def make(role: Role = Role.OPERATOR, *departements: str) -> Agent:
        return await agents.add(
            own_database,
            email=f"{role.value}@cousu.test",
            name=role.value,
            roles=[role],
            departements=departements or (["95"] if role in DEPARTEMENTAL else []),
            by="test",
        )

    return make


@pytest.fixture
def enter(
    browse: httpx2.AsyncClient, own_database: Database, agent: Callable[..., Awaitable[Agent]]
) -> Callable[..., Awaitable[httpx2.AsyncClient]]:
    """Open a session in the browser, as sign-in does."""

    async def enter(role: Role = Role.OPERATOR, *departements: str) -> httpx2.AsyncClient:
        at = clock.now()
        async with own_database.transaction() as tx:
            await sessions.create(
                tx,
                "the-key",
                agent=await agent(role, *departements),
                data={},
                at=at,
                expires_at=at + timedelta(hours=1),
            )
        browse.cookies.set("cousu_operations_session", "the-key")
        return browse

    return enter


@pytest.fixture
def bearer(own_database: Database, agent: Callable[..., Awaitable[Agent]]) -> Callable[..., Awaitable[dict[str, str]]]:
    """The header that carries a token."""

    async def bearer(role: Role = Role.OPERATOR, *departements: str) -> dict[str, str]:
        somebody = await agent(role, *departements)
        token = await agents.issue_token(own_database, email=somebody.email, name="essai", by="test")
        return {"Authorization": f"Bearer {token}"}

    return bearer


@pytest.fixture
async def address(page: Litestar, free_port: int) -> AsyncIterator[str]:
    """Serve the page."""
    server = uvicorn.Server(uvicorn.Config(page, port=free_port, log_config=None, lifespan="on"))
    task = asyncio.create_task(server.serve())

    async def started() -> bool:
        return server.started

    await eventually(started)
    yield f"http://127.0.0.1:{free_port}"
    server.should_exit = True
    await task
