"""Is all well? The few figures that answer it, and what needs a hand now."""

import asyncio
from datetime import datetime
from typing import Literal

import httpx2
from pydantic import BaseModel

from shared.errors import Refusal
from shared.messaging.messenger import OUTBOX_OLD
from shared.messaging.topology import UNROUTED_QUEUE
from shared.operations.astray import DEAD
from shared.operations.broker import Broker, Queue
from shared.operations.reach import UNREACHABLE, Reach, Watched

PATIENCE = 3.0
"""Seconds after which a service or its database counts as away."""

GAP_OLD = 300.0
"""Seconds after which an event that is awaited before others is not just slow."""

DEEP = 1000
"""Messages in a queue from which on it is worth a look."""

What = Literal[
    "broker_away",
    "database_away",
    "service_away",
    "service_not_ready",
    "no_consumer",
    "deep_queue",
    "outbox_late",
    "held_given_up",
    "held",
    "gap",
    "gap_young",
    "quarantine",
    "dead",
    "unrouted",
]
"""What may be told; the page has a French sentence for each, the command line an English one."""


class Concern(BaseModel):
    """Something to know: `urgent` needs a hand now, the rest is under way or only worth a look."""

    what: What
    where: str
    count: int = 0
    seconds: float = 0.0
    detail: str = ""
    urgent: bool = True


class ServiceFigures(BaseModel):
    """What waits in one service's database; the ages are seconds, of the oldest."""

    outbox: int
    outbox_seconds: float
    held: int
    held_given_up: int
    waiting: int
    gaps: int
    gap_seconds: float
    quarantine: int


class ServiceStatus(BaseModel):
    """One service: does its database answer (None: yes), is it ready (None: not asked), and what waits."""

    name: str
    database_away: str | None = None
    ready: bool | None = None
    missing: list[str] = []
    figures: ServiceFigures | None = None


class QueueStatus(Queue):
    """One queue and what it is for: a service's own, its dead letters, what nobody listens to, or another's."""

    kind: Literal["service", "dead", "unrouted", "other"]
    service: str | None = None


class Status(BaseModel):
    """The whole answer: `well` when nothing needs a hand now."""

    at: datetime
    well: bool
    concerns: list[Concern]
    services: list[ServiceStatus]
    broker_away: bool
    queues: list[QueueStatus]


async def status(reach: Reach, *, at: datetime) -> Status:
    """Look at everything at once; what is away is told, and the rest is still there."""
    queues, services = await asyncio.gather(
        _queues(reach), asyncio.gather(*(_service(watched) for watched in reach.services.values()))
    )
    concerns = [] if queues is not None else [Concern(what="broker_away", where="rabbitmq")]
    for one in services:
        concerns += _of_service(one, broker_away=queues is None)
    for queue in queues or []:
        concerns += _of_queue(queue)
    return Status(
        at=at,
        well=not any(concern.urgent for concern in concerns),
        concerns=sorted(concerns, key=lambda concern: not concern.urgent),
        services=services,
        broker_away=queues is None,
        queues=queues or [],
    )


async def _service(watched: Watched) -> ServiceStatus:
    told = ServiceStatus(name=watched.name)
    told.ready, told.missing = await _readiness(watched.public_url)
    try:
        async with asyncio.timeout(PATIENCE):
            told.figures = await _figures(watched)
    except UNREACHABLE as away:
        told.database_away = type(away).__name__
    return told


async def _figures(watched: Watched) -> ServiceFigures | None:
    row = await watched.database.fetchrow(
        """
        WITH gap AS (
            SELECT min(w.received_at) AS since
            FROM inbox_waiting w
            WHERE NOT EXISTS (SELECT FROM inbox_held h WHERE h.subject = w.subject AND h.source = w.source)
            GROUP BY w.subject, w.source
        )
        SELECT (SELECT count(*) FROM outbox) AS outbox,
               (SELECT coalesce(extract(epoch FROM now() - min(waiting_since)), 0)::float
                FROM outbox WHERE queue = '') AS outbox_seconds,
               (SELECT count(*) FROM inbox_held) AS held,
               (SELECT count(*) FROM inbox_held WHERE next_attempt_at IS NULL) AS held_given_up,
               (SELECT count(*) FROM inbox_waiting) AS waiting,
               (SELECT count(*) FROM gap) AS gaps,
               (SELECT coalesce(extract(epoch FROM now() - min(since)), 0)::float FROM gap) AS gap_seconds,
               (SELECT count(*) FROM quarantine WHERE settled_at IS NULL) AS quarantine
        """
    )
    return ServiceFigures(**row) if row else None


async def _readiness(public_url: str | None) -> tuple[bool | None, list[str]]:
    """Ask the service itself; nothing is known where no address was told."""
    if public_url is None:
        return None, []
    try:
        async with httpx2.AsyncClient(timeout=PATIENCE) as client:
            answer = await client.get(f"{public_url}/health/ready")
    except httpx2.HTTPError as error:
        return False, [f"no answer: {type(error).__name__}"]
    if answer.is_success:
        return True, []
    try:
        missing = answer.json().get("missing", [])
    except ValueError:
        missing = []
    return False, [str(one) for one in missing] or [f"answers {answer.status_code}"]


async def _queues(reach: Reach) -> list[QueueStatus] | None:
    expected = {UNROUTED_QUEUE}
    for watched in reach.services.values():
        expected |= {watched.queue, watched.queue + DEAD}
    found = await asked(reach.broker, expected)
    if found is None:
        return None
    return [_placed(reach, queue) for queue in found]


async def asked(broker: Broker, expected: set[str]) -> list[Queue] | None:
    """Ask the broker; None when it is away."""
    try:
        async with asyncio.timeout(3 * PATIENCE):
            return await broker.queues(expected)
    except (Refusal, TimeoutError):
        return None


def _placed(reach: Reach, queue: Queue) -> QueueStatus:
    """Say what a queue is for."""
    watched = reach.of_queue(queue.name)
    kind: Literal["service", "dead", "unrouted", "other"] = "other"
    if queue.name == UNROUTED_QUEUE:
        kind = "unrouted"
    elif watched is not None:
        kind = "dead" if queue.name.endswith(DEAD) else "service"
    return QueueStatus(**queue.model_dump(), kind=kind, service=watched.name if watched else None)


def _of_service(one: ServiceStatus, *, broker_away: bool) -> list[Concern]:
    found: list[Concern] = []
    if one.ready is False:
        unreached = one.missing and one.missing[0].startswith("no answer")
        what: What = "service_away" if unreached else "service_not_ready"
        # Not ready without broker or database is their consequence: nothing to do here.
        urgent = bool(unreached) or not (broker_away or one.database_away)
        found.append(Concern(what=what, where=one.name, detail="; ".join(one.missing), urgent=urgent))
    if one.database_away is not None:
        found.append(Concern(what="database_away", where=one.name, detail=one.database_away))
    figures = one.figures
    if figures is None:
        return found
    if figures.outbox_seconds > OUTBOX_OLD:
        # With the broker away this is its consequence: nothing to do here.
        late = Concern(what="outbox_late", where=one.name, count=figures.outbox, urgent=not broker_away)
        found.append(late.model_copy(update={"seconds": figures.outbox_seconds}))
    if figures.held_given_up:
        found.append(Concern(what="held_given_up", where=one.name, count=figures.held_given_up))
    if tried := figures.held - figures.held_given_up:
        found.append(Concern(what="held", where=one.name, count=tried, urgent=False))
    if figures.gaps:
        old = figures.gap_seconds > GAP_OLD
        what = "gap" if old else "gap_young"
        found.append(Concern(what=what, where=one.name, count=figures.gaps, seconds=figures.gap_seconds, urgent=old))
    if figures.quarantine:
        found.append(Concern(what="quarantine", where=one.name, count=figures.quarantine))
    return found


def _of_queue(queue: QueueStatus) -> list[Concern]:
    found: list[Concern] = []
    if queue.kind == "service" and not queue.consumers:
        found.append(Concern(what="no_consumer", where=queue.name, count=queue.ready))
    if queue.kind == "service" and queue.ready >= DEEP:
        found.append(Concern(what="deep_queue", where=queue.name, count=queue.ready, urgent=False))
    if queue.kind == "dead" and queue.ready:
        found.append(Concern(what="dead", where=queue.name, count=queue.ready))
    if queue.kind == "unrouted" and queue.ready:
        found.append(Concern(what="unrouted", where=queue.name, count=queue.ready))
    return found
