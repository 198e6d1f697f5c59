"""Store the result of each run as a line of JSON; of several runs of one bug the last counts."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from shared import clock
from tests.faults.teeth import trial
from tests.faults.teeth.bugs import BUGS
from tests.faults.teeth.drills import DRILLS
from tests.faults.teeth.trial import Ending, Outcome


def append(record: Path, *, drill: str, bug: str | None, outcome: Outcome) -> None:
    """Write a run down; without a bug it is the control of its drill."""
    said = asdict(outcome)
    del said["evidence"]
    line = {"commit": trial.commit(), "at": clock.now().isoformat(), "drill": drill, "bug": bug, **said}
    with record.open("a") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")


def keep_evidence(folder: Path, logs: Path, outcome: Outcome) -> None:
    """Keep what tells why a trial went as it should not: the complaints, the faults, and what the services logged."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "said").write_text("\n".join(outcome.evidence) + "\n")
    for log in logs.iterdir():
        shutil.copy(log, folder)


def table(record: Path) -> str:
    """Give the tally as two tables for docs/reliability.md: the bugs, then the controls."""
    lines = [json.loads(line) for line in record.read_text().splitlines()]
    last: dict[tuple[str, str | None], dict[str, Any]] = {(line["drill"], line["bug"]): line for line in lines}
    rows = ["| bug | what it is | drill | caught as | seconds |", "|---|---|---|---|---|"]
    for bug in BUGS:
        run = last.get((bug.drill, bug.name))
        if run is not None:
            caught = ", ".join(sorted(run["complaints"])) if run["ending"] == Ending.BROKEN else f"**{run['ending']}**"
            rows.append(f"| `{bug.name}` | {bug.says} | `{bug.drill}` | {caught} | {run['seconds']:.0f} |")
    rows += ["", "| drill | what it is | command | without any bug | seconds |", "|---|---|---|---|---|"]
    for name, drill in DRILLS.items():
        run = last.get((name, None))
        if run is not None:
            rows.append(f"| `{name}` | {drill.says} | `{drill.command}` | {run['ending']} | {run['seconds']:.0f} |")
    return "\n".join(rows)
