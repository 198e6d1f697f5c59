"""Choose the next kill, so that every point of every service is covered evenly, at its first to n-th hit."""

import random
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

HITS = 5
"""A point is killed at in turn at its first, second … fifth hit since it was dealt."""

HAND = 6
"""Points dealt at once that wait for something to happen: whichever is reached first is the end."""

PATIENCE = 15.0
"""Seconds after which a point that was dealt and not reached is taken back, and counted as not reached."""


@dataclass(slots=True)
class _Dealt:
    """A point in a hand, with the hits that are left and the moment at which it was dealt."""

    left: int
    at: float


@dataclass(slots=True)
class _Table:
    """What is known of one service's points."""

    by_itself: set[str] = field(default_factory=set)
    """Met by a service to which nothing happens: at its start, or by its clocks."""
    others: set[str] = field(default_factory=set)
    hand: dict[str, _Dealt] = field(default_factory=dict)
    turns: Counter[str] = field(default_factory=Counter)

    def turns_of(self, points: set[str]) -> float:
        """Give how many turns these points had, on average; endless for none, who need no turn."""
        return sum(self.turns[point] for point in points) / len(points) if points else float("inf")


class Dealer:
    """Deals hands. What it deals follows from `chance`, from what it has learned and from what was reached."""

    def __init__(self, chance: random.Random, *, points: str = "*") -> None:
        """`points` are patterns of names, separated by commas."""
        self._chance = chance
        self._patterns = points.split(",")
        self._tables: dict[str, _Table] = defaultdict(_Table)
        self.killed: Counter[tuple[str, str]] = Counter()
        """Named kills, by service and point."""
        self.not_reached: Counter[tuple[str, str]] = Counter()

    def remember(self, killed: Mapping[tuple[str, str], int]) -> None:
        """Go on from the kills of an earlier run: who had many turns waits for the others."""
        for (service, point), count in killed.items():
            self._tables[service].turns[point] += count

    def learn(self, service: str, point: str, *, quiet: bool) -> None:
        """Know of a point; `quiet` says that nothing was asked of the service."""
        table = self._tables[service]
        if (
            any(fnmatchcase(point, pattern) for pattern in self._patterns)
            and point not in table.by_itself | table.others
        ):
            (table.by_itself if quiet else table.others).add(point)

    def known(self, service: str) -> set[str]:
        """Give the points that are known."""
        return self._tables[service].by_itself | self._tables[service].others

    def passed(self, service: str, point: str) -> None:
        """Note a hit that was not yet the one."""
        dealt = self._tables[service].hand.get(point)
        if dealt is not None:
            dealt.left = max(1, dealt.left - 1)

    def reached(self, service: str, point: str) -> None:
        """Note that a service died where it had to."""
        self.killed[service, point] += 1
        self._tables[service].turns[point] += 1
        self._tables[service].hand.pop(point, None)

    def put_back(self) -> None:
        """Take all hands back: nobody dies for a while."""
        for table in self._tables.values():
            table.hand.clear()

    def overdue(self, service: str, now: float) -> bool:
        """Tell whether a service holds nothing that is likely to be reached any more, and could hold something else.

        One that began before any point was known holds nothing.
        """
        hand = self._tables[service].hand
        return bool(self.known(service)) and all(now - dealt.at > PATIENCE for dealt in hand.values())

    def hand(self, service: str, now: float) -> dict[str, int]:
        """Deal: take back what was not reached, add those who had the fewest turns."""
        table = self._tables[service]
        for point in [point for point, dealt in table.hand.items() if now - dealt.at > PATIENCE]:
            del table.hand[point]
            table.turns[point] += 1
            self.not_reached[service, point] += 1
        while sum(point in table.others for point in table.hand) < HAND and self._add(table, table.others, now):
            pass
        has_one = any(point in table.by_itself for point in table.hand)
        if not has_one and table.turns_of(table.by_itself) <= table.turns_of(table.others):
            self._add(table, table.by_itself, now)
        return {point: dealt.left for point, dealt in table.hand.items()}

    def _add(self, table: _Table, points: set[str], now: float) -> bool:
        free = sorted(points - table.hand.keys())
        if not free:
            return False
        fewest = min(table.turns[point] for point in free)
        point = self._chance.choice([point for point in free if table.turns[point] == fewest])
        table.hand[point] = _Dealt(1 + table.turns[point] % HITS, now)
        return True
