"""Catalogue of concerns (alerts of the status): code, threshold, texts with the remedy, runbook entry, page.

The operators' page, their API, the command line and the gauge `cousu_concerns` are made from it; tests compare it with
the alerts and with `docs/runbook.md`.
"""

from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel

from services.operations.domain.catalogue import Coded
from services.operations.domain.services import service_word
from services.operations.domain.texts import Count, Seconds
from shared.messaging.names import OUTBOX_OLD, UNROUTED_QUEUE

NO_RELAY: Final = "no relay"
"""The detail of an outbox that no relay empties."""


@dataclass(frozen=True, slots=True)
class Row:
    """What the catalogue says of a concern; texts have the placeholders `count`, `seconds`, `where`, `detail`.

    `entry` is the title in the runbook, `page` where the page shows more, `after` the seconds from which on it is shown
    (or urgent, where it is shown before).
    """

    code: str
    entry: str
    french: str
    english: str
    page: str = ""
    after: float = 0.0


class What(Coded):
    """Each thing that may be so, by its code in the API and in the metrics."""

    row: Row

    BROKER_AWAY = Row(
        "broker_away",
        "CousuMessagerieAbsente",
        "La messagerie ne répond pas\u00a0: ce que les services ont à se dire attend chez eux, et partira à son "
        "retour. Redémarrez RabbitMQ.",
        "RabbitMQ does not answer: events wait in the outboxes, nothing is lost. Start it again",
    )
    DATABASE_AWAY = Row(
        "database_away",
        "CousuBaseAbsente",
        "La base ne répond pas\u00a0: ce service est arrêté, les autres continuent. Redémarrez PostgreSQL.",
        "The database does not answer ({detail}). Start it again",
    )
    DATABASE_REFUSES = Row(
        "database_refuses",
        "CousuBaseRefuse",
        "La base fonctionne, mais refuse l’accès ({detail})\u00a0: ce service est arrêté, les autres continuent. "
        "Rendez à son rôle la connexion et les droits qu’il avait.",
        "The database runs and refuses ({detail}): give its role back what it had",
    )
    DATABASE_STUCK = Row(
        "database_stuck",
        "CousuLenteur",
        "La base répond, mais ses dossiers sont bloqués\u00a0: une opération oubliée les verrouille, ou la machine est "
        "surchargée. Ce service n’avance plus, les autres continuent.",
        "The database answers, but its cases are locked: see who holds them (runbook, CousuLenteur)",
    )
    SERVICE_AWAY = Row(
        "service_away",
        "CousuServiceAbsent",
        "Le service ne répond pas\u00a0: ce qui lui est destiné attend, rien n’est perdu. Redémarrez-le.",
        "The service does not answer ({detail}). Start it again",
    )
    SERVICE_NOT_READY = Row(
        "service_not_ready",
        "CousuServicePasPret",
        "Le service n’est pas prêt ({detail}).",
        "The service is not ready ({detail})",
    )
    SERVICE_DEGRADED = Row(
        "service_degraded",
        "CousuServicePasPret",
        "Le service répond, mais ses envois sont gênés ({detail}).",
        "The service works, and does not publish as it should ({detail})",
    )
    NO_CONSUMER = Row(
        "no_consumer",
        "CousuFileSansEcoute",
        "Personne n’écoute sa file{count:| (#\u00a0message en attente)| (#\u00a0messages en attente)}\u00a0: ce qui "
        "lui est destiné attend. Redémarrez-le.",
        "Nobody consumes this queue ({count} messages wait). Start the service",
    )
    DEEP_QUEUE = Row(
        "deep_queue",
        "CousuFileProfonde",
        "{count:message|messages} en attente ; le service les traite.",
        "{count} messages wait; they are being consumed",
    )
    OUTBOX_LATE = Row(
        "outbox_late",
        "CousuEnvoiEnRetard",
        "{count:événement|événements} à envoyer depuis {seconds:fr}\u00a0: les autres services n’en savent rien. "
        "{no_relay:Vérifiez que le service tourne, et que la messagerie accepte ses envois.|"
        "Personne ne les envoie\u00a0: redémarrez le service.|}",
        "{count} events are not with the broker, the oldest for {seconds:.0f} s {detail}",
        after=OUTBOX_OLD,
    )
    UNSENDABLE = Row(
        "unsendable",
        "CousuEnvoiRefuse",
        "{count:événement|événements} mis de côté\u00a0: la messagerie les refuse. Les demandes concernées attendent "
        "chez les autres services\u00a0; tout le reste part.",
        "{count} events are refused by RabbitMQ and were set aside: `cousu-main unsendable list`",
    )
    BEHIND = Row(
        "behind",
        "CousuRetardEntreServices",
        "{count:événement|événements} annoncés et pas encore appliqués, depuis {seconds:fr}. "
        "Vérifiez que le service tourne.",
        "{count} events were published and are not applied, the oldest for {seconds:.0f} s",
        "#retards",
        300.0,
    )
    HELD_GIVEN_UP = Row(
        "held_given_up",
        "CousuDemandeRetenue",
        "{count:demande|demandes} en attente de votre décision\u00a0: un événement n’a pas pu être appliqué. "
        "Les autres demandes avancent.",
        "{count} streams are held and tried no more: `cousu-main held list`",
        "/retenues",
    )
    FORKED = Row(
        "forked",
        "CousuHistoireDivergente",
        "{count:demande|demandes} dont la source publie une autre histoire que celle qui est appliquée ici : "
        "sa base a sans doute été restaurée.",
        "{count} streams: what was applied here is not what the source {detail} has (restored from a backup?): "
        "runbook, CousuHistoireDivergente",
        "/retenues",
    )
    DISPUTED = Row(
        "disputed",
        "CousuHistoireDivergente",
        "{count:demande|demandes} de ce service dont d’autres ont appliqué des événements qui ne sont plus dans son "
        "journal.",
        "{count} streams of this service: listeners applied events that its journal does not have: "
        "runbook, CousuHistoireDivergente",
    )
    HELD = Row(
        "held",
        "CousuDemandeRetenue",
        "{count:demande|demandes} en attente depuis {seconds:fr}\u00a0: un événement échoue, et sera essayé de "
        "nouveau.",
        "{count} streams are held, for {seconds:.0f} s, and tried again by themselves: `cousu-main held list`",
        "/retenues",
        300.0,
    )
    GAP = Row(
        "gap",
        "CousuEvenementNonApplique",
        "{count:demande|demandes} en attente d’un événement qui n’arrive pas, depuis {seconds:fr}.",
        "{count} streams wait for an event that does not come, for {seconds:.0f} s: `cousu-main waiting list`",
        "/retenues#attente",
        300.0,
    )
    GAP_YOUNG = Row(
        "gap_young",
        "CousuEvenementNonApplique",
        "{count:demande|demandes} en attente d’un événement en retard de {seconds:fr}.",
        "{count} streams wait for an event that is late by {seconds:.0f} s",
    )
    QUARANTINE = Row(
        "quarantine",
        "CousuQuarantaine",
        "{count:message illisible|messages illisibles}\u00a0: la suite de la demande attend, sauf si le véritable "
        "événement est arrivé entre-temps.",
        "{count} messages could not be read: `cousu-main quarantine list`",
        "/quarantaine",
    )
    QUARANTINE_FOREIGN = Row(
        "quarantine_foreign",
        "FormulaireRefuse",
        "{count:message refusé|messages refusés} à un formulaire extérieur, sans effet. "
        "Prévenez qui le tient, ou retirez son compte.",
        "{count} messages of forms of others were refused and had no effect: `cousu-main quarantine list`, "
        "`cousu-main form list`",
        "/quarantaine",
    )
    DEAD = Row(
        "dead",
        "CousuLettresMortes",
        "{count:message|messages} à remettre en file, après la correction de la cause.",
        "{count} messages were delivered too often: `cousu-main dead list`",
        "/files/{where}",
    )
    UNROUTED = Row(
        "unrouted",
        "CousuSansDestinataire",
        "{count:message|messages} sans destinataire\u00a0: aucune file ne les attendait.",
        "{count} messages have no listener: `cousu-main unrouted list`",
        "/files/{where}",
    )
    MAIL_LATE = Row(
        "mail_late",
        "CousuCourrielEnRetard",
        "Un courriel attend depuis {seconds:fr}\u00a0: quelqu’un n’est pas prévenu. Vérifiez le serveur de courriel.",
        "{count} mails wait, the first for {seconds:.0f} s: `cousu-main deliveries list`",
        "/courriels",
        900.0,
    )
    MAIL_FAILED = Row(
        "mail_failed",
        "CousuCourrielsRefuses",
        "{count:courriel n’a pas pu partir|courriels n’ont pas pu partir} cette semaine"
        "{urgent:|, dont plus de dix refusés dans l’heure\u00a0: vérifiez le serveur de courriel|}.",
        "{count} mails of this week could not be delivered: `cousu-main deliveries list`",
        "/courriels",
    )
    WEBHOOK_SUSPENDED = Row(
        "webhook_suspended",
        "CousuAbonnementSuspendu",
        "{count:abonnement suspendu|abonnements suspendus} après deux jours d’échecs, depuis {seconds:fr}\u00a0: le "
        "programme d’un partenaire n’est plus prévenu. Rien n’est perdu.",
        "{count} partners' subscriptions were suspended after failures, {seconds:.0f} s ago",
    )
    OVERDUE = Row(
        "overdue",
        "EcheancesDepassees",
        "{count:échéance dépassée|échéances dépassées}\u00a0; les équipes sont prévenues.",
        "{count} dates in the cases have passed; the teams were informed",
    )


AWAY: Final = frozenset({What.BROKER_AWAY, What.DATABASE_AWAY, What.DATABASE_REFUSES, What.SERVICE_AWAY})
"""What is shown also to who cannot sign in because of it."""

NO_RELAY_ENTRY: Final = "CousuSansRelais"


class Concern(BaseModel):
    """Something that is so at a place: `urgent` needs a hand now, the rest is under way or only worth a look."""

    what: What
    where: str
    count: int = 0
    seconds: float = 0.0
    detail: str = ""
    urgent: bool = True

    @property
    def entry(self) -> str:
        """The entry of the runbook that says what to do."""
        return NO_RELAY_ENTRY if self.detail == NO_RELAY else self.what.row.entry

    @property
    def place(self) -> str:
        """The French name of where it is."""
        of_the_broker = self.what is What.BROKER_AWAY or self.where == UNROUTED_QUEUE
        return "Messagerie" if of_the_broker else service_word(self.where)

    @property
    def page(self) -> str:
        """Where the operators' page shows more; empty where it has no more."""
        return self.what.row.page.format(where=self.where)

    @property
    def french(self) -> str:
        """What is so, what follows and what to do, for the page."""
        return self._filled(self.what.row.french)

    @property
    def english(self) -> str:
        """The same for the command line."""
        return self._filled(self.what.row.english)

    def _filled(self, text: str) -> str:
        return text.format(
            count=Count(self.count),
            seconds=Seconds(self.seconds),
            where=self.where,
            detail=self.detail,
            urgent=Count(self.urgent),
            no_relay=Count(self.detail == NO_RELAY),
        )
