"""`python -m tests.faults.teeth`: each seeded bug against the harness; ends with 1 when one survives."""

import asyncio
import logging
import secrets
import sys
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Annotated

import structlog
import typer

from tests.faults.kills import servers
from tests.faults.light.stage import Stage
from tests.faults.teeth import tally, trial
from tests.faults.teeth.bug import Bug
from tests.faults.teeth.bugs import BUGS
from tests.faults.teeth.drills import DRILLS
from tests.faults.teeth.trial import Ending


def main(
    only: Annotated[str, typer.Option(help="Which bugs, by name; * stands for anything.")] = "*",
    drills: Annotated[str, typer.Option("--drill", help="Which drills, separated by commas, in this order.")] = "",
    record: Annotated[Path, typer.Option("--tally", help="Where each run is written down.")] = Path(
        "build/teeth.jsonl"
    ),
    shown: Annotated[bool, typer.Option("--list", help="List the bugs and their drills, and run nothing.")] = False,
    report: Annotated[bool, typer.Option("--report", help="Print the tally as a table, and run nothing.")] = False,
) -> None:
    """Take one protection away after the other, and see whether the harness notices."""
    chosen = drills.split(",") if drills else list(DRILLS)
    bugs = [bug for name in chosen for bug in BUGS if bug.drill == name and fnmatch(bug.name, only)]
    if not bugs:
        raise typer.BadParameter("no such bug: --list shows them all")
    if shown:
        for bug in bugs:
            typer.echo(f"{bug.name:<44} {bug.drill:<20} {bug.says}")
    elif report:
        typer.echo(tally.table(record))
    else:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        sys.exit(0 if asyncio.run(_trials(bugs, record)) else 1)


async def _trials(bugs: Sequence[Bug], record: Path) -> bool:
    """Do each drill without any bug, then with each of its bugs; tell whether all went as it should."""
    record.parent.mkdir(parents=True, exist_ok=True)
    as_it_should = True
    async with servers.started() as those:
        stage = Stage(those)
        try:
            await stage.start()
            for name in dict.fromkeys(bug.drill for bug in bugs):
                typer.echo(f"\n{name}: {DRILLS[name].command}")
                for bug in (None, *(bug for bug in bugs if bug.drill == name)):
                    as_it_should &= await _trial(stage, name, bug, record)
        finally:
            await stage.stop()
    return as_it_should


async def _trial(stage: Stage, drill: str, bug: Bug | None, record: Path) -> bool:
    """Do one; the control, without a bug, must pass, and each other must break a promise."""
    outcome = await trial.attempt(stage, DRILLS[drill], bug.name if bug else None)
    tally.append(record, drill=drill, bug=bug.name if bug else None, outcome=outcome)
    as_it_should = outcome.ending is (Ending.BROKEN if bug else Ending.KEPT)
    said = f"{outcome.ending}" if as_it_should and not bug else f"{outcome.by or outcome.ending}: {outcome.first}"
    if not as_it_should:
        name = f"{drill}-{bug.name if bug else 'control'}-{secrets.token_hex(2)}"
        tally.keep_evidence(record.parent / "evidence" / name, stage.folder / "logs", outcome)
    mark = "" if as_it_should else "SURVIVED  " if bug else "CONTROL  "
    typer.echo(f"  {bug.name if bug else 'no bug':<44} {outcome.seconds:6.0f} s  {outcome.did}  {mark}{said}")
    return as_it_should


if __name__ == "__main__":
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(main)
    app()
