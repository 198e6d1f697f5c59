"""`python -m tests.faults.light`: many faults in little time, on forked services; ends with 1 if a promise was broken.

The same people, the same faults and the same judge as `python -m tests.faults`, without the supervisor and without a
measure of recovery: services are forked from a warm parent as for the named kills.
"""

import asyncio
import contextlib
import logging
import secrets
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import structlog
import typer

from tests.faults.kills import servers
from tests.faults.light.blows import KINDS
from tests.faults.light.run import Plan, Report, run
from tests.faults.light.stage import Stage
from tests.faults.lives import ALL, WAYS
from tests.faults.product import SERVICES


def main(
    seed: Annotated[int | None, typer.Option(help="What decides; a new one when not given.")] = None,
    kinds: Annotated[str, typer.Option(help="Which faults, separated by commas; all when not given.")] = "",
    quiet: Annotated[bool, typer.Option(help="Let nothing strike.")] = False,
    requests: Annotated[int, typer.Option(help="Faults strike until so many requests were filed …")] = 60,
    faults: Annotated[int, typer.Option(help="… and so many of them struck.")] = 0,
    seconds: Annotated[float, typer.Option(help="For how long faults strike at most.")] = 60,
    lives: Annotated[str, typer.Option(help="Which lives people live; the everyday ones when not given.")] = "",
    service: Annotated[str, typer.Option(help="Which services are struck, or their queues; all when not given.")] = "",
    clients: Annotated[int, typer.Option(help="People at the same time.")] = 6,
    within: Annotated[float, typer.Option(help="Seconds after which what does not go on counts as stuck.")] = 60,
    dawdles: Annotated[float, typer.Option(help="Seconds that one call in five of the services waits at most.")] = 0,
    fails: Annotated[float, typer.Option(help="Share of the events that services fail to handle at each attempt.")] = 0,
    copies: Annotated[int, typer.Option(help="Of each service.")] = 1,
    healing: Annotated[bool, typer.Option(help="Let services ask for what they miss.")] = True,
    running: Annotated[Path | None, typer.Option("--servers", help="Use servers that run already.")] = None,
) -> None:
    """Strike services, queues and messages while people use the product; then judge."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    plan = Plan(
        secrets.randbelow(10**9) if seed is None else seed,
        kinds=() if quiet else _among(KINDS, kinds),
        requests=requests,
        faults=faults,
        seconds=seconds,
        lives=_among(ALL, lives) if lives else tuple(WAYS),
        services=_among(SERVICES, service),
        clients=clients,
        within=within,
        dawdles=dawdles,
        fails=fails,
        copies=copies,
        healing=healing,
    )
    typer.echo(f"seed {plan.seed}")
    report = asyncio.run(_on_a_stage(plan, running))
    typer.echo(report.text())
    sys.exit(1 if report.verdict.wrong else 0)


async def _on_a_stage(plan: Plan, running: Path | None) -> Report:
    async with contextlib.AsyncExitStack() as held:
        those = servers.read(running) if running else await held.enter_async_context(servers.started())
        stage = Stage(those)
        try:
            await stage.start()
            return await run(stage, plan)
        finally:
            await stage.stop()


def _among(known: Iterable[str], asked: str) -> tuple[str, ...]:
    """Give what was asked for by name, or all; refuse what there is not."""
    chosen = tuple(asked.split(",")) if asked else tuple(known)
    unknown = set(chosen) - set(known)
    if unknown:
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: choose among {', '.join(known)}")
    return chosen


if __name__ == "__main__":
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(main)
    app()
