"""The wiring of the operator's page: the only place that builds it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from litestar import Litestar

from services.operations import jobs as gauges
from services.operations.adapters.connections import Reach, reached
from services.operations.environment import NotTold
from services.operations.settings import OperationsSettings, ReachSettings
from services.operations.usecases.checking import Checks
from services.operations.web import api, pages
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
    """Build the page over what the environment tells. Raises `NotTold` when the broker's address is missing."""
    told = ReachSettings()
    if told.amqp_url is None:
        raise NotTold("OPERATIONS_AMQP_URL (or AMQP_URL) is missing: give the address of RabbitMQ")
    opened: list[Reach] = []
    latest = gauges.Latest()

    @asynccontextmanager
    async def reaching(_: Litestar) -> AsyncIterator[None]:
        async with (
            reached(told) as reach,
            rounds.running(lambda: latest.measure(reach), every=gauges.MEASURES_EVERY, name="operations.gauges"),
        ):
            opened.append(reach)
            yield

    async def provide_reach() -> Reach:
        return opened[-1]

    return application(settings, database, provide_reach, lifespan=[reaching], away=latest.away)


def application(
    settings: OperationsSettings,
    database: Database,
    provide_reach: Callable[[], Awaitable[Reach]],
    *,
    lifespan: list[Lifespan] | None = None,
    away: Callable[[], Sequence[str]] = tuple,
) -> Litestar:
    """Build what answers, over a reach that `provide_reach` gives; `away` says what the last look found away."""
    checks = Checks()

    async def provide_checks() -> Checks:
        return checks

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
        api=api.routes,
        templates=[Path(__file__).parent / "templates"],
        dependencies={"reach": provide_reach, "checks": provide_checks},
        lifespan=[*(lifespan or []), checking],
        navigation=NAVIGATION,
        away=away,
    )


def main() -> None:
    """Run the page until it is told to stop."""
    run("operations", OperationsSettings, build)
