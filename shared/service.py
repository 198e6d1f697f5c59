"""Start a service: read its settings, connect it to database and broker, serve its application until a signal."""

import asyncio
import gc
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

import structlog
import uvloop
from litestar import Litestar
from pydantic import ValidationError

from shared import log, production, tracing
from shared.contracts.fact import Fact
from shared.db import AWAY, Database
from shared.messaging.accounts import Origins
from shared.messaging.asyncapi import Filing
from shared.messaging.handlers import EventHandlers
from shared.messaging.messenger import Messenger
from shared.messaging.topology import Subscription
from shared.secret_files import UnreadableSecretError
from shared.settings import LogSettings, ServiceSettings
from shared.stopping import StopSignals, end
from shared.web.server import serve

Settings = TypeVar("Settings", bound=ServiceSettings)


def run(name: str, read: Callable[[], Settings], build: Callable[[Settings, Database], Litestar]) -> None:
    """Run one service in this process until SIGINT or SIGTERM; its end is bounded in time (ADR 33).

    Ends with `EX_CONFIG` and one line of log where its settings cannot be read or, in production, are unsafe.
    """
    log.configure(service=name, form=LogSettings().log_format)
    settings = _read(name, read)
    signals = StopSignals()
    signals.start()
    send_last_traces = tracing.configure(name)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_run(name, settings, build, signals))
    finally:
        send_last_traces()


def _read(name: str, read: Callable[[], Settings]) -> Settings:
    settings, problems = None, production.of_environment()
    try:
        settings = read()
        problems += [] if production.is_local() else settings.unsafe()
    except ValidationError as error:
        problems += production.unreadable(error, f"{name}_")
    except UnreadableSecretError as error:
        problems.append(production.Unsafe("setting_invalid", error.variable, "the file cannot be read"))
    if settings is None or problems:
        structlog.get_logger(__name__).critical("settings.refused", **production.refusal(problems))
        sys.exit(production.EX_CONFIG)
    return settings


async def _run(
    name: str, settings: Settings, build: Callable[[Settings, Database], Litestar], signals: StopSignals
) -> None:
    database = await _connected_unless_stopped(name, settings.database_url.get_secret_value(), signals)
    if database is None:
        return
    signals.let_go(database.terminate)
    try:
        application = build(settings, database)
        tune_garbage_collection()
        await serve(application, settings, signals=signals)
    finally:
        await database.close()
        # asyncio's own end cancels each task once, and waits without bound for those that swallow it.
        await end(*(asyncio.all_tasks() - {asyncio.current_task()}))


async def _connected_unless_stopped(name: str, url: str, signals: StopSignals) -> Database | None:
    """Wait for the database; return None when a signal came first."""
    connecting = asyncio.create_task(_connect(name, url))

    def give_up(_: signal.Signals) -> None:
        connecting.cancel()

    signals.deliver_to(give_up)
    try:
        return await connecting
    except asyncio.CancelledError:
        if connecting.cancelled():
            return None
        raise


def messenger(
    name: str,
    settings: ServiceSettings,
    database: Database,
    subscription: Subscription,
    handlers: EventHandlers,
    *,
    publishes: Sequence[type[Fact]],
    filing: Filing | None = None,
) -> Messenger:
    """Build what publishes and consumes for a service; raises `ValueError` where the broker's address is missing."""
    if settings.amqp_url is None:
        raise ValueError(f"{name.upper()}_AMQP_URL (or AMQP_URL) is missing: give the address of RabbitMQ")
    return Messenger(
        database,
        settings.amqp_url.get_secret_value(),
        name=name,
        subscription=subscription,
        handlers=handlers,
        publishes=publishes,
        filing=filing,
        origins=Origins(settings.broker_sources),
    )


def constants(**values: Any) -> Mapping[str, Callable[[], Awaitable[Any]]]:
    """Return dependencies that are the same for every request, by name."""
    return {name: _constant(value) for name, value in values.items()}


def _constant(value: Any) -> Callable[[], Awaitable[Any]]:
    async def provide() -> Any:
        return value

    return provide


def tune_garbage_collection() -> None:
    """Exclude objects that were loaded at the start from Python's garbage collection, and collect less often.

    Consuming an event then takes a twentieth less of the processor, and no request waits for a full collection.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


async def _connect(name: str, url: str) -> Database:
    """Wait for the database: a service may start before it."""
    while True:
        try:
            return await Database.connect(url, name=name)
        except AWAY as error:
            structlog.get_logger(__name__).warning("database.away", error=type(error).__name__)
            await asyncio.sleep(1)
