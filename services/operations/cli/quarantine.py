"""`cousu-main quarantine`: messages that a service could not read."""

import sys
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table

from services.operations.adapters.connections import Connections
from services.operations.cli.acting import (
    AsJson,
    By,
    OfAll,
    OfOne,
    WatchedService,
    Why,
    as_text,
    at,
    tell,
    with_connections,
)
from services.operations.usecases import causes, quarantine
from services.operations.usecases.causes import Cause, Decision, Settlement
from services.operations.usecases.quarantine import Quarantined
from shared import db

app = typer.Typer(help="Messages that a service could not read.", no_args_is_help=True)

CauseKey = Annotated[str, typer.Argument(help="The cause, as `quarantine causes` shows it")]
MessageId = Annotated[UUID, typer.Argument(help="The message, as `quarantine list` shows it")]


@app.command("list")
def list_(
    service: OfAll = None,
    *,
    settled: Annotated[bool, typer.Option("--settled", help="Those that were replayed or discarded instead")] = False,
    json: AsJson = False,
) -> None:
    """Show the messages that wait for a decision."""
    rows, away = with_connections(
        lambda connections: connections.from_all(
            service and service.value, lambda one: quarantine.list_quarantined(one.database, one.name, settled=settled)
        )
    )
    tell(rows, away, _table, as_json=json)


@app.command()
def show(message_id: MessageId, service: OfOne, by: By, *, json: AsJson = False) -> None:
    """Show one message, and its bytes as they came; they may hold personal data, so who read them is recorded."""
    one, body = with_connections(
        lambda connections: quarantine.read(connections.service(service.value), message_id, by=by)
    )
    if json:
        typer.echo(as_text({**one.model_dump(), "body": body.decode(errors="replace")}))
        return
    typer.echo(f"{one.routing_key}, {one.size} bytes, {at(one.received_at)}: {one.reason}")
    if one.user_id is not None:
        typer.echo(f"published by the broker user {one.user_id or '(none)'}")
    if one.damaged:
        typer.echo("damaged on its way: not to be replayed; the true event is asked for again by itself")
    if one.settled_at:
        typer.echo(f"{one.settlement} by {one.settled_by}, {at(one.settled_at)}: {one.why}")
    sys.stdout.flush()
    sys.stdout.buffer.write(body + b"\n")


@app.command()
def replay(message_id: MessageId, service: OfOne, why: Why, by: By) -> None:
    """Have the service take the message again; what was applied stays applied once, what was forged stays refused.

    Refused for one that was damaged on its way: the true event is asked for again by the service itself.
    """
    with_connections(
        lambda connections: quarantine.replay(connections.service(service.value), message_id, by=by, why=why)
    )
    typer.echo(f"sent to {service.value} again; if it is still unreadable, it comes back")


@app.command()
def discard(message_id: MessageId, service: OfOne, why: Why, by: By) -> None:
    """Decide that the message is never applied; its bytes are kept."""
    with_connections(
        lambda connections: quarantine.discard(connections.service(service.value), message_id, by=by, why=why)
    )
    typer.echo("discarded")


@app.command("causes")
def list_causes(service: OfAll = None, *, json: AsJson = False) -> None:
    """Show what is wrong with the messages that wait for a decision, and how many have the same cause."""
    rows, away = with_connections(
        lambda connections: connections.from_all(
            service and service.value, lambda one: causes.list_causes(one.database, one.name)
        )
    )
    tell(rows, away, _causes_table, as_json=json)


@app.command("replay-all")
def replay_all(cause: CauseKey, service: OfOne, why: Why, by: By) -> None:
    """Send all messages of one cause to the service's queue again; damaged ones stay."""
    typer.echo(f"{_settle_all(cause, service, 'replayed', why, by)} sent to {service.value} again")


@app.command("discard-all")
def discard_all(cause: CauseKey, service: OfOne, why: Why, by: By) -> None:
    """Decide that no message of one cause is ever applied; their bytes are kept."""
    typer.echo(f"{_settle_all(cause, service, 'discarded', why, by)} discarded")


def _settle_all(cause: str, service: WatchedService, settlement: Settlement, why: str, by: str) -> int:
    """Decide about all messages that wait now, however many orders it takes."""

    async def settle(connections: Connections) -> int:
        watched = connections.service(service.value)
        decision = Decision(settlement, by, why, await db.now(watched.database))
        done = await causes.settle(watched, cause, decision)
        total = done.settled
        while done.settled and done.left:
            done = await causes.settle(watched, cause, decision)
            total += done.settled
        return total

    return with_connections(settle)


def _causes_table(rows: Sequence[Cause]) -> Table:
    table = Table("Service", "Cause", "Messages", "First", "Last", "Damaged", "Reason", box=None)
    for one in rows:
        damaged = "damaged" if one.damaged else ""
        table.add_row(one.service, one.key, str(one.messages), at(one.first_at), at(one.last_at), damaged, one.reason)
    return table


def _table(rows: Sequence[Quarantined]) -> Table:
    table = Table("Service", "Message", "Received", "Key", "Bytes", "Reason", "Settled", box=None)
    for one in rows:
        settled = f"{one.settlement} by {one.settled_by}: {one.why}" if one.settled_at else ""
        table.add_row(
            one.service, str(one.id), at(one.received_at), one.routing_key, str(one.size), one.reason, settled
        )
    return table
