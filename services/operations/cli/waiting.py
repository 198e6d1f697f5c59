"""`cousu-main waiting`: streams whose next event has not come."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.table import Table

from services.operations.cli.acting import AsJson, By, OfAll, OfOne, Why, at, tell, with_connections
from services.operations.usecases import waiting
from services.operations.usecases.waiting import Gap

app = typer.Typer(help="Streams that wait for an event that has not come.", no_args_is_help=True)


@app.command("list")
def list_(service: OfAll = None, *, json: AsJson = False) -> None:
    """Show which event is missing where, the oldest first."""
    rows, away = with_connections(
        lambda connections: connections.from_all(
            service and service.value, lambda one: waiting.list_gaps(one.database, one.name)
        )
    )
    tell(sorted(rows, key=lambda gap: gap.since), away, _table, as_json=json)


@app.command()
def discard(
    service: OfOne,
    source: Annotated[str, typer.Option("--source", help="The source of the stream, as `waiting list` shows it")],
    request: Annotated[str, typer.Option("--request", help="The stream's request, as `waiting list` shows it")],
    why: Why,
    by: By,
) -> None:
    """Expect nothing more of a stream, and put away what is parked of it: the missing event will never exist."""
    count = with_connections(
        lambda connections: waiting.discard(
            connections.service(service.value), source=source, subject=request, by=by, why=why
        )
    )
    typer.echo(f"{service.value} expects nothing more of it; {count} parked events were put away")


def _table(rows: Sequence[Gap]) -> Table:
    table = Table("Service", "Source", "Request", "Missing", "Waiting", "Since", "Unreadable", box=None)
    for gap in rows:
        missing = str(gap.missing) if gap.first == gap.missing + 1 else f"{gap.missing} to {gap.first - 1}"
        table.add_row(
            gap.service, gap.source, gap.subject, missing, str(gap.waiting), at(gap.since), str(gap.unreadable or "")
        )
    return table
