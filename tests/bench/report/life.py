"""The section on whole requests, on filing, and on the cost by function."""

from pathlib import Path
from statistics import median
from typing import Any

from matplotlib import pyplot as plt

from tests.bench.report import words
from tests.bench.tally import Figures, Tally

READABLE, LETTERS = 0.025, 190
"""From which share of the time on a call is named, and how many letters the whole width holds."""


def sections(tally: Tally, drawings: Path) -> list[str]:
    """Tell the lives."""
    lives = tally.good("life", "whole lives", "saturation")
    if not lives:
        return []
    files = tally.good("life", "filing", "saturation")
    parts = list(lives[0]["cpu_s"])
    rows = [
        ("whole lives a second", words.spread([one["per_second"] for one in lives], 2)),
        (
            "HTTP requests a second; a life",
            f"{words.figure(lives, 'http_per_second')}; {words.figure(lives, 'http_per_life')}",
        ),
        ("processor’s seconds a life, all parts", words.figure(lives, "cpu_s_all", 3)),
        *((f"… {part}", words.spread([one["cpu_s"][part] for one in lives], 3)) for part in parts),
        ("events published a life", words.figure(lives, "events_per_life")),
        ("WAL a life", words.size(median(one["wal_bytes"] for one in lives))),
        ("growth of the databases a life", words.size(median(one["database_bytes"] for one in lives))),
    ]
    if files:
        rows += [
            ("requests filed a second (8 clients)", words.figure(files, "per_second")),
            (
                "… an answer after, ms: median; 99th",
                f"{words.figure(files, 'median_ms')}; {words.figure(files, 'p99_ms')}",
            ),
            ("… processor’s ms a filing, all parts", words.spread([sum(one["cpu_ms"].values()) for one in files], 1)),
        ]
    text = words.prose("life") + "\n" + words.table(("", ""), rows)
    profiled = tally.good("life", "profile", "saturation")
    return [text, _profile(profiled[-1], drawings)] if profiled else [text]


def _profile(figures: Figures, drawings: Path) -> str:
    file = drawings / "bench-profile.svg"
    _draw(figures["profile"], file)
    lines = [
        words.prose("profile"),
        f"![Where the time goes, by service](images/{file.name})\n",
    ]
    for service, told in figures["profile"].items():
        most = list(told["functions"].items())
        covered, shown = 0.0, []
        for name, share in most[:8]:
            covered += share
            shown.append(f"`{name}` {words.share(share)}")
        lines.append(f"- **{service}** ({told['samples']} samples): {', '.join(shown)}.")
    lines.append("\n" + words.prose("flames"))
    for service, told in figures["profile"].items():
        flame = drawings / f"bench-flame-{service}.svg"
        _draw_flame(told["flame"], flame)
        lines.append(f"![Flame graph of {service}](images/{flame.name})\n")
    lines.append("\n" + words.prose("slowest"))
    return "\n".join(lines) + "\n"


def _draw_flame(flame: list[Any], file: Path) -> None:
    """Draw a tree of calls: each as wide as its share of the time, above its caller, in its owner's colour."""
    figure, axis = plt.subplots(figsize=(13, 6))
    owners: dict[str, Any] = {}
    colours = plt.get_cmap("Set3").colors

    def draw(calls: list[Any], left: float, level: int) -> int:
        highest = level
        for name, owner, share, callees in calls:
            colour = owners.setdefault(owner, colours[len(owners) % len(colours)])
            axis.barh(
                level, share, left=left, height=0.95, align="edge", color=colour, edgecolor="white", linewidth=0.4
            )
            if share > READABLE:
                function = name.split(" (", maxsplit=1)[0]
                axis.text(left + 0.001, level + 0.47, function[: int(share * LETTERS)], va="center", fontsize=5.5)
            highest = max(highest, draw(callees, left, level + 1))
            left += share
        return highest

    height = draw(flame, 0.0, 0)
    axis.set(xlim=(0, 1), ylim=(0, height + 1), yticks=[])
    axis.set_xticks([0, 0.25, 0.5, 0.75, 1.0], ["0", "25 %", "50 %", "75 %", "100 % of the time it ran"])
    axis.spines[["top", "right", "left"]].set_visible(False)
    axis.legend(
        [plt.Rectangle((0, 0), 1, 1, color=colour) for colour in owners.values()],
        list(owners),
        frameon=False,
        fontsize=8,
        ncols=5,
        loc="upper center",
        bbox_to_anchor=(0.5, -0.06),
    )
    figure.savefig(file, bbox_inches="tight", metadata={"Date": None})
    plt.close(figure)


def _draw(profile: dict[str, Figures], file: Path) -> None:
    names = list(profile)[::-1]
    groups = sorted({group for told in profile.values() for group in told["groups"]})
    figure, axis = plt.subplots(figsize=(11, 3.2))
    start = [0.0] * len(names)
    colours = plt.get_cmap("tab20").colors
    for number, group in enumerate(groups):
        width = [100 * profile[name]["groups"].get(group, 0.0) for name in names]
        axis.barh(names, width, left=start, color=colours[number % len(colours)], label=group)
        start = [a + b for a, b in zip(start, width, strict=True)]
    axis.set_xlabel("% of the samples")
    axis.legend(frameon=False, fontsize=8, ncols=4, loc="upper center", bbox_to_anchor=(0.5, -0.2))
    axis.spines[["top", "right"]].set_visible(False)
    figure.savefig(file, bbox_inches="tight", metadata={"Date": None})
    plt.close(figure)
