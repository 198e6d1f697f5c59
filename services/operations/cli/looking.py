"""`cousu-main status`, `events show` and `journal verify`: is all well, what happened, and is the record whole?"""

from typing import Annotated

import typer
from rich.table import Table

from services.operations.adapters.connections import Reach, Watched
from services.operations.cli.acting import AsJson, OfAll, as_text, at, fail_for, reaching
from services.operations.cli.screen import show
from services.operations.reads import journals, verification
from services.operations.reads.status import Concern, Status
from services.operations.reads.status import status as look
from services.operations.reads.verification import Fault, Verified
from services.operations.usecases.obstacles import Obstacle, Story, story
from shared import clock

events = typer.Typer(help="What the services told about a request.", no_args_is_help=True)
journal = typer.Typer(help="The record of everything told.", no_args_is_help=True)

SENTENCES = {
    "broker_away": "RabbitMQ does not answer: events wait in the outboxes, nothing is lost. Start it again",
    "database_away": "The database does not answer ({detail}). Start it again",
    "database_refuses": "The database runs and refuses ({detail}): give its role back what it had",
    "database_stuck": "The database answers, but its cases are locked: see who holds them (runbook, CousuLenteur)",
    "service_away": "The service does not answer ({detail}). Start it again",
    "service_not_ready": "The service is not ready ({detail})",
    "service_degraded": "The service works, and does not publish as it should ({detail})",
    "no_consumer": "Nobody consumes this queue ({count} messages wait). Start the service",
    "deep_queue": "{count} messages wait; they are being consumed",
    "outbox_late": "{count} events are not with the broker, the oldest for {seconds:.0f} s {detail}",
    "unsendable": "{count} events are refused by RabbitMQ and were set aside: `cousu-main unsendable list`",
    "behind": "{count} events were told and are not applied, the oldest for {seconds:.0f} s",
    "mail_late": "{count} mails wait, the first for {seconds:.0f} s: `cousu-main deliveries list`",
    "mail_failed": "{count} mails of this week could not be delivered: `cousu-main deliveries list`",
    "webhook_suspended": "{count} partners' subscriptions were suspended after failures, {seconds:.0f} s ago",
    "overdue": "{count} dates in the cases have passed; the teams were told",
    "held_given_up": "{count} streams are held and tried no more: `cousu-main held list`",
    "forked": "{count} streams: what was applied here is not what the source {detail} has (restored from a backup?): "
    "runbook, CousuHistoireDivergente",
    "disputed": "{count} streams of this service: listeners applied events that its journal does not have: "
    "runbook, CousuHistoireDivergente",
    "held": "{count} streams are held, for {seconds:.0f} s, and tried again by themselves: `cousu-main held list`",
    "gap": "{count} streams wait for an event that does not come, for {seconds:.0f} s: `cousu-main waiting list`",
    "gap_young": "{count} streams wait for an event that is late by {seconds:.0f} s",
    "quarantine": "{count} messages could not be read: `cousu-main quarantine list`",
    "quarantine_foreign": "{count} messages of forms of others were refused and had no effect: "
    "`cousu-main quarantine list`, `cousu-main form list`",
    "dead": "{count} messages were delivered too often: `cousu-main dead list`",
    "unrouted": "{count} messages have no listener: `cousu-main unrouted list`",
}


OBSTACLES = {
    "away": "{where} is away ({reason}): what it holds is not shown",
    "held": "{where} holds {type} for {seconds:.0f} s, {attempts} tries, next {next}: {reason}. "
    "Mend the cause, then `cousu-main held retry {event_id} --service {where} --why …`",
    "unreadable": "{where} could not read {events} message(s) of it: {reason}. "
    "`cousu-main quarantine show {ref} --service {where}`",
    "unsent": "{where} has not sent {type} and what follows ({events} events) for {seconds:.0f} s",
    "missing": "{type} and what follows ({events} events) have not come to {where} for {seconds:.0f} s",
    "waits": "{type} waits at {where} for the event before it, for {seconds:.0f} s: asked for again by itself",
    "mail": "the mail about {type} did not reach anybody ({attempts} tries): {reason}. "
    "`cousu-main deliveries resend {ref} --why …`",
}
CAUSES = {
    "broker_away": ": RabbitMQ does not answer. Start it again",
    "database_away": ". Start PostgreSQL again",
    "database_refuses": ". PostgreSQL runs and refuses: give its role back what it had",
    "service_away": ": the service does not answer. Start it again",
    "service_not_ready": ": the service is not ready, see `cousu-main status`",
    "no_relay": ": nobody is its relay. Start the service again",
    "not_taken": ": RabbitMQ does not take them. Look at its disk and at the rights of the service's user",
    "no_queue": ": its queue is not there. Start the service again, it makes it",
    "no_consumer": ": nobody consumes its queue. Start the service again",
    "in_queue": ": they are in its queue and being consumed",
    "dead": ": its dead letters hold messages, `cousu-main dead list`",
    "unrouted": ": messages have no listener, `cousu-main unrouted list`",
    "lost": ": no longer with RabbitMQ; asked for again by itself, or `cousu-main events resend`",
}


def status(*, json: AsJson = False) -> None:
    """Is all well? Ends with exit code 1 when something needs a hand now."""
    told = reaching(lambda reach: look(reach, at=clock.now()))
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

    async def told(reach: Reach) -> Story:
        return await story(reach, await journals.trail(reach, request), at=clock.now())

    trail = reaching(told)
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
            typer.echo(f"{'!' if obstacle.urgent else '·'} {_obstacle(obstacle)}")
        if not trail.obstacles:
            typer.echo("Nothing keeps it: every event is applied wherever it should be.")
        if trail.awaits:
            until = f" until {trail.awaits.until}" if trail.awaits.until else ""
            typer.echo(f"It waits for: {trail.awaits.team}{until} ({trail.awaits.what})")
    fail_for(trail.away)


@journal.command()
def verify(service: OfAll = None, *, json: AsJson = False) -> None:
    """Check each stream's chain of hashes, and what listeners applied; end with exit code 1 if something is wrong."""

    async def verified(reach: Reach) -> tuple[list[Verified], list[str]]:
        async def one(watched: Watched) -> list[Verified]:
            return [await verification.verify(watched, reach.services.values())]

        return await reach.from_all(service and service.value, one)

    results, away = reaching(verified)
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
        typer.echo(f"  {'!' if concern.urgent else '·'} {concern.where}: {_sentence(concern)}")
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


def _obstacle(one: Obstacle) -> str:
    sentence = OBSTACLES[one.what].format(**one.model_dump(exclude={"next_attempt_at"}), next=at(one.next_attempt_at))
    return f"{sentence}{CAUSES[one.cause] if one.cause else ''}"


def _sentence(concern: Concern) -> str:
    return SENTENCES[concern.what].format(**concern.model_dump())
