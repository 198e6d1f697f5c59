"""`cousu-main dead` and `cousu-main unrouted`: messages that reached no inbox."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.table import Table

from services.operations.adapters.connections import Reach
from services.operations.cli.acting import AsJson, By, Why, reaching, tell
from services.operations.domain.queues import DEAD
from services.operations.usecases import unrouted as astray
from services.operations.usecases.unrouted import NoSuchQueue, Parked
from shared.messaging.names import UNROUTED_QUEUE

dead = typer.Typer(help="Messages that were delivered too often.", no_args_is_help=True)
unrouted = typer.Typer(help="Messages that no queue listens to.", no_args_is_help=True)

OfQueue = Annotated[str | None, typer.Option("--queue", help="One queue, such as escalation; all when not given")]
Most = Annotated[int, typer.Option("--most", min=1, max=1000, help="At most so many messages of a queue")]


@dead.command("list")
def list_dead(queue: OfQueue = None, most: Most = 50, *, json: AsJson = False) -> None:
    """Show the dead letters; those that are shown go to the end of their queue."""

    async def read(reach: Reach) -> list[Parked]:
        found: list[Parked] = []
        for live in _queues(reach, queue):
            try:
                found += await astray.list_parked(reach, live + DEAD, most=most)
            except NoSuchQueue:
                if queue:
                    raise
        return found

    tell(reaching(read), [], _table, as_json=json)


@dead.command()
def drain(why: Why, by: By, queue: OfQueue = None) -> None:
    """Send the dead letters back to their queue."""

    async def back(reach: Reach) -> list[tuple[str, int]]:
        moved: list[tuple[str, int]] = []
        for live in _queues(reach, queue):
            try:
                moved.append((live, await astray.drain(reach, live, by=by, why=why)))
            except NoSuchQueue:
                if queue:
                    raise
        return moved

    for live, moved in reaching(back):
        typer.echo(f"{live}: {moved} sent back")


@unrouted.command("list")
def list_unrouted(most: Most = 50, *, json: AsJson = False) -> None:
    """Show the messages that no queue listened to; those that are shown go to the end."""
    tell(reaching(lambda reach: astray.list_parked(reach, UNROUTED_QUEUE, most=most)), [], _table, as_json=json)


@unrouted.command()
def replay(why: Why, by: By) -> None:
    """Publish them again; those that still nobody listens to come back, and the command fails."""
    done = reaching(lambda reach: astray.replay_unrouted(reach, by=by, why=why))
    typer.echo(f"{done.moved} published again, {done.came_back} stay: no service of ours published them")
    if done.came_back:
        raise typer.Exit(1)


def _queues(reach: Reach, queue: str | None) -> list[str]:
    return [queue.removesuffix(DEAD)] if queue else [watched.queue for watched in reach.services.values()]


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
