"""The sections on three hops, growth, query plans, backlog, copies and footprint."""

from collections.abc import Callable

from tests.bench.growth.modes import AT_REST, DATABASES, HEALING
from tests.bench.hop.contestants import BEFORE
from tests.bench.report import words
from tests.bench.tally import Figures, Tally


def sections(tally: Tally) -> list[str]:
    """Tell what was measured of these."""
    told = (_chain, _growth, _plans, _history, _backlog, _scale, _footprint)
    return [section for one in told if (section := one(tally))]


def _chain(tally: Tally) -> str:
    rows = [
        (title, words.way(found), words.spread([sum(one["cpu_ms"].values()) for one in found], 2))
        for name, title in (("ours", "Cousu-main"), (BEFORE, "Cousu-main before"), ("bare", "bare pipeline"))
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

    def row(title: str, what: str, told: Callable[[list[Figures]], str]) -> tuple[str, ...]:
        return (title, *(told(tally.good("growth", what, size)) for size in sizes))

    rows = [
        row(what, what, lambda found: words.figure(found, "median_ms", 1))
        for what in whats
        if what not in {HEALING, AT_REST, DATABASES}
    ]
    more = [
        row(
            "a hundred requests whose events were lost: seconds until the département has them",
            HEALING,
            lambda found: words.figure(found, "seconds", 1),
        ),
        row("… processor’s seconds meanwhile, all parts", HEALING, lambda found: words.figure(found, "cpu_s", 1)),
        row("cores busy without any use, all parts", AT_REST, _busy),
        row("the four databases", DATABASES, lambda found: words.size(sum(found[-1].values())) if found else ""),
    ]
    head = ("", *(words.spread([int(size)]) for size in sizes))
    return "\n".join((words.prose("growth"), words.table(head, rows), words.prose("whole"), words.table(head, more)))


def _busy(found: list[Figures]) -> str:
    return words.spread([sum(one.values()) for one in found], 2)


def _plans(tally: Tally) -> str:
    found = [one for size in tally.sizes("growth")[-1:] for one in tally.good("growth", "plans", f"at {size}")]
    if not found:
        return ""
    rows = [
        (
            service,
            str(len(told["plans"])),
            ", ".join(sorted({f"`{read[2]}`" for plan in told["plans"] for read in plan["reads"] if read[2]})),
            "; ".join(f"`{one['table']}`: `{one['statement'][:160]}`" for one in told["as_a_whole"]) or "none",
        )
        for service, told in found[-1].items()
    ]
    head = ("", "statements", "indexes they read by", "tables of more than a thousand rows read as a whole")
    return words.prose("plans") + "\n" + words.table(head, rows)


def _history(tally: Tally) -> str:
    modes = dict.fromkeys(line.mode for line in tally.lines if line.part == "history")
    rows = [
        (
            words.grouped(mode),
            words.figure(found, "per_second"),
            words.way(found) if found[0]["rate"] else "",
            *(
                words.spread([sum(one["cpu_ms"][part] for part in parts) for one in found], 3)
                for parts in (("sender",), ("listener",), ("postgres",))
            ),
        )
        for mode in modes
        if (found := tally.good("history", "ours", mode))
    ]
    if not rows:
        return ""
    head = ("", "events a second", "ms: median; 99th of 100", "sender, ms an event", "consumer", "PostgreSQL")
    return words.prose("history") + "\n" + words.table(head, rows)


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
    rows += [
        (
            "`make test`, once everything is installed",
            f"{one['seconds'] / 60:.1f} minutes, {one['passed']} passed",
        )
        for one in tally.good("suite", "make test", "once")
    ]
    return "## Footprint\n\n" + words.table(("", ""), rows)
