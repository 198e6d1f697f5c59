"""French formatting of numbers, amounts, percentages, file sizes and plurals."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

SPACE: Final = "\u00a0"
"""No-break space: between thousands, between a number and its unit.

Not the narrow U+202F: the typeface has no such glyph, and the one that replaces it is too thin to part the thousands.
"""
NOTHING: Final = "—"
"""What stands where there is no value."""
MINUS: Final = "\u2212"

_CENTS: Final = 100
_KIBI: Final = 1024

Number = int | float | Decimal


def number_fr(value: Number | None, decimals: int | None = None) -> str:
    """Write a number the French way: “12 345,5”. `decimals` fixes how many; without it, those that it has."""
    if value is None:
        return NOTHING
    exact = Decimal(str(value))
    if decimals is not None:
        exact = exact.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    written = f"{abs(exact):,f}"
    whole, _, rest = written.partition(".")
    if decimals is None:
        rest = rest.rstrip("0")
    sign = MINUS if exact < 0 else ""
    return sign + whole.replace(",", SPACE) + (f",{rest}" if rest else "")


def euros(cents: int | None) -> str:
    """Write an amount given in cents: “25 000 €”, with its cents only when there are some: “1 234,50 €”."""
    if cents is None:
        return NOTHING
    amount = Decimal(cents) / _CENTS
    return f"{number_fr(amount, 0 if cents % _CENTS == 0 else 2)}{SPACE}€"


def euros_typed(cents: int | None) -> str:
    """Write cents as one would type them in an amount field: “25000” or “1234,50”."""
    if cents is None:
        return ""
    whole, rest = divmod(cents, _CENTS)
    return f"{whole},{rest:02d}" if rest else str(whole)


def percent_fr(share: Number | None, decimals: int = 0) -> str:
    """Write a share (0.25) as “25 %”."""
    if share is None:
        return NOTHING
    return f"{number_fr(Decimal(str(share)) * 100, decimals)}{SPACE}%"


def plural_fr(count: int | None, one: str, many: str | None = None) -> str:
    """Write a count and its noun: “1 demande”, “2 demandes”. French counts zero as singular: “0 demande”."""
    if count is None:
        return NOTHING
    noun = one if abs(count) < 2 else many or f"{one}s"  # noqa: PLR2004 - the French plural begins at two
    return f"{number_fr(count)}{SPACE}{noun}"


def file_size_fr(size: int | None) -> str:
    """Write a size given in bytes: “512 octets”, “820 Ko”, “1,2 Mo”."""
    if size is None:
        return NOTHING
    if size < _KIBI:
        return plural_fr(size, "octet")
    if size < _KIBI * _KIBI:
        return f"{number_fr(Decimal(size) / _KIBI, 0)}{SPACE}Ko"
    return f"{number_fr(Decimal(size) / (_KIBI * _KIBI), 1)}{SPACE}Mo"
