"""Extrapolate from the measurements to the whole of France, and to a hundred times that."""

from statistics import median

from tests.bench.report import words
from tests.bench.tally import Tally

COMMUNES, EPCI = 34_900, 1_254
"""Those that may ask, rounded: `services/…/territories` knows each of them."""
YEARS_BETWEEN = 3
"""A request of each every so many years."""
PEAK = 1 / 45 / 10
"""The part of a year's work that its busiest hour brings: a tenth of one of forty-five weeks."""
TIMES = (1, 100)


def section(tally: Tally) -> str:
    """Give it, where lives and the footprint were measured."""
    lives, rest = tally.good("life", "whole lives", "saturation"), tally.good("footprint", "product", "idle")
    if not lives or not rest:
        return ""
    cpu, events, size, wal, http = (
        median(one[name] for one in lives)
        for name in ("cpu_s_all", "events_per_life", "database_bytes", "wal_bytes", "http_per_life")
    )
    memory = rest[-1]["memory"]
    year = (COMMUNES + EPCI) / YEARS_BETWEEN
    rows = [
        ("requests a year", *(_number(year * times) for times in TIMES)),
        ("events a year", *(_number(year * times * events) for times in TIMES)),
        ("requests lived in the busiest hour", *(_number(year * times * PEAK) for times in TIMES)),
        ("HTTP requests a second in that hour", *(f"{year * times * PEAK * http / 3600:.2g}" for times in TIMES)),
        ("cores busy in that hour", *(f"{year * times * PEAK * cpu / 3600:.2g}" for times in TIMES)),
        ("processor’s hours a year", *(_number(year * times * cpu / 3600) for times in TIMES)),
        ("databases grow in a year by", *(words.size(year * times * size) for times in TIMES)),
        ("write-ahead log a day", *(words.size(year * times * wal / 250) for times in TIMES)),
        ("memory of one of each service, and its servers", words.size(sum(memory.values())), "the same"),
        (
            "… with an instance of qualification in each of 101 départements",
            words.size(sum(memory.values()) + 100 * memory["qualification"]),
            "the same",
        ),
    ]
    head = ("", *(f"France{'' if times == 1 else f', {times} times'}" for times in TIMES))
    return words.prose("france") + "\n" + words.table(head, rows)


def _number(value: float) -> str:
    return words.spread([value])
