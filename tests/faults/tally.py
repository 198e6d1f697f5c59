"""Store the pieces of the long run, one line each, and sum them for docs/reliability.md."""

import json
import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Self

from tests.faults.harness import Report

ROOT = Path(__file__).resolve().parents[2]
TARGETS = {"all": 10_000, "kill_database": 1_000, "wipe_broker": 20}
"""How many faults the long run aims at: of all kinds together, and of two."""

SORTS = ("lost", "doubled", "reordered", "stuck")


@dataclass(frozen=True, slots=True)
class Epoch:
    """A piece of the long run: a fresh product, some hundred faults, quiet, and the judgement."""

    commit: str
    seed: int
    again: str
    faults: dict[str, int]
    missed: dict[str, int]
    requests: int
    actions: int
    events: int
    applications: int
    mails: int
    uncertain: int
    quarantined: int
    wrong: dict[str, int]
    """What was found wrong, by sort: lost, doubled, reordered, stuck, or anything else."""
    back: list[float]
    """Seconds, for each time that the storm paused: until every part said that it is ready."""
    whole: list[float]
    """The same: until everything told had taken effect everywhere."""
    quiet: float
    seconds: float
    first_wrong: list[str] = field(default_factory=list)
    logs: str = ""

    @classmethod
    def of(cls, report: Report) -> Self:
        """Write a report down."""
        verdict = report.verdict
        return cls(
            commit=commit(),
            seed=report.plan.seed,
            again=report.again,
            faults=dict(Counter(fault.kind for fault in report.faults)),
            missed=dict(Counter(fault.kind for fault in report.log if fault.missed)),
            requests=verdict.requests,
            actions=report.ledger.accepted,
            events=verdict.events,
            applications=verdict.applications,
            mails=verdict.mails,
            uncertain=verdict.uncertain,
            quarantined=verdict.quarantined,
            wrong=dict(Counter(_sort_of(one) for one in verdict.wrong)),
            back=[round(fault.back, 1) for fault in report.faults if fault.back is not None],
            whole=[round(fault.whole, 1) for fault in report.faults if fault.whole is not None],
            quiet=round(report.quiet_after, 1),
            seconds=round(report.seconds, 1),
            first_wrong=verdict.wrong[:10],
            logs="" if report.passed else str(report.folder),
        )

    def write(self, file: Path) -> None:
        """Add it to the book."""
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as book:
            book.write(json.dumps(asdict(self), ensure_ascii=False) + "\n")


def read(file: Path) -> list[Epoch]:
    """Read the book; one that is not there yet is empty."""
    if not file.exists():
        return []
    return [Epoch(**json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines()]


def left(epochs: Sequence[Epoch]) -> dict[str, int]:
    """Tell how many faults are still to come, by target; none when all targets are reached."""
    done = _sum(epochs, "faults")
    done["all"] = done.total()
    return {target: most - done[target] for target, most in TARGETS.items() if done[target] < most}


def table(epochs: Sequence[Epoch]) -> str:
    """Give the sums as tables in Markdown."""
    if not epochs:
        return "nothing yet"
    faults, missed, wrong = (_sum(epochs, name) for name in ("faults", "missed", "wrong"))
    passed = sum(not epoch.wrong for epoch in epochs)
    hours = sum(epoch.seconds for epoch in epochs) / 3600
    lines = [
        f"{len(epochs)} epochs, each with a seed of its own, {hours:.1f} hours under fire.",
        f"Commits: {', '.join(dict.fromkeys(epoch.commit for epoch in epochs))}.",
        "",
        "| | |",
        "|---|---|",
        f"| faults that struck (strikes that hit nothing) | {_spaced(faults.total())} ({_spaced(missed.total())}) |",
    ]
    lines += [
        f"| {what} | {_spaced(sum(getattr(epoch, name) for epoch in epochs))} |"
        for what, name in (
            ("requests filed", "requests"),
            ("actions accepted", "actions"),
            ("events told", "events"),
            ("applications by listeners checked", "applications"),
            ("mails", "mails"),
            ("of which uncertain", "uncertain"),
            ("messages put into quarantine", "quarantined"),
        )
    ]
    others = sum(count for sort, count in wrong.items() if sort not in SORTS)
    lines.append(
        f"| **lost, doubled, reordered, stuck**; other | **{', '.join(str(wrong[s]) for s in SORTS)}**; {others} |"
    )
    lines.append(f"| epochs without any | {passed} of {len(epochs)} |")
    for what, name in (("all parts back", "back"), ("all whole", "whole")):
        seconds = [second for epoch in epochs for second in getattr(epoch, name)]
        if seconds:
            lines.append(f"| {what}, seconds: median, worst of {len(seconds)} | {median(seconds)}, {max(seconds)} |")
    quiet = [epoch.quiet for epoch in epochs]
    lines.append(f"| quiet after the last client, seconds: median, worst | {median(quiet)}, {max(quiet)} |")
    lines += ["", "| fault | struck | hit nothing |", "|---|---|---|"]
    lines += [f"| `{kind}` | {_spaced(faults[kind])} | {_spaced(missed[kind])} |" for kind in sorted(faults | missed)]
    for epoch in epochs:
        if epoch.wrong:
            lines += ["", f"seed {epoch.seed} at {epoch.commit}, logs {epoch.logs}", f"  {epoch.again}"]
            lines += [f"  WRONG {one}" for one in epoch.first_wrong]
    return "\n".join(lines)


def commit() -> str:
    """Name what is tested; a plus says that the tree differs from it."""
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty=+", "--exclude=*"],  # noqa: S607 - git, wherever it is
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def _sum(epochs: Sequence[Epoch], name: str) -> Counter[str]:
    total: Counter[str] = Counter()
    for epoch in epochs:
        counts: dict[str, Any] = getattr(epoch, name)
        total.update(counts)
    return total


def _sort_of(wrong: str) -> str:
    sort = wrong.partition(":")[0].split()[0]
    return sort if sort in SORTS else "other"


def _spaced(number: int) -> str:
    return f"{number:,}".replace(",", " ")
