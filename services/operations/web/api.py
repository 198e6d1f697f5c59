"""What the operator's page shows and does, for programs; bearer tokens are those of the page's own agents."""

from typing import Any, Final, Literal
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from pydantic import AwareDatetime, BaseModel, Field

from services.operations.adapters.connections import Connections
from services.operations.domain.queues import DEAD, require_open
from services.operations.reads import journals, status
from services.operations.reads.duties import SENDS_MAILS
from services.operations.reads.status import Status
from services.operations.store import record
from services.operations.store.record import Operation
from services.operations.usecases import causes, held, mails, quarantine, resending, waiting
from services.operations.usecases import unrouted as unrouted_messages
from services.operations.usecases.causes import Cause, Decision, Settled, Settlement
from services.operations.usecases.checking import Check, Checks
from services.operations.usecases.held import Held
from services.operations.usecases.mails import Mail
from services.operations.usecases.obstacles import Story, story
from services.operations.usecases.quarantine import Quarantined
from services.operations.usecases.resending import Choice, Resent
from services.operations.usecases.unrouted import Parked, Replayed
from services.operations.usecases.waiting import Gap
from services.operations.web.pages.acting import all_of_it
from shared import clock, db
from shared.commands import Command
from shared.db import Database
from shared.identity.model import Agent, Role
from shared.messaging.inbox.held import Code
from shared.messaging.names import UNROUTED_QUEUE
from shared.web.access import only
from shared.web.paging import Page, Paged

READERS: Final = only(Role.OPERATOR, Role.AUDITOR)
OPERATORS: Final = only(Role.OPERATOR)
ALL: Final = 10_000
"""Rows read of each service before they are put in one order; what is beyond shows when these are settled."""


class Why(Command):
    """The motive of an action, kept with who did it."""

    why: str


class HeldEvent(Why):
    """Which held event the action is about, and the motive."""

    event_id: str


class ResendOrder(Why):
    """Which events of a journal to tell again, to which queue (all who listen when not given), and the motive."""

    source: str
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    request: str | None = None
    first: int = Field(default=1, ge=1)
    queue: str | None = None


class ExpectedStream(Why):
    """The stream of which nothing more is expected, and the motive."""

    source: str
    subject: str


class Closed(BaseModel):
    """How many parked events were put away with a stream of which nothing more is expected."""

    service: str
    parked: int


class HeldItem(Held):
    """A held stream, with what this caller may do."""

    allowed_actions: list[str]


class QuarantinedItem(Quarantined):
    """A message in quarantine, with what this caller may do; `body` where one message is asked for."""

    allowed_actions: list[str]
    body: str | None = None


class CauseItem(Cause):
    """A group of messages that have the same cause, its first ten messages, and what this caller may do with all."""

    preview: list[Quarantined]
    allowed_actions: list[str]


class CauseList(BaseModel):
    """The groups of messages that wait for a decision, the largest first; `away` names who did not answer."""

    items: list[CauseItem]
    away: list[str]


class RetryOrder(Why):
    """Which held streams to try again (all of the service when nothing is given), and the motive."""

    code: Code | None = None
    type: str | None = None
    source: str | None = None


class Retried(BaseModel):
    """How many held streams are tried again."""

    service: str
    retried: int


class HeldPage(Paged[HeldItem]):
    """A page of held streams; `away` names the services that did not answer."""

    away: list[str]


class QuarantinePage(Paged[QuarantinedItem]):
    """A page of messages in quarantine; `away` names the services that did not answer."""

    away: list[str]


class GapPage(Paged[Gap]):
    """A page of streams that wait for an event; `away` names the services that did not answer."""

    away: list[str]


class MailItem(Mail):
    """A mail that did not reach anybody, with what this caller may do."""

    allowed_actions: list[str]


class OperationPage(Paged[Operation]):
    """A page of what operators did, newest first; `away` names the services that did not answer."""

    away: list[str]


class Drained(BaseModel):
    """How many dead letters went back to their queue."""

    queue: str
    moved: int


@get("/status", guards=[READERS])
async def is_all_well(connections: NamedDependency[Connections], agent: NamedDependency[Agent]) -> Status:
    """Answer whether all is well, and what needs a hand now."""
    return await status.status(connections, at=clock.now(), perimeter=agent.perimeter)


@get("/held", guards=[READERS])
async def list_held(
    connections: NamedDependency[Connections],
    paging: NamedDependency[Page],
    agent: NamedDependency[Agent],
    service: FromQuery[str | None] = None,
) -> HeldPage:
    """List the held streams: those that nobody tries any more first."""
    rows, away = await connections.from_all(
        service, lambda one: held.list_held(one.database, one.name, most=paging.end, perimeter=agent.perimeter)
    )
    shown = held.in_order(rows)[paging.offset : paging.end]
    totals, _ = await connections.from_all(service, lambda one: held.count(one.database, perimeter=agent.perimeter))
    return HeldPage(items=[_held(one, agent) for one in shown], total=sum(totals), page=paging.number, away=away)


@post("/held/{service:str}/retry", guards=[OPERATORS], status_code=200)
async def retry_held(
    service: FromPath[str],
    data: JSONBody[HeldEvent],
    agent: NamedDependency[Agent],
    connections: NamedDependency[Connections],
) -> HeldItem:
    """Have the service try a held event again within a second."""
    watched = connections.service(service)
    await held.retry(watched, data.event_id, by=agent.email, why=data.why, perimeter=agent.perimeter)
    return _held(await held.show(watched.database, service, data.event_id), agent)


@post("/held/{service:str}/retry-all", guards=[OPERATORS], status_code=200)
async def retry_all_held(
    service: FromPath[str],
    data: JSONBody[RetryOrder],
    agent: NamedDependency[Agent],
    connections: NamedDependency[Connections],
) -> Retried:
    """Have the service try again all that it holds, or all of one code, type or source."""
    retried = await held.retry_all(
        connections.service(service),
        by=agent.email,
        why=data.why,
        code=data.code,
        type_=data.type,
        source=data.source,
        perimeter=agent.perimeter,
    )
    return Retried(service=service, retried=retried)


@post("/held/{service:str}/skip", guards=[OPERATORS], status_code=200)
async def skip_held(
    service: FromPath[str],
    data: JSONBody[HeldEvent],
    agent: NamedDependency[Agent],
    connections: NamedDependency[Connections],
) -> HeldItem:
    """Give an event up in this service, for good, and let the service go on; answers what was held."""
    watched = connections.service(service)
    one = await held.skip(watched, data.event_id, by=agent.email, why=data.why, perimeter=agent.perimeter)
    return HeldItem(**one.model_dump(), allowed_actions=[])


@get("/waiting", guards=[READERS])
async def list_waiting(
    connections: NamedDependency[Connections],
    paging: NamedDependency[Page],
    agent: NamedDependency[Agent],
    service: FromQuery[str | None] = None,
) -> GapPage:
    """List the streams that wait for an event that has not come, oldest first."""
    rows, away = await connections.from_all(
        service, lambda one: waiting.list_gaps(one.database, one.name, most=ALL, perimeter=agent.perimeter)
    )
    oldest = sorted(rows, key=lambda gap: gap.since)
    return GapPage(
        items=oldest[paging.offset : paging.offset + paging.limit], total=len(rows), page=paging.number, away=away
    )


@post("/waiting/{service:str}/discard", guards=[OPERATORS], status_code=200)
async def discard_waiting(
    service: FromPath[str],
    data: JSONBody[ExpectedStream],
    agent: NamedDependency[Agent],
    connections: NamedDependency[Connections],
) -> Closed:
    """Expect nothing more of a stream, for the missing event will never exist; what is parked of it is put away."""
    parked = await waiting.discard(
        connections.service(service),
        source=data.source,
        subject=data.subject,
        by=agent.email,
        why=data.why,
        perimeter=agent.perimeter,
    )
    return Closed(service=service, parked=parked)


@get("/quarantine", guards=[READERS])
async def list_quarantined(
    connections: NamedDependency[Connections],
    paging: NamedDependency[Page],
    agent: NamedDependency[Agent],
    service: FromQuery[str | None] = None,
    settled: FromQuery[bool] = False,  # noqa: FBT002 - Litestar calls it by name
) -> QuarantinePage:
    """List the messages that wait for a decision, or with `settled=true` those that were decided."""
    rows, away = await connections.from_all(
        service,
        lambda one: quarantine.list_quarantined(
            one.database, one.name, settled=settled, most=paging.end, perimeter=agent.perimeter
        ),
    )
    totals, _ = await connections.from_all(
        service, lambda one: quarantine.count(one.database, settled=settled, perimeter=agent.perimeter)
    )
    shown = quarantine.in_order(rows, settled=settled)[paging.offset : paging.end]
    return QuarantinePage(
        items=[_quarantined(one, agent) for one in shown], total=sum(totals), page=paging.number, away=away
    )


@get("/quarantine/causes", guards=[READERS])
async def list_causes(
    connections: NamedDependency[Connections], agent: NamedDependency[Agent], service: FromQuery[str | None] = None
) -> CauseList:
    """List what is wrong with the messages that wait for a decision, with how many have the same cause."""
    seen = agent.perimeter
    rows, away = await connections.from_all(
        service, lambda one: causes.list_causes(one.database, one.name, perimeter=seen)
    )
    items = [
        CauseItem(
            **one.model_dump(),
            preview=await causes.preview(
                connections.service(one.service).database, one.service, one.key, perimeter=seen
            ),
            allowed_actions=_allowed(agent, damaged=one.damaged),
        )
        for one in sorted(rows, key=lambda one: -one.messages)
    ]
    return CauseList(items=items, away=away)


@post("/quarantine/{service:str}/causes/{key:str}/{action:str}", guards=[OPERATORS], status_code=200)
async def settle_cause(
    service: FromPath[str],
    key: FromPath[str],
    action: FromPath[Literal["replay", "discard"]],
    data: JSONBody[Why],
    agent: NamedDependency[Agent],
    connections: NamedDependency[Connections],
) -> Settled:
    """Send all messages of one cause to the service again, or put them away: at most 5000; `left` says what remains."""
    watched = connections.service(service)
    settlement: Settlement = "replayed" if action == "replay" else "discarded"
    decision = Decision(settlement, agent.email, data.why, await db.now(watched.database), agent.perimeter)
    return await causes.settle(watched, key, decision)


@get("/quarantine/{service:str}/{message_id:uuid}", guards=[READERS])
async def show_quarantined(
    service: FromPath[str],
    message_id: FromPath[UUID],
    agent: NamedDependency[Agent],
    connections: NamedDependency[Connections],
) -> QuarantinedItem:
    """Show one message with its bytes, read as UTF-8 as far as they are."""
    watched = connections.service(service)
    one, body = await quarantine.read(watched, message_id, by=agent.email, perimeter=agent.perimeter)
    item = _quarantined(one, agent)
    item.body = body.decode("utf-8", "replace")
    return item


@post("/quarantine/{service:str}/{message_id:uuid}/replay", guards=[OPERATORS], status_code=200)
async def replay_quarantined(
    service: FromPath[str],
    message_id: FromPath[UUID],
    data: JSONBody[Why],
    agent: NamedDependency[Agent],
    connections: NamedDependency[Connections],
) -> QuarantinedItem:
    """Have the service take a message again."""
    watched = connections.service(service)
    one = await quarantine.replay(watched, message_id, by=agent.email, why=data.why, perimeter=agent.perimeter)
    return _quarantined(one, agent)


@post("/quarantine/{service:str}/{message_id:uuid}/discard", guards=[OPERATORS], status_code=200)
async def discard_quarantined(
    service: FromPath[str],
    message_id: FromPath[UUID],
    data: JSONBody[Why],
    agent: NamedDependency[Agent],
    connections: NamedDependency[Connections],
) -> QuarantinedItem:
    """Decide that a message is never applied; its bytes are kept."""
    watched = connections.service(service)
    one = await quarantine.discard(watched, message_id, by=agent.email, why=data.why, perimeter=agent.perimeter)
    return _quarantined(one, agent)


@get("/deliveries", guards=[READERS])
async def list_deliveries(connections: NamedDependency[Connections], agent: NamedDependency[Agent]) -> Paged[MailItem]:
    """List the mails of the week that did not reach anybody: given up first."""
    rows = await mails.list_mails(connections.service(SENDS_MAILS).database, perimeter=agent.perimeter)
    return Paged[MailItem](items=[_mail(one, agent) for one in rows], total=len(rows), page=1)


@post("/deliveries/{mail_id:uuid}/resend", guards=[OPERATORS], status_code=200)
async def resend_delivery(
    mail_id: FromPath[UUID],
    data: JSONBody[Why],
    agent: NamedDependency[Agent],
    connections: NamedDependency[Connections],
) -> MailItem:
    """Have a mail tried again now, to the same address."""
    watched = connections.service(SENDS_MAILS)
    return _mail(await mails.resend(watched, mail_id, by=agent.email, why=data.why, perimeter=agent.perimeter), agent)


@get("/dead/{queue:str}", guards=[READERS])
async def list_dead(
    queue: FromPath[str], connections: NamedDependency[Connections], agent: NamedDependency[Agent]
) -> Paged[Parked]:
    """List the dead letters of a queue, at most 50."""
    require_open(queue, agent.perimeter)
    rows = await unrouted_messages.list_parked(connections, queue.removesuffix(DEAD) + DEAD)
    return Paged[Parked](items=rows, total=len(rows), page=1)


@post("/dead/{queue:str}/drain", guards=[OPERATORS], status_code=200)
async def drain_dead(
    queue: FromPath[str], data: JSONBody[Why], agent: NamedDependency[Agent], connections: NamedDependency[Connections]
) -> Drained:
    """Hand the dead letters of a queue to its service again."""
    require_open(queue, agent.perimeter)
    return Drained(queue=queue, moved=await unrouted_messages.drain(connections, queue, by=agent.email, why=data.why))


@get("/unrouted", guards=[READERS])
async def list_unrouted(connections: NamedDependency[Connections], agent: NamedDependency[Agent]) -> Paged[Parked]:
    """List the messages that no queue listens to, at most 50."""
    require_open(UNROUTED_QUEUE, agent.perimeter)
    rows = await unrouted_messages.list_parked(connections, UNROUTED_QUEUE)
    return Paged[Parked](items=rows, total=len(rows), page=1)


@post("/unrouted/replay", guards=[OPERATORS], status_code=200)
async def replay_unrouted(
    data: JSONBody[Why], agent: NamedDependency[Agent], connections: NamedDependency[Connections]
) -> Replayed:
    """Have their publishers publish them again; tells how many stay, because no journal has them."""
    require_open(UNROUTED_QUEUE, agent.perimeter)
    return await unrouted_messages.replay_unrouted(connections, by=agent.email, why=data.why)


@get("/requests/{reference:str}/events", guards=[READERS])
async def events_of_request(
    reference: FromPath[str], connections: NamedDependency[Connections], agent: NamedDependency[Agent]
) -> Story:
    """Tell a request's events across the services, in order, and what keeps it from going on.

    `reference` is its id or its number.
    """
    told = await journals.trail(connections, reference, perimeter=agent.perimeter)
    return await story(connections, told, at=clock.now(), perimeter=agent.perimeter)


@post("/events/resend", guards=[OPERATORS], status_code=200)
async def resend_events(
    data: JSONBody[ResendOrder], agent: NamedDependency[Agent], connections: NamedDependency[Connections]
) -> Resent:
    """Tell events of a journal again, at most 5000; what was applied stays applied once."""
    choice = Choice(**data.model_dump(exclude={"why"}))
    return await resending.resend(connections, choice, by=agent.email, why=data.why, perimeter=agent.perimeter)


@get("/journals", guards=[READERS, all_of_it])
async def list_checks(checks: NamedDependency[Checks]) -> Paged[Check]:
    """Tell what the last verification of each journal found."""
    found = checks.last()
    return Paged[Check](items=found, total=len(found), page=1)


@post("/journals/verification", guards=[READERS, all_of_it], status_code=202)
async def verify_journals(
    agent: NamedDependency[Agent], connections: NamedDependency[Connections], checks: NamedDependency[Checks]
) -> Paged[Check]:
    """Begin to verify all journals, in the background; ask `GET /journals` for the result."""
    begun = checks.begin(connections, by=agent.email)
    return Paged[Check](items=begun, total=len(begun), page=1)


@get("/operations", guards=[READERS])
async def list_operations(
    connections: NamedDependency[Connections],
    paging: NamedDependency[Page],
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
) -> OperationPage:
    """List what operators did, with who and why, newest first; whoever sees some départements only reads his own."""
    by = None if agent.perimeter is None else agent.email
    rows, away = await connections.from_all(None, lambda one: record.latest(one.database, one.name, most=ALL, by=by))
    rows = [*rows, *await record.latest(database, "operations", most=ALL, by=by)]
    newest = sorted(rows, key=lambda one: one.at, reverse=True)
    return OperationPage(
        items=newest[paging.offset : paging.offset + paging.limit], total=len(rows), page=paging.number, away=away
    )


routes: list[Any] = [
    is_all_well,
    list_held,
    retry_held,
    retry_all_held,
    skip_held,
    list_waiting,
    discard_waiting,
    list_quarantined,
    list_causes,
    settle_cause,
    show_quarantined,
    replay_quarantined,
    discard_quarantined,
    list_deliveries,
    resend_delivery,
    list_dead,
    drain_dead,
    list_unrouted,
    replay_unrouted,
    events_of_request,
    resend_events,
    list_checks,
    verify_journals,
    list_operations,
]


def _held(one: Held, agent: Agent) -> HeldItem:
    return HeldItem(**one.model_dump(), allowed_actions=["retry", "skip"] if agent.has(Role.OPERATOR) else [])


def _mail(one: Mail, agent: Agent) -> MailItem:
    return MailItem(
        **one.model_dump(), allowed_actions=["resend"] if one.may_resend and agent.has(Role.OPERATOR) else []
    )


def _quarantined(one: Quarantined, agent: Agent) -> QuarantinedItem:
    allowed = _allowed(agent, damaged=one.damaged) if one.settlement is None else []
    return QuarantinedItem(**one.model_dump(), allowed_actions=allowed)


def _allowed(agent: Agent, *, damaged: bool) -> list[str]:
    if not agent.has(Role.OPERATOR):
        return []
    return ["discard"] if damaged else ["replay", "discard"]
