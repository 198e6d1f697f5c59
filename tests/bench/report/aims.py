"""Every aim beside what was measured, met or not."""

from statistics import median

from tests.bench.growth.modes import NO_SNAPSHOT, OLD_SNAPSHOT
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
    small, large = (tally.by_what("growth", size) for size in (sizes[0], sizes[-1]))
    times = {
        what: median(one["median_ms"] for one in large[what]) / median(one["median_ms"] for one in small[what])
        for what in small
        if what in large and all("median_ms" in one for one in (*small[what], *large[what]))
    }
    if not times:
        return []
    worst = max(times, key=lambda what: times[what])
    return [
        (
            f"growth: cost of an operation at {sizes[-1]} requests within 1.3 times of that at {sizes[0]}",
            f"{sum(value <= 1.3 for value in times.values())} of {len(times)}; worst {worst}: {times[worst]:.2f}",
            "yes" if times[worst] <= 1.3 else "no",
        )
    ]


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
