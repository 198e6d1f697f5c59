"""Base of all faults: what it does, what it may affect, and its frequency among the others."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.faults.product import Product


class Missed(Exception):
    """The strike hit nothing: the part was away, or nothing was under way. It is not counted as a fault."""


class Broken(Exception):
    """The part that was struck did what it must never do: a promise is broken, and the run ends."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a strike takes place, and the chance that decides its details."""

    product: Product
    chance: random.Random


Strike = Callable[[Scene, str], Awaitable[str]]
"""Strikes at a target; gives a note for the log. Raises `Missed`."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault."""

    strike: Strike
    targets: tuple[str, ...]
    often: int = 1
    """How often, among the kinds with the same targets, when many strike at once."""
    later: bool = False
    """Whether its consequence shows only some seconds later."""
    unnoticed: bool = False
    """Whether no client may see anything of it, when nothing else strikes."""
    copies: int = 1
    """How many copies of each service it takes, at least."""
