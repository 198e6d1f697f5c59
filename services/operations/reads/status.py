"""Status of the whole system: a few figures of each service, queue and database, and the current concerns."""

import asyncio
import contextlib
from dataclasses import replace
from datetime import datetime
from typing import Literal

import asyncpg
import httpx2
from pydantic import BaseModel

from services.operations.adapters import probes
from services.operations.adapters.broker import Broker, Queue
from services.operations.adapters.connections import UNREACHABLE, Connections, Watched
from services.operations.domain.concerns import NO_RELAY, Concern, What
from services.operations.domain.queues import DEAD, may_open
from services.operations.reads.behind import Behind, Forked, compare
from services.operations.reads.figures import ServiceFigures, figures
from services.operations.reads.overdue import (
    Deadlines,
    Deliveries,
    SuspendedWebhooks,
    deadlines,
    deliveries,
    suspended_webhooks,
)
from services.operations.reads.undelivered import dead_letters
from shared.errors import Refusal
from shared.messaging.names import UNROUTED_QUEUE

PATIENCE = 3.0
"""Seconds after which a database counts as away."""

READINESS_WITHIN = 5.0
"""Seconds after which a service counts as away: longer than it waits itself before it says that its database is."""

REFUSED_MANY = 10
"""Mails refused in an hour, from which on it is not a few wrong addresses: it is us whom a mail server refuses."""

DEEP = 1000
"""Messages in a queue from which on it is worth a look."""

NO_ANSWER = "no answer"
"""How what a service lacks begins when it was not reached at all."""

REFUSALS = frozenset(
    {
        asyncpg.InvalidAuthorizationSpecificationError.__name__,
        asyncpg.InvalidPasswordError.__name__,
        asyncpg.InvalidCatalogNameError.__name__,
        asyncpg.InsufficientPrivilegeError.__name__,
        asyncpg.UndefinedTableError.__name__,
        asyncpg.UndefinedColumnError.__name__,
    }
)
"""What a PostgreSQL says that runs and does not let us in: starting it again changes nothing."""


class ServiceStatus(BaseModel):
    """One service: does its database answer (None: yes), is it ready (None: not asked), and what waits."""

    name: str
    database_away: str | None = None
    ready: bool | None = None
    missing: list[str] = []
    degraded: list[str] = []
    """What works less well in it, although it is ready."""
    figures: ServiceFigures | None = None
    dead_letters: dict[str, int] = {}
    """By queue, the dead letters that the service keeps and nobody has settled."""
    deadlines: Deadlines | None = None
    """None where no dates are kept, the database is away, or gives no right to them."""
    deliveries: Deliveries | None = None
    """None where no mails are sent, the database is away, or gives no right to them."""
    suspended_webhooks: SuspendedWebhooks | None = None
    """None as for `deliveries`."""
    stuck: bool = False
    """Whether the database answers, but not about the cases: something holds them locked."""

    @property
    def unreached(self) -> bool:
        """Whether the service itself gave no answer."""
        return any(one.startswith(NO_ANSWER) for one in self.missing)

    @property
    def database_refuses(self) -> bool:
        """Whether the database runs, and refuses access."""
        return self.database_away in REFUSALS


class QueueStatus(Queue):
    """One queue and what it is for: a service's own, its dead letters, what nobody listens to, or another's.

    Of dead letters `ready` also counts those that the service has taken from the queue and keeps.
    """

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
    forked: list[Forked]
    """By teller and listener: streams whose last applied event the teller's journal lacks, not held yet."""
    behind: list[Behind]
    """By publisher and consumer: what was published and is not applied there, wherever it is."""


async def status(connections: Connections, *, at: datetime, perimeter: list[str] | None = None) -> Status:
    """Look at everything, for these départements or for all, within about ten seconds whatever is away or frozen.

    What is away is named, and the rest is shown. Queues and services are everybody's; of queues where messages are
    parked only those of one's own départements are shown.
    """
    queues, services = await asyncio.gather(
        _queues(connections, perimeter),
        asyncio.gather(*(_service(watched, perimeter) for watched in connections.services.values())),
    )
    answering = {one.name: connections.services[one.name] for one in services if one.database_away is None}
    compared = await compare(replace(connections, services=answering), perimeter)
    kept = {queue + DEAD: count for one in services for queue, count in one.dead_letters.items()}
    for queue in queues or []:
        queue.ready += kept.pop(queue.name, 0)
    concerns = [] if queues is not None else [Concern(what=What.BROKER_AWAY, where="rabbitmq")]
    concerns += [Concern(what=What.DEAD, where=name, count=count) for name, count in kept.items()]
    for one in services:
        concerns += _of_service(one, broker_away=queues is None)
    unreached = {one.name for one in services if one.unreached}
    for queue in queues or []:
        concerns += _of_queue(queue, unreached)
    for fork in compared.forked:
        concerns.append(Concern(what=What.FORKED, where=fork.service, count=fork.streams, detail=fork.told_by))
    concerns += _of_what_is_behind(compared.behind, concerns, broker_away=queues is None)
    return Status(
        at=at,
        well=not any(concern.urgent for concern in concerns),
        concerns=sorted(concerns, key=lambda concern: not concern.urgent),
        services=services,
        broker_away=queues is None,
        queues=queues or [],
        forked=compared.forked,
        behind=compared.behind,
    )


async def _service(watched: Watched, perimeter: list[str] | None) -> ServiceStatus:
    state = ServiceStatus(name=watched.name)
    (state.ready, state.missing, state.degraded), _ = await asyncio.gather(
        _readiness(watched.public_url), _read_figures(watched, state, perimeter)
    )
    return state


async def _read_figures(watched: Watched, state: ServiceStatus, perimeter: list[str] | None) -> None:
    """Read what waits in a service's database into its status."""
    try:
        async with asyncio.timeout(PATIENCE):
            state.figures = await figures(watched.database, watched.name, perimeter)
            dead = await dead_letters(watched.database)
            state.dead_letters = {queue: count for queue, count in dead.items() if may_open(queue, perimeter)}
    except UNREACHABLE as away:
        state.database_away = type(away).__name__
        return
    # A role for operators may have no right to the cases: then of these nothing is known.
    with contextlib.suppress(*UNREACHABLE):
        try:
            async with asyncio.timeout(PATIENCE):
                state.deadlines = await deadlines(watched.database, watched.name, perimeter)
                state.deliveries = await deliveries(watched.database, watched.name, perimeter)
                state.suspended_webhooks = await suspended_webhooks(watched.database, watched.name, perimeter)
        except TimeoutError:
            state.stuck = True


async def _readiness(public_url: str | None) -> tuple[bool | None, list[str], list[str]]:
    """Ask the service whether it is ready, what is missing, and what is degraded.

    Nothing is known without a configured address.
    """
    if public_url is None:
        return None, [], []
    try:
        async with probes.client(READINESS_WITHIN) as client:
            answer = await client.get(f"{public_url}/health/ready")
    except httpx2.HTTPError as error:
        return False, [f"{NO_ANSWER}: {type(error).__name__}"], []
    body: dict[str, list[object]] = {}
    with contextlib.suppress(ValueError):
        body = answer.json()
    missing, degraded = ([str(one) for one in body.get(member, [])] for member in ("missing", "degraded"))
    if answer.is_success:
        return True, [], degraded
    return False, missing or [f"answers {answer.status_code}"], []


async def _queues(connections: Connections, perimeter: list[str] | None) -> list[QueueStatus] | None:
    expected = {UNROUTED_QUEUE}
    for watched in connections.services.values():
        expected |= {watched.queue, watched.queue + DEAD}
    found = await asked(connections.broker, expected, {watched.queue for watched in connections.services.values()})
    if found is None:
        return None
    placed = [_placed(connections, queue) for queue in found]
    return [queue for queue in placed if queue.kind in {"service", "other"} or may_open(queue.name, perimeter)]


async def asked(broker: Broker, expected: set[str], listened: set[str]) -> list[Queue] | None:
    """Ask the broker; None when it is away."""
    try:
        async with asyncio.timeout(3 * PATIENCE):
            return await broker.queues(expected, listened)
    except (Refusal, TimeoutError):
        return None


def _placed(connections: Connections, queue: Queue) -> QueueStatus:
    """Classify a queue."""
    watched = connections.of_queue(queue.name)
    kind: Literal["service", "dead", "unrouted", "other"] = "other"
    if queue.name == UNROUTED_QUEUE:
        kind = "unrouted"
    elif watched is not None:
        kind = "dead" if queue.name.endswith(DEAD) else "service"
    return QueueStatus(**queue.model_dump(), kind=kind, service=watched.name if watched else None)


def _of_readiness(one: ServiceStatus, *, broker_away: bool) -> list[Concern]:
    found: list[Concern] = []
    if one.ready is False:
        what = What.SERVICE_AWAY if one.unreached else What.SERVICE_NOT_READY
        # Not ready without broker or database is their consequence: nothing to do here.
        urgent = one.unreached or not (broker_away or one.database_away)
        found.append(Concern(what=what, where=one.name, detail="; ".join(one.missing), urgent=urgent))
    if one.degraded:
        found.append(Concern(what=What.SERVICE_DEGRADED, where=one.name, detail="; ".join(one.degraded), urgent=False))
    return found


def _of_service(one: ServiceStatus, *, broker_away: bool) -> list[Concern]:
    found = _of_readiness(one, broker_away=broker_away)
    if one.database_away is not None:
        what = What.DATABASE_REFUSES if one.database_refuses else What.DATABASE_AWAY
        found.append(Concern(what=what, where=one.name, detail=one.database_away))
    if one.stuck:
        found.append(Concern(what=What.DATABASE_STUCK, where=one.name))
    waits = one.figures
    if waits is None:
        return found
    if waits.outbox_seconds > What.OUTBOX_LATE.row.after:
        # With the broker or the service away this is its consequence: nothing to do here.
        urgent = not (broker_away or one.unreached)
        late = Concern(what=What.OUTBOX_LATE, where=one.name, count=waits.outbox, urgent=urgent)
        relay = "" if waits.relay else NO_RELAY
        found.append(late.model_copy(update={"seconds": waits.outbox_seconds, "detail": relay}))
    found += _of_held(one.name, waits)
    if waits.gaps:
        old = waits.gap_seconds > What.GAP.row.after
        what = What.GAP if old else What.GAP_YOUNG
        found.append(Concern(what=what, where=one.name, count=waits.gaps, seconds=waits.gap_seconds, urgent=old))
    for what, count in ((What.QUARANTINE, waits.quarantine), (What.UNSENDABLE, waits.unsendable)):
        found += [Concern(what=what, where=one.name, count=count)] if count else []
    if waits.quarantine_foreign:
        # Whoever has the password of a form could raise it at will.
        found.append(
            Concern(what=What.QUARANTINE_FOREIGN, where=one.name, count=waits.quarantine_foreign, urgent=False)
        )
    return found + _of_duties(one)


def _of_held(name: str, waits: ServiceFigures) -> list[Concern]:
    found: list[Concern] = []
    if waits.held_given_up:
        found.append(Concern(what=What.HELD_GIVEN_UP, where=name, count=waits.held_given_up))
    if waits.forked:
        found.append(Concern(what=What.FORKED, where=name, count=waits.forked))
    if waits.disputed:
        found.append(Concern(what=What.DISPUTED, where=name, count=waits.disputed))
    if tried := waits.held - waits.held_given_up - waits.forked - waits.held_in_order:
        # Whatever mends itself has done so by now.
        urgent = waits.held_seconds > What.HELD.row.after
        found.append(Concern(what=What.HELD, where=name, count=tried, seconds=waits.held_seconds, urgent=urgent))
    return found


def _of_duties(one: ServiceStatus) -> list[Concern]:
    found: list[Concern] = []
    if one.deliveries and one.deliveries.seconds > What.MAIL_LATE.row.after:
        late = Concern(what=What.MAIL_LATE, where=one.name, count=one.deliveries.queued, seconds=one.deliveries.seconds)
        found.append(late)
    if one.deliveries and one.deliveries.failed:
        urgent = one.deliveries.refused_lately > REFUSED_MANY
        found.append(Concern(what=What.MAIL_FAILED, where=one.name, count=one.deliveries.failed, urgent=urgent))
    if (webhooks := one.suspended_webhooks) and webhooks.count:
        suspended = Concern(what=What.WEBHOOK_SUSPENDED, where=one.name, count=webhooks.count, seconds=webhooks.seconds)
        found.append(suspended)
    if one.deadlines and one.deadlines.overdue:
        found.append(Concern(what=What.OVERDUE, where=one.name, count=one.deadlines.overdue, urgent=False))
    return found


def _of_what_is_behind(late: list[Behind], known: list[Concern], *, broker_away: bool) -> list[Concern]:
    """Name the consumers that lag for long; not urgent where the cause is named by another concern."""
    closed = {concern.where.partition(".")[0] for concern in known if concern.urgent}
    found: list[Concern] = []
    for service in dict.fromkeys(one.service for one in late):
        here = [one for one in late if one.service == service]
        seconds, events = max(one.seconds for one in here), sum(one.events for one in here)
        if seconds > What.BEHIND.row.after:
            sources = {one.told_by for one in here}
            urgent = not (broker_away or service in closed or sources <= closed)
            found.append(Concern(what=What.BEHIND, where=service, count=events, seconds=seconds, urgent=urgent))
    return found


def _of_queue(queue: QueueStatus, unreached: set[str]) -> list[Concern]:
    found: list[Concern] = []
    # That a service which is away consumes nothing need not be said.
    if queue.kind == "service" and not queue.consumers and queue.service not in unreached:
        found.append(Concern(what=What.NO_CONSUMER, where=queue.name, count=queue.ready))
    if queue.kind == "service" and queue.ready >= DEEP:
        found.append(Concern(what=What.DEEP_QUEUE, where=queue.name, count=queue.ready, urgent=False))
    if queue.kind == "dead" and queue.ready:
        found.append(Concern(what=What.DEAD, where=queue.name, count=queue.ready))
    if queue.kind == "unrouted" and queue.ready:
        found.append(Concern(what=What.UNROUTED, where=queue.name, count=queue.ready))
    return found
