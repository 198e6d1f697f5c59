"""`python -m tests.faults`: inject faults; prints its seed; exit code 1 when a guarantee was broken."""

import asyncio
import logging
import secrets
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import structlog
import typer

from tests.faults import long_run
from tests.faults import tally as book
from tests.faults.harness import Plan, run
from tests.faults.lives import ALL, STRUCK
from tests.faults.quiet import LIVES
from tests.faults.strikes.table import KINDS

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
Book = Annotated[Path | None, typer.Option(help="The long run's book, one line of JSON a piece.")]


@app.callback(invoke_without_command=True)
def main(
    context: typer.Context,
    seconds: Annotated[float, typer.Option(help="For how long faults strike.")] = 120,
    seed: Annotated[int | None, typer.Option(help="What decides; a new one when not given.")] = None,
    clients: Annotated[int, typer.Option(help="People who file and agents who act at the same time.")] = 6,
    kinds: Annotated[str, typer.Option(help="Which faults, separated by commas; all when not given.")] = "",
    lives: Annotated[str, typer.Option(help="Which lives people live, separated by commas; all when not given.")] = "",
    within: Annotated[float, typer.Option(help="Seconds after which what does not go on counts as stuck.")] = 120,
    copies: Annotated[int, typer.Option(help="How many copies of each service run side by side.")] = 1,
    most: Annotated[int | None, typer.Option(help="Stop after so many faults.")] = None,
    storm: Annotated[bool, typer.Option(help="Strike at all parts at once, many times a second.")] = False,
    quiet: Annotated[bool, typer.Option(help="Let nothing strike: long acts beside ordinary ones.")] = False,
    long: Annotated[bool, typer.Option(help="Go on with the long run whose book is TALLY, for HOURS.")] = False,
    tally: Book = None,
    hours: Annotated[float, typer.Option(help="How long the long run may take now.")] = 1,
    keep: Annotated[bool, typer.Option(help="Keep databases and logs although all went well.")] = False,
) -> None:
    """Drive real lives through the HTTP API while parts are killed, cut, wiped and lied to; then judge."""
    if context.invoked_subcommand:
        return
    plan_kinds = () if quiet else _among(KINDS, kinds)
    plan_lives = _among(ALL, lives or ",".join(LIVES if quiet else STRUCK))
    seed = secrets.randbelow(10**9) if seed is None else seed
    if not long:
        print(f"seed {seed}", flush=True)  # noqa: T201 - a terminal's program
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    plan = Plan(
        seed,
        seconds,
        plan_kinds,
        clients,
        lives=plan_lives,
        within=within,
        most=most,
        copies=copies,
        storm=storm,
        keep=keep,
    )
    if long:
        if tally is None:
            raise typer.BadParameter("--long needs --tally")
        sys.exit(0 if long_run.go_on(plan, tally, hours=hours) else 1)
    report = asyncio.run(run(plan))
    print(report.text())  # noqa: T201 - same
    sys.exit(0 if report.passed else 1)


@app.command("report")
def sums(tally: Annotated[Path, typer.Option(help="The long run's book.")]) -> None:
    """Print the sums of a long run, as docs/reliability.md shows them."""
    print(book.table(book.read(tally)))  # noqa: T201 - a terminal's program


def _among(known: Iterable[str], asked: str) -> tuple[str, ...]:
    """Give what was asked for by name, or all; refuse what there is not."""
    chosen = tuple(asked.split(",")) if asked else tuple(known)
    unknown = set(chosen) - set(known)
    if unknown:
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: choose among {', '.join(known)}")
    return chosen


if __name__ == "__main__":
    app()
