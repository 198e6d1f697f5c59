"""Operators' actions by the code that is recorded, with their French labels."""

from enum import StrEnum
from typing import Self


class Action(StrEnum):
    """An action that is recorded where it is done, with who did it and why."""

    def __new__(cls, code: str, label: str) -> Self:
        """Make the code the value, and keep its French words."""
        action = str.__new__(cls, code)
        action._value_ = code
        action.label = label
        return action

    label: str

    AGENT_ADD = "agent.add", "Agent\u00a0: droits donnés"
    AGENT_REMOVE = "agent.remove", "Agent\u00a0: accès retiré"
    AGENT_TOKEN = "agent.token", "Agent\u00a0: jeton donné"
    AGENT_REVOKE = "agent.revoke", "Agent\u00a0: jetons révoqués"
    DEAD_DRAIN = "dead.drain", "Lettres mortes\u00a0: remises en file"
    DELIVERY_RESEND = "delivery.resend", "Courriel renvoyé"
    DOCUMENTS_CONFIRM = "documents.confirm", "Documents inconnus de la base\u00a0: mis à la corbeille"
    EVENTS_RESEND = "events.resend", "Événements renvoyés depuis le journal"
    FORM_ADD = "form.add", "Formulaire extérieur\u00a0: compte créé"
    FORM_RENEW = "form.renew", "Formulaire extérieur\u00a0: mot de passe changé"
    FORM_REMOVE = "form.remove", "Formulaire extérieur\u00a0: compte retiré"
    HELD_RETRY = "held.retry", "Événement retenu\u00a0: nouvel essai"
    HELD_SKIP = "held.skip", "Événement retenu\u00a0: laissé de côté"
    HELD_RETRY_ALL = "held.retry_all", "Demandes retenues\u00a0: nouvel essai ensemble"
    QUARANTINE_REPLAY = "quarantine.replay", "Quarantaine\u00a0: message renvoyé"
    QUARANTINE_REPLAY_ALL = "quarantine.replay_all", "Quarantaine\u00a0: messages d’une cause renvoyés"
    QUARANTINE_DISCARD_ALL = "quarantine.discard_all", "Quarantaine\u00a0: messages d’une cause écartés"
    QUARANTINE_READ = "quarantine.read", "Quarantaine\u00a0: message lu"
    QUARANTINE_DISCARD = "quarantine.discard", "Quarantaine\u00a0: message écarté"
    UNROUTED_REPLAY = "unrouted.replay", "Sans destinataire\u00a0: publiés à nouveau"
    UNSENDABLE_RETRY = "unsendable.retry", "Événement refusé par la messagerie\u00a0: publié à nouveau"
    WAITING_DISCARD = "waiting.discard", "Attente\u00a0: événement qui n’existera jamais"


def label_of(code: str) -> str:
    """Return the French words for a recorded code; those of another version have none."""
    return next((action.label for action in Action if action == code), code)
