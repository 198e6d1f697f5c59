"""What the tests of the département share: a fresh database, the service without its broker, and agents."""

import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import httpx2
import pytest
from litestar import Litestar

from deploy.local.demo.catalogue import load
from services.qualification.domain.rules import Rules
from services.qualification.handlers import handlers
from services.qualification.main import application, messenger_of
from services.qualification.settings import Settings
from shared import clock
from shared.db import Database
from shared.identity import store
from shared.identity.model import Agent, Role
from shared.links import Links
from shared.messaging.inbox.inbox import Inbox
from shared.territory import Territories
from shared.web import sessions
from tests.qualification.life import Life
from tests.standing import StandingDatabase

Client = httpx2.AsyncClient

DATABASE: Final = StandingDatabase()
ORIENTATION_KEY: Final = "orientation-key-for-tests-only-0001"
LINKS: Final = Links(ORIENTATION_KEY, "orientation")
PACT_LINKS: Final = Links(ORIENTATION_KEY, "pact")


@dataclass(frozen=True, slots=True)
class Program:
    """A client that acts as one agent."""

    client: Client
    agent: Agent
    token: str = field(repr=False)

    async def get(self, path: str, **options: Any) -> httpx2.Response:
        """Read."""
        return await self.client.get(f"/api/v1{path}", headers=self._headers, **options)

    async def post(self, path: str, body: Any = None, method: str = "POST") -> httpx2.Response:
        """Act."""
        return await self.client.request(method, f"/api/v1{path}", headers=self._headers, json=body or {})

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@dataclass(frozen=True, slots=True)
class Browser:
    """Somebody in front of the pages, signed in as an agent or nobody."""

    client: Client

    async def get(self, path: str) -> httpx2.Response:
        """Open a page."""
        return await self.client.get(path)

    async def send(self, page: str, action: str, **values: Any) -> httpx2.Response:
        """Send a form of a page as the browser would: with its token and a key of its own."""
        return await self.send_again(await self.filled(page, **values), action)

    async def filled(self, page: str, **values: Any) -> dict[str, Any]:
        """Open a page and fill in one of its forms."""
        text = (await self.get(page)).text
        keys = {name: re.findall(f'name="{name}" value="([^"]+)"', text) for name in ("_csrf_token", "_form_key")}
        assert all(keys.values()), text
        return {**{name: found[-1] for name, found in keys.items()}, **values}

    async def send_again(self, filled: dict[str, Any], action: str) -> httpx2.Response:
        """Send what was filled in, perhaps not for the first time."""
        return await self.client.post(action, data=filled)


def within(path: str, **values: str) -> dict[str, str]:
    """Name the fields of one of several forms of a page, as the page does."""
    return {f"{path}.{name}": value for name, value in values.items()}


Programs = Callable[..., Awaitable[Program]]


@pytest.fixture
async def database(database_url: Callable[[str], Awaitable[str]]) -> AsyncIterator[Database]:
    """A fresh database with the rights of the running service, and the demonstration's catalogue in it."""
    async with DATABASE.opened(await database_url("qualification"), max_size=20) as opened:
        async with opened.transaction() as tx:
            await load(tx, clock.now())
        yield opened


@pytest.fixture(scope="session")
def settings() -> Settings:
    """Settings that reach nothing outside the test."""
    return Settings.model_validate(
        {
            "database_url": "postgresql://unused",
            "port": 8102,
            "amqp_url": "amqp://127.0.0.1:1/",
            "public_url": "http://qualification.test",
            "intake_url": "http://intake.test",
            "secret_key": secrets.token_hex(32),
            "orientation_key": ORIENTATION_KEY,
            "document_key": "document-key-for-tests-only-0000001",
            "mandate_key": "mandate-key-for-tests-only-00000001",
            "requests_per_minute": 0,
            "envelope_cents": 5_000_000,
        }
    )


@pytest.fixture(scope="session")
def rules(settings: Settings) -> Rules:
    """The rules of these settings."""
    return settings.rules


@pytest.fixture
def inbox(database: Database, rules: Rules) -> Inbox:
    """What the service hears takes effect here."""
    return Inbox(database, handlers(rules))


@pytest.fixture(scope="session")
def standing(settings: Settings, rules: Rules, territories: Territories) -> Litestar:
    """The service, without its broker, over the database of whatever test runs."""
    return application(
        settings,
        DATABASE,
        rules=rules,
        territories=territories,
        describe=messenger_of(settings, DATABASE).describe,
        lifespan=[],
        ready=[],
    )


@pytest.fixture
def app(database: Database, standing: Litestar) -> Litestar:
    """The service over the database of this test."""
    assert database is DATABASE
    return standing


@pytest.fixture
async def client(app: Litestar) -> AsyncIterator[Client]:
    """A program in front of the service."""
    async with _in_front_of(app) as opened:
        yield opened


@pytest.fixture
def program(database: Database, client: Client) -> Programs:
    """Make programs that act as an agent, given its name, role and départements."""

    async def make(name: str, role: Role, *departements: str) -> Program:
        async with database.transaction() as tx:
            agent = await store.add_agent(
                tx,
                email=f"{name}@cousu.test",
                name=name,
                roles=[role],
                departements=list(departements),
                programmes=[],
                at=clock.now(),
            )
            token = await store.issue_token(tx, agent_id=agent.id, name="test", at=clock.now(), expires_at=None)
        return Program(client, agent, token if isinstance(token, str) else token.secret)

    return make


@pytest.fixture
async def sat(program: Programs) -> Program:
    """The SAT agent of the Val-d'Oise."""
    return await program("sat95", Role.SAT_AGENT, "95")


@pytest.fixture
async def delegate(program: Programs) -> Program:
    """The délégué of the Val-d'Oise."""
    return await program("delegue95", Role.DELEGATE, "95")


@pytest.fixture
async def neighbour(program: Programs) -> Program:
    """The SAT agent of the Yvelines."""
    return await program("sat78", Role.SAT_AGENT, "78")


@pytest.fixture
async def life(inbox: Inbox) -> Life:
    """A request of Magny-en-Vexin that was filed."""
    life = Life(inbox)
    await life.submitted()
    return life


@pytest.fixture
async def browser(database: Database, app: Litestar) -> AsyncIterator[Callable[[Agent], Awaitable[Browser]]]:
    """Sign an agent in, as the sign-in does, each in a browser of their own."""
    async with AsyncExitStack() as opened:

        async def sign_in(agent: Agent) -> Browser:
            at, key = clock.now(), secrets.token_urlsafe(16)
            async with database.transaction() as tx:
                await sessions.create(tx, key, agent=agent, data={}, at=at, expires_at=at + timedelta(hours=1))
            client = await opened.enter_async_context(_in_front_of(app))
            client.cookies.set("cousu_qualification_session", key)
            return Browser(client)

        yield sign_in


@pytest.fixture
async def visitor(app: Litestar) -> AsyncIterator[Browser]:
    """Somebody who is not signed in."""
    async with _in_front_of(app) as opened:
        yield Browser(opened)


def _in_front_of(app: Litestar) -> Client:
    transport = httpx2.ASGITransport(app=app)  # type: ignore[arg-type] # Litestar's scopes are narrower than ASGI's
    return httpx2.AsyncClient(transport=transport, base_url="http://qualification.test")
