"""Event handlers: a service's table from event class to handler, and the parsing of messages into events."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from shared.contracts import BY_TYPE
from shared.contracts.fact import ALSO, Fact
from shared.db import Transaction
from shared.messaging.authenticity import check_type
from shared.messaging.envelope import Envelope, Unreadable, read_data

Handler = Callable[[Transaction, Any], Awaitable[None]]
"""`async def open_case_on_request_submitted(tx, fact)`; `tx.cause` says which event is applied."""

Answer = Callable[[Transaction, Any, str], Awaitable[bool]]
"""`async def answer(tx, message, reason)`: answers the publisher; returns whether nothing else is to be done."""

SINGLE = "event:"
"""Prefix of the subject of an event outside streams, which is a stream of its own: `event:<id>`."""


def single(subject: str) -> UUID | None:
    """Return the event id in the subject of a stream of one; None for any other stream."""
    try:
        return UUID(subject.removeprefix(SINGLE)) if subject.startswith(SINGLE) else None
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class ConsumedEvent:
    """A parsed event: its data for the handler, its envelope and its place in its stream."""

    envelope: Envelope
    body: bytes
    fact: Any
    handler: Handler | None
    source: str
    subject: str
    sequence: int
    previous: bytes | None = None
    """Chain hash of its predecessor, where the event states it and its stream is followed."""
    repeated: Handler | None = None
    """Handler of a repetition of its id, perhaps with another body."""

    @property
    def alone(self) -> bool:
        """Whether it is a stream of one, without a chain."""
        return self.subject.startswith(SINGLE)

    @property
    def request(self) -> str:
        """The request that it is about, also where it is a stream of one."""
        return self.fact.subject if isinstance(self.fact, Fact) else self.subject

    @property
    def lock_order(self) -> tuple[bool, str, str]:
        """Its position in the order of locks of a transaction: known requests by id, then new ones by département."""
        new = isinstance(self.fact, Envelope)
        return new, (self.envelope.departement or "") if new else self.request, self.subject


class NewerThanThisService(Exception):
    """An event of a stream has a type or version that this service's contracts do not know."""


async def _wait_for_an_update(_: Transaction, envelope: Envelope) -> None:
    raise NewerThanThisService(envelope.type)


class EventHandlers:
    """The handlers of a service, by event class."""

    def __init__(
        self,
        on: Mapping[type[Fact], Handler],
        *,
        alone: Iterable[type[Fact]] = (),
        raw: Mapping[str, Handler] | None = None,
        repeated: Mapping[str, Handler] | None = None,
        answer: Answer | None = None,
    ) -> None:
        """Take the table.

        Args:
            on: event class → handler. An event without a handler still counts in its stream.
            alone: event classes of streams that this service does not follow (a transfer by another département):
                applied once, by their id, whatever their sequence.
            raw: wire type → handler of the envelope, for events of foreign forms, which have no sequence.
            repeated: wire type of `raw` → handler of a repetition of an applied id, whatever its body.
            answer: answers publishers whose messages cannot be parsed.
        """
        self.on = dict(on)
        self.raw = dict(raw or {})
        self.repeated = dict(repeated or {})
        self.answer = answer
        self._models = {fact.wire_type: fact for fact in on}
        self.alone = frozenset(fact.wire_type for fact in alone)

    def parse(self, body: bytes, check: Callable[[Envelope], None] = check_type) -> ConsumedEvent:
        """Parse a message and find its handler; raises `Unreadable` where it cannot be parsed or fails the check."""
        envelope = Envelope.read(body)
        for version in _versions(envelope):
            check(version)
        envelope = self._readable(envelope)
        if envelope.type in self.raw:
            event = _single(envelope, body, envelope, self.raw[envelope.type])
            return replace(event, repeated=self.repeated.get(envelope.type))
        if self._is_newer(envelope):
            return self._followed(envelope, body, envelope, _wait_for_an_update)
        if envelope.sequence is None:
            raise Unreadable(f"{envelope.type} without a sequence: it has no place in a stream")
        model = self._models.get(envelope.type)
        fact = read_data(model, envelope.data) if model else None
        handler = self.on[model] if model else None
        if envelope.subject is None or envelope.type in self.alone:
            return _single(envelope, body, fact, handler)
        return self._followed(envelope, body, fact, handler)

    def _readable(self, envelope: Envelope) -> Envelope:
        """Return the newest version of the event that is known here; the event itself where none is.

        All versions are the same event: one id, one place in its stream.
        """
        return next((version for version in _versions(envelope) if self._knows(version.type)), envelope)

    def _knows(self, wire_type: str) -> bool:
        return wire_type in BY_TYPE or wire_type in self._models

    def _is_newer(self, envelope: Envelope) -> bool:
        """Return whether an event of a service's stream has a type that is newer than our contracts.

        Events of foreign forms and events outside streams are not applied by an update.
        """
        ours = envelope.source.split("/")[1:2] != ["forms"]
        return envelope.sequence is not None and ours and not self._knows(envelope.type)

    def _followed(self, envelope: Envelope, body: bytes, fact: Any, handler: Handler | None) -> ConsumedEvent:
        """Return an event of a stream that is followed."""
        previous = bytes.fromhex(envelope.previoushash) if envelope.previoushash else None
        return ConsumedEvent(
            envelope, body, fact, handler, envelope.source, envelope.subject or "", envelope.sequence or 0, previous
        )

    def is_own(self, envelope: Envelope, service: str) -> bool:
        """Return whether the service published this event itself, and not another instance of it."""
        published_here = envelope.source.split("/")[1:2] == [service]
        return published_here and envelope.type not in self.alone and envelope.type not in self.raw


def _versions(envelope: Envelope) -> Iterator[Envelope]:
    """Yield an event as it came, then each older version that it carries, the newest first."""
    yield envelope
    data = envelope.data
    while isinstance(data, dict) and isinstance(data.get(ALSO), dict):
        older = data[ALSO]
        if not _is_version_of(older.get("type"), envelope.type):
            return
        data = older.get("data")
        yield envelope.model_copy(update={"type": older["type"], "data": data})


def _is_version_of(wire_type: object, other: str) -> bool:
    """Return whether two wire types are versions of one event."""
    return isinstance(wire_type, str) and wire_type.rpartition(".")[0] == other.rpartition(".")[0]


def _single(envelope: Envelope, body: bytes, fact: Any, handler: Handler | None) -> ConsumedEvent:
    """Return an event outside streams as a stream of one."""
    return ConsumedEvent(envelope, body, fact, handler, envelope.source, f"{SINGLE}{envelope.id}", 1)
