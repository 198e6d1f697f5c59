"""The aims, and whether each was met."""

from statistics import median

from tests.bench.growth.modes import HEALING, NO_SNAPSHOT, OLD_SNAPSHOT
from tests.bench.report import words
from tests.bench.tally import Figures, Tally, ratios


def section(tally: Tally) -> str:
    """List the aims."""
    hop = tally.by_what("hop", "saturation")
    peers = tally.by_what("peers", "saturation")
    telling = tally.by_what("hop", "publish")
    aims = [
        ("hop: at least 4 times the floor", 4.0, _times(hop, "floor")),
        ("hop: at least 0.6 times the batched floor", 0.6, _times(hop, "floor_batched")),
        ("at least 4 times Celery", 4.0, _times(peers, "celery")),
        ("at least 3 times taskiq", 3.0, _times(peers, "taskiq")),
        ("at least 3 times plain FastStream", 3.0, _times(peers, "faststream")),
        ("at least 2 times Dramatiq", 2.0, _times(peers, "dramatiq")),
        ("relay: at least 0.9 times a bare pipelined publisher", 0.9, _times(telling, "floor")),
    ]
    rows = [(text, words.spread(found, 2), _met(found, least)) for text, least, found in aims]
    rows += _growth(tally)
    rows += _history(tally)
    rows.append(_chain(tally))
    return "## Aims\n\n" + words.table(("aim", "measured", "met"), rows)


def _times(found: dict[str, list[dict[str, float]]], other: str) -> list[float]:
    return ratios(found.get("ours", []), found.get(other, []), "per_second")


def _met(found: list[float], least: float) -> str:
    if not found:
        return "–"
    return "yes" if median(found) >= least else "no"


def _chain(tally: Tally) -> tuple[str, str, str]:
    found = tally.by_what("chain", "fifty")
    times = ratios(found.get("ours", []), found.get("bare", []), "p99_ms")
    met = "–" if not times else "yes" if median(times) <= 1.5 else "no"
    return "three hops at 50 lives a second: 99th at most 1.5 times the bare pipeline’s", words.spread(times, 2), met


def _growth(tally: Tally) -> list[tuple[str, str, str]]:
    """Compare the largest size with the smallest: the worst of all operations."""
    sizes = tally.sizes("growth")
    if len(sizes) < 2:
        return [("growth: cost of an operation within 1.3 times of the small case", words.NOT_MEASURED, "–")]
    first = tally.by_what("growth", sizes[0])
    return [row for size in sizes[1:] if (row := _grown(first, sizes[0], tally.by_what("growth", size), size))]


def _grown(
    small: dict[str, list[Figures]], few: str, large: dict[str, list[Figures]], many: str
) -> tuple[str, str, str] | None:
    """Compare what each thing costs at one size with what it costs at the smallest."""
    times = {
        what: median(found) / median(before)
        for what in small
        if (before := _costs(what, small[what])) and (found := _costs(what, large.get(what, [])))
    }
    if not times:
        return None
    worst = max(times, key=lambda what: times[what])
    here, there = (words.spread([int(size)]) for size in (many, few))
    return (
        f"growth: cost of an operation at {here} requests within 1.3 times of that at {there}",
        f"{sum(value <= 1.3 for value in times.values())} of {len(times)}; worst {worst}: {times[worst]:.2f}",
        "yes" if times[worst] <= 1.3 else "no",
    )


def _costs(what: str, found: list[Figures]) -> list[float]:
    return [one[figure] for one in found if (figure := "cpu_s" if what == HEALING else "median_ms") in one]


def _history(tally: Tally) -> list[tuple[str, str, str]]:
    """Compare what a hop costs with a long memory, and while a snapshot is held, with what it costs without."""
    aims = (
        ("0 events before", "10000000 events before", 1.3, "hop with ten million events before"),
        (NO_SNAPSHOT, OLD_SNAPSHOT, 1.5, "relay while an old snapshot is held open for ten minutes"),
    )
    rows = []
    for without, with_it, most, text in aims:
        small, large = (tally.good("history", "ours", mode) for mode in (without, with_it))
        measured, met = words.NOT_MEASURED, "–"
        if small and large:
            costs = [median(_cost(one) for one in found) for found in (large, small)]
            times = costs[0] / costs[1]
            measured, met = f"{times:.2f}", "yes" if times <= most else "no"
        rows.append((f"{text}: processor’s time within {most} times", measured, met))
    return rows


def _cost(figures: Figures) -> float:
    return float(sum(figures["cpu_ms"].values()))
