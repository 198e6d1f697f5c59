"""Fixtures of the national team's tests: a service over a fresh database, agents, and dossiers."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from litestar import Litestar

from deploy.local.demo import means as demonstration
from services.escalation.main import application, messenger_of
from services.escalation.settings import Settings
from shared import clock
from shared.db import Database
from shared.identity import store as identity
from shared.identity.model import Agent, Role
from shared.territory.territories import Territories
from shared.web import sessions
from tests.escalation.desk import Person
from tests.escalation.life import Ear, Program, a_request_escalated
from tests.standing import StandingDatabase

PUBLIC_URL = "http://escalation.test"
DATABASE = StandingDatabase()


@pytest.fixture
async def database(database_url: Callable[[str], Awaitable[str]]) -> AsyncIterator[Database]:
    """A fresh database of the service, with the rights that it has when it runs."""
    async with DATABASE.opened(await database_url("escalation"), max_size=20) as opened:
        yield opened


@pytest.fixture(scope="session")
def settings() -> Settings:
    """Settings that reach nothing outside the test."""
    return Settings.model_validate(
        {
            "database_url": "postgresql://unused",
            "port": 8103,
            "amqp_url": "amqp://127.0.0.1:1/",
            "public_url": PUBLIC_URL,
            "secret_key": secrets.token_hex(32),
            "document_key": "d" * 32,
            "intake_url": "http://intake.test",
            "requests_per_minute": 0,
        }
    )


@pytest.fixture(scope="session")
def app(settings: Settings, territories: Territories) -> Litestar:
    """The service, without its broker, over the database of whatever test runs."""
    return application(settings, DATABASE, territories, describe=messenger_of(settings, DATABASE).describe)


@pytest.fixture
async def browser(database: Database, app: Litestar) -> AsyncIterator[httpx2.AsyncClient]:
    """Something in front of the service."""
    assert database is DATABASE
    transport = httpx2.ASGITransport(app=app)  # type: ignore[arg-type] # Litestar's scopes are narrower than ASGI's
    async with httpx2.AsyncClient(transport=transport, base_url=PUBLIC_URL) as opened:
        yield opened


@pytest.fixture
async def ear(database: Database, settings: Settings) -> Ear:
    """What the service hears."""
    return Ear(database, settings.durations)


async def an_agent(database: Database, name: str, role: Role, *programmes: str) -> Agent:
    """An administrator made an agent."""
    async with database.transaction() as tx:
        return await identity.add_agent(
            tx, email=f"{name}@cousu.test", name=name.title(), roles=[role], programmes=programmes, at=clock.now()
        )


@pytest.fixture
async def national_agent(database: Database) -> Agent:
    """An agent of the national team."""
    return await an_agent(database, "national", Role.NATIONAL_AGENT)


@pytest.fixture
async def secretary_agent(database: Database) -> Agent:
    """The committee's secretary."""
    return await an_agent(database, "secretaire", Role.COMMITTEE_SECRETARY)


@pytest.fixture
def program(database: Database, browser: httpx2.AsyncClient) -> Callable[[Agent], Awaitable[Program]]:
    """Make a program that acts as an agent."""

    async def make(agent: Agent) -> Program:
        async with database.transaction() as tx:
            token = await identity.issue_token(tx, agent_id=agent.id, name="essai", at=clock.now())
        return Program(browser, token)

    return make


@pytest.fixture
async def national(national_agent: Agent, program: Callable[[Agent], Awaitable[Program]]) -> Program:
    """A program of the national team."""
    return await program(national_agent)


@pytest.fixture
async def secretary(secretary_agent: Agent, program: Callable[[Agent], Awaitable[Program]]) -> Program:
    """A program of the committee's secretary."""
    return await program(secretary_agent)


@pytest.fixture
async def envelope(database: Database) -> None:
    """This year's envelope, as the demonstration opens it."""
    async with database.transaction() as tx:
        await demonstration.load(tx, clock.now())


@pytest.fixture
async def received(ear: Ear) -> str:
    """A dossier came; gives its id."""
    fact = a_request_escalated()
    await ear.hears(fact)
    return str(fact.request_id)


@pytest.fixture
def person(database: Database, browser: httpx2.AsyncClient) -> Callable[[Agent], Awaitable[Person]]:
    """Sign somebody in."""

    async def enter(agent: Agent) -> Person:
        now = clock.now()
        key = f"key-of-{agent.email}"
        async with database.transaction() as tx:
            await sessions.create(tx, key, agent=agent, data={}, at=now, expires_at=now + timedelta(hours=1))
        return Person(browser, key)

    return enter


@pytest.fixture
async def at_desk(person: Callable[[Agent], Awaitable[Person]], national_agent: Agent) -> Person:
    """An agent of the national team at their desk."""
    return await person(national_agent)


@pytest.fixture
async def at_committee(person: Callable[[Agent], Awaitable[Person]], secretary_agent: Agent) -> Person:
    """The committee's secretary at their desk."""
    return await person(secretary_agent)


Json = dict[str, Any]
