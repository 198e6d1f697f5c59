"""What may be published: no group so small that it could tell who somebody is, nor a way to compute one (ADR 16)."""

from collections.abc import Mapping
from typing import Final

FEWEST: Final = 5
"""A smaller group could tell who somebody is: its figure is not given."""

STEP: Final = 5
"""What stands in more than one table is given to the nearest multiple of this."""

DIGITS: Final = 2
"""Sums of money are given with so many significant digits."""

NOTE: Final = (
    f"Un groupe de moins de {FEWEST} demandes pourrait désigner une collectivité\u00a0: son effectif n’est pas publié, "
    "et zéro ne s’en distingue pas. Le total, la nature et le mois sont exacts\u00a0; d’autres petits groupes y sont "
    "masqués avec le premier, pour que le total ne le révèle pas. Les autres nombres se recoupent d’un tableau à "
    f"l’autre\u00a0: ils sont arrondis à {STEP} près. Montants et avis sont publiés à partir de {FEWEST} "
    "collectivités\u00a0; les montants sont arrondis à deux chiffres significatifs."
)

Counts = dict[str, int | None]


def protect(counts: Mapping[str, int]) -> Counts:
    """Leave out small groups, and as many of the next smallest as it takes for no subtraction to give one back.

    `counts` names every group there could be, those without requests too: none is told from a small one. What is left
    out is at least two groups that are together no small group; with too few requests, nothing is told.
    """
    if sum(counts.values()) < FEWEST:
        return dict.fromkeys(counts)
    hidden = {name for name, count in counts.items() if count < FEWEST}
    for name, _ in sorted(counts.items(), key=lambda item: (item[1], item[0])):
        held = sum(counts[one] for one in hidden)
        if held == 0 or (len(hidden) > 1 and held >= FEWEST):
            break
        hidden.add(name)
    return {name: None if name in hidden else count for name, count in counts.items()}


def rounded(count: int) -> int | None:
    """Give a count so that no difference of two tells a small group: rounded, and None below the fewest.

    None stands for zero too: that a first request was filed somewhere is told to nobody.
    """
    return None if count < FEWEST else STEP * ((count + STEP // 2) // STEP)


def told(counts: Mapping[str, int]) -> dict[str, int]:
    """Round the counts of groups, and leave out those below the fewest."""
    return {name: near for name, count in counts.items() if (near := rounded(count)) is not None}


def share(part: int, whole: int) -> float | None:
    """Give the share of a part, of the rounded numbers: it tells no more than these. None when one is too small."""
    near, of = rounded(part), rounded(whole)
    return None if near is None or of is None else round(near / of, 3)


def rounded_cents(cents: int, *, of: int) -> int | None:
    """Give a sum of amounts, rounded; None when it went to too few applicants."""
    if of < FEWEST:
        return None
    step: int = 10 ** max(len(str(cents)) - DIGITS, 0)
    return step * ((cents + step // 2) // step)
