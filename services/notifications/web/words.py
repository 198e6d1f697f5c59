"""French words for the wire values of this service."""

from typing import Final

from services.notifications.domain.audiences import DIGEST, WEBHOOK_SUSPENDED, templates
from shared.french.words import event_word

AUDIENCE: Final = {
    "applicant": "Demandeur",
    "departement": "Service du département",
    "delegate": "Délégué territorial",
    "provider": "Acteur local",
    "party": "Partie à un pacte",
    "national": "Équipe nationale",
    "committee": "Comité de suivi de projet",
    "programme": "Équipe de programme",
    "operator": "Exploitant",
}
STATUS: Final = {
    "queued": ("En attente", "waiting"),
    "sending": ("Envoi en cours", "running"),
    "sent": ("Envoyé", "done"),
    "failed": ("Non remis", "refused"),
    "uncertain": ("Issue inconnue", "late"),
}
"""Status → word and tone."""
RESULT: Final = {
    "sent": ("Accepté par le serveur de messagerie", "done"),
    "deferred": ("Reporté par le serveur, nouvel essai prévu", "waiting"),
    "unreachable": ("Serveur injoignable, nouvel essai prévu", "waiting"),
    "refused": ("Refusé par le serveur", "refused"),
    "returned": ("Renvoyé par le serveur du destinataire", "refused"),
    "interrupted": ("Interrompu avant la remise, nouvel essai prévu", "waiting"),
    "uncertain": ("Sans réponse du serveur, peut-être accepté", "late"),
}
WEBHOOK: Final = {
    "active": ("En service", "running"),
    "suspended": ("Suspendu", "late"),
    "ended": ("Terminé", "neutral"),
}
WEBHOOK_RESULT: Final = {
    "taken": ("Pris par le partenaire", "done"),
    "refused": ("Pas pris", "refused"),
    "unreachable": ("Programme injoignable", "waiting"),
    "forbidden": ("Adresse interdite", "refused"),
}
SOURCE: Final = {
    "entered": "Saisie par l’équipe",
    "configured": "Réglage de l’exploitant",
    "told": "Annoncée par le service",
    None: "Inconnue",
}
CADENCE: Final = {
    "instant": "Tout de suite",
    "daily": "Un récapitulatif par jour",
    "weekly": "Un récapitulatif par semaine",
    "never": "Pas de copie",
}


def template_words() -> dict[str, str]:
    """Return by template the sentence of the event that makes it."""
    found = {DIGEST: "Récapitulatif", WEBHOOK_SUSPENDED: "Abonnement suspendu"}
    for fact, mail in templates():
        found.setdefault(mail.template, event_word(fact.wire_type))
    return found
