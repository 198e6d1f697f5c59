"""Looks into the official lists from a terminal, and measures how fast they are loaded and searched."""

import argparse
import random
import statistics
import sys
import time
import tracemalloc

from shared.territory import Territories, TerritoriesUnreadable, Territory
from shared.territory.index import fold

MICROSECONDS = 1_000_000
BROAD = ("s", "sa", "saint", "saint s", "l", "le", "de la", "v", "9", "75", "ville", "sur", "saint sur mer", "zzzz")


def main() -> int:
    """Run `search WORDS…` or `bench`."""
    parser = argparse.ArgumentParser(prog="python -m shared.territory", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    searching = commands.add_parser("search", help="find a territory by name or code")
    searching.add_argument("words", nargs="+")
    searching.add_argument("--kind")
    searching.add_argument("--departement")
    commands.add_parser("bench", help="measure loading, memory and searches")
    asked = parser.parse_args()
    try:
        if asked.command == "bench":
            _bench()
        else:
            _search(" ".join(asked.words), asked.kind, asked.departement)
    except TerritoriesUnreadable as refusal:
        return _say(str(refusal), error=True)
    return 0


def _search(words: str, kind: str | None, departement: str | None) -> None:
    territories = Territories.load()
    for found in territories.search(words, kind=kind, departement=departement):
        _say(f"{found.kind:<12}{found.code:<10}{found.full_name} ({', '.join(found.departements)})")
    _say(territories.source.sentence)


def _bench() -> None:
    began = time.perf_counter()
    territories = Territories.load()
    _say(f"load                 {(time.perf_counter() - began) * 1000:8.0f} ms, {len(territories)} territories")
    _say(f"memory               {_memory():8.1f} MB kept by the lists")
    everyone = [found for letter in "abcdefghijklmnopqrstuvwxyz" for found in territories.search(letter, limit=10_000)]
    draw = random.Random(95)  # noqa: S311 - a repeatable sample, no secret
    _measure(territories, "names as typed", [_typed(draw, found) for found in draw.choices(everyone, k=3000)])
    _measure(territories, "broad and odd", list(BROAD) * 20)
    for departement in ("95", "75", "2A"):
        territories.search("s", departement=departement)
    _measure(territories, "in one département", ["s", "saint", "le", "cergy", "zzzz"] * 50, departement="95")


def _typed(draw: random.Random, territory: Territory) -> str:
    name = fold(territory.name)
    return name[: draw.randint(1, len(name))]


def _measure(territories: Territories, label: str, queries: list[str], departement: str | None = None) -> None:
    durations: dict[str, list[float]] = {}
    for query in queries:
        began = time.perf_counter()
        territories.search(query, departement=departement)
        durations.setdefault(query, []).append((time.perf_counter() - began) * MICROSECONDS)
    every = sorted(duration for each in durations.values() for duration in each)
    slowest = max(durations, key=lambda query: statistics.median(durations[query]))
    _say(
        f"{label:<21}{statistics.median(every):8.0f} us median, {every[int(len(every) * 0.99)]:.0f} us 99th, "
        f"{statistics.median(durations[slowest]):.0f} us for the slowest, {slowest!r}"
    )


def _memory() -> float:
    tracemalloc.start()
    kept = Territories.load()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del kept
    return size / 1_000_000


def _say(line: str, *, error: bool = False) -> int:
    (sys.stderr if error else sys.stdout).write(f"{line}\n")
    return int(error)


if __name__ == "__main__":
    sys.exit(main())
