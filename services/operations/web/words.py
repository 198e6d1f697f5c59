"""French words of the operators' page: services, figures, actions, durations."""

from dataclasses import dataclass

from services.operations.domain.concerns import What
from services.operations.domain.services import service_word
from services.operations.reads.held import Group
from services.operations.reads.status import QueueStatus, ServiceStatus, Status
from services.operations.reads.verification import Fault
from services.operations.reads.waiting import Gap
from shared.contracts.vocabulary import Team
from shared.french.dates import duration_fr
from shared.french.numbers import plural_fr
from shared.french.words import TEAM, event_word
from shared.messaging.inbox.held import Code

HELD = {
    Code.FAILED: "échec",
    Code.WAITS_FOR_ANOTHER: "attend un événement d’une autre suite",
    Code.NEWER: "plus récent que ce service",
    Code.FORKED: "histoire divergente",
}
SETTLEMENT = {"replayed": "renvoyé", "discarded": "écarté"}

_PRECISE = 10
"""Seconds below which tenths matter."""


COLUMNS = (
    "État",
    "À traiter",
    "À envoyer",
    "Retenues",
    "En attente",
    "Quarantaine",
    "Lettres mortes",
    "Courriels",
    "Échéances dépassées",
)
"""The columns of the table of services."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure: its tone (None: nothing to say) and where it leads."""

    text: str
    tone: str | None = None
    href: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One service in the table of the overview."""

    service: str
    name: str
    cells: tuple[tuple[str, Cell], ...]


@dataclass(frozen=True, slots=True)
class Wrong:
    """One fault of a journal as people read it."""

    place: str
    subject: str
    sentence: str


def fault(found: Fault) -> Wrong:
    """Describe a fault of a journal in French."""
    which = f"n°\u00a0{found.sequence}" + (f" à {found.until}" if found.until > found.sequence else "")
    sentence = {
        "tampered": f"L’événement {which} a été modifié après coup.",
        "relabelled": f"Ce qui étiquette l’événement {which} n’est pas ce que dit son texte.",
        "missing": f"Il manque\u00a0: événement {which}.",
        "forked": f"Le service {found.listener} a appliqué un événement {which} qui n’est pas dans ce journal.",
        "head": f"La tête de la suite n’est pas son dernier événement, {which}.",
    }[found.what]
    return Wrong(f"{service_word(found.service)} ({found.source})", found.subject, sentence)


def held_group(group: Group) -> str:
    """Name a group of held streams."""
    streams = plural_fr(group.streams, "demande", "demandes")
    return f"{service_word(group.service)} – {HELD[group.code]} – {event_word(group.type)} ({streams})"


def missing(gap: Gap) -> str:
    """Write which events a stream lacks."""
    return f"n°\u00a0{gap.missing}" + (f" à {gap.first - 1}" if gap.first > gap.missing + 1 else "")


def awaited_team(team: str) -> str:
    """Return the French name of who acts next, as others read it."""
    return "le demandeur" if team == Team.APPLICANT else TEAM.get(Team(team), team)


def between(seconds: float) -> str:
    """Write the time between two events: machines answer within milliseconds, people in days."""
    if seconds < 1:
        return f"{max(0.0, seconds) * 1000:.0f}\u00a0ms"
    return f"{seconds:.1f}\u00a0s".replace(".", ",") if seconds < _PRECISE else duration_fr(seconds)


def behind_lines(status: Status) -> list[tuple[str, str, int, str]]:
    """Return the rows of the table of lags: publisher, consumer, events, age."""
    oldest = sorted(status.behind, key=lambda one: -one.seconds)
    return [
        (service_word(one.told_by), service_word(one.service), one.events, duration_fr(one.seconds)) for one in oldest
    ]


def lines(status: Status) -> list[Line]:
    """Make the table of the services."""
    return [_line(one, status) for one in status.services]


def _line(one: ServiceStatus, status: Status) -> Line:
    queues = [queue for queue in status.queues if queue.service == one.name]
    return Line(
        one.name,
        service_word(one.name),
        (
            ("État", _answers(one)),
            ("À traiter", _waiting(queues, status)),
            *_figures(one),
            ("Lettres mortes", _dead(queues, status)),
            ("Courriels", _mails(one)),
            ("Échéances dépassées", Cell(str(one.deadlines.overdue) if one.deadlines else "—")),
        ),
    )


def _answers(one: ServiceStatus) -> Cell:
    if one.database_away is not None:
        return Cell("base fermée au service" if one.database_refuses else "base absente", "late")
    if one.stuck:
        return Cell("base bloquée", "late")
    if one.ready is None:
        return Cell("base présente", "done")
    if one.ready:
        return Cell("prêt", "done")
    return Cell("absent" if one.missing and one.missing[0].startswith("no answer") else "pas prêt", "late")


def _waiting(queues: list[QueueStatus], status: Status) -> Cell:
    own = [queue for queue in queues if queue.kind == "service"]
    if status.broker_away or not own:
        return Cell("—")
    ready = sum(queue.ready + (queue.unacknowledged or 0) for queue in own)
    oldest = max((one.seconds for one in status.behind if one.service == own[0].service), default=0.0)
    text = f"{ready} – {duration_fr(oldest)}" if ready and oldest else f"{ready}"
    if any(queue.consumers == 0 for queue in own):
        return Cell(f"{text} – personne n’écoute", "late")
    return Cell(text)


def _mails(one: ServiceStatus) -> Cell:
    if one.deliveries is None:
        return Cell("—")
    waits = f" – {duration_fr(one.deliveries.seconds)}" if one.deliveries.seconds else ""
    failed = f", {plural_fr(one.deliveries.failed, 'échec', 'échecs')}" if one.deliveries.failed else ""
    tone = "late" if one.deliveries.seconds > What.MAIL_LATE.row.after else None
    return Cell(f"{one.deliveries.queued}{waits}{failed}", tone, "/courriels" if waits or failed else None)


def _figures(one: ServiceStatus) -> tuple[tuple[str, Cell], ...]:
    figures = one.figures
    if figures is None:
        return tuple((name, Cell("—")) for name in ("À envoyer", "Retenues", "En attente", "Quarantaine"))
    urgent = {
        "held": "late"
        if figures.held_given_up or figures.held_seconds > What.HELD.row.after
        else "waiting"
        if figures.held > figures.held_in_order
        else None,
        "quarantine": "late" if figures.quarantine else None,
    }
    outbox = f"{figures.outbox} – {duration_fr(figures.outbox_seconds)}" if figures.outbox else "0"
    gaps = f"{figures.gaps} – {duration_fr(figures.gap_seconds)}" if figures.gaps else "0"
    return (
        ("À envoyer", Cell(outbox) if figures.relay else Cell(f"{outbox} – sans relais", "late")),
        ("Retenues", Cell(str(figures.held), urgent["held"], "/retenues" if figures.held else None)),
        ("En attente", Cell(gaps, href="/retenues#attente" if figures.gaps else None)),
        (
            "Quarantaine",
            Cell(str(figures.quarantine), urgent["quarantine"], "/quarantaine" if figures.quarantine else None),
        ),
    )


def _dead(queues: list[QueueStatus], status: Status) -> Cell:
    if status.broker_away:
        return Cell("—")
    dead = [queue for queue in queues if queue.kind == "dead"]
    count = sum(queue.ready for queue in dead)
    first = next((queue.name for queue in dead if queue.ready), None)
    return Cell(str(count), "late" if count else None, f"/files/{first}" if first else None)
