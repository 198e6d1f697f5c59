"""Commands on messages and mails: held, waiting, unsendable, quarantine, dead, unrouted, deliveries, events resend."""

import sys
from datetime import datetime
from functools import partial
from typing import Annotated, Final
from uuid import UUID

import typer

from services.operations.adapters.connections import Connections
from services.operations.cli.actions import Administrator, add_commands
from services.operations.cli.common import (
    AsJson,
    By,
    Columns,
    OfAll,
    OfOne,
    Why,
    as_text,
    at,
    from_all,
    print_rows,
    with_connections,
    within,
)
from services.operations.domain.queues import DEAD
from services.operations.reads import causes, held, mails, quarantine, undelivered, unsendable, waiting
from services.operations.reads.overdue import SENDS_MAILS
from services.operations.reads.undelivered import NoSuchQueue, Undelivered
from services.operations.usecases import actions, resend_events, retry_unsendable, settle_quarantine
from services.operations.usecases.resend_events import Choice
from services.operations.usecases.settle_causes import Settlement
from shared import db
from shared.errors import Invalid
from shared.messaging.names import UNROUTED_QUEUE


def _group(help_: str) -> typer.Typer:
    return typer.Typer(help=help_, no_args_is_help=True)


held_app = _group("Streams that wait because an event cannot be applied.")
gaps_app = _group("Streams that wait for an event that has not come.")
refused_app = _group("Events that RabbitMQ refuses for what they are.")
unreadable_app = _group("Messages that a service could not read.")
deliveries_app = _group("Mails that did not reach anybody.")
dead_app = _group("Messages that were delivered too often.")
unrouted_app = _group("Messages that no queue listens to.")

HELD: Final[Columns] = {
    "Service": "service",
    "Event": "event_id",
    "Type": "type",
    "Request": "subject",
    "Code": "code",
    "Reason": "reason",
    "Attempts": "attempts",
    "Next": lambda one: one.next_attempt_at or "you decide",
    "Since": "held_since",
    "Behind": "behind",
}
GAPS: Final[Columns] = {
    "Service": "service",
    "Source": "source",
    "Request": "subject",
    "Missing": lambda gap: gap.missing if gap.first == gap.missing + 1 else f"{gap.missing} to {gap.first - 1}",
    "Waiting": "waiting",
    "Since": "since",
    "Unreadable": "unreadable",
}
REFUSED: Final[Columns] = {
    "Service": "service",
    "Event": "event_id",
    "Type": "type",
    "Request": "subject",
    "Bytes": "bytes",
    "Queue": lambda one: one.queue or "all",
    "Reason": "reason",
    "Since": "since",
}
UNREADABLE: Final[Columns] = {
    "Service": "service",
    "Message": "id",
    "Received": "received_at",
    "Key": "routing_key",
    "Bytes": "size",
    "Reason": "reason",
    "Settled": lambda one: f"{one.settlement} by {one.settled_by}: {one.why}" if one.settled_at else "",
}
CAUSES: Final[Columns] = {
    "Service": "service",
    "Cause": "key",
    "Messages": "messages",
    "First": "first_at",
    "Last": "last_at",
    "Damaged": lambda one: "damaged" if one.damaged else "",
    "Reason": "reason",
}
MAILS: Final[Columns] = {
    "Mail": "id",
    "Request": "number",
    "About": "event_type",
    "To": lambda one: one.recipient or "no address",
    "Status": "status",
    "Tries": "attempts",
    "Next": lambda one: None if one.given_up else one.next_attempt_at,
    "Words of the server": "reason",
}
PARKED: Final[Columns] = {
    "Queue": "queue",
    "Key": "routing_key",
    "Type": lambda one: one.type or "unreadable",
    "Source": "source",
    "Request": "subject",
    "No.": "sequence",
    "Time": "time",
    "Bytes": "size",
}

DEAD_LETTERS: Final[Columns] = {"Id": "message_id", "Since": "received_at", **PARKED}

EventId = Annotated[str, typer.Argument(help="The event that holds the stream, as `held list` shows it")]
CauseKey = Annotated[str, typer.Argument(help="The cause, as `quarantine causes` shows it")]
MessageId = Annotated[UUID, typer.Argument(help="The message, as `quarantine list` or `dead list` shows it")]
OfQueue = Annotated[str | None, typer.Option("--queue", help="One queue, such as escalation; all when not given")]
Most = Annotated[int, typer.Option("--most", min=1, max=1000, help="At most so many messages of a queue")]


@held_app.command("list")
def list_held(service: OfAll = None, *, json: AsJson = False) -> None:
    """Show the held streams: those that need you first."""
    rows, away = from_all(service, lambda one: held.list_held(one.database, one.name))
    print_rows(held.in_order(rows), away, HELD, as_json=json)


@held_app.command("show")
def show_held(event_id: EventId, service: OfOne, *, json: AsJson = False) -> None:
    """Show one held stream whole."""
    one = within(service, lambda watched: held.show(watched.database, watched.name, event_id))
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


@gaps_app.command("list")
def list_gaps(service: OfAll = None, *, json: AsJson = False) -> None:
    """Show which event is missing where, the oldest first."""
    rows, away = from_all(service, lambda one: waiting.list_gaps(one.database, one.name))
    rows.sort(key=lambda gap: gap.since)
    print_rows(rows, away, GAPS, as_json=json)


@refused_app.command("list")
def list_refused(service: OfAll = None, *, json: AsJson = False) -> None:
    """Show what was set aside, the oldest first."""
    rows, away = from_all(service, lambda one: unsendable.list_unsendable(one.database, one.name))
    rows.sort(key=lambda one: one.since)
    print_rows(rows, away, REFUSED, as_json=json)


@refused_app.command("retry")
def publish_again(
    event_id: Annotated[UUID, typer.Argument(help="The event, as `unsendable list` shows it")],
    service: OfOne,
    why: Why,
    by: By,
) -> None:
    """Have the service publish the event again."""
    queues = within(service, retry_unsendable.retry, event_id, by=by, why=why)
    typer.echo(f"{service.value} publishes {event_id} again ({queues} rows of its outbox)")


@unreadable_app.command("list")
def list_unreadable(
    service: OfAll = None,
    *,
    settled: Annotated[bool, typer.Option("--settled", help="Those that were replayed or discarded instead")] = False,
    json: AsJson = False,
) -> None:
    """Show the messages that wait for a decision."""
    rows, away = from_all(service, lambda one: quarantine.list_quarantined(one.database, one.name, settled=settled))
    print_rows(rows, away, UNREADABLE, as_json=json)


@unreadable_app.command("show")
def show_unreadable(message_id: MessageId, service: OfOne, by: By, *, json: AsJson = False) -> None:
    """Show one message, and its bytes as they came; they may hold personal data, so who read them is recorded."""
    one, body = within(service, settle_quarantine.read, message_id, by=by)
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


@unreadable_app.command("causes")
def list_causes(service: OfAll = None, *, json: AsJson = False) -> None:
    """Show what is wrong with the messages that wait for a decision, and how many have the same cause."""
    rows, away = from_all(service, lambda one: causes.list_causes(one.database, one.name))
    print_rows(rows, away, CAUSES, as_json=json)


@unreadable_app.command("replay-all")
def replay_all(cause: CauseKey, service: OfOne, why: Why, by: By) -> None:
    """Send all messages of one cause to the service's queue again; damaged ones stay."""
    typer.echo(f"{_settle(service, cause, 'replayed', why, by)} sent to {service.value} again")


@unreadable_app.command("discard-all")
def discard_all(cause: CauseKey, service: OfOne, why: Why, by: By) -> None:
    """Decide that no message of one cause is ever applied; their bytes are kept."""
    typer.echo(f"{_settle(service, cause, 'discarded', why, by)} discarded")


def _settle(service: str, cause: str, settlement: Settlement, why: str, by: str) -> int:
    """Decide about all messages that wait now, however many orders it takes."""

    async def settle(connections: Connections) -> int:
        until = await db.now(connections.service(service).database)
        order = partial(
            actions.settle_all, Administrator(connections, by), service, cause, settlement, why=why, until=until
        )
        done = await order()
        total = done.settled
        while done.settled and done.left:
            done = await order()
            total += done.settled
        return total

    return with_connections(settle)


@deliveries_app.command("list")
def list_mails(*, json: AsJson = False) -> None:
    """Show the mails of the week that were refused, have no address, or do not leave."""
    rows, away = from_all(SENDS_MAILS, lambda one: mails.list_mails(one.database))
    print_rows(rows, away, MAILS, as_json=json)


@dead_app.command("list")
def list_dead(queue: OfQueue = None, most: Most = 50, *, json: AsJson = False) -> None:
    """Show the dead letters."""

    async def read(connections: Connections) -> list[Undelivered]:
        found: list[Undelivered] = []
        for live in _queues(connections, queue):
            try:
                found += await undelivered.list_undelivered(connections, live + DEAD, most=most)
            except NoSuchQueue:
                if queue:
                    raise
        return found

    print_rows(with_connections(read), [], DEAD_LETTERS, as_json=json)


@dead_app.command()
def drain(why: Why, by: By, queue: OfQueue = None) -> None:
    """Have their service take the dead letters again; `quarantine discard` puts one away."""

    async def back(connections: Connections) -> list[tuple[str, int]]:
        do, command = Administrator(connections, by), actions.Why(why=why)
        moved: list[tuple[str, int]] = []
        for live in _queues(connections, queue):
            try:
                moved.append((live, (await actions.drain_dead(do, live, command)).moved))
            except NoSuchQueue:
                if queue:
                    raise
        return moved

    for live, moved in with_connections(back):
        typer.echo(f"{live}: {moved} sent back")


def _queues(connections: Connections, queue: str | None) -> list[str]:
    return [queue.removesuffix(DEAD)] if queue else [watched.queue for watched in connections.services.values()]


@unrouted_app.command("list")
def list_unrouted(most: Most = 50, *, json: AsJson = False) -> None:
    """Show the messages that no queue listened to."""
    rows = with_connections(lambda connections: undelivered.list_undelivered(connections, UNROUTED_QUEUE, most=most))
    print_rows(rows, [], PARKED, as_json=json)


@unrouted_app.command("replay")
def replay_unrouted(why: Why, by: By) -> None:
    """Publish them again; those that still nobody listens to come back, and the command fails."""
    command = actions.Why(why=why)
    done = with_connections(lambda connections: actions.replay_unrouted(Administrator(connections, by), command))
    typer.echo(f"{done.moved} published again, {done.came_back} stay: no service of ours published them")
    if done.came_back:
        raise typer.Exit(1)


def resend(
    source: Annotated[
        str, typer.Option("--source", help="Who published them, as `events show` says: /qualification/95")
    ],
    from_: Annotated[
        str,
        typer.Option(
            "--from", help="A moment (2026-11-01T00:00, local unless an offset is given), or with --request a No."
        ),
    ],
    why: Why,
    by: By,
    to: Annotated[str | None, typer.Option("--to", help="Until before this moment; now when not given")] = None,
    request: Annotated[str | None, typer.Option("--request", help="One request's only: its number or id")] = None,
    queue: Annotated[
        str | None, typer.Option("--queue", help="To this queue alone; to all who listen when not given")
    ] = None,
    *,
    json: AsJson = False,
) -> None:
    """Send events of a journal again, lot by lot; what was applied stays applied once."""
    number = int(from_) if from_.isdecimal() else None
    choice = Choice(
        source=source,
        since=None if number else _moment("from", from_),
        until=_moment("to", to) if to else None,
        request=request,
        first=number or 1,
        queue=queue,
    )
    done = with_connections(lambda connections: resend_events.resend_in_lots(connections, choice, by=by, why=why))
    if json:
        typer.echo(as_text(done))
    else:
        typer.echo(f"{done.events} events of {done.source} sent again to {done.queue or 'all who listen'}")


def _moment(name: str, text: str) -> datetime:
    """Read a moment; refuses (`Invalid`) what is none."""
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError as error:
        raise Invalid.field(name, f"«\u00a0{text}\u00a0» n’est pas un moment, comme 2026-11-01T00:00.") from error


add_commands({"held": held_app, "waiting": gaps_app, "quarantine": unreadable_app, "deliveries": deliveries_app})
