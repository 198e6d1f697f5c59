"""Parse amounts of euros as French people type them: “25 000”, “25.000”, “25 000,50 €”."""

import re
from typing import Final

_CENTS: Final = 100
_MOST_DIGITS: Final = 12
"""More euros than the product's columns of cents can hold are no amount."""

_UNIT: Final = re.compile(r" ?(?:€|euros?|eur)$", re.IGNORECASE)
_AMOUNT: Final = re.compile(
    r"(?P<sign>[-\u2212]?) ?(?P<whole>[0-9]+|[1-9][0-9]{0,2}(?:(?P<mark>[ .])[0-9]{3})(?:(?P=mark)[0-9]{3})*)"
    r"(?:,(?P<cents>[0-9]{1,2}))?"
)
_DECIMAL_POINT: Final = re.compile(
    r"(?P<sign>[-\u2212]?) ?(?P<whole>[0-9]+|[1-9][0-9]{0,2}(?: [0-9]{3})+)\.(?P<cents>[0-9]{1,2})"
)
_TWO_MEANINGS: Final = re.compile(r"^[0-9 ]+[.,][0-9]{3,}")

EXAMPLES: Final = "Donnez un montant en euros, comme 25 000 ou 25 000,50."
AMBIGUOUS: Final = (
    "«\u00a0{typed}\u00a0» peut se lire de deux façons. Écrivez les milliers avec une espace et les centimes avec une "
    "virgule, comme 25 000 ou 25 000,50."
)


class NotAnAmount(ValueError):
    """What was typed is no amount, or may mean two; the text says in French what to type."""


def cents_typed(text: str) -> int:
    """Return the cents of a typed amount; refuses (`NotAnAmount`) what is none or may mean two.

    A space or a dot before three digits separates thousands; a comma, or a dot before one or two digits, cents. A comma
    before three digits is asked about: the author may write thousands the English way.
    """
    plain = _UNIT.sub("", " ".join(text.split()))
    found = _AMOUNT.fullmatch(plain) or _DECIMAL_POINT.fullmatch(plain)
    if found is None:
        raise NotAnAmount(AMBIGUOUS.format(typed=text.strip()) if _TWO_MEANINGS.fullmatch(plain) else EXAMPLES)
    whole = re.sub(r"[ .]", "", found["whole"])
    if len(whole.lstrip("0")) > _MOST_DIGITS:
        raise NotAnAmount(EXAMPLES)
    cents = int(whole) * _CENTS + int((found["cents"] or "").ljust(2, "0"))
    return -cents if found["sign"] else cents
