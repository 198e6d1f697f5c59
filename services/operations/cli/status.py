"""`cousu-main status`, `events show`, `journal verify`: concerns, one request's events, integrity of a journal."""

from collections.abc import Callable, Mapping
from typing import Annotated, Final

import typer

from services.operations.adapters.connections import Connections, Watched
from services.operations.cli.common import AsJson, Columns, OfAll, as_text, fail_for, show, with_connections
from services.operations.reads import journals, verification
from services.operations.reads.figures import ServiceFigures
from services.operations.reads.journals import Event
from services.operations.reads.obstacles import Story, story
from services.operations.reads.status import QueueStatus, ServiceStatus, Status
from services.operations.reads.status import status as look
from services.operations.reads.verification import Fault, Verified
from shared import clock

events = typer.Typer(help="What the services published about a request.", no_args_is_help=True)
journal = typer.Typer(help="The record of everything published.", no_args_is_help=True)


def status(*, json: AsJson = False) -> None:
    """Is all well? Ends with exit code 1 when something needs a hand now."""
    found = with_connections(lambda connections: look(connections, at=clock.now()))
    if json:
        typer.echo(as_text(found))
    else:
        _show(found)
    if not found.well:
        raise typer.Exit(1)


@events.command("show")
def show_events(
    request: Annotated[str, typer.Option("--request", help="The request's number (95-2026-000123) or id")],
    *,
    json: AsJson = False,
) -> None:
    """Show a request's events across the services, in order."""

    async def found(connections: Connections) -> Story:
        return await story(connections, await journals.trail(connections, request), at=clock.now())

    trail = with_connections(found)
    if json:
        typer.echo(as_text(trail))
    else:
        typer.echo(f"Request {trail.request_id}")
        show(trail.events, EVENTS)
        for obstacle in trail.obstacles:
            typer.echo(f"{'!' if obstacle.urgent else '·'} {obstacle.english}")
        if not trail.obstacles:
            typer.echo("Nothing keeps it: every event is applied wherever it should be.")
        if trail.awaits:
            until = f" until {trail.awaits.until}" if trail.awaits.until else ""
            typer.echo(f"It waits for: {trail.awaits.team}{until} ({trail.awaits.what})")
    fail_for(trail.away)


@journal.command()
def verify(service: OfAll = None, *, json: AsJson = False) -> None:
    """Check each stream's chain of hashes, and what listeners applied; end with exit code 1 if something is wrong."""

    async def verified(connections: Connections) -> tuple[list[Verified], list[str]]:
        async def one(watched: Watched) -> list[Verified]:
            return [await verification.verify(watched, connections.services.values())]

        return await connections.from_all(service and service.value, one)

    results, away = with_connections(verified)
    if json:
        typer.echo(as_text(results))
    else:
        for one in results:
            outcome = f"{one.wrong} wrong" if one.wrong else "whole"
            typer.echo(f"{one.service}: {one.events} events in {one.streams} streams, {outcome}")
            for fault in one.faults:
                typer.echo(f"  {_line(fault)}")
    fail_for(away)
    if any(one.wrong for one in results):
        raise typer.Exit(1)


def _line(fault: Fault) -> str:
    place = f"{fault.source} {fault.subject}"
    which = str(fault.sequence) if fault.sequence == fault.until else f"{fault.sequence} to {fault.until}"
    return {
        "tampered": f"{place}: event {which} ({fault.event_id}) was changed after it was recorded",
        "relabelled": f"{place}: the columns of event {which} ({fault.event_id}) are not those of its text",
        "missing": f"{place}: event {which} is missing",
        "forked": f"{place}: {fault.listener} applied an event {which} that the journal does not have",
        "head": f"{place}: the stream's head is not its last event, {which} ({fault.event_id})",
    }[fault.what]


def _show(found: Status) -> None:
    typer.echo("All is well." if found.well else "Something needs a hand:")
    for concern in found.concerns:
        typer.echo(f"  {'!' if concern.urgent else '·'} {concern.where}: {concern.english}")
    show(found.services, SERVICES)
    if found.behind:
        show(found.behind, BEHIND)
    if found.queues:
        oldest: dict[str, float] = {}
        for one in found.behind:
            oldest[one.service] = max(one.seconds, oldest.get(one.service, 0.0))
        show(found.queues, _queues(oldest))


def _answers(one: ServiceStatus) -> str:
    if one.figures is None:
        return "database refuses" if one.database_refuses else "database away"
    return {True: "ready", False: "not ready", None: "not asked"}[one.ready]


def _figure(read: Callable[[ServiceFigures], object]) -> Callable[[ServiceStatus], object]:
    """Make a column of the figures; empty where the database gave none."""
    return lambda one: None if one.figures is None else read(one.figures)


def _not_yet(event: Event) -> str:
    late = [f"held by {name}" for name in event.held_by] + [f"waits at {name}" for name in event.waits_at]
    late += [f"has not come to {name}" for name in event.missing_at]
    return ", ".join(late if event.sent else [*late, "not sent"])


EVENTS: Final[Columns] = {
    "When": lambda event: event.time.astimezone().isoformat(timespec="milliseconds"),
    "Published by": "source",
    "No.": "sequence",
    "Event": "type",
    "Applied by": lambda event: ", ".join(event.applied_by),
    "Not yet": _not_yet,
    "Id": "id",
}
SERVICES: Final[Columns] = {
    "Service": "name",
    "Answers": _answers,
    "Relay": _figure(lambda figures: "yes" if figures.relay else "none"),
    "Outbox": _figure(lambda figures: figures.outbox),
    "Oldest": _figure(lambda figures: f"{figures.outbox_seconds:.0f} s"),
    "Held": _figure(lambda figures: figures.held),
    "Waiting": _figure(lambda figures: figures.waiting),
    "Gaps": _figure(lambda figures: figures.gaps),
    "Quarantine": _figure(lambda figures: figures.quarantine),
    "Mails": lambda one: one.deliveries and f"{one.deliveries.queued} wait, {one.deliveries.failed} failed",
    "Overdue": lambda one: one.deadlines and one.deadlines.overdue,
}
BEHIND: Final[Columns] = {
    "Published by": "told_by",
    "Not applied by": "service",
    "Events": "events",
    "Oldest": lambda one: f"{one.seconds:.0f} s",
}


def _queues(oldest: Mapping[str, float]) -> Columns:
    """Make the columns of the queues; `oldest` is the age of what each service has not applied."""

    def age(queue: QueueStatus) -> str:
        seconds = oldest.get(queue.service or "") if queue.kind == "service" else None
        return "" if seconds is None else f"{seconds:.0f} s"

    def rate(value: float | None) -> str:
        return "" if value is None else f"{value:g}"

    return {
        "Queue": "name",
        "Ready": lambda queue: queue.ready if queue.exists else "not there",
        "Oldest": age,
        "In hand": "unacknowledged",
        "Consumers": "consumers",
        "In/s": lambda queue: rate(queue.rate_in),
        "Out/s": lambda queue: rate(queue.rate_out),
    }
