"""One request's events across the services: the rows of each journal, in causal order."""

import asyncio
import json
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from services.operations.adapters.connections import UNREACHABLE, Connections, ServiceAway, Watched
from services.operations.domain.services import is_for
from shared.errors import Invalid, NotFound

NUMBER = re.compile(r"^[0-9AB]{2,3}-\d{4}-\d{6}$")
HAS_NUMBERS = "intake"


class NoSuchRequest(NotFound):
    """No journal that answers has an event of this request."""

    code = "no_such_request"
    title = "No event is about this request"
    sentence = "Aucun événement ne concerne cette demande."


class Event(BaseModel):
    """One event: who published it when, its cause, and who applied it."""

    service: str
    id: str
    type: str
    source: str
    sequence: int
    time: datetime
    recorded_at: datetime
    departement: str | None
    cause: str | None
    """The id of the event that it answers to."""
    sent: bool
    """Whether the broker has confirmed it."""
    applied_by: list[str] = []
    held_by: list[str] = []
    waits_at: list[str] = []
    missing_at: list[str] = []
    """Services that consume such events and have not got this one: in their queue, lost on the way, or not sent yet."""


class Trail(BaseModel):
    """All events of one request, in order; `away` names the services that did not answer."""

    request_id: UUID
    events: list[Event]
    away: list[str]


async def trail(connections: Connections, reference: str, *, perimeter: list[str] | None = None) -> Trail:
    """Return a request's events, by its id or its number (95-2026-000123); of these départements, or of all.

    Refuses with `Invalid`, `NoSuchRequest`, and with `ServiceAway` when a number is given and intake is away.
    """
    request_id = await id_of(connections, reference)
    events: dict[str, Event] = {}
    away: list[str] = []
    answers = await asyncio.gather(
        *(_published(watched, request_id, perimeter) for watched in connections.services.values()),
        return_exceptions=True,
    )
    for watched, answer in zip(connections.services.values(), answers, strict=True):
        if isinstance(answer, UNREACHABLE):
            away.append(watched.name)
        elif isinstance(answer, BaseException):
            raise answer
        else:
            events.update({event.id: event for event in answer})
    for watched in connections.services.values():
        if watched.name not in away:
            try:
                await _follow(watched, request_id, list(events.values()))
            except UNREACHABLE:
                away.append(watched.name)
    if not events and not away:
        raise NoSuchRequest
    return Trail(request_id=request_id, events=in_order(list(events.values())), away=away)


def in_order(events: Sequence[Event]) -> list[Event]:
    """Sort by time, but never put an event before the one that led to it: the services' clocks may differ."""
    waiting = sorted(events, key=lambda event: (event.time, event.source, event.sequence))
    known = {event.id for event in waiting}
    placed: set[str] = set()
    result: list[Event] = []
    while waiting:
        follows = next((event for event in waiting if _may_follow(event, waiting, known - placed)), waiting[0])
        waiting.remove(follows)
        placed.add(follows.id)
        result.append(follows)
    return result


def _may_follow(event: Event, waiting: Sequence[Event], not_placed: set[str]) -> bool:
    """Return whether neither its cause nor an earlier event of its stream is still to be placed."""
    earlier = any(other.source == event.source and other.sequence < event.sequence for other in waiting)
    return not earlier and event.cause not in not_placed


async def id_of(connections: Connections, reference: str) -> UUID:
    """Find a request by its id or its number.

    Refuses with `Invalid`, `NoSuchRequest`, and with `ServiceAway` when a number is given and intake is away.
    """
    reference = reference.strip().upper()
    try:
        return UUID(reference)
    except ValueError:
        pass
    if not NUMBER.match(reference):
        raise Invalid.field("request", "Donnez un numéro de demande, comme 95-2026-000123, ou son identifiant.")
    watched = connections.service(HAS_NUMBERS)
    try:
        found: UUID | None = await watched.database.fetchval("SELECT id FROM request WHERE number = $1", reference)
    except UNREACHABLE as away:
        raise ServiceAway(service=watched.name) from away
    if found is None:
        raise NoSuchRequest
    return found


async def numbers(connections: Connections, request_ids: Iterable[str]) -> dict[str, str]:
    """Return the numbers of requests, as people know them, by id; none where intake is away."""
    intake = connections.services.get(HAS_NUMBERS)
    wanted = [one for one in request_ids if _is_id(one)]
    if intake is None or not wanted:
        return {}
    try:
        rows = await intake.database.fetch("SELECT id, number FROM request WHERE id = ANY($1::uuid[])", wanted)
    except UNREACHABLE:
        return {}
    return {str(row["id"]): row["number"] for row in rows if row["number"]}


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


async def _published(watched: Watched, request_id: UUID, perimeter: list[str] | None) -> list[Event]:
    """Read what one service published about the request."""
    rows = await watched.database.fetch(
        """
        SELECT j.id, j.source, j.sequence, j.type, j.recorded_at, j.body,
               NOT EXISTS (SELECT FROM outbox o WHERE o.position = j.position AND o.queue = '') AS sent
        FROM journal j
        WHERE j.subject = $1
          AND ($2::text[] IS NULL OR split_part(j.routing_key, '.', 3) = ANY($2))
        ORDER BY j.source, j.sequence
        """,
        str(request_id),
        perimeter,
    )
    events = []
    for row in rows:
        envelope = json.loads(row["body"])
        events.append(
            Event(
                service=watched.name,
                id=str(row["id"]),
                type=row["type"],
                source=row["source"],
                sequence=row["sequence"],
                time=envelope.get("time") or row["recorded_at"],
                recorded_at=row["recorded_at"],
                departement=envelope.get("departement"),
                cause=envelope.get("causationid"),
                sent=row["sent"],
            )
        )
    return events


async def _follow(watched: Watched, request_id: UUID, events: Sequence[Event]) -> None:
    """Note for each event whether this service applied it, holds it, or has parked it."""
    # What stands alone (a transfer, for whoever does not follow its stream) is applied under its own id.
    subjects = [str(request_id), *(_alone(event) for event in events)]
    applied = {
        (row["subject"], row["source"]): row["applied"]
        for row in await watched.database.fetch(
            "SELECT subject, source, applied FROM inbox_stream WHERE subject = ANY($1::text[])", subjects
        )
    }
    held = {
        row["event_id"]
        for row in await watched.database.fetch(
            "SELECT event_id FROM inbox_held WHERE subject = ANY($1::text[])", subjects
        )
    }
    waiting = {
        row["event_id"]
        for row in await watched.database.fetch(
            "SELECT event_id FROM inbox_waiting WHERE subject = ANY($1::text[])", subjects
        )
    }
    for event in events:
        if event.id in held:
            event.held_by.append(watched.name)
        elif event.id in waiting:
            event.waits_at.append(watched.name)
        elif event.sequence <= applied.get((str(request_id), event.source), 0) or applied.get(
            (_alone(event), event.source), 0
        ):
            event.applied_by.append(watched.name)
        elif is_for(watched.queue, publisher=event.service, service=watched.name, departement=event.departement):
            event.missing_at.append(watched.name)


def _alone(event: Event) -> str:
    return f"event:{event.id}"
