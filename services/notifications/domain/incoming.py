"""Rules for replies to a mail: who may reply, and how often. `mail_text` reads the mails themselves."""

from typing import Final

from shared.contracts.notifications import Audience
from shared.errors import Conflict

ANSWERABLE: Final[frozenset[Audience]] = frozenset({"applicant", "provider"})
"""Who may answer by mail: people outside. Agents act on their pages, where one knows who they are (ADR 17)."""

MOST_A_DAY: Final = 50
"""Answers to one mail in a day: people do not write more."""


class NotAnswerable(Conflict):
    """No reply is expected to this mail (HTTP 409)."""

    code = "not_answerable"
    title = "This mail takes no reply"
    sentence = "Ce message n’attend pas de réponse par courriel. Répondez depuis la page à laquelle il conduit."


class TooManyReplies(Conflict):
    """One mail was answered more often than people do (HTTP 409)."""

    code = "too_many_replies"
    title = "Too many replies to one mail today"
    sentence = "Trop de réponses à ce message sont arrivées aujourd’hui. Réessayez demain, ou écrivez depuis la page."


class TooMuchAnswered(Conflict):
    """As many mails about a request were answered as may be, today or in all (HTTP 409)."""

    code = "too_much_answered"
    title = "Too many replies about one request"
    sentence = (
        "Trop de réponses sont arrivées à propos de cette demande. Téléphonez\u00a0: le numéro du service en charge "
        "est dans le message auquel vous répondez."
    )
