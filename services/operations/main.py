"""Wiring of the operators' page and API."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from litestar import Litestar

from services.operations import jobs as gauges
from services.operations.adapters.connections import Connections, connected
from services.operations.environment import MissingVariableError
from services.operations.settings import ConnectionSettings, OperationsSettings
from services.operations.usecases.journal_checks import Checks
from services.operations.web import actions, api, pages
from services.operations.web.context import provide_context
from shared import rounds
from shared.db import Database
from shared.identity.model import Role
from shared.service import run
from shared.web.application import Lifespan, NavigationItem, create_application

TITLE = "Exploitation"
READERS = frozenset({Role.OPERATOR, Role.AUDITOR})
NAVIGATION = (
    NavigationItem("Vue d’ensemble", "/", READERS),
    NavigationItem("Retenues", "/retenues", READERS),
    NavigationItem("Quarantaine", "/quarantaine", READERS),
    NavigationItem("Courriels", "/courriels", READERS),
    NavigationItem("Parcours", "/demandes", READERS),
    NavigationItem("Journaux", "/journaux", READERS),
    NavigationItem("Actions", "/actions", READERS),
    NavigationItem("Conduite à tenir", "/conduite", READERS),
)


def build(settings: OperationsSettings, database: Database) -> Litestar:
    """Build the page over what the environment names. Raises `MissingVariableError` without the broker's address."""
    configured = ConnectionSettings()
    if configured.amqp_url is None:
        raise MissingVariableError("OPERATIONS_AMQP_URL (or AMQP_URL) is missing: give the address of RabbitMQ")
    opened: list[Connections] = []
    latest = gauges.Latest()

    @asynccontextmanager
    async def connecting(_: Litestar) -> AsyncIterator[None]:
        async with (
            connected(configured) as connections,
            rounds.running(lambda: latest.measure(connections), every=gauges.MEASURES_EVERY, name="operations.gauges"),
        ):
            opened.append(connections)
            yield

    async def provide_connections() -> Connections:
        return opened[-1]

    return application(settings, database, provide_connections, lifespan=[connecting], away=latest.away)


def application(
    settings: OperationsSettings,
    database: Database,
    provide_connections: Callable[[], Awaitable[Connections]],
    *,
    lifespan: list[Lifespan] | None = None,
    away: Callable[[], Sequence[str]] = tuple,
) -> Litestar:
    """Build what answers, over the connections that are provided; `away` gives sentences about what does not answer."""
    checks = Checks()

    @asynccontextmanager
    async def checking(_: Litestar) -> AsyncIterator[None]:
        yield
        await checks.stop()

    return create_application(
        name="operations",
        title=TITLE,
        settings=settings,
        database=database,
        pages=pages.routes,
        api=[*api.routes, *actions.routes],
        templates=[Path(__file__).parent / "templates"],
        dependencies={"context": provide_context(provide_connections, checks)},
        lifespan=[*(lifespan or []), checking],
        navigation=NAVIGATION,
        away=away,
    )


def main() -> None:
    """Run the page until it is asked to stop."""
    run("operations", OperationsSettings, build)
