"""What may be published: no group so small that it could tell who somebody is, nor a way to compute one (ADR 16)."""

from collections.abc import Mapping
from typing import Final

FEWEST: Final = 5
"""A smaller group could tell who somebody is: its figure is not given."""

STEP: Final = 5
"""What crosses two dimensions (where, and what became of it) is given to the nearest multiple of this."""

EUROS: Final = 1_000_00
"""Amounts, in euro cents, are given to the nearest multiple of this."""

NOTE: Final = (
    f"Un groupe de moins de {FEWEST} demandes pourrait désigner une collectivité\u00a0: son effectif n’est pas publié "
    "(valeur nulle). D’autres petits groupes sont alors masqués avec lui, pour que le total ne le révèle pas. "
    f"Ce qui croise deux dimensions est arrondi à {STEP} près."
)

Counts = dict[str, int | None]


def protect(counts: Mapping[str, int]) -> Counts:
    """Leave out small groups, and as many of the next smallest as it takes for no subtraction to give one back.

    What is left out is at least two groups that are together no small group; with too few requests, nothing is told.
    """
    if sum(counts.values()) < FEWEST:
        return {}
    hidden = {name for name, count in counts.items() if count < FEWEST}
    for name, _ in sorted(counts.items(), key=lambda item: (item[1], item[0])):
        if not hidden or (len(hidden) > 1 and sum(counts[one] for one in hidden) >= FEWEST):
            break
        hidden.add(name)
    return {name: None if name in hidden else count for name, count in counts.items()}


def rounded(count: int) -> int | None:
    """Give a count so that no difference of two tells a small group: rounded, and None below the fewest.

    None stands for zero too: that a first request was filed somewhere is told to nobody.
    """
    return None if count < FEWEST else STEP * ((count + STEP // 2) // STEP)


def rounded_cents(cents: int, *, of: int) -> int | None:
    """Give a sum of amounts, rounded; None when it is made of too few."""
    return None if of < FEWEST else EUROS * ((cents + EUROS // 2) // EUROS)
