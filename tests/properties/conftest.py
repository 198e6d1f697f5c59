"""A database where effects show, and a way for steps that Hypothesis takes to wait for what is asynchronous."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from typing import Any, TypeVar

import asyncpg
import pytest
import structlog
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from shared.db import Database
from tests.conftest import FreshDatabase

T = TypeVar("T")
Wait = Callable[[Coroutine[Any, Any, Any]], Any]
"""Runs a coroutine on the test's event loop, from the thread where Hypothesis takes its steps."""


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Tell nothing of the thousands of events: what fails is told by Hypothesis, step by step."""
    before = structlog.get_config()
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL), cache_logger_on_first_use=False
    )
    yield
    structlog.configure(**before)


@pytest.fixture
async def fresh(fresh_database: Callable[[str], Awaitable[FreshDatabase]]) -> FreshDatabase:
    """A database with the tables of messaging, and one more where effects show."""
    made = await fresh_database("shared")
    owner = await asyncpg.connect(made.owner_url)
    await owner.execute("CREATE TABLE effect (id bigint GENERATED ALWAYS AS IDENTITY, stream text, sequence bigint)")
    await owner.execute("GRANT SELECT, INSERT ON effect TO shared_app")
    await owner.close()
    return made


@pytest.fixture
async def database(fresh: FreshDatabase) -> AsyncIterator[Database]:
    """The same, with the rights of a running service."""
    opened = await Database.connect(fresh.app_url, name="test")
    yield opened
    await opened.close()


@pytest.fixture
async def owner(fresh: FreshDatabase) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    """Who may empty the tables between two lives."""
    opened = await asyncpg.connect(fresh.owner_url)
    yield opened
    await opened.close()


async def live(machine: Callable[[Wait], RuleBasedStateMachine], effort: settings) -> None:
    """Let Hypothesis take its steps in a thread of its own; the event loop stays here, where the fixtures live."""
    loop = asyncio.get_running_loop()

    def wait(work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, loop).result(60)

    def take_steps() -> None:
        run_state_machine_as_test(lambda: machine(wait), settings=effort)  # type: ignore[arg-type] # it only calls it

    await asyncio.to_thread(take_steps)
