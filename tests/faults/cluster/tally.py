"""Store the results of many runs, one JSON line each, so that an interrupted run can continue."""

import json
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from tests.faults.cluster.strikes import KILLED
from tests.faults.harness import Report
from tests.faults.product import ROOT

BROKEN = ("lost", "doubled", "reordered", "stuck")
_ALSO = {"too many": "doubled", "hole in a journal": "lost", "numbers": "lost"}
"""Complaints of the oracle that mean one of the four."""

Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tally:
    """A file of lines."""

    file: Path

    @property
    def lines(self) -> list[Line]:
        """Read what is there."""
        if not self.file.exists():
            return []
        return [json.loads(line) for line in self.file.read_text().splitlines() if line]

    def add(self, line: Line) -> None:
        """Write one more."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a") as file:
            file.write(json.dumps(line) + "\n")

    @property
    def kills(self) -> int:
        """How many nodes were killed so far."""
        return sum(line.get("kills", 0) for line in self.lines)


def line_of(report: Report) -> Line:
    """Write down a run."""
    verdict, ledger = report.verdict, report.ledger
    kinds = Counter(fault.kind for fault in report.faults)
    wrong = Counter(_kind_of(one) for one in verdict.wrong)
    return {
        "commit": _commit(),
        "seed": report.plan.seed,
        "seconds": round(report.seconds),
        "faults": dict(kinds),
        "missed": sum(fault.missed for fault in report.log),
        "kills": sum(KILLED.get(kind, 0) * count for kind, count in kinds.items()),
        "requests": verdict.requests,
        "finished": sum(life.finished for life in ledger.lives),
        "accepted": ledger.accepted,
        "unknown": ledger.unknown,
        "events": verdict.events,
        "applications": verdict.applications,
        "steps": verdict.steps,
        "mails": verdict.mails,
        "uncertain": verdict.uncertain,
        "quarantined": verdict.quarantined,
        "quiet_after": round(report.quiet_after, 1),
        "back": [round(fault.back, 1) for fault in report.faults if fault.back is not None],
        "whole": [round(fault.whole, 1) for fault in report.faults if fault.whole is not None],
        **{kind: wrong[kind] for kind in BROKEN},
        "other": wrong["other"],
        "wrong": verdict.wrong[:20],
        "folder": None if report.passed else str(report.folder),
    }


def table(lines: list[Line]) -> str:
    """Tell all runs together, in lines for a terminal and for docs/reliability.md."""
    judged = [line for line in lines if "error" not in line]
    faults: Counter[str] = Counter()
    for line in judged:
        faults.update(line["faults"])
    rows = [
        f"runs {len(judged)} ({len(lines) - len(judged)} could not be carried out), "
        f"{sum(line['seconds'] for line in judged) / 3600:.1f} h, commits "
        + ", ".join(sorted({line["commit"] for line in judged})),
        *(f"{kind:<20}{count:>7}" for kind, count in sorted(faults.items())),
        f"{'all faults':<20}{faults.total():>7}   (nothing was hit {_sum(judged, 'missed')} times)",
        f"{'nodes killed':<20}{_sum(judged, 'kills'):>7}",
        f"requests {_sum(judged, 'requests')} ({_sum(judged, 'finished')} lived to their end)",
        f"actions accepted {_sum(judged, 'accepted')}, answers unknown {_sum(judged, 'unknown')}",
        f"events {_sum(judged, 'events')}, applications {_sum(judged, 'applications')}",
        f"timeline steps {_sum(judged, 'steps')}",
        f"mails {_sum(judged, 'mails')} ({_sum(judged, 'uncertain')} uncertain)",
        ", ".join(f"{kind} {_sum(judged, kind)}" for kind in (*BROKEN, "other")),
    ]
    for what in ("back", "whole"):
        seconds = [one for line in judged for one in line[what]]
        if seconds:
            rows.append(
                f"{what}: median {median(seconds):.1f} s, worst {max(seconds):.1f} s, of {len(seconds)} measured"
            )
    rows += [f"seed {line['seed']}: {one}" for line in judged for one in line["wrong"][:3]]
    rows += [f"seed {line['seed']}: not carried out: {line['error']}" for line in lines if "error" in line]
    return "\n".join(rows)


def _sum(lines: list[Line], what: str) -> int:
    return sum(line[what] for line in lines)


def _kind_of(complaint: str) -> str:
    kind = complaint.partition(":")[0]
    kind = _ALSO.get(kind, kind)
    return kind if kind in BROKEN else "other"


def _commit() -> str:
    told = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S607 - the developer's own git
    return told.stdout.strip()
