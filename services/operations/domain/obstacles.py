"""Catalogue of obstacles (what blocks a request): French and English text of each obstacle and cause."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from urllib.parse import quote

from pydantic import BaseModel

from services.operations.domain import reasons
from services.operations.domain.catalogue import Coded
from services.operations.domain.concerns import NO_RELAY_ENTRY
from services.operations.domain.concerns import What as Concerning
from services.operations.domain.services import service_word
from shared.french.dates import PARIS, duration_fr
from shared.french.numbers import plural_fr
from shared.french.words import event_word

_ACT: Final = "Voir et agir"
_RESEND: Final = ("#renvoyer", "Renvoyer les événements")


@dataclass(frozen=True, slots=True)
class Row:
    """What is so, the remedy, the entry of the runbook, and the page that shows more with the words of its link."""

    code: str
    french: str
    remedy: str
    english: str
    entry: str
    page: str = "/"
    link: str = "Voir la vue d’ensemble"


class Cause(Coded):
    """Each thing that may lie behind an obstacle, by its code in the API."""

    row: Row

    BROKER_AWAY = Row(
        "broker_away",
        "La messagerie (RabbitMQ) ne répond pas.",
        "Redémarrez RabbitMQ\u00a0: tout part de soi-même à son retour.",
        ": RabbitMQ does not answer. Start it again",
        Concerning.BROKER_AWAY.row.entry,
    )
    DATABASE_AWAY = Row(
        "database_away",
        "La base de ce service ne répond pas.",
        "Redémarrez PostgreSQL\u00a0: le service reprend de lui-même.",
        ". Start PostgreSQL again",
        Concerning.DATABASE_AWAY.row.entry,
    )
    DATABASE_REFUSES = Row(
        "database_refuses",
        "La base de ce service fonctionne, mais lui refuse l’accès.",
        "Rendez à son rôle la connexion et les droits qu’il avait\u00a0: le service reprend de lui-même.",
        ". PostgreSQL runs and refuses: give its role back what it had",
        Concerning.DATABASE_REFUSES.row.entry,
    )
    SERVICE_AWAY = Row(
        "service_away",
        "Ce service ne répond pas.",
        "Redémarrez-le\u00a0: il traitera ce qui l’attend, dans l’ordre.",
        ": the service does not answer. Start it again",
        Concerning.SERVICE_AWAY.row.entry,
    )
    SERVICE_NOT_READY = Row(
        "service_not_ready",
        "Ce service fonctionne, mais n’est pas prêt.",
        "Regardez ce qui lui manque dans la vue d’ensemble.",
        ": the service is not ready, see `cousu-main status`",
        Concerning.SERVICE_NOT_READY.row.entry,
    )
    NO_RELAY = Row(
        "no_relay",
        "Personne n’envoie les événements de ce service.",
        "Redémarrez-le. S’il tourne, une session oubliée tient le verrou à sa place\u00a0: voyez la conduite à tenir.",
        ": nobody is its relay. Start the service again",
        NO_RELAY_ENTRY,
    )
    NOT_TAKEN = Row(
        "not_taken",
        "La messagerie n’a pas accepté ces événements.",
        "Vérifiez la place sur le disque de RabbitMQ et les droits de l’utilisateur du service, puis son journal "
        "technique. L’envoi reprend de lui-même.",
        ": RabbitMQ does not take them. Look at its disk and at the rights of the service's user",
        Concerning.OUTBOX_LATE.row.entry,
    )
    NO_QUEUE = Row(
        "no_queue",
        "La file de ce service n’existe pas.",
        "Redémarrez-le\u00a0: il la crée, et redemande ce qui lui manque.",
        ": its queue is not there. Start the service again, it makes it",
        Concerning.NO_CONSUMER.row.entry,
    )
    NO_CONSUMER = Row(
        "no_consumer",
        "Personne n’écoute la file de ce service.",
        "Redémarrez-le.",
        ": nobody consumes its queue. Start the service again",
        Concerning.NO_CONSUMER.row.entry,
    )
    IN_QUEUE = Row(
        "in_queue",
        "Des messages attendent dans la file de ce service, qui les traite.",
        "Rien\u00a0: attendez qu’il ait rattrapé son retard.",
        ": they are in its queue and being consumed",
        Concerning.DEEP_QUEUE.row.entry,
    )
    DEAD = Row(
        "dead",
        "Des messages ont été présentés trop souvent à ce service\u00a0: ils sont parmi ses lettres mortes.",
        "Corrigez la cause, puis remettez-les en file.",
        ": its dead letters hold messages, `cousu-main dead list`",
        Concerning.DEAD.row.entry,
        "/files/{queue}.dead",
        "Voir les lettres mortes",
    )
    UNROUTED = Row(
        "unrouted",
        "Des messages n’ont trouvé aucune file où aller.",
        "Publiez-les à nouveau.",
        ": messages have no listener, `cousu-main unrouted list`",
        Concerning.UNROUTED.row.entry,
        "/files/unrouted",
        "Voir les messages sans destinataire",
    )
    LOST = Row(
        "lost",
        "Le message n’est plus dans la messagerie.",
        "Le service le redemande de lui-même, en quelques minutes. Pour ne pas attendre, renvoyez les événements.",
        ": no longer with RabbitMQ; asked for again by itself, or `cousu-main events resend`",
        Concerning.GAP.row.entry,
        *_RESEND,
    )


class What(StrEnum):
    """Each kind of obstacle, by its code in the API."""

    AWAY = "away"
    HELD = "held"
    UNREADABLE = "unreadable"
    UNSENT = "unsent"
    MISSING = "missing"
    WAITS = "waits"
    MAIL = "mail"


_ENGLISH: Final[Mapping[What, str]] = {
    What.AWAY: "{where} is away ({reason}): what it holds is not shown",
    What.HELD: "{where} holds {type} for {seconds:.0f} s, {attempts} tries, next {next}: {reason}. "
    "Mend the cause, then `cousu-main held retry {event_id} --service {where} --why …`",
    What.UNREADABLE: "{where} could not read {events} message(s) of it: {reason}. "
    "`cousu-main quarantine show {ref} --service {where}`",
    What.UNSENT: "{where} has not sent {type} and what follows ({events} events) for {seconds:.0f} s",
    What.MISSING: "{type} and what follows ({events} events) have not come to {where} for {seconds:.0f} s",
    What.WAITS: "{type} waits at {where} for the event before it, for {seconds:.0f} s: asked for again by itself",
    What.MAIL: "the mail about {type} did not reach anybody ({attempts} tries): {reason}. "
    "`cousu-main deliveries resend {ref} --why …`",
}


class Obstacle(BaseModel):
    """What keeps a request from going on in one service: `events` of them since `seconds`, and why.

    `type` and `event_id` are those of the first event, `ref` is what to act on: a message in quarantine, a mail.
    `reason` holds the raw words of a program, of PostgreSQL or of a mail server.
    """

    what: What
    where: str
    cause: Cause | None = None
    type: str | None = None
    event_id: str | None = None
    events: int = 0
    seconds: float = 0.0
    reason: str = ""
    attempts: int = 0
    next_attempt_at: datetime | None = None
    ref: str | None = None
    queue: str | None = None
    urgent: bool = True

    @property
    def english(self) -> str:
        """What is so and what to do, for the command line."""
        at = self.next_attempt_at.astimezone().isoformat(timespec="seconds") if self.next_attempt_at else ""
        sentence = _ENGLISH[self.what].format(**dict(self), next=at)
        return f"{sentence}{self.cause.row.english if self.cause else ''}"

    @property
    def french(self) -> "Advice":
        """What is so, what follows and what to do, for the page."""
        return _FRENCH[self.what](self)

    @property
    def place(self) -> str:
        """The French name of the service."""
        return service_word(self.where)


@dataclass(frozen=True, slots=True)
class Advice:
    """An obstacle as people read it: what is so, what follows, the remedy, where to act, the entry of the runbook."""

    sentence: str
    follows: str
    remedy: str
    page: str
    link: str
    entry: str


def _away(one: Obstacle) -> Advice:
    follows = "Ce service est arrêté. Ce qu’il sait de la demande n’est pas affiché ici\u00a0; rien n’est perdu."
    cause = one.cause or Cause.DATABASE_AWAY
    return _by(cause, one, cause.row.french, follows)


def _unsent(one: Obstacle) -> Advice:
    cause = one.cause or Cause.LOST
    sentence = f"{cause.row.french} {_events(one)} pas encore parti, depuis {duration_fr(one.seconds)}."
    follows = "Les autres services n’en savent rien. Rien n’est perdu\u00a0: tout est dans sa base."
    return _by(cause, one, sentence, follows)


def _missing(one: Obstacle) -> Advice:
    cause = one.cause or Cause.LOST
    sentence = f"{cause.row.french} {_events(one)} pas encore arrivé, depuis {duration_fr(one.seconds)}."
    follows = "Ce service ne connaît pas la suite de la demande. Rien n’est perdu\u00a0: tout est dans les journaux."
    return _by(cause, one, sentence, follows)


def _by(cause: Cause, one: Obstacle, sentence: str, follows: str) -> Advice:
    row = cause.row
    return Advice(sentence, follows, row.remedy, row.page.format(queue=one.queue), row.link, row.entry)


def _held(one: Obstacle) -> Advice:
    reason = reasons.of_held(one.reason, one.where)
    tried = plural_fr(one.attempts, "essai", "essais")
    behind = "Ce service ne connaît pas la suite de la demande."
    if one.events > 1:
        behind = f"{plural_fr(one.events - 1, 'événement attend', 'événements attendent')} derrière lui."
    again = "Il n’y aura plus d’essai automatique\u00a0: c’est à vous de décider."
    if one.next_attempt_at:
        again = f"Prochain essai automatique\u00a0: {moment(one.next_attempt_at)}."
    return Advice(
        f"L’événement {_name(one)} n’a pas pu être appliqué, depuis {duration_fr(one.seconds)} ({tried}). "
        + reason.means,
        f"{behind} Les autres demandes avancent. {again}",
        reason.remedy,
        f"/retenues/{one.where}?evenement={quote(one.event_id or '')}",
        _ACT,
        Concerning.HELD_GIVEN_UP.row.entry,
    )


def _unreadable(one: Obstacle) -> Advice:
    reason = reasons.of_unreadable(one.reason)
    follows = "Il ne retient pas la demande\u00a0: le véritable événement est arrivé entre-temps."
    if one.urgent:
        follows = "La suite de la demande attend que l’événement soit lu."
    several = "Un message de cette demande est en quarantaine"
    if one.events > 1:
        several = f"{one.events} messages de cette demande sont en quarantaine"
    return Advice(
        f"{several}, depuis {duration_fr(one.seconds)}. {reason.means}",
        follows,
        reason.remedy,
        f"/quarantaine/{one.where}/{one.ref}",
        _ACT,
        Concerning.QUARANTINE.row.entry,
    )


def _waits(one: Obstacle) -> Advice:
    return Advice(
        f"{_events(one)} en attente de celui qui doit le précéder, depuis {duration_fr(one.seconds)}.",
        "Ce service ne connaît pas la suite de la demande. Il redemande de lui-même ce qui lui manque.",
        "Rien avant cinq minutes. Pour ne pas attendre, renvoyez les événements.",
        *_RESEND,
        Concerning.GAP.row.entry,
    )


def _mail(one: Obstacle) -> Advice:
    tried = plural_fr(one.attempts, "essai", "essais")
    if one.urgent:
        sentence = f"Le courriel {_name(one)} n’est pas arrivé ({tried})."
        remedy, concern = "Corrigez l’adresse ou la cause, puis renvoyez-le.", Concerning.MAIL_FAILED
    else:
        again = f" Prochain essai\u00a0: {moment(one.next_attempt_at)}." if one.next_attempt_at else ""
        sentence = f"Le courriel {_name(one)} n’est pas parti, depuis {duration_fr(one.seconds)} ({tried}).{again}"
        remedy = "Vérifiez que le serveur de courriel répond\u00a0: il part de lui-même ensuite."
        concern = Concerning.MAIL_LATE
    follows = "La demande avance, mais quelqu’un n’a pas été prévenu."
    return Advice(sentence, follows, remedy, f"/courriels/{one.ref}", _ACT, concern.row.entry)


_FRENCH: Final[Mapping[What, Callable[[Obstacle], Advice]]] = {
    What.AWAY: _away,
    What.HELD: _held,
    What.UNREADABLE: _unreadable,
    What.UNSENT: _unsent,
    What.MISSING: _missing,
    What.WAITS: _waits,
    What.MAIL: _mail,
}


def moment(at: datetime) -> str:
    """Write a moment to the second: what is tried again is tried within seconds."""
    return f"{at.astimezone(PARIS):%d/%m à\u00a0%H:%M:%S}"


def _events(one: Obstacle) -> str:
    others = f" et {plural_fr(one.events - 1, 'autre', 'autres')}" if one.events > 1 else ""
    return f"L’événement {_name(one)}{others}\u00a0:"


def _name(one: Obstacle) -> str:
    return f"«\u00a0{event_word(one.type or '')}\u00a0»"
