"""How much one side may write about one request, so that no page, dossier or event grows without end."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.db import Transaction
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


_A_DAY: Final = 86_400
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many texts, and how many characters in them, about one request; and how many texts in 24 hours."""

    texts: int = 500
    characters: int = 1_000_000
    texts_a_day: int = 50

    async def find_room(self, tx: Transaction, texts: str, *about: object, text: str, at: datetime) -> None:
        """Refuse (`TooManyTexts`, `TooMuchWritten`) one text more.

        Args:
            tx: the transaction that has locked what the text is about.
            texts: SQL that gives what was written before, as (at, text); its first argument is `$2`.
            about: the arguments of that SQL.
            text: what is to be written.
            at: when.
        """
        written = await tx.fetchrow(
            f"""
            WITH written AS ({texts})
            SELECT count(*)::bigint AS texts,
                   coalesce(sum(length(text)), 0)::bigint AS characters,
                   count(*) FILTER (WHERE at > $1::timestamptz - interval '1 day')::bigint AS today,
                   ceil(extract(epoch FROM (array_agg(at ORDER BY at DESC))[{self.texts_a_day}] - $1))::bigint
                       + {_A_DAY} AS wait
            FROM written
            """,  # noqa: S608 - the query is a constant of the service
            at,
            *about,
        )
        if written is None:
            raise LookupError("a count gives a row")
        if written["texts"] >= self.texts or written["characters"] + len(text) > self.characters:
            raise TooMuchWritten(most=self.texts, characters=number_fr(self.characters))
        if written["today"] >= self.texts_a_day:
            raise TooManyTexts(most=self.texts_a_day, retry_after=max(1, written["wait"]))
