"""What the operators' commands have in common: who acts and why, tables or JSON, and one connection to everything."""

import asyncio
import getpass
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, TypeVar

import typer
from pydantic import BaseModel, TypeAdapter
from rich.table import Table

from services.operations.adapters.connections import Connections, connected
from services.operations.cli.screen import show
from services.operations.domain.services import SERVICES
from shared.db import retry_conflicts

Answer = TypeVar("Answer")
Row = TypeVar("Row", bound=BaseModel)

WatchedService = StrEnum("WatchedService", {name.upper(): name for name in SERVICES})  # type: ignore[misc] # a copy of the list would grow old

OfOne = Annotated[WatchedService, typer.Option("--service", help="In which service")]
OfAll = Annotated[WatchedService | None, typer.Option("--service", help="One service; all of them when not given")]
Why = Annotated[str, typer.Option("--why", help="The motive, kept with who did it")]
By = Annotated[str, typer.Option("--by", help="Who acts", default_factory=getpass.getuser, show_default="you")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs: JSON instead of a table")]


def with_connections(work: Callable[[Connections], Awaitable[Answer]], *, whole: bool = False) -> Answer:
    """Do something with all that operators reach or, to read `whole` tables, that services do."""

    async def run() -> Answer:
        async with connected(whole=whole) as connections:
            return await retry_conflicts(lambda: work(connections))

    return asyncio.run(run())


def tell(rows: Sequence[Row], away: Iterable[str], table: Callable[[Sequence[Row]], Table], *, as_json: bool) -> None:
    """Print rows; what is away is said on standard error, and makes the command fail at its end."""
    if as_json:
        typer.echo(as_text(rows))
    elif rows:
        show(table(rows))
    else:
        typer.echo("Nothing.")
    fail_for(away)


def fail_for(away: Iterable[str]) -> None:
    """End with exit code 1 when something did not answer."""
    if names := list(away):
        typer.echo(f"Away: {', '.join(names)}. What they hold is not shown.", err=True)
        raise typer.Exit(1)


def as_text(value: object) -> str:
    """Write models as JSON."""
    return TypeAdapter(object).dump_json(value, indent=2).decode()


def at(moment: datetime | None) -> str:
    """Write a moment, to the second."""
    return moment.astimezone().isoformat(timespec="seconds") if moment else ""
