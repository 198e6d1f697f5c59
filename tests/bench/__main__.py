"""`python -m tests.bench`: run the measurements, store each in the tally, and make the report."""

import asyncio
import logging
import signal
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import structlog
import typer

from tests.bench import machine
from tests.bench.backlog.part import backlog
from tests.bench.chain.part import chain
from tests.bench.footprint.part import footprint
from tests.bench.ground import DISK, MEMORY, standing
from tests.bench.growth.part import growth, history
from tests.bench.hop.contestants import ROOT, THEIRS
from tests.bench.hop.part import hop, peers
from tests.bench.life.part import life
from tests.bench.measure import Bench
from tests.bench.scale.part import scale
from tests.bench.suite.part import suite
from tests.bench.tally import Tally

PARTS: dict[str, Callable[[Bench], Awaitable[None]]] = {
    "hop": hop,
    "chain": chain,
    "life": life,
    "peers": peers,
    "growth": growth,
    "scale": scale,
    "backlog": backlog,
    "footprint": footprint,
    "history": history,
    "suite": suite,
}


def main(
    only: Annotated[str, typer.Option(help=f"Which parts, separated by commas: {', '.join(PARTS)}.")] = "",
    repeat: Annotated[int, typer.Option(help="How often each measurement is made.")] = 3,
    quick: Annotated[bool, typer.Option(help="A fifth of the work: ten minutes, rough figures.")] = False,
    memory: Annotated[bool, typer.Option(help="Have the servers' data in memory rather than on the disk.")] = False,
    book: Annotated[Path, typer.Option("--tally", help="Where each measurement is written down.")] = Path(
        "build/bench.jsonl"
    ),
    before: Annotated[str, typer.Option(help="A commit: ours as it was there takes part in the hop.")] = "",
    report: Annotated[bool, typer.Option("--report", help="Only write the report of what is in the tally.")] = False,
) -> None:
    """Measure what is not yet in the tally; then write docs/performance.md."""
    parts = only.split(",") if only else list(PARTS)
    if unknown := set(parts) - set(PARTS):
        raise typer.BadParameter(f"no such part: {', '.join(unknown)}")
    if not report:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        asyncio.run(
            _measure(parts, Tally(book), rounds=repeat, quick=quick, where=MEMORY if memory else DISK, before=before)
        )
    subprocess.run([THEIRS, "-m", "tests.bench.report", book], cwd=ROOT, check=True)  # noqa: S603 - our own program


async def _measure(parts: list[str], tally: Tally, *, rounds: int, quick: bool, where: Path, before: str) -> None:
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)  # what was started is stopped then too
    async with standing(where) as ground:
        bench = Bench(ground, tally, rounds, quick, where, before)
        await bench.measure("machine", "machine", "is", 0, lambda: machine.described(ground, where))
        for name in parts:
            await PARTS[name](bench)


if __name__ == "__main__":
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(main)
    app()
