"""Refusals: exceptions of the domain, each with a stable code, an English title and a French sentence."""

from collections.abc import Iterable
from typing import ClassVar, NamedTuple


class FieldError(NamedTuple):
    """What is wrong with one field of an input; `field` is its dotted path, `message` is French."""

    field: str
    message: str


class WaitsForAnother(Exception):
    """An event cannot be applied before one of another stream: no failure, it is applied when that one has come."""


class Refusal(Exception):
    """Base of refusals: something that the caller may not do, or may not do now.

    A subclass gives `code` (stable, for programs), `title` (English, for logs) and `sentence` (French, for
    people: what happened, why, what to do next). Facts named in the sentence are given as keywords.
    """

    code: ClassVar[str] = "refused"
    title: ClassVar[str] = "The request was refused"
    sentence: ClassVar[str] = "Cette action n’est pas possible."

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        self.detail = self.sentence.format(**facts)
        super().__init__(f"{self.code}: {self.title}")

    def extras(self) -> dict[str, object]:
        """Members that the problem document carries beside code, title and detail."""
        return {}


class Invalid(Refusal):
    """The input cannot be understood, or a field holds what it may not hold (HTTP 400)."""

    code = "invalid"
    title = "The input is not valid"
    sentence = "Certaines informations sont à corriger."

    def __init__(self, errors: Iterable[FieldError] = (), **facts: object) -> None:
        super().__init__(**facts)
        self.errors = tuple(errors)

    @classmethod
    def field(cls, field: str, message: str) -> "Invalid":
        """Refuse one field with its French sentence."""
        return cls([FieldError(field, message)])

    def extras(self) -> dict[str, object]:
        """Return the fields to correct, one by one."""
        return {"errors": [{"field": error.field, "message": error.message} for error in self.errors]}


class Unauthenticated(Refusal):
    """No credentials, or none that are valid now (HTTP 401)."""

    code = "unauthenticated"
    title = "Sign-in or a valid token is needed"
    sentence = "Vous devez vous identifier pour continuer."


class Forbidden(Refusal):
    """The caller is known, but their role may not do this, or the proposal is their own (HTTP 403)."""

    code = "forbidden"
    title = "This role may not do that"
    sentence = "Votre rôle ne permet pas cette action."


class NotFound(Refusal):
    """There is no such thing, or it lies outside the caller's perimeter (HTTP 404)."""

    code = "not_found"
    title = "Not found"
    sentence = "Cet élément n’existe pas, ou n’est pas dans votre périmètre."


class Conflict(Refusal):
    """It cannot be done in the present state of things (HTTP 409)."""

    code = "conflict"
    title = "Not possible in the present state"
    sentence = "Cette action n’est pas possible dans l’état actuel."


class IllegalMove(Conflict):
    """The state does not allow this move now; carries the state and the allowed moves."""

    code = "illegal_move"
    title = "Illegal move in the present state"
    sentence = (
        "Cette action n’est pas possible à ce stade. Rechargez la page pour voir les actions possibles maintenant."
    )

    def __init__(self, *, state: str, allowed_actions: Iterable[str], **facts: object) -> None:
        super().__init__(**facts)
        self.state = state
        self.allowed_actions = list(allowed_actions)

    def extras(self) -> dict[str, object]:
        """Return the current state and the allowed actions."""
        return {"state": self.state, "allowed_actions": self.allowed_actions}


class TooLarge(Refusal):
    """What was sent is larger than allowed (HTTP 413)."""

    code = "too_large"
    title = "Too large"
    sentence = "L’envoi est trop volumineux."


class RequestTimeout(Refusal):
    """The headers or the body of a request arrived too slowly (HTTP 408)."""

    code = "request_timeout"
    title = "The request arrived too slowly"
    sentence = "L’envoi a pris trop de temps\u00a0: rien n’est enregistré. Vérifiez votre connexion, puis recommencez."


class HeadersTooLarge(Refusal):
    """The address, the cookies or other headers of a request are too long (HTTP 431)."""

    code = "headers_too_large"
    title = "The headers of the request are too large"
    sentence = "L’adresse ou les cookies envoyés sont trop longs. Effacez les cookies de ce site, puis recommencez."


class UnsupportedType(Refusal):
    """The kind of file or of content is not accepted (HTTP 415)."""

    code = "unsupported_type"
    title = "Unsupported type of content"
    sentence = "Ce type de fichier n’est pas accepté."


class TooManyRequests(Refusal):
    """Asked too often (HTTP 429)."""

    code = "too_many_requests"
    title = "Too many requests"
    sentence = "Trop de demandes en peu de temps. Réessayez dans une minute."


class Unavailable(Refusal):
    """Something this needs is away for the moment; nothing was changed (HTTP 503)."""

    code = "unavailable"
    title = "Temporarily unavailable"
    sentence = "Le service est momentanément indisponible. Rien n’est perdu : réessayez dans quelques instants."
