"""Command line for the official lists of territories: looks up entries, measures load and search time."""

import argparse
import random
import statistics
import string
import sys
import time
import timeit
import tracemalloc
from collections.abc import Sequence
from functools import partial

from shared.contracts.vocabulary import ApplicantKind
from shared.territory import Territories, TerritoriesUnreadable, Territory
from shared.territory.index import fold

REPEATED = 7
BROAD = ("s", "sa", "saint", "saint s", "l", "le", "de la", "v", "9", "75", "ville", "sur", "saint sur mer", "zzzz")


def main() -> int:
    """Run `search WORDS…` or `bench`."""
    parser = argparse.ArgumentParser(prog="python -m shared.territory", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    searching = commands.add_parser("search", help="find a territory by name or code")
    searching.add_argument("words", nargs="+")
    searching.add_argument("--kind", choices=[kind.value for kind in ApplicantKind])
    searching.add_argument("--departement")
    commands.add_parser("bench", help="measure loading, memory and searches")
    asked = parser.parse_args()
    try:
        if asked.command == "bench":
            _bench()
        else:
            _search(" ".join(asked.words), asked.kind, asked.departement)
    except TerritoriesUnreadable as refusal:
        return _print(str(refusal), error=True)
    return 0


def _search(words: str, kind: str | None, departement: str | None) -> None:
    territories = Territories.load()
    for found in territories.search(words, kind=kind, departement=departement):
        _print(f"{found.kind:<12}{found.code:<10}{found.full_name} ({', '.join(found.departements)})")
    _print(territories.source.sentence)


def _bench() -> None:
    began = time.perf_counter()
    territories = Territories.load()
    _print(f"load               {(time.perf_counter() - began) * 1000:6.0f} ms, {len(territories)} territories")
    everyone = [found for letter in string.ascii_lowercase for found in territories.search(letter, limit=10_000)]
    draw = random.Random(95)  # noqa: S311 - a repeatable sample, no secret
    _measure(territories, "names as typed", [_typed(draw, found) for found in draw.choices(everyone, k=1000)])
    _measure(territories, "broad and odd", BROAD)
    _measure(territories, "in one département", ("s", "saint", "le", "cergy", "zzzz"), departement="95")
    _print(f"memory             {_memory(searchable=True):6.0f} MB, {_memory(searchable=False):.0f} MB for codes only")


def _typed(draw: random.Random, territory: Territory) -> str:
    name = fold(territory.name)
    return name[: draw.randint(1, len(name))]


def _measure(territories: Territories, label: str, queries: Sequence[str], departement: str | None = None) -> None:
    took = {query: _microseconds(territories, query, departement) for query in queries}
    ordered = sorted(took.values())
    slowest = max(took, key=lambda query: took[query])
    _print(
        f"{label:<19}{statistics.median(ordered):6.0f} us median, {ordered[int(len(ordered) * 0.99)]:.0f} us 99th, "
        f"{took[slowest]:.0f} us the slowest ({slowest!r})"
    )


def _microseconds(territories: Territories, query: str, departement: str | None) -> float:
    search = partial(territories.search, query, departement=departement)
    return statistics.median(timeit.repeat(search, number=1, repeat=REPEATED)) * 1_000_000


def _memory(*, searchable: bool) -> float:
    tracemalloc.start()
    territories = Territories.load(searchable=searchable)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del territories
    return size / 1_000_000


def _print(line: str, *, error: bool = False) -> int:
    (sys.stderr if error else sys.stdout).write(f"{line}\n")
    return int(error)


if __name__ == "__main__":
    sys.exit(main())
