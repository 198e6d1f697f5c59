"""Read API of operators, with bearer tokens of the page's own agents."""

from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from pydantic import BaseModel

from services.operations.domain.queues import DEAD, require_open
from services.operations.reads import causes, held, journals, mails, quarantine, status, undelivered, waiting
from services.operations.reads.causes import Cause
from services.operations.reads.held import Held
from services.operations.reads.mails import Mail
from services.operations.reads.obstacles import Story, story
from services.operations.reads.overdue import SENDS_MAILS
from services.operations.reads.quarantine import Quarantined
from services.operations.reads.status import Status
from services.operations.reads.undelivered import Undelivered
from services.operations.reads.waiting import Gap
from services.operations.store.record import Operation
from services.operations.usecases import settle_quarantine
from services.operations.usecases.journal_checks import Check
from services.operations.web.context import READERS, OperatorContext, all_of_it
from shared import clock
from shared.messaging.names import UNROUTED_QUEUE
from shared.web.paging import Page, Paged

Item = TypeVar("Item")

ALL: Final = 10_000
"""Rows read of each service before they are put in one order; what is beyond shows when these are settled."""


class Found(Paged[Item], Generic[Item]):
    """A page of what several services have; `away` names those that did not answer."""

    away: list[str]


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


class MailItem(Mail):
    """A mail that did not reach anybody, with what this caller may do."""

    allowed_actions: list[str]


@get("/status", guards=[READERS])
async def is_all_well(context: NamedDependency[OperatorContext]) -> Status:
    """Answer whether all is well, and what needs a hand now."""
    return await status.status(context.connections, at=clock.now(), perimeter=context.perimeter)


@get("/held", guards=[READERS])
async def list_held(
    context: NamedDependency[OperatorContext],
    paging: NamedDependency[Page],
    service: FromQuery[str | None] = None,
) -> Found[HeldItem]:
    """List the held streams: those that nobody tries any more first."""
    seen = context.perimeter
    rows, away = await context.from_all(
        lambda one: held.list_held(one.database, one.name, most=paging.end, perimeter=seen), service
    )
    totals, _ = await context.from_all(lambda one: held.count(one.database, perimeter=seen), service)
    shown = [held_item(one, context) for one in held.in_order(rows)[paging.offset : paging.end]]
    return Found(items=shown, total=sum(totals), page=paging.number, away=away)


@get("/waiting", guards=[READERS])
async def list_waiting(
    context: NamedDependency[OperatorContext],
    paging: NamedDependency[Page],
    service: FromQuery[str | None] = None,
) -> Found[Gap]:
    """List the streams that wait for an event that has not come, oldest first."""
    rows, away = await context.from_all(
        lambda one: waiting.list_gaps(one.database, one.name, most=ALL, perimeter=context.perimeter), service
    )
    oldest = sorted(rows, key=lambda gap: gap.since)
    return Found(items=oldest[paging.offset : paging.end], total=len(rows), page=paging.number, away=away)


@get("/quarantine", guards=[READERS])
async def list_quarantined(
    context: NamedDependency[OperatorContext],
    paging: NamedDependency[Page],
    service: FromQuery[str | None] = None,
    settled: FromQuery[bool] = False,  # noqa: FBT002 - Litestar calls it by name
) -> Found[QuarantinedItem]:
    """List the messages that wait for a decision, or with `settled=true` those that were decided."""
    seen = context.perimeter
    rows, away = await context.from_all(
        lambda one: quarantine.list_quarantined(
            one.database, one.name, settled=settled, most=paging.end, perimeter=seen
        ),
        service,
    )
    totals, _ = await context.from_all(
        lambda one: quarantine.count(one.database, settled=settled, perimeter=seen), service
    )
    shown = quarantine.in_order(rows, settled=settled)[paging.offset : paging.end]
    items = [quarantined_item(one, context) for one in shown]
    return Found(items=items, total=sum(totals), page=paging.number, away=away)


@get("/quarantine/causes", guards=[READERS])
async def list_causes(context: NamedDependency[OperatorContext], service: FromQuery[str | None] = None) -> CauseList:
    """List what is wrong with the messages that wait for a decision, with how many have the same cause."""
    seen = context.perimeter
    rows, away = await context.from_all(lambda one: causes.list_causes(one.database, one.name, perimeter=seen), service)
    items = []
    for one in sorted(rows, key=lambda one: -one.messages):
        database = context.connections.service(one.service).database
        preview = await causes.preview(database, one.service, one.key, perimeter=seen)
        allowed = _decisions(context, damaged=one.damaged)
        items.append(CauseItem(**one.model_dump(), preview=preview, allowed_actions=allowed))
    return CauseList(items=items, away=away)


@get("/quarantine/{service:str}/{message_id:uuid}", guards=[READERS])
async def show_quarantined(
    service: FromPath[str], message_id: FromPath[UUID], context: NamedDependency[OperatorContext]
) -> QuarantinedItem:
    """Show one message with its bytes, read as UTF-8 as far as they are."""
    watched = context.connections.service(service)
    one, body = await settle_quarantine.read(watched, message_id, by=context.agent.email, perimeter=context.perimeter)
    item = quarantined_item(one, context)
    item.body = body.decode("utf-8", "replace")
    return item


@get("/deliveries", guards=[READERS])
async def list_deliveries(context: NamedDependency[OperatorContext]) -> Paged[MailItem]:
    """List the mails of the week that did not reach anybody: given up first."""
    rows = await mails.list_mails(context.connections.service(SENDS_MAILS).database, perimeter=context.perimeter)
    return _whole([mail_item(one, context) for one in rows])


@get("/dead/{queue:str}", guards=[READERS])
async def list_dead(queue: FromPath[str], context: NamedDependency[OperatorContext]) -> Paged[Undelivered]:
    """List the dead letters of a queue, at most 50."""
    require_open(queue, context.perimeter)
    return _whole(await undelivered.list_undelivered(context.connections, queue.removesuffix(DEAD) + DEAD))


@get("/unrouted", guards=[READERS])
async def list_unrouted(context: NamedDependency[OperatorContext]) -> Paged[Undelivered]:
    """List the messages that no queue listens to, at most 50."""
    require_open(UNROUTED_QUEUE, context.perimeter)
    return _whole(await undelivered.list_undelivered(context.connections, UNROUTED_QUEUE))


@get("/requests/{reference:str}/events", guards=[READERS])
async def events_of_request(reference: FromPath[str], context: NamedDependency[OperatorContext]) -> Story:
    """Return a request's events across the services, in order, and what keeps it from going on.

    `reference` is its id or its number.
    """
    events = await journals.trail(context.connections, reference, perimeter=context.perimeter)
    return await story(context.connections, events, at=clock.now(), perimeter=context.perimeter)


@get("/journals", guards=[READERS, all_of_it])
async def list_checks(context: NamedDependency[OperatorContext]) -> Paged[Check]:
    """Return what the last verification of each journal found."""
    return _whole(context.checks.last())


@post("/journals/verification", guards=[READERS, all_of_it], status_code=202)
async def verify_journals(context: NamedDependency[OperatorContext]) -> Paged[Check]:
    """Begin to verify all journals, in the background; ask `GET /journals` for the result."""
    return _whole(context.checks.begin(context.connections, by=context.agent.email))


@get("/operations", guards=[READERS])
async def list_operations(context: NamedDependency[OperatorContext], paging: NamedDependency[Page]) -> Found[Operation]:
    """List what operators did, with who and why, newest first; whoever sees some départements only reads their own."""
    newest, away = await context.recorded(most=ALL)
    return Found(items=newest[paging.offset : paging.end], total=len(newest), page=paging.number, away=away)


routes: list[Any] = [
    is_all_well,
    list_held,
    list_waiting,
    list_quarantined,
    list_causes,
    show_quarantined,
    list_deliveries,
    list_dead,
    list_unrouted,
    events_of_request,
    list_checks,
    verify_journals,
    list_operations,
]


def held_item(one: Held, context: OperatorContext) -> HeldItem:
    """Add what the caller may do to a held stream."""
    return HeldItem(**one.model_dump(), allowed_actions=["retry", "skip"] if context.may_act else [])


def mail_item(one: Mail, context: OperatorContext) -> MailItem:
    """Add what the caller may do to a mail."""
    return MailItem(**one.model_dump(), allowed_actions=["resend"] if one.may_resend and context.may_act else [])


def quarantined_item(one: Quarantined, context: OperatorContext) -> QuarantinedItem:
    """Add what the caller may do to a message in quarantine."""
    allowed = _decisions(context, damaged=one.damaged) if one.settlement is None else []
    return QuarantinedItem(**one.model_dump(), allowed_actions=allowed)


def _decisions(context: OperatorContext, *, damaged: bool) -> list[str]:
    if not context.may_act:
        return []
    return ["discard"] if damaged else ["replay", "discard"]


def _whole(items: list[Item]) -> Paged[Item]:
    return Paged(items=items, total=len(items), page=1)
