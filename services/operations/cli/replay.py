"""`cousu-main replay`: rebuild a service from the journals and compare it with the live one."""

import logging
from typing import Annotated

import structlog
import typer

from services.operations.adapters.connections import Connections
from services.operations.adapters.provided import rebuilding
from services.operations.cli.common import AsJson, OfAll, as_text, with_connections
from services.operations.domain.services import SERVICES
from services.operations.settings import ConnectionSettings
from services.operations.usecases.replay import database
from services.operations.usecases.replay.comparison import Difference
from services.operations.usecases.replay.replaying import Forked, Replayed
from services.operations.usecases.replay.replaying import replay as replay_one

Into = Annotated[
    str | None,
    typer.Option("--into", help="An empty database to rebuild into, and to keep; otherwise one is made and dropped"),
]

ROWS = {
    "missing": "{row} is missing",
    "extra": "{row} is there, and no event made it",
    "different": "{row} differs in {columns}",
}


def replay(service: OfAll = None, into: Into = None, *, json: AsJson = False) -> None:
    """Rebuild a service from the journals into an empty database and compare; ends with exit code 1 if they differ.

    Nothing live is changed, and the services may go on working.
    """
    if into and service is None:
        raise typer.BadParameter("one database takes one service: say which with --service")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    names = [service.value] if service else SERVICES
    results = with_connections(lambda connections: _replay(connections, names, into), whole=True)
    if json:
        typer.echo(as_text(results))
    else:
        for one in results:
            _show(one)
    if not all(one.identical for one in results):
        raise typer.Exit(1)


async def _replay(connections: Connections, names: list[str] | tuple[str, ...], into: str | None) -> list[Replayed]:
    results = []
    configured = ConnectionSettings().replay_url
    server = configured.get_secret_value() if configured else None
    for name in names:
        async with database.empty(name, into=into, server=server) as empty:
            results.append(await replay_one(connections, rebuilding(name), empty))
    return results


def _show(one: Replayed) -> None:
    rows = sum(table.alike for table in one.tables)
    wrong = sum(table.different for table in one.tables)
    outcome = f"{wrong} rows are different, {len(one.behind)} streams are behind, {len(one.forked)} are forked"
    outcome = "identical" if one.identical else outcome
    typer.echo(f"{one.service}: {one.events} events replayed, {rows} rows alike, {outcome}")
    if one.moving:
        typer.echo(f"  {one.moving} requests moved meanwhile and were left aside")
    for stream in one.behind:
        typer.echo(f"  {stream.source} {stream.subject}: {stream.applied} of {stream.told} events are applied")
    for fork in one.forked:
        typer.echo(f"  {fork.source} {fork.subject}: {fork.applied} events are applied, the journal has {_had(fork)}")
    for held in one.held:
        typer.echo(f"  {held.source} {held.subject}: event {held.sequence} ({held.type}) cannot be applied")
    for table in one.tables:
        for difference in table.differences:
            typer.echo(f"  {table.table}: {_line(difference)}")
        if table.different > len(table.differences):
            typer.echo(f"  {table.table}: and {table.different - len(table.differences)} more")


def _had(fork: Forked) -> str:
    return "other ones" if fork.told == fork.applied else str(fork.told)


def _line(difference: Difference) -> str:
    return ROWS[difference.what].format(row=difference.row, columns=", ".join(difference.columns))
