"""Why a request does not go on, in the words of who mends it: where, what, what follows, and what to press."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from services.operations.usecases.obstacles import Cause, Obstacle
from services.operations.web import help_pages, reasons
from services.operations.web.words import duration, moment, service_word
from shared.french.numbers import plural_fr
from shared.french.words import event_word


@dataclass(frozen=True, slots=True)
class ToldObstacle:
    """One obstacle as people read it; `detail` is what a program said, word for word."""

    place: str
    sentence: str
    follows: str
    do: str
    href: str
    link: str
    help: str
    detail: str = ""
    urgent: bool = True


@dataclass(frozen=True, slots=True)
class _Behind:
    """A cause: what is so, what to do, where to look, and the entry of the runbook."""

    is_so: str
    do: str
    href: str
    link: str
    help: str


_OVERVIEW: Final = ("/", "Voir la vue d’ensemble")
_CAUSES: Final[dict[Cause, _Behind]] = {
    "broker_away": _Behind(
        "La messagerie (RabbitMQ) ne répond pas.",
        "Redémarrez RabbitMQ\u00a0: tout part de soi-même à son retour.",
        *_OVERVIEW,
        "broker_away",
    ),
    "database_away": _Behind(
        "La base de ce service ne répond pas.",
        "Redémarrez PostgreSQL\u00a0: le service reprend de lui-même.",
        *_OVERVIEW,
        "database_away",
    ),
    "database_refuses": _Behind(
        "La base de ce service fonctionne, mais lui refuse l’accès.",
        "Rendez à son rôle la connexion et les droits qu’il avait\u00a0: le service reprend de lui-même.",
        *_OVERVIEW,
        "database_refuses",
    ),
    "service_away": _Behind(
        "Ce service ne répond pas.",
        "Redémarrez-le\u00a0: il traitera ce qui l’attend, dans l’ordre.",
        *_OVERVIEW,
        "service_away",
    ),
    "service_not_ready": _Behind(
        "Ce service fonctionne, mais n’est pas prêt.",
        "Regardez ce qui lui manque dans la vue d’ensemble.",
        *_OVERVIEW,
        "service_not_ready",
    ),
    "no_relay": _Behind(
        "Personne n’envoie les événements de ce service.",
        "Redémarrez-le. S’il tourne, une session oubliée tient le verrou à sa place\u00a0: voyez la conduite à tenir.",
        *_OVERVIEW,
        "no_relay",
    ),
    "not_taken": _Behind(
        "La messagerie n’a pas accepté ces événements.",
        "Vérifiez la place sur le disque de RabbitMQ et les droits de l’utilisateur du service, puis son journal "
        "technique. L’envoi reprend de lui-même.",
        *_OVERVIEW,
        "outbox_late",
    ),
    "no_queue": _Behind(
        "La file de ce service n’existe pas.",
        "Redémarrez-le\u00a0: il la crée, et redemande ce qui lui manque.",
        *_OVERVIEW,
        "no_consumer",
    ),
    "no_consumer": _Behind("Personne n’écoute la file de ce service.", "Redémarrez-le.", *_OVERVIEW, "no_consumer"),
    "in_queue": _Behind(
        "Des messages attendent dans la file de ce service, qui les traite.",
        "Rien\u00a0: attendez qu’il ait rattrapé son retard.",
        *_OVERVIEW,
        "deep_queue",
    ),
    "dead": _Behind(
        "Des messages ont été présentés trop souvent à ce service\u00a0: ils sont parmi ses lettres mortes.",
        "Corrigez la cause, puis remettez-les en file.",
        "/files/{queue}.dead",
        "Voir les lettres mortes",
        "dead",
    ),
    "unrouted": _Behind(
        "Des messages n’ont trouvé aucune file où aller.",
        "Publiez-les à nouveau.",
        "/files/unrouted",
        "Voir les messages sans destinataire",
        "unrouted",
    ),
    "lost": _Behind(
        "Le message n’est plus dans la messagerie.",
        "Le service le redemande de lui-même, en quelques minutes. Pour ne pas attendre, renvoyez les événements.",
        "#renvoyer",
        "Renvoyer les événements",
        "gap",
    ),
}


def told(one: Obstacle) -> ToldObstacle:
    """Say one obstacle."""
    return {
        "away": _away,
        "held": _held,
        "unreadable": _unreadable,
        "unsent": _stands,
        "missing": _stands,
        "waits": _waits,
        "mail": _mail,
    }[one.what](one)


def _away(one: Obstacle) -> ToldObstacle:
    behind = _CAUSES[one.cause or "database_away"]
    return ToldObstacle(
        service_word(one.where),
        behind.is_so,
        "Ce service est arrêté. Ce qu’il sait de la demande n’est pas affiché ici\u00a0; rien n’est perdu.",
        behind.do,
        _where(behind, one),
        behind.link,
        help_pages.anchor(behind.help),
        one.reason,
    )


def _held(one: Obstacle) -> ToldObstacle:
    reason = reasons.of_held(one.reason, one.where)
    tried = plural_fr(one.attempts, "essai", "essais")
    again = (
        f"Prochain essai automatique\u00a0: {moment(one.next_attempt_at)}."
        if one.next_attempt_at
        else "Il n’y aura plus d’essai automatique\u00a0: c’est à vous de décider."
    )
    return ToldObstacle(
        service_word(one.where),
        f"L’événement {_name(one)} n’a pas pu être appliqué, depuis {duration(one.seconds)} ({tried}). {reason.means}",
        f"{_behind_it(one)} Les autres demandes avancent. {again}",
        reason.do,
        f"/retenues/{one.where}?evenement={quote(one.event_id or '')}",
        "Voir et agir",
        help_pages.anchor("held_given_up"),
        one.reason,
    )


def _behind_it(one: Obstacle) -> str:
    others = one.events - 1
    if not others:
        return "Ce service ne connaît pas la suite de la demande."
    return f"{plural_fr(others, 'événement attend', 'événements attendent')} derrière lui."


def _unreadable(one: Obstacle) -> ToldObstacle:
    reason = reasons.of_unreadable(one.reason)
    follows = (
        "La suite de la demande attend que l’événement soit lu."
        if one.urgent
        else "Il ne retient pas la demande\u00a0: le véritable événement est arrivé entre-temps."
    )
    several = "Un message de cette demande est en quarantaine"
    if one.events > 1:
        several = f"{one.events} messages de cette demande sont en quarantaine"
    return ToldObstacle(
        service_word(one.where),
        f"{several}, depuis {duration(one.seconds)}. {reason.means}",
        follows,
        reason.do,
        f"/quarantaine/{one.where}/{one.ref}",
        "Voir et agir",
        help_pages.anchor("quarantine"),
        one.reason,
        one.urgent,
    )


def _stands(one: Obstacle) -> ToldObstacle:
    behind = _CAUSES[one.cause or "lost"]
    what = "pas encore parti" if one.what == "unsent" else "pas encore arrivé"
    follows = (
        "Les autres services n’en savent rien. Rien n’est perdu\u00a0: tout est dans sa base."
        if one.what == "unsent"
        else "Ce service ne connaît pas la suite de la demande. Rien n’est perdu\u00a0: tout est dans les journaux."
    )
    return ToldObstacle(
        service_word(one.where),
        f"{behind.is_so} {_plural_fr(one)} {what}, depuis {duration(one.seconds)}.",
        follows,
        behind.do,
        _where(behind, one),
        behind.link,
        help_pages.anchor(behind.help),
        urgent=one.urgent,
    )


def _where(behind: _Behind, one: Obstacle) -> str:
    return behind.href.format(queue=one.queue)


def _waits(one: Obstacle) -> ToldObstacle:
    return ToldObstacle(
        service_word(one.where),
        f"{_plural_fr(one)} en attente de celui qui doit le précéder, depuis {duration(one.seconds)}.",
        "Ce service ne connaît pas la suite de la demande. Il redemande de lui-même ce qui lui manque.",
        "Rien avant cinq minutes. Pour ne pas attendre, renvoyez les événements.",
        "#renvoyer",
        "Renvoyer les événements",
        help_pages.anchor("gap"),
        urgent=False,
    )


def _mail(one: Obstacle) -> ToldObstacle:
    name = f"Le courriel «\u00a0{event_word(one.type or '')}\u00a0»"
    tried = plural_fr(one.attempts, "essai", "essais")
    if one.urgent:
        sentence = f"{name} n’est pas arrivé ({tried})."
        do = "Corrigez l’adresse ou la cause, puis renvoyez-le."
    else:
        again = f" Prochain essai\u00a0: {moment(one.next_attempt_at)}." if one.next_attempt_at else ""
        sentence = f"{name} n’est pas parti, depuis {duration(one.seconds)} ({tried}).{again}"
        do = "Vérifiez que le serveur de courriel répond\u00a0: il part de lui-même ensuite."
    return ToldObstacle(
        service_word(one.where),
        sentence,
        "La demande avance, mais quelqu’un n’a pas été prévenu.",
        do,
        f"/courriels/{one.ref}",
        "Voir et agir",
        help_pages.anchor("mail_failed" if one.urgent else "mail_late"),
        one.reason,
        one.urgent,
    )


def _plural_fr(one: Obstacle) -> str:
    others = f" et {plural_fr(one.events - 1, 'autre', 'autres')}" if one.events > 1 else ""
    return f"L’événement {_name(one)}{others}\u00a0:"


def _name(one: Obstacle) -> str:
    return f"«\u00a0{event_word(one.type or '')}\u00a0»"
