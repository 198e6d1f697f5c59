"""Sequence diagram of a request's events: publishers, consumers, delays, and the point where it is blocked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from services.operations.domain.services import service_word
from services.operations.reads.journals import Event
from services.operations.web.words import between
from shared.french.dates import PARIS
from shared.french.words import event_word

TOP = 56
"""Height of the head with the services' names."""

ROW = 64
"""Height of one event: a line of words, and below it the arrows."""

How = Literal["applied", "held", "waits", "missing"]
HOW_WORD: dict[How, str] = {
    "applied": "appliqué par",
    "held": "retenu par",
    "waits": "attend son tour chez",
    "missing": "pas encore arrivé chez",
}


@dataclass(frozen=True, slots=True)
class Lane:
    """One service's line of life, at so many percent of the width."""

    service: str
    name: str
    at: float


@dataclass(frozen=True, slots=True)
class Arrow:
    """From the publisher to one listener; what was not applied there stops before."""

    service: str
    start: float
    end: float
    how: How


@dataclass(frozen=True, slots=True)
class Row:
    """One event: what, when, how long after the one before, and what became of it where."""

    top: int
    number: int
    label: str
    clock: str
    after: str
    publisher: Lane
    sent: bool
    arrows: tuple[Arrow, ...]
    states: tuple[tuple[str, str], ...]
    """The same in words: (what became of it, with whom)."""

    @property
    def stopped(self) -> bool:
        """Whether it holds its request somewhere."""
        return any(arrow.how == "held" for arrow in self.arrows)


@dataclass(frozen=True, slots=True)
class Diagram:
    """What the page draws."""

    lanes: tuple[Lane, ...]
    rows: tuple[Row, ...]
    height: int


def diagram(events: Sequence[Event], services: Sequence[str]) -> Diagram:
    """Lay out the events, given in order, between the services' lines of life."""
    width = 100 / max(1, len(services))
    lanes = {name: Lane(name, service_word(name), (place + 0.5) * width) for place, name in enumerate(services)}
    before = [None, *(one.recorded_at for one in events)]
    rows = tuple(
        _row(
            event,
            lanes,
            number=number,
            after="" if earlier is None else f"+\u00a0{between((event.recorded_at - earlier).total_seconds())}",
        )
        for number, (event, earlier) in enumerate(zip(events, before, strict=False), start=1)
    )
    return Diagram(tuple(lanes.values()), rows, TOP + ROW * len(rows) + ROW // 4)


def _row(event: Event, lanes: dict[str, Lane], *, number: int, after: str) -> Row:
    found: list[tuple[How, list[str]]] = [
        ("applied", event.applied_by),
        ("held", event.held_by),
        ("waits", event.waits_at),
        ("missing", event.missing_at),
    ]
    publisher = lanes[event.service]
    arrows = tuple(
        _arrow(publisher, lanes[name], how)
        for how, names in found
        for name in names
        if name in lanes and name != publisher.service
    )
    states = [(HOW_WORD[how], ", ".join(service_word(name) for name in names)) for how, names in found if names]
    if not event.sent:
        states.insert(0, ("pas encore envoyé par", publisher.name))
    return Row(
        top=TOP + ROW * (number - 1),
        number=number,
        label=event_word(event.type),
        clock=f"{event.recorded_at.astimezone(PARIS):%d/%m %H:%M:%S}",
        after=after,
        publisher=publisher,
        sent=event.sent,
        arrows=arrows,
        states=tuple(states),
    )


def _arrow(publisher: Lane, listener: Lane, how: How) -> Arrow:
    """Reach the listener, or stop on the way where the event did not get into its hands."""
    distance = listener.at - publisher.at
    reached = 1.0 if how in {"applied", "held"} else 0.6
    return Arrow(listener.service, publisher.at, round(publisher.at + distance * reached, 2), how)
