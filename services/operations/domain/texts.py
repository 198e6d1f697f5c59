"""Placeholders of the catalogues' texts: counts with plurals, and durations in words."""

from typing import Final

from shared.french.dates import duration_fr
from shared.french.numbers import number_fr, plural_fr

_MANY: Final = 2
"""The French plural begins here."""


class Count(int):
    """A number: `{count:message|messages}` writes it with its noun, `{count:none|one #|many #}` has words for zero."""

    def __format__(self, words: str) -> str:
        """Write the number, with the words that fit it."""
        if "|" not in words:
            return super().__format__(words)
        *none, one, many = words.split("|")
        if not none:
            return plural_fr(self, one, many)
        chosen = none[0] if self == 0 else one if self < _MANY else many
        return chosen.replace("#", number_fr(self))


class Seconds(float):
    """A duration: `{seconds:fr}` writes it in French, in its largest unit."""

    def __format__(self, spec: str) -> str:
        """Write the duration in French, or the number of seconds."""
        return duration_fr(self) if spec == "fr" else super().__format__(spec)
