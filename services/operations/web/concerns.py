"""What needs a hand now, in French: where, what is so, what follows, and what to do about it."""

from dataclasses import dataclass

from services.operations.reads.status import NO_RELAY, Concern, Status
from services.operations.web import help_pages
from services.operations.web.words import duration, service_word
from shared.french.numbers import plural_fr


@dataclass(frozen=True, slots=True)
class Told:
    """One concern as people read it, and where to look."""

    place: str
    sentence: str
    href: str | None
    urgent: bool
    help: str | None
    """Where the runbook says what it means and what to do."""


AWAY = frozenset({"broker_away", "database_away", "database_refuses", "service_away"})


def away(found: Status | None) -> list[str]:
    """Say what did not answer at the last look, for who cannot be shown more; nothing is said without a look."""
    away = [told(concern) for concern in found.concerns if concern.what in AWAY] if found else []
    return [f"{one.place}\u00a0: {one.sentence}" for one in away]


def told(concern: Concern) -> Told:
    """Say what is so, and what to do."""
    messages = plural_fr(concern.count, "message", "messages")
    events = plural_fr(concern.count, "événement", "événements")
    streams = plural_fr(concern.count, "demande", "demandes")
    since = duration(concern.seconds)
    relay = "Personne ne les envoie\u00a0: redémarrez le service." if concern.detail == NO_RELAY else ""
    many = ", dont plus de dix refusés dans l’heure\u00a0: vérifiez le serveur de courriel" if concern.urgent else ""
    sentence, href = {
        "broker_away": (
            (
                "La messagerie ne répond pas\u00a0: ce que les services ont à se dire attend chez eux, et partira à "
                "son retour. Redémarrez RabbitMQ."
            ),
            None,
        ),
        "database_away": (
            "La base ne répond pas\u00a0: ce service est arrêté, les autres continuent. Redémarrez PostgreSQL.",
            None,
        ),
        "database_refuses": (
            (
                f"La base fonctionne, mais refuse l’accès ({concern.detail})\u00a0: ce service est arrêté, les autres "
                "continuent. Rendez à son rôle la connexion et les droits qu’il avait."
            ),
            None,
        ),
        "database_stuck": (
            (
                "La base répond, mais ses dossiers sont bloqués\u00a0: une opération oubliée les verrouille, ou la "
                "machine est surchargée. Ce service n’avance plus, les autres continuent."
            ),
            None,
        ),
        "service_away": (
            "Le service ne répond pas\u00a0: ce qui lui est destiné attend, rien n’est perdu. Redémarrez-le.",
            None,
        ),
        "service_not_ready": (f"Le service n’est pas prêt ({concern.detail}).", None),
        "service_degraded": (f"Le service répond, mais ses envois sont gênés ({concern.detail}).", None),
        "no_consumer": (
            "Personne n’écoute sa file"
            + (f" ({messages} en attente)" if concern.count else "")
            + "\u00a0: ce qui lui est destiné attend. Redémarrez-le.",
            None,
        ),
        "deep_queue": (f"{messages} en attente ; le service les traite.", None),
        "outbox_late": (
            f"{events} à envoyer depuis {since}\u00a0: les autres services n’en savent rien. "
            + (relay or "Vérifiez que le service tourne, et que la messagerie accepte ses envois."),
            None,
        ),
        "unsendable": (
            (
                f"{events} mis de côté\u00a0: la messagerie les refuse. Les demandes concernées attendent chez les "
                "autres services\u00a0; tout le reste part."
            ),
            None,
        ),
        "behind": (
            f"{events} annoncés et pas encore appliqués, depuis {since}. Vérifiez que le service tourne.",
            "#retards",
        ),
        "mail_late": (
            f"Un courriel attend depuis {since}\u00a0: quelqu’un n’est pas prévenu. Vérifiez le serveur de courriel.",
            "/courriels",
        ),
        "mail_failed": (
            (
                f"{plural_fr(concern.count, 'courriel n’a pas pu partir', 'courriels n’ont pas pu partir')} "
                f"cette semaine{many}."
            ),
            "/courriels",
        ),
        "webhook_suspended": (
            (
                f"{plural_fr(concern.count, 'abonnement suspendu', 'abonnements suspendus')} après deux jours "
                f"d’échecs, depuis {since}\u00a0: le programme d’un partenaire n’est plus prévenu. Rien n’est perdu."
            ),
            None,
        ),
        "overdue": (
            (
                f"{plural_fr(concern.count, 'échéance dépassée', 'échéances dépassées')}\u00a0; "
                "les équipes sont prévenues."
            ),
            None,
        ),
        "held_given_up": (
            (
                f"{streams} en attente de votre décision\u00a0: un événement n’a pas pu être appliqué. "
                "Les autres demandes avancent."
            ),
            "/retenues",
        ),
        "forked": (
            (
                f"{streams} dont la source publie une autre histoire que celle qui est appliquée ici : "
                "sa base a sans doute été restaurée."
            ),
            "/retenues",
        ),
        "disputed": (
            f"{streams} de ce service dont d’autres ont appliqué des événements qui ne sont plus dans son journal.",
            None,
        ),
        "held": (
            f"{streams} en attente depuis {since}\u00a0: un événement échoue, et sera essayé de nouveau.",
            "/retenues",
        ),
        "gap": (f"{streams} en attente d’un événement qui n’arrive pas, depuis {since}.", "/retenues#attente"),
        "gap_young": (f"{streams} en attente d’un événement en retard de {since}.", None),
        "quarantine": (
            (
                f"{messages} {'illisibles' if concern.count > 1 else 'illisible'}\u00a0: la suite de la demande "
                "attend, sauf si le véritable événement est arrivé entre-temps."
            ),
            "/quarantaine",
        ),
        "quarantine_foreign": (
            (
                f"{messages} {'refusés' if concern.count > 1 else 'refusé'} à un formulaire extérieur, sans effet. "
                "Prévenez qui le tient, ou retirez son compte."
            ),
            "/quarantaine",
        ),
        "dead": (f"{messages} à remettre en file, après la correction de la cause.", f"/files/{concern.where}"),
        "unrouted": (f"{messages} sans destinataire\u00a0: aucune file ne les attendait.", f"/files/{concern.where}"),
    }[concern.what]
    place = "Messagerie" if concern.what == "broker_away" else service_word(concern.where)
    place = {"unrouted": "Messagerie"}.get(concern.where, place)
    what = "no_relay" if relay else concern.what
    return Told(place, sentence, href, concern.urgent, help_pages.anchor(what))
