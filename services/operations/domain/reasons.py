"""French explanation and remedy of each reason why an event is held or a message quarantined."""

import re
from dataclasses import dataclass
from typing import Final

from shared.french.numbers import plural_fr


@dataclass(frozen=True, slots=True)
class Reason:
    """What the raw words mean, and what mends it."""

    means: str
    remedy: str


_CORRECT_THEN_RETRY = "puis faites un nouvel essai."
_KNOWN: Final[tuple[tuple[str, Reason], ...]] = (
    (
        r"^ended its consumer",
        Reason(
            "Cet événement a fait tomber le service dix fois. Il n’est plus essayé tout seul.",
            "Transmettez-le à l’équipe de développement. Après la correction, faites un nouvel essai\u00a0: il n’est "
            "fait qu’une fois.",
        ),
    ),
    (
        r"^applied \d+ \(",
        Reason(
            "La source publie une autre histoire que celle qui est appliquée ici : sa base a sans doute été restaurée.",
            "Voyez d’abord la source. Un nouvel essai compare encore une fois et interroge la source ; laisser de côté "
            "suit l’histoire de la source après cet événement.",
        ),
    ),
    (
        r"^NewerThanThisService",
        Reason(
            "Cet événement vient d’une version plus récente que celle de ce service.",
            "Mettez le service à jour : l’événement est appliqué dès le démarrage de la nouvelle version.",
        ),
    ),
    (
        r"^not tried yet",
        Reason("L’événement qui le précédait a été laissé de côté. C’est son tour.", "Attendez quelques secondes."),
    ),
    (
        r"NotKnownYet|\bnot_known_yet\b|NotYet",
        Reason(
            "Cet événement en suppose un autre, que le service n’a pas encore reçu.",
            "Rien dans l’immédiat\u00a0: il est essayé de nouveau tout seul. Après cinq minutes, regardez "
            "dans le parcours de la demande quel événement manque.",
        ),
    ),
    (
        r"^InsufficientPrivilege",
        Reason(
            "La base refuse cette opération au service\u00a0: son rôle n’a pas les droits nécessaires.",
            "Rendez ces droits à son rôle («\u00a0cousu-main migrate --service …\u00a0» redonne les droits habituels), "
            + _CORRECT_THEN_RETRY,
        ),
    ),
    (
        r"^Undefined(Table|Column|Function)",
        Reason(
            "Il manque à la base une table ou une colonne que ce programme attend\u00a0: elle n’est pas à jour.",
            "Lancez «\u00a0cousu-main migrate --service …\u00a0», " + _CORRECT_THEN_RETRY,
        ),
    ),
    (
        r"^(DiskFull|OutOfMemory|TooManyConnections|InsufficientResources)",
        Reason("La base manque de place ou de connexions.", "Donnez-lui de la place, " + _CORRECT_THEN_RETRY),
    ),
    (
        r"^(UniqueViolation|ForeignKeyViolation|CheckViolation|NotNullViolation|IntegrityConstraint)",
        Reason(
            "Ce que dit l’événement contredit ce que la base du service contient déjà.",
            "Quelqu’un a-t-il modifié la base à la main\u00a0? Réparez-la, "
            + _CORRECT_THEN_RETRY
            + " Sinon, transmettez "
            "l’événement à l’équipe de développement.",
        ),
    ),
    (
        r"^(IllegalMove|AlreadyDone|Conflict)",
        Reason(
            "Ce que dit l’événement n’est pas possible dans l’état où le service voit la demande.",
            "Comparez, dans le parcours de la demande, ce que les services ont annoncé. Transmettez à l’équipe de "
            "développement.",
        ),
    ),
)
_UNREADABLE: Final[tuple[tuple[str, str], ...]] = (
    (r"Invalid JSON", "Ce n’est pas un message de nos services\u00a0: son contenu n’est pas du JSON."),
    (r"^PostgreSQL cannot hold it", "La base ne peut pas enregistrer ce que dit le message."),
    (r"without a sequence|a sequence without a subject", "Le message ne dit pas sa place dans la suite de sa demande."),
    (r"previoushash", "Le message ne dit pas correctement quel événement le précède."),
    (r"^data\b", "Ce que dit l’événement n’a pas la forme que son type promet."),
    (
        r"^(specversion|id|source|type|subject|time|sequence|departement|correlationid|traceparent): ",
        "L’enveloppe du message n’est pas celle de nos services.",
    ),
)
_UNKNOWN: Final = Reason(
    "Le programme du service a échoué sur cet événement.",
    "Transmettez la raison et l’identifiant à l’équipe de développement. Après la correction, faites un nouvel essai.",
)


def of_held(reason: str, service: str) -> Reason:
    """Explain why an event holds its request in a service."""
    known = next((known for pattern, known in _KNOWN if re.search(pattern, reason)), _UNKNOWN)
    return Reason(known.means, known.remedy.replace("--service …", f"--service {service}"))


_FORGED: Final = {
    "forged_source": "Le compte qui a publié ce message n’a pas le droit de parler au nom de cette source.",
    "forged_type": "Le message prétend venir d’un service qui n’annonce jamais cela.",
    "forged_routing_key": "Le message est arrivé sous l’adresse d’un autre événement ou d’un autre département.",
    "forged_subject": "Le contenu du message porte sur une autre demande que celle qu’il annonce.",
    "forged_departement": "La source, l’enveloppe et le contenu du message nomment des départements différents.",
}


_FATAL: Final = ("ended its consumer", "delivered too often")


def of_unreadable(reason: str, *, damaged: bool = False) -> Reason:
    """Explain why a message could not be read."""
    if damaged or "damaged" in reason:
        return Reason(
            "Le message a été abîmé en route\u00a0: ce n’est plus celui qui a été envoyé.",
            "Écartez-le. Le véritable événement est redemandé automatiquement à son service.",
        )
    if reason in _FORGED:
        return Reason(
            _FORGED[reason],
            "Ne le renvoyez pas\u00a0: il serait refusé de nouveau. «\u00a0Compte de la messagerie\u00a0» dit qui l’a "
            "publié\u00a0: changez son mot de passe, puis écartez le message.",
        )
    if reason.startswith(_FATAL):
        return Reason(
            "Ce message a fait tomber le service qui le lit, à chaque essai.",
            "Transmettez-le à l’équipe de développement. Après la correction, renvoyez-le ; s’il ne veut rien dire, "
            "écartez-le.",
        )
    means = next((means for pattern, means in _UNREADABLE if re.search(pattern, reason)), None)
    fields = len(reason.split(";"))
    return Reason(
        means or f"Le message n’a pas la forme attendue ({plural_fr(fields, 'point', 'points')} à corriger).",
        "S’il vient d’un de nos services, la version de ce service-ci est trop ancienne\u00a0: mettez-le à jour, puis "
        "renvoyez le message. S’il ne veut rien dire, écartez-le.",
    )
