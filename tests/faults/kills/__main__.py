"""`python -m tests.faults.kills`: thousands of named kills, judged; ends with 1 when a promise was broken.

`--seed`, `--points` and `--service` repeat an epoch; `long` goes on for hours and can be stopped and taken up again;
`report` sums up; `serve` keeps servers for many short runs.
"""

import asyncio
import contextlib
import logging
import secrets
import sys
import time
from pathlib import Path
from typing import Annotated

import structlog
import typer

from tests.faults.kills import runs, servers, tally
from tests.faults.kills.epoch import Plan
from tests.faults.lives import WAYS
from tests.faults.product import SERVICES

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.callback(invoke_without_command=True)
def main(
    context: typer.Context,
    seed: Annotated[int | None, typer.Option(help="What decides; a new one when not given.")] = None,
    kills: Annotated[int, typer.Option(help="Named kills.")] = 500,
    seconds: Annotated[float, typer.Option(help="At most so long, without start and judgement.")] = 600,
    points: Annotated[str, typer.Option(help="Only points with such names: '*relay*,*inbox*'.")] = runs.EVERYWHERE,
    service: Annotated[str, typer.Option(help="Only this one dies.")] = "",
    clients: Annotated[int, typer.Option(help="People at the same time.")] = 12,
    lives: Annotated[str, typer.Option(help="Which lives people live, separated by commas.")] = ",".join(WAYS),
    stuck_after: Annotated[float, typer.Option(help="Seconds after which what still waits is stuck.")] = 120,
    healing: Annotated[bool, typer.Option(help="Let services ask for what they miss; kills must not need it.")] = False,
    running: Annotated[Path | None, typer.Option("--servers", help="Use the servers that `serve` wrote down.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write what came of it into this file.")] = None,
) -> None:
    """Kill services at named points in their code while people use them; then judge."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    if context.invoked_subcommand is not None:
        return
    if service and service not in SERVICES:
        raise typer.BadParameter(f"choose among {', '.join(SERVICES)}")
    seed = secrets.randbelow(10**9) if seed is None else seed
    _say(f"seed {seed}")
    chosen = (service,) if service else SERVICES
    plan = Plan(
        seed,
        kills,
        seconds,
        clients,
        chosen,
        healing=healing,
        stuck_after=stuck_after,
        lives=tuple(lives.split(",")),
    )
    line = asyncio.run(runs.one(plan, points, servers.read(running) if running else None))
    if json_file is not None:
        json_file.write_text(line.model_dump_json(indent=1))
    _say(line.text())
    sys.exit(0 if line.passed else 1)


@app.command()
def long(
    file: Annotated[Path, typer.Option("--tally", help="Where each epoch appends its line; also what to go on from.")],
    hours: Annotated[float, typer.Option(help="For how long.")] = 8,
    kills: Annotated[int, typer.Option(help="Until there are so many named kills.")] = 100_000,
    mail_kills: Annotated[int, typer.Option(help="… and so many of them around the sending of mails.")] = 10_000,
    each: Annotated[int, typer.Option(help="Named kills of one epoch.")] = 800,
    clients: Annotated[int, typer.Option(help="People at the same time.")] = 12,
) -> None:
    """Do one epoch after the other until the aims are reached or the time is up; a second call goes on."""
    aims = runs.Aims(hours, kills, mail_kills)

    def say(what: str) -> None:
        _say(f"{time.strftime('%H:%M:%S')} {what}")

    asyncio.run(runs.long(file, aims, each=each, clients=clients, say=say))


@app.command()
def serve(file: Annotated[Path, typer.Argument(help="Where to write down how to reach them.")]) -> None:
    """Start PostgreSQL and RabbitMQ for many runs, and keep them until Ctrl-C."""

    async def until_stopped() -> None:
        async with servers.started(note=file):
            _say(f"written to {file}")
            await asyncio.Event().wait()

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(until_stopped())


@app.command()
def report(file: Annotated[Path, typer.Argument(help="A tally.")]) -> None:
    """Print the sums of a tally, as a table for docs/reliability.md."""
    _say(tally.table(tally.read(file)))


def _say(what: str) -> None:
    print(what, flush=True)  # noqa: T201 - a terminal's program


if __name__ == "__main__":
    app()
