"""Operators' actions on messages and mails, one row each: the API, the command line and the pages are made from it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol, TypedDict
from uuid import UUID

from pydantic import BaseModel, Field

from services.operations.adapters.connections import Connections
from services.operations.domain.queues import require_open
from services.operations.reads.held import Held
from services.operations.reads.mails import Mail
from services.operations.reads.overdue import SENDS_MAILS
from services.operations.reads.quarantine import Quarantined
from services.operations.usecases import (
    close_gap,
    redeliver,
    resend_mails,
    retry_held,
    settle_causes,
    settle_quarantine,
)
from services.operations.usecases import resend_events as resending
from services.operations.usecases.redeliver import Replayed
from services.operations.usecases.resend_events import Choice, Resent
from services.operations.usecases.settle_causes import Decision, Settled, Settlement
from shared import db
from shared.commands import Command
from shared.messaging.inbox.held import Code
from shared.messaging.names import UNROUTED_QUEUE


class Operator(Protocol):
    """Who acts, in which départements (None: all), and the connections to the services."""

    @property
    def connections(self) -> Connections:
        """The databases and the broker."""

    @property
    def by(self) -> str:
        """The name that is recorded."""

    @property
    def perimeter(self) -> list[str] | None:
        """The départements that they see; None: all."""


class Why(Command):
    """The motive of an action, stored with who did it."""

    why: str = Field(description="The motive, stored with who did it")


class HeldEvent(Why):
    """Which held event the action is about, and the motive."""

    event_id: str = Field(description="The event that holds the stream, as `held list` shows it")


class RetryOrder(Why):
    """Which held streams to try again (all of the service when nothing is given), and the motive."""

    code: Code | None = Field(None, description="Only what is held for this reason")
    type: str | None = Field(None, description="Only events of this type")
    source: str | None = Field(None, description="Only streams of this source")


class ExpectedStream(Why):
    """The stream of which nothing more is expected, and the motive."""

    source: str = Field(description="The source of the stream, as `waiting list` shows it")
    subject: str = Field(description="The stream's request, as `waiting list` shows it")


class RefusedMails(Why):
    """Which refused mails are sent again: those that the server refused with the same words, and the motive."""

    words: str = Field(
        min_length=1, max_length=1000, description="The words of the server, as `deliveries list` shows them"
    )


class ResendOrder(Choice, Why):
    """Which events of a journal to publish again, to which queue (all who listen when not given), and the motive."""


class Retried(BaseModel):
    """How many held streams are tried again."""

    service: str
    retried: int


class Closed(BaseModel):
    """How many parked events were put away with a stream of which nothing more is expected."""

    service: str
    parked: int


class Drained(BaseModel):
    """How many dead letters their service takes again."""

    queue: str
    moved: int


class ResentMails(BaseModel):
    """How many mails are sent again."""

    resent: int


class Order(TypedDict):
    """What each action records: who acts, why, and the départements that they see."""

    by: str
    why: str
    perimeter: list[str] | None


def _order(do: Operator, why: str) -> Order:
    return {"by": do.by, "why": why, "perimeter": do.perimeter}


async def retry(do: Operator, service: str, command: HeldEvent) -> Held:
    """Have the service try a held event again within a second."""
    return await retry_held.retry(do.connections.service(service), command.event_id, **_order(do, command.why))


async def retry_all(do: Operator, service: str, command: RetryOrder) -> Retried:
    """Have the service try again all that it holds, or all of one code, type or source."""
    count = await retry_held.retry_all(
        do.connections.service(service),
        code=command.code,
        type_=command.type,
        source=command.source,
        **_order(do, command.why),
    )
    return Retried(service=service, retried=count)


async def skip(do: Operator, service: str, command: HeldEvent) -> Held:
    """Give an event up in this service, for good, and let the service go on; answers what was held."""
    return await retry_held.skip(do.connections.service(service), command.event_id, **_order(do, command.why))


async def discard_waiting(do: Operator, service: str, command: ExpectedStream) -> Closed:
    """Expect nothing more of a stream, for the missing event will never exist; what is parked of it is put away."""
    watched = do.connections.service(service)
    parked = await close_gap.discard(watched, source=command.source, subject=command.subject, **_order(do, command.why))
    return Closed(service=service, parked=parked)


async def replay_message(do: Operator, service: str, message_id: UUID, command: Why) -> Quarantined:
    """Have the service take a message again.

    What was applied stays applied once, and what was forged stays refused. Refused for a message that was damaged on
    its way: the service itself asks for the true event again.
    """
    return await settle_quarantine.replay(do.connections.service(service), message_id, **_order(do, command.why))


async def discard_message(do: Operator, service: str, message_id: UUID, command: Why) -> Quarantined:
    """Decide that a message is never applied; its bytes stay stored."""
    return await settle_quarantine.discard(do.connections.service(service), message_id, **_order(do, command.why))


async def replay_cause(do: Operator, service: str, key: str, command: Why) -> Settled:
    """Send all messages of one cause to the service again: at most 5000; `left` says what remains."""
    return await settle_all(do, service, key, "replayed", why=command.why)


async def discard_cause(do: Operator, service: str, key: str, command: Why) -> Settled:
    """Put all messages of one cause away: at most 5000; `left` says what remains."""
    return await settle_all(do, service, key, "discarded", why=command.why)


async def settle_all(
    do: Operator, service: str, key: str, settlement: Settlement, *, why: str, until: datetime | None = None
) -> Settled:
    """Decide about all messages of one cause that came until a moment, or until now."""
    watched = do.connections.service(service)
    decision = Decision(settlement, do.by, why, until or await db.now(watched.database), do.perimeter)
    return await settle_causes.settle(watched, key, decision)


async def resend_delivery(do: Operator, mail_id: UUID, command: Why) -> Mail:
    """Have a mail tried again now, to the same address."""
    return await resend_mails.resend(do.connections.service(SENDS_MAILS), mail_id, **_order(do, command.why))


async def resend_refused(do: Operator, command: RefusedMails) -> ResentMails:
    """Have all mails of the week tried again that a server refused with the same words: after its repair."""
    sender = do.connections.service(SENDS_MAILS)
    count = await resend_mails.resend_answered(sender, command.words, **_order(do, command.why))
    return ResentMails(resent=count)


async def drain_dead(do: Operator, queue: str, command: Why) -> Drained:
    """Have its service take the dead letters of a queue again."""
    require_open(queue, do.perimeter)
    moved = await redeliver.drain(do.connections, queue, by=do.by, why=command.why)
    return Drained(queue=queue, moved=moved)


async def replay_unrouted(do: Operator, command: Why) -> Replayed:
    """Have their publishers publish them again; `came_back` counts those that stay, because no journal has them."""
    require_open(UNROUTED_QUEUE, do.perimeter)
    return await redeliver.replay_unrouted(do.connections, by=do.by, why=command.why)


async def resend_events(do: Operator, command: ResendOrder) -> Resent:
    """Publish events of a journal again, at most 5000; what was applied stays applied once."""
    return await resending.resend(do.connections, command, **_order(do, command.why))


@dataclass(frozen=True, slots=True)
class OperatorAction:
    """One action: where the API and the command line have it, its command and its use case.

    The use case takes an `Operator`, the ids of the address and the command, and returns a model.
    """

    address: str
    """In the API, before the name; its first part is the group of the command line."""
    name: str
    command: type[Command]
    use_case: Callable[..., Awaitable[BaseModel]]
    prints: str | None = None
    """What the command line prints, with the members of the model; None where `cli/messages.py` does more."""
    arguments: tuple[str, ...] = ()
    """Members of the command that the command line takes as arguments; the others are options."""
    options: Mapping[str, str] = field(default_factory=dict)
    """Names of options that are not the members' own."""


MESSAGE: Final = "/quarantine/{service:str}/{message_id:uuid}"
CAUSE: Final = "/quarantine/{service:str}/causes/{key:str}"
ACTIONS: Final = (
    OperatorAction(
        "/held/{service:str}",
        "retry",
        HeldEvent,
        retry,
        "{service} tries {type} again within a second",
        arguments=("event_id",),
    ),
    OperatorAction(
        "/held/{service:str}", "retry-all", RetryOrder, retry_all, "{service} tries {retried} streams again"
    ),
    OperatorAction(
        "/held/{service:str}",
        "skip",
        HeldEvent,
        skip,
        "{service} goes on without {type}; {behind} events waited behind it",
        arguments=("event_id",),
    ),
    OperatorAction(
        "/waiting/{service:str}",
        "discard",
        ExpectedStream,
        discard_waiting,
        "{service} expects nothing more of it; {parked} parked events were put away",
        options={"subject": "--request"},
    ),
    OperatorAction(
        MESSAGE, "replay", Why, replay_message, "sent to {service} again; if it is still unreadable, it comes back"
    ),
    OperatorAction(MESSAGE, "discard", Why, discard_message, "discarded"),
    OperatorAction(CAUSE, "replay", Why, replay_cause),
    OperatorAction(CAUSE, "discard", Why, discard_cause),
    OperatorAction(
        "/deliveries/{mail_id:uuid}", "resend", Why, resend_delivery, "queued again; it leaves within seconds"
    ),
    OperatorAction(
        "/deliveries",
        "resend-refused",
        RefusedMails,
        resend_refused,
        "{resent} queued again; they leave within seconds",
        arguments=("words",),
    ),
    OperatorAction("/dead/{queue:str}", "drain", Why, drain_dead),
    OperatorAction("/unrouted", "replay", Why, replay_unrouted),
    OperatorAction("/events", "resend", ResendOrder, resend_events),
)
