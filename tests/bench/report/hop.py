"""The section on the hop and the peers: throughput, latency, processor time, and what each guarantees."""

from dataclasses import replace
from pathlib import Path
from statistics import median

import matplotlib as mpl
from matplotlib import pyplot as plt

from tests.bench.hop.contestants import BEFORE, HOP, Contestant
from tests.bench.peers.contestants import PEERS
from tests.bench.report import words
from tests.bench.tally import Figures, Tally, ratios

EARLIER = replace(HOP[0], name=BEFORE, title="Cousu-main before", settings="the same on an earlier commit")
PARTS = ("sender", "listener", "postgres", "rabbitmq")
mpl.rcParams["svg.hashsalt"] = "bench"


def sections(tally: Tally, drawings: Path) -> list[str]:
    """Tell the hop."""
    return [
        text
        for part, title, contestants in (
            ("hop", "Hop: an event committed here takes effect there", (*HOP, EARLIER)),
            ("peers", "The same job elsewhere", (*HOP[:2], *PEERS)),
        )
        if (text := _section(tally, drawings, part, title, contestants))
    ]


def _section(tally: Tally, drawings: Path, part: str, title: str, contestants: tuple[Contestant, ...]) -> str:
    found = tally.by_what(part, "saturation")
    if not found:
        return ""
    picture = drawings / f"bench-{part}.svg"
    _draw(found, contestants, picture)
    return "\n".join(
        (
            f"## {title}\n",
            words.prose(part),
            words.table(
                (
                    "",
                    "events a second",
                    "ours is … times it",
                    "processor ms an event",
                    "WAL bytes an event",
                    "twice",
                    "out of order",
                ),
                [_row(found, one) for one in contestants if one.name in found],
            ),
            f"![Events a second and processor time, {part}](images/{picture.name})\n",
            words.prose("latency"),
            words.table(
                ("", "at a third of its own saturation"),
                [_latency(tally, part, one) for one in contestants if one.name in found],
            ),
            _alone(tally, part),
            _publishing(tally) if part == "hop" else "",
            _steps(found) if part == "hop" else "",
            "How each is tuned:\n",
            words.table(
                ("", "", "committed with the state", "keeps the order"),
                [_settings(one) for one in contestants if one.name in found],
            ),
            _failures(tally, part),
        )
    )


def _row(found: dict[str, list[Figures]], one: Contestant) -> tuple[str, ...]:
    figures = [each for each in found[one.name] if "failed" not in each]
    if not figures:
        return one.title, "failed", "", "", "", "", ""
    times = "1" if one.name == "ours" else words.spread(ratios(found["ours"], found[one.name], "per_second"), 2)
    return (
        one.title,
        words.spread([each["per_second"] for each in figures]),
        times,
        words.spread([sum(each["cpu_ms"].values()) for each in figures], 2),
        words.spread([each["wal_bytes"] for each in figures]),
        str(sum(each["doubled"] for each in figures)),
        str(sum(each["overtaken"] for each in figures)),
    )


def _latency(tally: Tally, part: str, one: Contestant) -> tuple[str, ...]:
    return one.title, words.way(tally.good(part, one.name, "third"))


def _alone(tally: Tally, part: str) -> str:
    found = tally.good(part, "ours", "alone")
    if not found:
        return ""
    return (
        "With each event of ours committed by itself while others are published and consumed, as in the product, there "
        f"are {words.figure(found, 'per_second')} a second; the third is of that.\n"
    )


def _publishing(tally: Tally) -> str:
    ours, floor = (tally.good("hop", name, "publish") for name in ("ours", "floor"))
    if not ours or not floor:
        return ""
    return (
        f"Publishing alone, without a consumer: the relay {words.figure(ours, 'per_second')} events a second, a bare "
        f"pipelined publisher {words.figure(floor, 'per_second')}; the relay is "
        f"{words.spread(ratios(ours, floor, 'per_second'), 2)} times it.\n"
    )


def _steps(found: dict[str, list[Figures]]) -> str:
    if BEFORE not in found:
        return ""
    rows = [
        (
            name,
            *(
                words.spread([one["cpu_ms"][key] for one in found[who] if "failed" not in one], 3)
                for who in (BEFORE, "ours")
            ),
        )
        for key, name in (
            ("listener", "consumer, ms an event"),
            ("postgres", "PostgreSQL"),
            ("sender", "sender"),
            ("rabbitmq", "RabbitMQ"),
        )
    ]
    return words.prose("steps") + "\n" + words.table(("processor’s time", "before", "now"), rows)


def _settings(one: Contestant) -> tuple[str, ...]:
    return one.title, one.settings, "yes" if one.durable else "no", "yes" if one.ordered else "no"


def _failures(tally: Tally, part: str) -> str:
    lines = [line for line in tally.lines if line.part == part and "failed" in line.figures]
    return "".join(
        f"- {line.what}, {line.mode}, round {line.round}: `{_last(line.figures['failed'])}`\n" for line in lines
    )


def _last(text: str) -> str:
    return next((line for line in reversed(text.splitlines()) if line.strip()), "")[:200]


def _draw(found: dict[str, list[Figures]], contestants: tuple[Contestant, ...], file: Path) -> None:
    """Draw how many a second, with their span, and the processor's time of each part."""
    shown = [one for one in contestants if any("failed" not in each for each in found.get(one.name, []))][::-1]
    names = [one.title for one in shown]
    rows = [[each for each in found[one.name] if "failed" not in each] for one in shown]
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 0.45 * len(shown) + 1.3), sharey=True)
    middle = [median(each["per_second"] for each in row) for row in rows]
    spans = [
        [value - min(each["per_second"] for each in row) for value, row in zip(middle, rows, strict=True)],
        [max(each["per_second"] for each in row) - value for value, row in zip(middle, rows, strict=True)],
    ]
    left.barh(names, middle, xerr=spans, color=["#1b6e5a" if one.ours else "#9fb3ad" for one in shown], capsize=3)
    left.set_xlabel("events a second")
    start = [0.0] * len(shown)
    for part, colour in zip(PARTS, ("#1b6e5a", "#7fb5a5", "#336791", "#e58a3c"), strict=True):
        width = [median(each["cpu_ms"][part] for each in row) for row in rows]
        right.barh(names, width, left=start, color=colour, label=part)
        start = [a + b for a, b in zip(start, width, strict=True)]
    right.set_xlabel("processor’s ms an event")
    right.legend(frameon=False, fontsize=8)
    for axis in (left, right):
        axis.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})
    plt.close(figure)
