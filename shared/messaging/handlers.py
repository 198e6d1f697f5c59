"""The table that a service writes of what it hears: fact → handler, and which facts stand alone."""

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
"""`async def answer(tx, message, reason)`: answers who published it, and tells whether nothing else is to be done."""

SINGLE = "event:"
"""How the stream of a fact that stands alone is called: this and the fact's id."""


def single(subject: str) -> UUID | None:
    """Read the id of the fact that a stream of its own is called by; None for any other stream."""
    try:
        return UUID(subject.removeprefix(SINGLE)) if subject.startswith(SINGLE) else None
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class ConsumedEvent:
    """One event ready to be applied: the handler's fact, the envelope, and where it stands."""

    envelope: Envelope
    body: bytes
    fact: Any
    handler: Handler | None
    source: str
    subject: str
    sequence: int
    previous: bytes | None = None
    """The chain hash of its predecessor, where the event says it and is one of a stream that is followed."""
    repeated: Handler | None = None
    """What handles it where an event of its id was applied before; it may have another body."""

    @property
    def alone(self) -> bool:
        """Whether it is the only event of a stream of its own, which has no chain."""
        return self.subject.startswith(SINGLE)

    @property
    def request(self) -> str:
        """What its effect is about, also where the event is alone in a stream of its own."""
        return self.fact.subject if isinstance(self.fact, Fact) else self.subject

    @property
    def lock_order(self) -> tuple[bool, str, str]:
        """Where its effect stands in a transaction with others: known requests by id, then new ones by département."""
        new = isinstance(self.fact, Envelope)
        return new, (self.envelope.departement or "") if new else self.request, self.subject


class NewerThanThisService(Exception):
    """An event of a stream has a type, or a version of one, that this service's contracts do not know."""


async def _wait_for_an_update(_: Transaction, envelope: Envelope) -> None:
    raise NewerThanThisService(envelope.type)


class EventHandlers:
    """What a service does about what it hears."""

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
            on: fact → handler. What has no handler still counts in its stream.
            alone: facts of streams that this service does not follow (a transfer by another département): applied
                once, by their id, whatever their sequence.
            raw: wire type → handler that takes the envelope itself, for what strangers publish without sequence.
            repeated: wire type of `raw` → handler of what comes again under an id that was applied, with whatever body.
            answer: answers strangers whose messages are refused as unreadable.
        """
        self.on = dict(on)
        self.raw = dict(raw or {})
        self.repeated = dict(repeated or {})
        self.answer = answer
        self._models = {fact.wire_type: fact for fact in on}
        self.alone = frozenset(fact.wire_type for fact in alone)

    def parse(self, body: bytes, check: Callable[[Envelope], None] = check_type) -> ConsumedEvent:
        """Read a message and find its handler; refuse with `Unreadable` what cannot be read, or fails the check."""
        envelope = Envelope.read(body)
        for version in _versions(envelope):
            check(version)
        envelope = self._readable(envelope)
        if envelope.type in self.raw:
            heard = _single(envelope, body, envelope, self.raw[envelope.type])
            return replace(heard, repeated=self.repeated.get(envelope.type))
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
        """Give the event in the newest version that is known here; as it is where none is.

        All versions are the same event: one id, one place in its stream.
        """
        return next((version for version in _versions(envelope) if self._knows(version.type)), envelope)

    def _knows(self, wire_type: str) -> bool:
        return wire_type in BY_TYPE or wire_type in self._models

    def _is_newer(self, envelope: Envelope) -> bool:
        """Tell whether an event of one of our services' streams has a type that is published after our contracts.

        What strangers number, and what has no place in a stream, is nothing that an update would apply.
        """
        ours = envelope.source.split("/")[1:2] != ["forms"]
        return envelope.sequence is not None and ours and not self._knows(envelope.type)

    def _followed(self, envelope: Envelope, body: bytes, fact: Any, handler: Handler | None) -> ConsumedEvent:
        """Give an event of a stream that is followed."""
        previous = bytes.fromhex(envelope.previoushash) if envelope.previoushash else None
        return ConsumedEvent(
            envelope, body, fact, handler, envelope.source, envelope.subject or "", envelope.sequence or 0, previous
        )

    def is_own(self, envelope: Envelope, service: str) -> bool:
        """Tell whether a service told this itself, and does not hear it from another instance of its own."""
        told_here = envelope.source.split("/")[1:2] == [service]
        return told_here and envelope.type not in self.alone and envelope.type not in self.raw


def _versions(envelope: Envelope) -> Iterator[Envelope]:
    """Give an event as it came, then in each older version that it carries, the newest first."""
    yield envelope
    data = envelope.data
    while isinstance(data, dict) and isinstance(data.get(ALSO), dict):
        older = data[ALSO]
        if not _is_version_of(older.get("type"), envelope.type):
            return
        data = older.get("data")
        yield envelope.model_copy(update={"type": older["type"], "data": data})


def _is_version_of(wire_type: object, other: str) -> bool:
    """Tell whether two wire types are versions of one fact."""
    return isinstance(wire_type, str) and wire_type.rpartition(".")[0] == other.rpartition(".")[0]


def _single(envelope: Envelope, body: bytes, fact: Any, handler: Handler | None) -> ConsumedEvent:
    """Treat an event that stands alone as the only one of a stream of its own."""
    return ConsumedEvent(envelope, body, fact, handler, envelope.source, f"{SINGLE}{envelope.id}", 1)
