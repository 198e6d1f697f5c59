"""`cousu-main held`: streams that wait because an event cannot be applied."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.table import Table

from services.operations.cli.acting import AsJson, By, OfAll, OfOne, Why, as_text, at, tell, with_connections
from services.operations.usecases import held
from services.operations.usecases.held import Held
from shared.messaging.inbox.held import Code

app = typer.Typer(help="Streams that wait because an event cannot be applied.", no_args_is_help=True)

EventId = Annotated[str, typer.Argument(help="The event that holds the stream, as `held list` shows it")]


@app.command("list")
def list_(service: OfAll = None, *, json: AsJson = False) -> None:
    """Show the held streams: those that need you first."""
    rows, away = with_connections(
        lambda connections: connections.from_all(
            service and service.value, lambda one: held.list_held(one.database, one.name)
        )
    )
    tell(held.in_order(rows), away, _table, as_json=json)


@app.command()
def show(event_id: EventId, service: OfOne, *, json: AsJson = False) -> None:
    """Show one held stream whole."""
    one = with_connections(
        lambda connections: held.show(connections.service(service.value).database, service.value, event_id)
    )
    if json:
        typer.echo(as_text(one))
        return
    for name, value in (
        ("Event", one.event_id),
        ("Type", one.type),
        ("Stream", f"{one.source} {one.subject}, event {one.sequence}"),
        ("Code", one.code),
        ("Reason", one.reason),
        ("Attempts", f"{one.attempts}, the last {at(one.last_attempt_at)}"),
        ("Next attempt", at(one.next_attempt_at) or "none: you decide"),
        ("Held since", at(one.held_since)),
        ("Behind it", f"{one.behind} events"),
    ):
        typer.echo(f"{name:<13} {value}")


@app.command()
def retry(event_id: EventId, service: OfOne, why: Why, by: By) -> None:
    """Have the service try the event again at once."""
    one = with_connections(lambda connections: held.retry(connections.service(service.value), event_id, by=by, why=why))
    typer.echo(f"{one.service} tries {one.type} again within a second")


@app.command("retry-all")
def retry_all(
    service: OfOne,
    why: Why,
    by: By,
    code: Annotated[Code | None, typer.Option("--code", help="Only what is held for this reason")] = None,
    type_: Annotated[str | None, typer.Option("--type", help="Only events of this type")] = None,
    source: Annotated[str | None, typer.Option("--source", help="Only streams of this source")] = None,
) -> None:
    """Have the service try again everything that it holds, or all of one reason, type or source."""
    count = with_connections(
        lambda connections: held.retry_all(
            connections.service(service.value), by=by, why=why, code=code, type_=type_, source=source
        )
    )
    typer.echo(f"{service.value} tries {count} streams again")


@app.command()
def skip(event_id: EventId, service: OfOne, why: Why, by: By) -> None:
    """Give the event up for good in this service, and go on with what waits behind it."""
    one = with_connections(lambda connections: held.skip(connections.service(service.value), event_id, by=by, why=why))
    typer.echo(f"{one.service} goes on without {one.type}; {one.behind} events waited behind it")


def _table(rows: Sequence[Held]) -> Table:
    table = Table(
        "Service", "Event", "Type", "Request", "Code", "Reason", "Attempts", "Next", "Since", "Behind", box=None
    )
    for one in rows:
        table.add_row(
            one.service,
            one.event_id,
            one.type,
            one.subject,
            one.code,
            one.reason,
            str(one.attempts),
            at(one.next_attempt_at) or "you decide",
            at(one.held_since),
            str(one.behind),
        )
    return table
