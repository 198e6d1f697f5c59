"""Three hops, growth, backlog, copies and footprint."""

from tests.bench.report import words
from tests.bench.tally import Tally


def sections(tally: Tally) -> list[str]:
    """Tell what was measured of these."""
    return [one for one in (_chain(tally), _growth(tally), _backlog(tally), _scale(tally), _footprint(tally)) if one]


def _chain(tally: Tally) -> str:
    rows = [
        (title, words.way(found), words.spread([sum(one["cpu_ms"].values()) for one in found], 2))
        for name, title in (("ours", "Cousu-main"), ("bare", "bare pipeline"))
        if (found := tally.good("chain", name, "fifty"))
    ]
    if not rows:
        return ""
    return words.prose("chain") + "\n" + words.table(("", "ms: median; 99th of 100", "processor ms a chain"), rows)


def _growth(tally: Tally) -> str:
    sizes = tally.sizes("growth")
    if not sizes:
        return ""
    whats = dict.fromkeys(line.what for line in tally.lines if line.part == "growth" and line.mode in sizes)
    rows = [
        (what, *(words.figure(tally.good("growth", what, size), "median_ms", 1) for size in sizes)) for what in whats
    ]
    head = ("", *(words.spread([int(size)]) for size in sizes))
    return words.prose("growth") + "\n" + words.table(head, rows)


def _backlog(tally: Tally) -> str:
    found = tally.good("backlog", "ours", "week")
    if not found:
        return ""
    before, during = ([one[when] for one in found] for when in ("others_before", "others_during"))
    rows = [
        ("events that waited", words.figure(found, "events")),
        ("seconds until all had taken effect", words.figure(found, "seconds", 1)),
        ("events a second", words.figure(found, "per_second")),
        ("another service’s events before, ms", words.way(before)),
        ("… meanwhile", words.way(during)),
    ]
    return words.prose("backlog") + "\n" + words.table(("", ""), rows)


def _scale(tally: Tally) -> str:
    modes = dict.fromkeys(line.mode for line in tally.lines if line.part == "scale")
    rows = [
        (
            mode,
            words.figure(found, "per_second"),
            words.spread([sum(one["cpu_ms"].values()) for one in found], 2),
            str(sum(one["doubled"] + one["overtaken"] for one in found)),
        )
        for mode in modes
        if (found := tally.good("scale", "ours", mode))
    ]
    if not rows:
        return ""
    head = ("", "events a second", "processor ms an event", "twice or out of order")
    return words.prose("scale") + "\n" + words.table(head, rows)


def _footprint(tally: Tally) -> str:
    found = tally.good("footprint", "product", "idle")
    if not found:
        return ""
    told = found[-1]
    rows = [
        ("first start of `make run` once installed, s", words.figure(found, "cold_s", 1)),
        ("next start, s", words.figure(found, "warm_s", 1)),
        *((f"memory of {name} at rest (PSS)", words.size(value)) for name, value in told["memory"].items()),
        *((f"size of {name}", words.size(value)) for name, value in told["installed"].items()),
    ]
    return "## Footprint\n\n" + words.table(("", ""), rows)
