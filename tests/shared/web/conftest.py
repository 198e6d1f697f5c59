"""Fixtures of the web tests: a small application with every kind of route, on a real database, and a browser."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import httpx2
import pytest
from litestar import Litestar, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response import ServerSentEvent, Template
from pydantic import BaseModel, Field, SecretStr

from shared import clock
from shared.commands import Amount, Command
from shared.db import Cause, Database, Transaction
from shared.errors import Conflict, Forbidden, IllegalMove, Invalid, NotFound, Refusal
from shared.identity import store
from shared.identity.model import Agent, Role
from shared.settings import ServiceSettings
from shared.web.access import only
from shared.web.application import NavigationItem, create_application
from shared.web.forms import read_form, submit
from shared.web.pages import flash, redirect, render
from shared.web.paging import Page, Paged, paged
from tests.standing import StandingDatabase

PUBLIC_URL = "http://127.0.0.1:8999"
DATABASE = StandingDatabase()
SECRET = "0123456789abcdef" * 4
REFUSED: Mapping[str, Refusal] = {
    "Une réserve": Invalid.field("title", "Ce titre est réservé."),
    "Un interdit": Forbidden(),
    "Un disparu": NotFound(),
    "Un doublon": Conflict(),
}
"""What the use case refuses, by the title that was typed."""


class NewThing(Command):
    """Something to create, with a field of each kind."""

    title: Annotated[str, Field(min_length=1, max_length=20)]
    size: Annotated[int, Field(ge=1, le=5)] = 3
    colour: Literal["red", "blue"] = "red"
    due_on: date | None = None
    reference: UUID | None = None
    email: str | None = None


class Thing(BaseModel):
    """Something that was created."""

    title: str
    agent: str
    allowed_actions: list[str] = []


class ThingForm(BaseModel):
    """The same, as people type it."""

    title: Annotated[str, Field(max_length=20)]
    amount_cents: Annotated[Amount | None, Field(alias="amount")] = None
    colours: list[str] = []


@get("/", public=True)
async def front(request: Request[Any, Any, Any]) -> Response[Any]:
    """Greet anybody."""
    return render(request, "thing.html", heading="Accueil", values={}, errors={})


@get("/things")
async def things(request: Request[Any, Any, Any], agent: NamedDependency[Agent]) -> Response[Any]:
    """Show the form to an agent."""
    return render(request, "thing.html", heading=agent.email, values={}, errors={})


@post("/things")
async def add_thing(
    request: Request[Any, Any, Any], database: NamedDependency[Database], cause: NamedDependency[Cause]
) -> Response[Any]:
    """Keep a thing, or show the form again."""
    form = await read_form(request, ThingForm)

    async def keep(tx: Transaction, typed: ThingForm) -> str:
        await tx.execute("INSERT INTO thing (title, correlation) VALUES ($1, $2)", typed.title, cause.correlation_id)
        assert tx.cause == cause
        if typed.title in REFUSED:
            raise REFUSED[typed.title]
        number = await tx.fetchval("SELECT count(*) FROM thing")
        return f"/things/{number}"

    async def again(status: int) -> Template:
        return render(
            request, "thing.html", status_code=status, heading="Encore", values=form.values, errors=form.errors
        )

    return await submit(request, database, cause, form, keep, again=again, done="C’est enregistré.")


@post("/greetings", public=True)
async def greet(request: Request[Any, Any, Any]) -> Response[Any]:
    """Thank anybody on the next page."""
    flash(request, "Merci.")
    return redirect("/")


@get("/broken", public=True)
async def broken_page() -> None:
    """Break."""
    raise RuntimeError("camille@exemple.fr was here")


@get("/things")
async def list_things(agent: NamedDependency[Agent], paging: NamedDependency[Page]) -> Paged[Thing]:
    """List things."""
    rows = [f"thing {n}" for n in range(120)]
    shown = rows[paging.offset : paging.offset + paging.limit]
    return paged(shown, len(rows), paging, lambda title: Thing(title=title, agent=agent.email))


@post("/things")
async def create_thing(data: JSONBody[NewThing], agent: NamedDependency[Agent]) -> Thing:
    """Create a thing."""
    return Thing(title=data.title, agent=agent.email)


@post("/things/{number:int}/decision", guards=[only(Role.DELEGATE)], status_code=200)
async def decide(number: FromPath[int], agent: NamedDependency[Agent]) -> Thing:
    """Decide, as a délégué only."""
    raise IllegalMove(state=f"decided {number} {agent.name}", allowed_actions=["reopen"])


@get("/missing", public=True)
async def missing() -> None:
    """Find nothing."""
    raise NotFound


@get("/broken", public=True)
async def broken_call() -> None:
    """Break."""
    raise RuntimeError("camille@exemple.fr was here")


@get("/database", public=True)
async def ask_database(database: NamedDependency[Database], q: FromQuery[str]) -> dict[str, str]:
    """Ask the database."""
    return {"answer": await database.fetchval("SELECT $1::text", q)}


@get("/number", public=True)
async def ask_number(
    database: NamedDependency[Database],
    n: FromQuery[int],
    colour: FromQuery[Literal["red", "green", "blue"] | None] = None,  # noqa: ARG001 - only its form is asked
) -> dict[str, int]:
    """Ask the database for a number."""
    return {"answer": await database.fetchval("SELECT $1::int", n)}


@get("/stream", public=True)
async def stream() -> ServerSentEvent:
    """Tell one thing, and then nothing for a while."""

    async def told() -> AsyncIterator[str]:
        yield "Bonjour"
        await asyncio.sleep(1.5)

    return ServerSentEvent(told())


@get("/forgotten")
async def forgotten() -> str:
    """Say something, with no word about who may read it."""
    return "secret"


PAGE = """
{% extends "layouts/agents.html" %}
{% import "components/forms.html" as forms with context %}
{% block title %}{{ heading }}{% endblock %}
{% block content %}
<h1>{{ heading }}</h1>{{ forms.error_summary(errors) }}
{% call forms.form("/things") %}<input name="title" value="{{ values.title|default('') }}">{% endcall %}
{% endblock %}
"""


@pytest.fixture
async def database(fresh_database: Callable[[str], Awaitable[Any]]) -> AsyncIterator[Database]:
    """The service's own database, with one table of its own."""
    fresh = await fresh_database("shared")
    owner = await Database.connect(fresh.owner_url, name="test", max_size=1)
    async with owner.transaction() as tx:
        await tx.execute("CREATE TABLE thing (title text NOT NULL, correlation text NOT NULL)")
        await tx.execute("GRANT SELECT, INSERT ON thing TO PUBLIC")
    await owner.close()
    async with DATABASE.opened(fresh.app_url, max_size=10) as opened:
        yield opened


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The service's own template."""
    folder = tmp_path_factory.mktemp("templates")
    (folder / "thing.html").write_text(PAGE)
    return folder


@pytest.fixture(scope="session")
def standing() -> list[tuple[Any, Litestar]]:
    """Small services that were built for an earlier test, with their settings."""
    return []


def settings(**changes: Any) -> ServiceSettings:
    """Give settings that a test may change."""
    given: dict[str, Any] = {
        "database_url": SecretStr("postgresql://unused"),
        "port": 8999,
        "public_url": PUBLIC_URL,
        "secret_key": SecretStr(SECRET),
        "requests_per_minute": 0,
    }
    return ServiceSettings(**{**given, **changes})


@pytest.fixture
def make_settings() -> Callable[..., ServiceSettings]:
    """Give settings of the test's choice."""
    return settings


@pytest.fixture
def make_application(
    database: Database, templates: Path, standing: list[tuple[Any, Litestar]]
) -> Callable[..., Litestar]:
    """Build the small service, with settings of the test's choice."""
    assert database is DATABASE

    def make(*, name: str = "trial", **changes: Any) -> Litestar:
        if {"on", "ready"} & changes.keys():
            return build(name, **changes)
        if not any(known == (name, changes) for known, _ in standing):
            standing.append(((name, changes), build(name, **changes)))
        return next(built for known, built in standing if known == (name, changes))

    def build(name: str, *, on: Database = database, ready: Any = (), **changes: Any) -> Litestar:
        return create_application(
            name=name,
            title="Essai",
            settings=settings(**changes),
            database=on,
            pages=[front, things, add_thing, greet, broken_page, forgotten],
            api=[list_things, create_thing, decide, missing, broken_call, ask_database, ask_number, stream, forgotten],
            templates=[templates],
            ready=ready,
            navigation=[
                NavigationItem("Choses", "/things"),
                NavigationItem("Reprises", "/held", frozenset({Role.OPERATOR})),
            ],
        )

    return make


@pytest.fixture
async def browse() -> AsyncIterator[Callable[[Litestar], httpx2.AsyncClient]]:
    """Open browsers on applications; each has cookies of its own and follows no redirect by itself."""
    opened: list[httpx2.AsyncClient] = []

    def browser(application: Litestar) -> httpx2.AsyncClient:
        transport = httpx2.ASGITransport(app=application)  # type: ignore[arg-type] # Litestar's scopes are narrower than ASGI's
        opened.append(httpx2.AsyncClient(transport=transport, base_url=PUBLIC_URL))
        return opened[-1]

    yield browser
    await asyncio.gather(*(client.aclose() for client in opened))


@pytest.fixture
def client(
    make_application: Callable[..., Litestar], browse: Callable[[Litestar], httpx2.AsyncClient]
) -> httpx2.AsyncClient:
    """A browser on the small service."""
    return browse(make_application())


@pytest.fixture
async def agent(database: Database) -> Agent:
    """A SAT agent of the Val-d'Oise, made by an administrator."""
    async with database.transaction() as tx:
        return await store.add_agent(
            tx,
            email="sat95@cousu.test",
            name="Agent du SAT",
            roles=[Role.SAT_AGENT],
            departements=["95"],
            at=clock.now(),
        )


@pytest.fixture
async def token(database: Database, agent: Agent) -> str:
    """A token that acts as the agent."""
    async with database.transaction() as tx:
        return await store.issue_token(tx, agent_id=agent.id, name="essai", at=clock.now())


@pytest.fixture
def bearer(token: str) -> dict[str, str]:
    """The header that carries the token."""
    return {"Authorization": f"Bearer {token}"}
