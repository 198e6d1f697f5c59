"""Whole lives, filing, and where the time goes."""

from pathlib import Path
from statistics import median

from matplotlib import pyplot as plt

from tests.bench.report import words
from tests.bench.tally import Figures, Tally


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
        ("events told a life", words.figure(lives, "events_per_life")),
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
    return "\n".join(lines) + "\n"


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
