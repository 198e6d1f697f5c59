"""Limits on what is written about one request, so that no page, dossier or event grows without bound."""

from dataclasses import dataclass

from shared.errors import Conflict, TooManyRequests
from shared.french.numbers import number_fr


class TooManyTexts(TooManyRequests):
    """As many texts were written about this request in 24 hours as may be (HTTP 429)."""

    code = "too_many_texts"
    title = "Too many texts about this request in 24 hours"
    sentence = (
        "Vous avez déjà écrit {most} fois à propos de cette demande en 24\u00a0heures. Ce texte n’est pas "
        "envoyé\u00a0: gardez-le et envoyez-le demain. Pour ne pas attendre, joignez un document ou téléphonez."
    )


class TooMuchWritten(Conflict):
    """As much was written about this request as may be (HTTP 409)."""

    code = "too_much_written"
    title = "As much was written about this request as it may hold"
    sentence = (
        "Cette demande compte autant de textes qu’elle peut en recevoir de votre part ({most} textes, {characters} "
        "caractères en tout). Ce texte n’est pas envoyé\u00a0: gardez-le. Joignez un document, ou téléphonez\u00a0: le "
        "numéro du service en charge est sur la page de la demande."
    )


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many texts, and how many characters in them, about one request; and how many texts in 24 hours."""

    texts: int = 500
    characters: int = 1_000_000
    texts_a_day: int = 50

    def require_room(self, *, texts: int, characters: int, today: int, wait: int) -> None:
        """Refuse (`TooManyTexts`, `TooMuchWritten`) one text more.

        Args:
            texts: how many were written before.
            characters: of these texts and the new one.
            today: how many were written in the last 24 hours.
            wait: seconds until one more may be written, when there are too many today.
        """
        if texts >= self.texts or characters > self.characters:
            raise TooMuchWritten(most=self.texts, characters=number_fr(self.characters))
        if today >= self.texts_a_day:
            raise TooManyTexts(most=self.texts_a_day, retry_after=max(1, wait))
