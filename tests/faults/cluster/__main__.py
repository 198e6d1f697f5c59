"""`python -m tests.faults.cluster`: faults of a broker of three nodes, for minutes (`once`) or hours (`long`)."""

import asyncio
import logging
import secrets
import shutil
import sys
import time
from functools import partial
from pathlib import Path
from typing import Annotated

import structlog
import typer

from tests.faults.cluster.gap import measure
from tests.faults.cluster.product import ClusterProduct
from tests.faults.cluster.storm import ClusterStorm
from tests.faults.cluster.strikes import KINDS
from tests.faults.cluster.tally import Tally, line_of, table
from tests.faults.harness import Plan, Report, private_folder, run
from tests.faults.mayhem import Mayhem

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, help=__doc__)

Kinds = Annotated[str, typer.Option(help=f"Which faults, separated by commas: {', '.join(KINDS)}; all if not given.")]
TallyFile = Annotated[Path, typer.Option(help="Where each run leaves a line.")]

WITHIN = 180.0
"""Seconds after which what does not go on counts as stuck: three nodes start at the same time on one machine."""

AT_ONCE = 4.0
"""Seconds: what was told so long ago should have taken effect everywhere, whatever else the machine does."""


@app.command()
def once(
    *,
    seconds: Annotated[float, typer.Option(help="For how long faults strike.")] = 120,
    seed: Annotated[int | None, typer.Option(help="What decides; a new one when not given.")] = None,
    kinds: Kinds = "",
    clients: Annotated[int, typer.Option(help="People who file and agents who act at the same time.")] = 3,
    most: Annotated[int | None, typer.Option(help="Stop after so many faults.")] = None,
    storm: Annotated[bool, typer.Option(help="Strike at each node again as soon as it is back.")] = False,
    keep: Annotated[bool, typer.Option(help="Keep databases and logs although all went well.")] = False,
) -> None:
    """Strike, wait for quiet, judge; end with 1 when a promise was broken."""
    seed = secrets.randbelow(10**9) if seed is None else seed
    print(f"seed {seed}", flush=True)  # noqa: T201 - a terminal's program
    plan = Plan(seed, seconds, _chosen(kinds), clients, within=WITHIN, most=most, storm=storm, keep=keep)
    report = _carried_out(plan)
    print(report.text())  # noqa: T201 - same
    sys.exit(0 if report.passed else 1)


@app.command()
def long(
    *,
    tally: TallyFile,
    hours: Annotated[float, typer.Option(help="Begin no run after so many hours.")] = 2,
    kills: Annotated[int, typer.Option(help="Stop once so many nodes were killed, earlier runs included.")] = 1000,
    kinds: Kinds = "",
    clients: Annotated[int, typer.Option(help="People who file and agents who act at the same time.")] = 3,
    faults: Annotated[int, typer.Option(help="Faults of one run.")] = 60,
) -> None:
    """Storm, run after run, each judged; a run in which a promise was broken keeps its folder, and the next begins."""
    until = time.monotonic() + hours * 3600
    kept = Tally(tally)
    while kept.kills < kills and time.monotonic() < until:
        seed = secrets.randbelow(10**9)
        plan = Plan(seed, 1800, _chosen(kinds), clients, within=WITHIN, most=faults, storm=True)
        try:
            report = _carried_out(plan)
        except Exception as error:  # noqa: BLE001 - whatever it was, it is written down, and the hours go on
            kept.add({"seed": seed, "error": f"{type(error).__name__}: {error}"[:2000]})
            time.sleep(5)
            continue
        kept.add(line_of(report))
        print(report.text(), f"\n{kept.kills} of {kills} kills\n", flush=True)  # noqa: T201 - a terminal's program


@app.command()
def report(tally: TallyFile) -> None:
    """Tell what all runs of a tally came to."""
    print(table(Tally(tally).lines))  # noqa: T201 - a terminal's program


@app.command()
def gap(kills: Annotated[int, typer.Option(help="How many nodes to kill, one after the other.")] = 12) -> None:
    """Measure for how long service stops when a node dies, and how long the node takes to come back."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    print(asyncio.run(measure(kills)).text())  # noqa: T201 - a terminal's program


def _carried_out(plan: Plan) -> Report:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    mayhem_of = partial(ClusterStorm if plan.storm else Mayhem, table=KINDS, at_once=AT_ONCE)
    folder = private_folder("cousu-cluster-")
    report = None
    try:
        report = asyncio.run(run(plan, folder, product_of=ClusterProduct, mayhem_of=mayhem_of))
    finally:
        if report is not None and report.passed and not plan.keep:
            shutil.rmtree(folder, ignore_errors=True)
    return report


def _chosen(kinds: str) -> tuple[str, ...]:
    chosen = tuple(kinds.split(",")) if kinds else tuple(KINDS)
    if unknown := set(chosen) - set(KINDS):
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: choose among {', '.join(KINDS)}")
    return chosen


if __name__ == "__main__":
    app()
