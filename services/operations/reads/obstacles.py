"""Find what blocks a request: the obstacle, its service, since when, and the cause if known."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import asyncpg

from services.operations.adapters.connections import UNREACHABLE, Connections
from services.operations.domain.obstacles import Cause, Obstacle, What
from services.operations.domain.queues import DEAD
from services.operations.reads import held, mails, quarantine
from services.operations.reads.awaited import Awaited, awaited
from services.operations.reads.held import Held, NotHeld
from services.operations.reads.journals import Event, Trail
from services.operations.reads.mails import Mail
from services.operations.reads.overdue import SENDS_MAILS
from services.operations.reads.quarantine import Quarantined
from services.operations.reads.status import QueueStatus, ServiceStatus, Status, status

ON_ITS_WAY: Final = 10.0
"""Seconds that an event may take to everybody before it is worth a word."""


class Story(Trail):
    """A request's events, what keeps it from going on, and whom it waits for otherwise."""

    obstacles: list[Obstacle]
    awaits: Awaited | None


async def story(connections: Connections, trail: Trail, *, at: datetime, perimeter: list[str] | None = None) -> Story:
    """Add to the events of a request what keeps it from going on, and who acts next."""
    found, awaits = await asyncio.gather(
        obstacles(connections, trail, at=at, perimeter=perimeter),
        awaited(connections, trail.request_id, perimeter=perimeter),
    )
    return Story(**dict(trail), obstacles=found, awaits=awaits)


async def obstacles(
    connections: Connections, trail: Trail, *, at: datetime, perimeter: list[str] | None = None
) -> list[Obstacle]:
    """Ask who holds something, and look at all services and queues only when something is late or away."""
    holding, unreadable, unsent_mails = await asyncio.gather(
        _holding(connections, trail, perimeter),
        _unreadable(connections, trail, perimeter),
        _mails(connections, trail, perimeter),
    )
    found = [_held(one, at) for one in holding]
    late = [event for event in trail.events if (at - event.recorded_at).total_seconds() >= ON_ITS_WAY]
    stands = [event for event in late if not event.sent or event.missing_at]
    if trail.away or stands:
        seen = await status(connections, at=at, perimeter=perimeter)
        found = [*(_away(name, seen) for name in trail.away), *found]
        for service in connections.services:
            found += _unsent([event for event in stands if event.service == service and not event.sent], seen, at)
            found += _missing([event for event in stands if event.sent], service, seen, at)
    lacking = {name for event in trail.events for name in (*event.missing_at, *event.waits_at)}
    for name in connections.services:
        found += _not_read([one for one in unreadable if one.service == name], at, urgent=name in lacking)
    for service in connections.services:
        if not any(one.service == service for one in holding):
            found += _waiting([event for event in late if service in event.waits_at], service, at)
    return found + [_not_delivered(mail, at) for mail in unsent_mails]


async def _holding(connections: Connections, trail: Trail, perimeter: list[str] | None) -> list[Held]:
    found: list[Held] = []
    for event in trail.events:
        for name in event.held_by:
            try:
                found.append(await held.show(connections.service(name).database, name, event.id, perimeter=perimeter))
            except (NotHeld, *UNREACHABLE):
                continue  # it went on since, or nobody knows
    return found


async def _unreadable(connections: Connections, trail: Trail, perimeter: list[str] | None) -> list[Quarantined]:
    found, _ = await connections.from_all(
        None, lambda one: quarantine.about(one.database, one.name, trail.request_id, perimeter=perimeter)
    )
    return found


async def _mails(connections: Connections, trail: Trail, perimeter: list[str] | None) -> list[Mail]:
    mail_service = mails.mail_service(connections)
    if mail_service is None:
        return []
    try:
        return await mails.list_mails(mail_service.database, request_id=trail.request_id, perimeter=perimeter)
    except (*UNREACHABLE, asyncpg.PostgresError):
        return []  # away is shown as such; a role for operators may have no right to the mails


def _held(one: Held, at: datetime) -> Obstacle:
    return Obstacle(
        what=What.HELD,
        where=one.service,
        type=one.type,
        event_id=one.event_id,
        events=1 + one.behind,
        seconds=(at - one.held_since).total_seconds(),
        reason=one.reason,
        attempts=one.attempts,
        next_attempt_at=one.next_attempt_at,
    )


def _away(name: str, seen: Status) -> Obstacle:
    state = next(one for one in seen.services if one.name == name)
    cause = Cause.DATABASE_REFUSES if state.database_refuses else Cause.DATABASE_AWAY
    return Obstacle(what=What.AWAY, where=name, cause=cause, reason=state.database_away or "")


def _not_read(messages: Sequence[Quarantined], at: datetime, *, urgent: bool) -> list[Obstacle]:
    if not messages:
        return []
    first = messages[0]
    return [
        Obstacle(
            what=What.UNREADABLE,
            where=first.service,
            events=len(messages),
            seconds=(at - first.received_at).total_seconds(),
            reason=first.reason,
            ref=str(first.id),
            urgent=urgent,
        )
    ]


def _unsent(events: Sequence[Event], seen: Status, at: datetime) -> list[Obstacle]:
    return [_of(What.UNSENT, events[0].service, events, at, _why_unsent(events[0].service, seen))] if events else []


def _missing(events: Sequence[Event], service: str, seen: Status, at: datetime) -> list[Obstacle]:
    here = [event for event in events if service in event.missing_at]
    if not here:
        return []
    cause = _why_missing(service, seen)
    found = _of(What.MISSING, service, here, at, cause)
    queue = next((one.name for one in seen.queues if one.service == service and one.kind == "service"), None)
    return [found.model_copy(update={"queue": queue, "urgent": cause not in {Cause.IN_QUEUE, Cause.LOST}})]


def _waiting(events: Sequence[Event], service: str, at: datetime) -> list[Obstacle]:
    if not events:
        return []
    return [_of(What.WAITS, service, events, at, None).model_copy(update={"urgent": False})]


def _of(what: What, where: str, events: Sequence[Event], at: datetime, cause: Cause | None) -> Obstacle:
    first = events[0]
    seconds = (at - min(event.recorded_at for event in events)).total_seconds()
    return Obstacle(
        what=what, where=where, cause=cause, type=first.type, event_id=first.id, events=len(events), seconds=seconds
    )


def _not_delivered(mail: Mail, at: datetime) -> Obstacle:
    return Obstacle(
        what=What.MAIL,
        where=SENDS_MAILS,
        type=mail.event_type,
        seconds=(at - mail.tried_since).total_seconds(),
        reason=mail.reason or "",
        attempts=mail.attempts,
        next_attempt_at=None if mail.given_up else mail.next_attempt_at,
        ref=str(mail.id),
        urgent=mail.given_up,
    )


def _why_unsent(service: str, seen: Status) -> Cause:
    """Name what keeps a service's events from leaving."""
    one = _service(service, seen)
    if seen.broker_away:
        return Cause.BROKER_AWAY
    if one.unreached:
        return Cause.SERVICE_AWAY
    return Cause.NOT_TAKEN if one.figures and one.figures.relay else Cause.NO_RELAY


def _why_missing(service: str, seen: Status) -> Cause:
    """Name what keeps events that the broker took from a listener: the first of its way that is closed."""
    one = _service(service, seen)
    own = [queue for queue in seen.queues if queue.service == service]
    live = next((queue for queue in own if queue.kind == "service"), None)
    closed: list[tuple[bool, Cause]] = [
        (seen.broker_away, Cause.BROKER_AWAY),
        (one.unreached, Cause.SERVICE_AWAY),
        (one.ready is False, Cause.SERVICE_NOT_READY),
        (live is None or not live.exists, Cause.NO_QUEUE),
        (live is not None and not live.consumers, Cause.NO_CONSUMER),
        (live is not None and live.ready > 0, Cause.IN_QUEUE),
        (any(_holds(queue, "dead") and queue.name.endswith(DEAD) for queue in own), Cause.DEAD),
        (any(_holds(queue, "unrouted") for queue in seen.queues), Cause.UNROUTED),
    ]
    return next((cause for is_so, cause in closed if is_so), Cause.LOST)


def _service(name: str, seen: Status) -> ServiceStatus:
    return next(one for one in seen.services if one.name == name)


def _holds(queue: QueueStatus, kind: str) -> bool:
    return queue.kind == kind and queue.ready > 0
