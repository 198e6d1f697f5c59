"""`cousu-main status`, `events show` and `journal verify`: is all well, what happened, and is the record whole?"""

from typing import Annotated

import typer
from rich.table import Table

from services.operations.adapters.connections import Connections, Watched
from services.operations.cli.acting import AsJson, OfAll, as_text, fail_for, with_connections
from services.operations.cli.screen import show
from services.operations.reads import journals, verification
from services.operations.reads.status import Status
from services.operations.reads.status import status as look
from services.operations.reads.verification import Fault, Verified
from services.operations.usecases.obstacles import Story, story
from shared import clock

events = typer.Typer(help="What the services told about a request.", no_args_is_help=True)
journal = typer.Typer(help="The record of everything told.", no_args_is_help=True)


def status(*, json: AsJson = False) -> None:
    """Is all well? Ends with exit code 1 when something needs a hand now."""
    told = with_connections(lambda connections: look(connections, at=clock.now()))
    if json:
        typer.echo(as_text(told))
    else:
        _show(told)
    if not told.well:
        raise typer.Exit(1)


@events.command("show")
def show_events(
    request: Annotated[str, typer.Option("--request", help="The request's number (95-2026-000123) or id")],
    *,
    json: AsJson = False,
) -> None:
    """Show a request's events across the services, in order."""

    async def told(connections: Connections) -> Story:
        return await story(connections, await journals.trail(connections, request), at=clock.now())

    trail = with_connections(told)
    if json:
        typer.echo(as_text(trail))
    else:
        typer.echo(f"Request {trail.request_id}")
        table = Table("When", "Told by", "No.", "Event", "Applied by", "Not yet", "Id", box=None)
        for event in trail.events:
            late = [f"held by {name}" for name in event.held_by] + [f"waits at {name}" for name in event.waits_at]
            late += [f"has not come to {name}" for name in event.missing_at]
            table.add_row(
                event.time.astimezone().isoformat(timespec="milliseconds"),
                event.source,
                str(event.sequence),
                event.type,
                ", ".join(event.applied_by),
                ", ".join(late if event.sent else [*late, "not sent"]),
                event.id,
            )
        show(table)
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
            said = f"{one.wrong} wrong" if one.wrong else "whole"
            typer.echo(f"{one.service}: {one.events} events in {one.streams} streams, {said}")
            for fault in one.faults:
                typer.echo(f"  {_said(fault)}")
    fail_for(away)
    if any(one.wrong for one in results):
        raise typer.Exit(1)


def _said(fault: Fault) -> str:
    place = f"{fault.source} {fault.subject}"
    which = str(fault.sequence) if fault.sequence == fault.until else f"{fault.sequence} to {fault.until}"
    return {
        "tampered": f"{place}: event {which} ({fault.event_id}) was changed after it was recorded",
        "relabelled": f"{place}: the columns of event {which} ({fault.event_id}) are not those of its text",
        "missing": f"{place}: event {which} is missing",
        "forked": f"{place}: {fault.listener} applied an event {which} that the journal does not have",
        "head": f"{place}: the stream's head is not its last event, {which} ({fault.event_id})",
    }[fault.what]


def _show(told: Status) -> None:
    typer.echo("All is well." if told.well else "Something needs a hand:")
    for concern in told.concerns:
        typer.echo(f"  {'!' if concern.urgent else '·'} {concern.where}: {concern.english}")
    columns = ("Answers", "Relay", "Outbox", "Oldest", "Held", "Waiting", "Gaps", "Quarantine", "Mails", "Overdue")
    services = Table("Service", *columns, box=None)
    for one in told.services:
        answers = {True: "ready", False: "not ready", None: "not asked"}[one.ready]
        if one.figures is None:
            services.add_row(one.name, "database refuses" if one.database_refuses else "database away")
            continue
        figures = one.figures
        services.add_row(
            one.name,
            answers,
            "yes" if figures.relay else "none",
            str(figures.outbox),
            f"{figures.outbox_seconds:.0f} s",
            str(figures.held),
            str(figures.waiting),
            str(figures.gaps),
            str(figures.quarantine),
            f"{one.deliveries.queued} wait, {one.deliveries.failed} failed" if one.deliveries else "",
            str(one.deadlines.overdue) if one.deadlines else "",
        )
    show(services)
    if told.behind:
        late = Table("Told by", "Not applied by", "Events", "Oldest", box=None)
        for one_late in told.behind:
            late.add_row(one_late.told_by, one_late.service, str(one_late.events), f"{one_late.seconds:.0f} s")
        show(late)
    oldest = {name: max(one.seconds for one in told.behind if one.service == name) for name in _behind(told)}
    queues = Table("Queue", "Ready", "Oldest", "In hand", "Consumers", "In/s", "Out/s", box=None)
    for queue in told.queues:
        figures_ = (queue.unacknowledged, queue.consumers, queue.rate_in, queue.rate_out)
        shown = ["" if value is None else f"{value:g}" for value in figures_]
        age = oldest.get(queue.service or "") if queue.kind == "service" else None
        ready = str(queue.ready) if queue.exists else "not there"
        queues.add_row(queue.name, ready, "" if age is None else f"{age:.0f} s", *shown)
    if told.queues:
        show(queues)


def _behind(told: Status) -> set[str]:
    """Give the services that have not applied something."""
    return {one.service for one in told.behind}
