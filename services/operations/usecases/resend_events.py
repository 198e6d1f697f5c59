"""Resend events: put events of a journal into the outbox again, for one queue or for all consumers."""

import asyncio
from collections.abc import AsyncIterator

from pydantic import AwareDatetime, BaseModel, Field

from services.operations.adapters.connections import Connections, Watched
from services.operations.domain.actions import Action
from services.operations.reads import journals, undelivered
from services.operations.store import record
from shared.commands import Command
from shared.db import Row, Transaction
from shared.errors import Conflict, Invalid, NotFound
from shared.messaging.names import EVERYBODY

LOT = 500
"""Events put into the outbox at once, and the most that wait there before the next are put."""

MOST_AT_ONCE = 5_000
"""Events that may be put without waiting: the relay sends them beside what is new, never before it."""

STALLED_AFTER = 60.0
"""Seconds in which none of what waits is sent: the service does not run."""


class NothingToResend(NotFound):
    """The journal has no event that fits."""

    code = "nothing_to_resend"
    title = "No event of the journal fits"
    sentence = "Aucun événement du journal ne correspond à ce choix\u00a0: rien n’a été renvoyé."


class TooManyToResend(Conflict):
    """More than may wait at once; the command line sends them lot by lot."""

    code = "too_many_to_resend"
    title = "Too many events to send again at once"
    sentence = (
        "Ce choix compte {events}\u00a0événements\u00a0; il peut en être renvoyé {most} à la fois ici. "
        "Restreignez-le, ou utilisez «\u00a0cousu-main events resend\u00a0», qui procède par lots. "
        "Rien n’a été renvoyé."
    )


class NotSending(Conflict):
    """What was put does not leave the outbox."""

    code = "not_sending"
    title = "The service does not send what waits"
    sentence = (
        "Le service «\u00a0{service}\u00a0» n’envoie rien\u00a0: {put}\u00a0événements sur {events} attendent chez lui "
        "et partiront à son retour. Démarrez-le, puis recommencez pour la suite\u00a0: ce qui est déjà appliqué "
        "ne l’est pas deux fois."
    )


class Choice(Command):
    """Which events of a journal to publish again: of one request or from a number on, recorded in a period.

    `queue` is the one to send them to; without it, to all who listen.
    """

    source: str
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    request: str | None = None
    first: int = Field(default=1, ge=1)
    queue: str | None = None


class Resent(BaseModel):
    """How many events were put into whose outbox, for whom (None: all who listen)."""

    service: str
    source: str
    queue: str | None
    events: int


async def resend(
    connections: Connections, choice: Choice, *, by: str, why: str, perimeter: list[str] | None = None
) -> Resent:
    """Resend a bounded number of events at once; in a perimeter, only those of a request that lies there.

    Refuses with `Invalid`, `NotWatched`, `NoSuchRequest`, `NoSuchQueue`, `NothingToResend`, `TooManyToResend`.
    """
    if perimeter is not None:
        await journals.trail(connections, choice.request or "", perimeter=perimeter)
    watched, subject = await _checked(connections, choice)
    events = await _count(watched, choice, subject)
    if events > MOST_AT_ONCE:
        raise TooManyToResend(events=events, most=MOST_AT_ONCE)
    async for _ in _lots(watched, choice, subject, events, by=by, why=why):
        pass
    return Resent(service=watched.name, source=choice.source, queue=choice.queue, events=events)


async def resend_in_lots(connections: Connections, choice: Choice, *, by: str, why: str) -> Resent:
    """Resend any number of events lot by lot, the next one when the last has left.

    Refuses as `resend` does, but for the number; and with `NotSending`.
    """
    watched, subject = await _checked(connections, choice)
    events = await _count(watched, choice, subject)
    async for put in _lots(watched, choice, subject, events, by=by, why=why):
        if put < events:
            await _wait_until_sent(watched, choice, put=put, events=events)
    return Resent(service=watched.name, source=choice.source, queue=choice.queue, events=events)


async def _checked(connections: Connections, choice: Choice) -> tuple[Watched, str | None]:
    """Find the publishing service and the stream; check that the queue exists."""
    parts = choice.source.split("/")
    if len(parts) < 2 or parts[0]:  # noqa: PLR2004 - a slash, and a name
        raise Invalid.field(
            "source", "Donnez la source comme elle figure dans les événements, par exemple /qualification/95."
        )
    if choice.first > 1 and choice.request is None:
        raise Invalid.field("request", "Un numéro d’événement ne vaut que pour une demande\u00a0: donnez-la aussi.")
    watched = connections.service(parts[1])
    subject = str(await journals.id_of(connections, choice.request)) if choice.request else None
    if choice.queue is not None:
        async with connections.broker.channel() as channel:
            await undelivered.existing_queue(channel, choice.queue)
    return watched, subject


async def _count(watched: Watched, choice: Choice, subject: str | None) -> int:
    """Count the events that fit; refuses with `NothingToResend`."""
    events: int = await watched.database.fetchval(
        """
        SELECT count(*)
        FROM journal
        WHERE source = $1
          AND ($2::timestamptz IS NULL OR recorded_at >= $2)
          AND ($3::timestamptz IS NULL OR recorded_at < $3)
          AND ($4::text IS NULL OR subject = $4)
          AND sequence >= $5
        """,
        choice.source,
        choice.since,
        choice.until,
        subject,
        choice.first,
    )
    if not events:
        raise NothingToResend
    return events


async def _lots(
    watched: Watched, choice: Choice, subject: str | None, events: int, *, by: str, why: str
) -> AsyncIterator[int]:
    """Put lot after lot into the outbox, and yield how many were put so far; the action is recorded with the first."""
    put, after = 0, 0
    while put < events:
        async with watched.database.transaction() as tx:
            if not put:
                await record.note(
                    tx, by=by, action=Action.EVENTS_RESEND, target=_target(choice, subject, events), why=why
                )
            lot = await _put(tx, choice, subject, after=after, most=min(LOT, events - put))
        if not lot["events"]:
            return
        put, after = put + lot["events"], lot["last"]
        yield put


async def _put(tx: Transaction, choice: Choice, subject: str | None, *, after: int, most: int) -> Row:
    """Put the next events into the outbox; what waits there for the same queue already stays once."""
    row = await tx.fetchrow(
        """
        WITH lot AS (
            SELECT position
            FROM journal
            WHERE source = $1
              AND ($2::timestamptz IS NULL OR recorded_at >= $2)
              AND ($3::timestamptz IS NULL OR recorded_at < $3)
              AND ($4::text IS NULL OR subject = $4)
              AND sequence >= $5
              AND position > $6
            ORDER BY position
            LIMIT $7
        ), put AS (
            INSERT INTO outbox (position, queue) SELECT position, $8 FROM lot ON CONFLICT DO NOTHING
        )
        SELECT count(*) AS events, max(position) AS last FROM lot
        """,
        choice.source,
        choice.since,
        choice.until,
        subject,
        choice.first,
        after,
        most,
        choice.queue or EVERYBODY,
    )
    assert row is not None  # noqa: S101 - an aggregate without GROUP BY
    return row


async def _wait_until_sent(watched: Watched, choice: Choice, *, put: int, events: int) -> None:
    """Wait until less than a lot waits; refuses with `NotSending` when nothing leaves."""
    loop = asyncio.get_running_loop()
    least, moved_at = None, loop.time()
    while True:
        waiting: int = await watched.database.fetchval(
            "SELECT count(*) FROM outbox WHERE queue = $1 AND unsendable_since IS NULL",
            choice.queue or EVERYBODY,
        )
        if waiting < LOT:
            return
        if least is None or waiting < least:
            least, moved_at = waiting, loop.time()
        elif loop.time() - moved_at > STALLED_AFTER:
            raise NotSending(service=watched.name, put=put, events=events)
        await asyncio.sleep(0.2)


def _target(choice: Choice, subject: str | None, events: int) -> str:
    """Describe for the record what is sent again, to whom."""
    which = f"{choice.source}{f' {subject}' if subject else ''}"
    parts = [
        f"from {choice.since.isoformat()}" if choice.since else "",
        f"to {choice.until.isoformat()}" if choice.until else "",
        f"from event {choice.first}" if choice.first > 1 else "",
    ]
    span = " ".join(part for part in parts if part)
    return f"{which}{f' {span}' if span else ''}: {events} event(s) to {choice.queue or 'all who listen'}"
