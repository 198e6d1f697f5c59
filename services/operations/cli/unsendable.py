"""`cousu-main unsendable`: events that the broker refuses for what they are."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table

from services.operations.cli.acting import AsJson, By, OfAll, OfOne, Why, at, tell, with_connections
from services.operations.usecases import unsendable
from services.operations.usecases.unsendable import Unsendable

app = typer.Typer(help="Events that RabbitMQ refuses for what they are.", no_args_is_help=True)

EventId = Annotated[UUID, typer.Argument(help="The event, as `unsendable list` shows it")]


@app.command("list")
def list_(service: OfAll = None, *, json: AsJson = False) -> None:
    """Show what was set aside, the oldest first."""
    rows, away = with_connections(
        lambda connections: connections.from_all(
            service and service.value, lambda one: unsendable.list_unsendable(one.database, one.name)
        )
    )
    tell(sorted(rows, key=lambda one: one.since), away, _table, as_json=json)


@app.command()
def retry(event_id: EventId, service: OfOne, why: Why, by: By) -> None:
    """Have the service publish the event again."""
    queues = with_connections(
        lambda connections: unsendable.retry(connections.service(service.value), event_id, by=by, why=why)
    )
    typer.echo(f"{service.value} publishes {event_id} again ({queues} rows of its outbox)")


def _table(rows: Sequence[Unsendable]) -> Table:
    table = Table("Service", "Event", "Type", "Request", "Bytes", "Queue", "Reason", "Since", box=None)
    for one in rows:
        queue = one.queue or "all"
        about = (one.service, str(one.event_id), one.type, one.subject)
        table.add_row(*about, str(one.bytes), queue, one.reason, at(one.since))
    return table
