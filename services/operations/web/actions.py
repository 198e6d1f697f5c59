"""Actions of the API: one row for each, with address, command, use case and answer."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from litestar.handlers import HTTPRouteHandler
from pydantic import AwareDatetime, BaseModel, Field

from services.operations.domain.queues import require_open
from services.operations.reads import held
from services.operations.reads.overdue import SENDS_MAILS
from services.operations.usecases import (
    close_gap,
    redeliver,
    resend_mails,
    settle_causes,
    settle_quarantine,
)
from services.operations.usecases import resend_events as resending
from services.operations.usecases import retry_held as retrying
from services.operations.usecases.redeliver import Replayed
from services.operations.usecases.resend_events import Choice, Resent
from services.operations.usecases.settle_causes import Decision, Settled, Settlement
from services.operations.web.api import (
    HeldItem,
    MailItem,
    QuarantinedItem,
    held_item,
    mail_item,
    quarantined_item,
)
from services.operations.web.context import OPERATORS, OperatorContext
from shared import db
from shared.commands import Command
from shared.db import Reader
from shared.messaging.inbox.held import Code
from shared.messaging.names import UNROUTED_QUEUE
from shared.web.actions import Action, Answer, Resource, api_routes


class Why(Command):
    """The motive of an action, kept with who did it."""

    why: str


class HeldEvent(Why):
    """Which held event the action is about, and the motive."""

    event_id: str


class RetryOrder(Why):
    """Which held streams to try again (all of the service when nothing is given), and the motive."""

    code: Code | None = None
    type: str | None = None
    source: str | None = None


class ExpectedStream(Why):
    """The stream of which nothing more is expected, and the motive."""

    source: str
    subject: str


class ResendOrder(Why):
    """Which events of a journal to publish again, to which queue (all who listen when not given), and the motive."""

    source: str
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    request: str | None = None
    first: int = Field(default=1, ge=1)
    queue: str | None = None


class Retried(BaseModel):
    """How many held streams are tried again."""

    service: str
    retried: int


class Closed(BaseModel):
    """How many parked events were put away with a stream of which nothing more is expected."""

    service: str
    parked: int


class Drained(BaseModel):
    """How many dead letters went back to their queue."""

    queue: str
    moved: int


async def retry_held(do: OperatorContext, service: str, command: HeldEvent) -> HeldItem:
    """Have the service try a held event again within a second."""
    watched = do.connections.service(service)
    await retrying.retry(watched, command.event_id, **do.order(command.why))
    return held_item(await held.show(watched.database, service, command.event_id), do)


async def retry_all_held(do: OperatorContext, service: str, command: RetryOrder) -> Retried:
    """Have the service try again all that it holds, or all of one code, type or source."""
    chosen: dict[str, Any] = {"code": command.code, "type_": command.type, "source": command.source}
    count = await retrying.retry_all(do.connections.service(service), **chosen, **do.order(command.why))
    return Retried(service=service, retried=count)


async def skip_held(do: OperatorContext, service: str, command: HeldEvent) -> HeldItem:
    """Give an event up in this service, for good, and let the service go on; answers what was held."""
    one = await retrying.skip(do.connections.service(service), command.event_id, **do.order(command.why))
    return HeldItem(**one.model_dump(), allowed_actions=[])


async def discard_waiting(do: OperatorContext, service: str, command: ExpectedStream) -> Closed:
    """Expect nothing more of a stream, for the missing event will never exist; what is parked of it is put away."""
    watched = do.connections.service(service)
    parked = await close_gap.discard(watched, source=command.source, subject=command.subject, **do.order(command.why))
    return Closed(service=service, parked=parked)


async def replay_quarantined(do: OperatorContext, service: str, message_id: UUID, command: Why) -> QuarantinedItem:
    """Have the service take a message again."""
    one = await settle_quarantine.replay(do.connections.service(service), message_id, **do.order(command.why))
    return quarantined_item(one, do)


async def discard_quarantined(do: OperatorContext, service: str, message_id: UUID, command: Why) -> QuarantinedItem:
    """Decide that a message is never applied; its bytes are kept."""
    one = await settle_quarantine.discard(do.connections.service(service), message_id, **do.order(command.why))
    return quarantined_item(one, do)


async def replay_cause(do: OperatorContext, service: str, key: str, command: Why) -> Settled:
    """Send all messages of one cause to the service again: at most 5000; `left` says what remains."""
    return await settle_all(do, service, key, "replayed", why=command.why)


async def discard_cause(do: OperatorContext, service: str, key: str, command: Why) -> Settled:
    """Put all messages of one cause away: at most 5000; `left` says what remains."""
    return await settle_all(do, service, key, "discarded", why=command.why)


async def settle_all(
    do: OperatorContext, service: str, key: str, settlement: Settlement, *, why: str, until: datetime | None = None
) -> Settled:
    """Decide about all messages of one cause that came until a moment, or until now."""
    watched = do.connections.service(service)
    decision = Decision(settlement, do.agent.email, why, until or await db.now(watched.database), do.perimeter)
    return await settle_causes.settle(watched, key, decision)


async def resend_delivery(do: OperatorContext, mail_id: UUID, command: Why) -> MailItem:
    """Have a mail tried again now, to the same address."""
    sender = do.connections.service(SENDS_MAILS)
    return mail_item(await resend_mails.resend(sender, mail_id, **do.order(command.why)), do)


async def drain_dead(do: OperatorContext, queue: str, command: Why) -> Drained:
    """Hand the dead letters of a queue to its service again."""
    require_open(queue, do.perimeter)
    moved = await redeliver.drain(do.connections, queue, by=do.agent.email, why=command.why)
    return Drained(queue=queue, moved=moved)


async def replay_unrouted(do: OperatorContext, command: Why) -> Replayed:
    """Have their publishers publish them again; `came_back` counts those that stay, because no journal has them."""
    require_open(UNROUTED_QUEUE, do.perimeter)
    return await redeliver.replay_unrouted(do.connections, by=do.agent.email, why=command.why)


async def resend_events(do: OperatorContext, command: ResendOrder) -> Resent:
    """Publish events of a journal again, at most 5000; what was applied stays applied once."""
    choice = Choice(**command.model_dump(exclude={"why"}))
    return await resending.resend(do.connections, choice, **do.order(command.why))


MESSAGE: Final = "/quarantine/{service:str}/{message_id:uuid}"
CAUSE: Final = "/quarantine/{service:str}/causes/{key:str}"

ACTIONS: Final = (
    ("/held/{service:str}", "retry", HeldEvent, retry_held, HeldItem),
    ("/held/{service:str}", "retry-all", RetryOrder, retry_all_held, Retried),
    ("/held/{service:str}", "skip", HeldEvent, skip_held, HeldItem),
    ("/waiting/{service:str}", "discard", ExpectedStream, discard_waiting, Closed),
    (MESSAGE, "replay", Why, replay_quarantined, QuarantinedItem),
    (MESSAGE, "discard", Why, discard_quarantined, QuarantinedItem),
    (CAUSE, "replay", Why, replay_cause, Settled),
    (CAUSE, "discard", Why, discard_cause, Settled),
    ("/deliveries/{mail_id:uuid}", "resend", Why, resend_delivery, MailItem),
    ("/dead/{queue:str}", "drain", Why, drain_dead, Drained),
    ("/unrouted", "replay", Why, replay_unrouted, Replayed),
    ("/events", "resend", ResendOrder, resend_events, Resent),
)
"""Where, what, with which command, by which use case, and the answer."""


async def _as_it_is(_: OperatorContext, __: Reader, result: Any, *___: object) -> Any:
    return result


def _route(address: str, action: Action) -> list[HTTPRouteHandler]:
    resource = Resource(address=address, page=address, view=None, read=_as_it_is, show=_as_it_is, guards=[OPERATORS])
    return api_routes(resource, [action])


routes: list[Any] = [
    route
    for address, name, command, use_case, view in ACTIONS
    for route in _route(address, Action(name, command, use_case, answer=Answer(view, _as_it_is)))
]
