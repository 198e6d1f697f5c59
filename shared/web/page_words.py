"""The French words of the components and error pages that every service shows."""

from collections.abc import Mapping
from typing import Final, NamedTuple

ENTRY: Final[Mapping[str, str]] = {"done": "Fait", "waiting": "À venir", "late": "En retard", "refused": "Refusé"}
"""State of an entry of a timeline → what screen readers say of it."""

ALERT: Final[Mapping[str, str]] = {
    "success": "C’est fait",
    "info": "À savoir",
    "warning": "Attention",
    "danger": "Problème",
}
"""Level of an alert → what screen readers say of it."""


class ErrorWords(NamedTuple):
    """What the page of an error says: what happened, why, and what to do next."""

    title: str
    why: str
    next: str


_ERRORS: Final[Mapping[int, ErrorWords]] = {
    400: ErrorWords(
        "Votre envoi n’a pas pu être compris",
        "Une information manque, ou n’a pas la forme attendue.",
        "Revenez à la page précédente, corrigez, puis envoyez de nouveau.",
    ),
    401: ErrorWords(
        "Vous devez vous identifier",
        "Cette page est réservée aux personnes identifiées, ou votre session a pris fin.",
        "Identifiez-vous, puis reprenez là où vous en étiez.",
    ),
    403: ErrorWords(
        "Cette action ne vous est pas ouverte",
        "Votre rôle ou votre périmètre ne la permet pas, ou la page est restée ouverte trop longtemps.",
        (
            "Rechargez la page et réessayez. Si vous devriez y avoir accès, parlez-en à la personne qui gère les "
            "comptes de votre service."
        ),
    ),
    404: ErrorWords(
        "Cette page est introuvable",
        "Elle n’existe pas, a été déplacée, ou n’est pas dans votre périmètre.",
        "Vérifiez l’adresse, ou reprenez depuis l’accueil.",
    ),
    405: ErrorWords(
        "Cette adresse ne s’ouvre pas ainsi",
        "Elle attend l’envoi d’un formulaire.",
        "Revenez à la page précédente et utilisez ses boutons.",
    ),
    408: ErrorWords(
        "L’envoi a pris trop de temps",
        "La connexion est trop lente, ou elle s’est interrompue.",
        "Vérifiez votre connexion, puis envoyez de nouveau ; pour des fichiers, un à la fois.",
    ),
    409: ErrorWords(
        "La situation a changé entre-temps",
        "Quelqu’un a agi avant vous, ou l’étape ne le permet plus.",
        "Rechargez la page : elle montre où en est le dossier et ce qui est possible maintenant.",
    ),
    413: ErrorWords(
        "L’envoi est trop volumineux",
        "Un fichier, ou l’ensemble des fichiers, dépasse la taille permise.",
        "Réduisez la taille des fichiers, ou envoyez-les en plusieurs fois.",
    ),
    415: ErrorWords(
        "Ce type de fichier n’est pas accepté",
        "Le contenu du fichier est vérifié, pas seulement son nom.",
        "Enregistrez-le dans un des formats indiqués, puis envoyez de nouveau.",
    ),
    429: ErrorWords(
        "Trop de demandes en peu de temps",
        "Une limite protège le service pour tous.",
        "Attendez le temps indiqué ci-dessus, puis réessayez.",
    ),
    500: ErrorWords(
        "Un incident est survenu de notre côté",
        "Ce n’est pas votre fait. L’incident est enregistré pour être examiné.",
        "Réessayez dans quelques minutes. Si cela se répète, donnez la référence ci-dessous à votre contact.",
    ),
    503: ErrorWords(
        "Le service est momentanément indisponible",
        "Une partie du service est arrêtée. Rien de ce qui a été confirmé n’est perdu.",
        "Réessayez dans quelques minutes. Ce que vous aviez envoyé et qui a été confirmé sera traité.",
    ),
}


def entry_word(state: str) -> str:
    """Return the word of a state of a timeline's entry."""
    return ENTRY[state]


def alert_word(level: str) -> str:
    """Return the word of a level of alerts."""
    return ALERT[level]


def error_words(status: int) -> ErrorWords:
    """Return what the page of an HTTP status says; an unknown one has the words of 400 or 500."""
    return _ERRORS.get(status) or _ERRORS[500 if status >= 500 else 400]  # noqa: PLR2004 - errors of the server
