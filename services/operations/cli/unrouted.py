"""`cousu-main dead` and `cousu-main unrouted`: messages that reached no inbox."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.table import Table

from services.operations.adapters.connections import Connections
from services.operations.cli.acting import AsJson, By, Why, tell, with_connections
from services.operations.domain.queues import DEAD
from services.operations.usecases import unrouted as unrouted_messages
from services.operations.usecases.unrouted import NoSuchQueue, Parked
from shared.messaging.names import UNROUTED_QUEUE

dead = typer.Typer(help="Messages that were delivered too often.", no_args_is_help=True)
unrouted = typer.Typer(help="Messages that no queue listens to.", no_args_is_help=True)

OfQueue = Annotated[str | None, typer.Option("--queue", help="One queue, such as escalation; all when not given")]
Most = Annotated[int, typer.Option("--most", min=1, max=1000, help="At most so many messages of a queue")]


@dead.command("list")
def list_dead(queue: OfQueue = None, most: Most = 50, *, json: AsJson = False) -> None:
    """Show the dead letters; those that are shown go to the end of their queue."""

    async def read(connections: Connections) -> list[Parked]:
        found: list[Parked] = []
        for live in _queues(connections, queue):
            try:
                found += await unrouted_messages.list_parked(connections, live + DEAD, most=most)
            except NoSuchQueue:
                if queue:
                    raise
        return found

    tell(with_connections(read), [], _table, as_json=json)


@dead.command()
def drain(why: Why, by: By, queue: OfQueue = None) -> None:
    """Send the dead letters back to their queue."""

    async def back(connections: Connections) -> list[tuple[str, int]]:
        moved: list[tuple[str, int]] = []
        for live in _queues(connections, queue):
            try:
                moved.append((live, await unrouted_messages.drain(connections, live, by=by, why=why)))
            except NoSuchQueue:
                if queue:
                    raise
        return moved

    for live, moved in with_connections(back):
        typer.echo(f"{live}: {moved} sent back")


@unrouted.command("list")
def list_unrouted(most: Most = 50, *, json: AsJson = False) -> None:
    """Show the messages that no queue listened to; those that are shown go to the end."""
    tell(
        with_connections(lambda connections: unrouted_messages.list_parked(connections, UNROUTED_QUEUE, most=most)),
        [],
        _table,
        as_json=json,
    )


@unrouted.command()
def replay(why: Why, by: By) -> None:
    """Publish them again; those that still nobody listens to come back, and the command fails."""
    done = with_connections(lambda connections: unrouted_messages.replay_unrouted(connections, by=by, why=why))
    typer.echo(f"{done.moved} published again, {done.came_back} stay: no service of ours published them")
    if done.came_back:
        raise typer.Exit(1)


def _queues(connections: Connections, queue: str | None) -> list[str]:
    return [queue.removesuffix(DEAD)] if queue else [watched.queue for watched in connections.services.values()]


def _table(rows: Sequence[Parked]) -> Table:
    table = Table("Queue", "Key", "Type", "Source", "Request", "No.", "Time", "Bytes", box=None)
    for one in rows:
        table.add_row(
            one.queue,
            one.routing_key,
            one.type or "unreadable",
            one.source or "",
            one.subject or "",
            str(one.sequence or ""),
            one.time or "",
            str(one.size),
        )
    return table
