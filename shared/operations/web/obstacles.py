"""Why a request does not go on, in the words of who mends it: where, what, and the page to act on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote

from shared.operations.journals import Event, Trail
from shared.operations.web.words import counted, duration, service_word
from shared.words import event_word

ON_ITS_WAY: Final = 10.0
"""Seconds that an event may take to everybody before it is worth a word."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What keeps a request from going on: where, what, and where to mend it."""

    place: str
    sentence: str
    href: str
    link: str
    urgent: bool = True


def obstacles(trail: Trail, services: Sequence[str], at: datetime) -> list[Obstacle]:
    """Say what keeps a request from going on; of what one cause keeps from one service, the first event is named."""
    late = [event for event in trail.events if (at - event.recorded_at).total_seconds() >= ON_ITS_WAY]
    found = [_held(event, service) for event in trail.events for service in event.held_by]
    for service in services:
        found += _unsent([event for event in late if event.service == service and not event.sent], service, at)
        found += _missing([event for event in late if service in event.missing_at and event.sent], service, at)
        if not any(service in event.held_by for event in trail.events):
            found += _waiting([event for event in late if service in event.waits_at], service, at)
    return found


def _held(event: Event, service: str) -> Obstacle:
    return Obstacle(
        service_word(service),
        f"L’événement {_name(event)} n’a pas pu être appliqué\u00a0; la suite attend derrière lui.",
        f"/retenues/{service}?evenement={quote(event.id)}",
        "Voir la raison et agir",
    )


def _unsent(events: Sequence[Event], service: str, at: datetime) -> list[Obstacle]:
    if not events:
        return []
    sentence = (
        f"{_counted(events)} pas encore parti, depuis {_since(events, at)}. La messagerie ou ce service est arrêté."
    )
    return [Obstacle(service_word(service), sentence, "/", "Voir la vue d’ensemble")]


def _missing(events: Sequence[Event], service: str, at: datetime) -> list[Obstacle]:
    if not events:
        return []
    sentence = (
        f"{_counted(events)} pas encore arrivé, depuis {_since(events, at)}. Ce service est arrêté ou en "
        "retard, ou le message s’est perdu et sera redemandé."
    )
    return [Obstacle(service_word(service), sentence, "/", "Voir la vue d’ensemble")]


def _waiting(events: Sequence[Event], service: str, at: datetime) -> list[Obstacle]:
    if not events:
        return []
    sentence = f"{_counted(events)} en attente de celui qui doit le précéder, depuis {_since(events, at)}."
    return [Obstacle(service_word(service), sentence, "#renvoyer", "Renvoyer les événements", urgent=False)]


def _counted(events: Sequence[Event]) -> str:
    others = f" et {counted(len(events) - 1, 'autre', 'autres')}" if len(events) > 1 else ""
    return f"L’événement {_name(events[0])}{others}\u00a0:"


def _since(events: Sequence[Event], at: datetime) -> str:
    return duration((at - min(event.recorded_at for event in events)).total_seconds())


def _name(event: Event) -> str:
    return f"«\u00a0{event_word(event.type)}\u00a0»"
