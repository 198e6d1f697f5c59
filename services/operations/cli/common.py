"""Shared parts of the commands: the acting operator and reason, table or JSON output, and connections."""

import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Concatenate, ParamSpec, TypeVar

import typer
from pydantic import TypeAdapter
from rich.console import Console
from rich.table import Table

from services.operations.adapters.connections import Connections, Watched, connected
from services.operations.domain.services import SERVICES
from shared.db import retry_conflicts

Answer = TypeVar("Answer")
Row = TypeVar("Row")
P = ParamSpec("P")

Columns = Mapping[str, str | Callable[[Any], object]]
"""The header of each column → the member of a row that stands there, or what makes it from the row."""

WIDE_ENOUGH = 400
"""Characters in a line for programs: nothing is folded."""

WatchedService = StrEnum("WatchedService", {name.upper(): name for name in SERVICES})  # type: ignore[misc] # a copy of the list would grow old

OfOne = Annotated[WatchedService, typer.Option("--service", help="In which service")]
OfAll = Annotated[WatchedService | None, typer.Option("--service", help="One service; all of them when not given")]
Why = Annotated[str, typer.Option("--why", help="The motive, stored with who did it")]
By = Annotated[str, typer.Option("--by", help="Who acts", default_factory=getpass.getuser, show_default="you")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs: JSON instead of a table")]


def with_connections(work: Callable[[Connections], Awaitable[Answer]], *, whole: bool = False) -> Answer:
    """Do something with the databases and the broker, as operators or, to read `whole` tables, as the services."""

    async def run() -> Answer:
        async with connected(whole=whole) as connections:
            return await retry_conflicts(lambda: work(connections))

    return asyncio.run(run())


def within(
    service: WatchedService | str,
    use_case: Callable[Concatenate[Watched, P], Awaitable[Answer]],
    *arguments: P.args,
    **named: P.kwargs,
) -> Answer:
    """Do something in one service."""
    return with_connections(lambda connections: use_case(connections.service(str(service)), *arguments, **named))


def from_all(
    service: WatchedService | str | None, read: Callable[[Watched], Awaitable[Sequence[Row]]]
) -> tuple[list[Row], list[str]]:
    """Read one service, or all that answer; return the rows, and the names of those that are away."""
    name = None if service is None else str(service)
    return with_connections(lambda connections: connections.from_all(name, read))


def print_rows(rows: Sequence[object], away: Iterable[str], columns: Columns, *, as_json: bool) -> None:
    """Print rows; what is away is named on standard error, and makes the command fail at its end."""
    if as_json:
        typer.echo(as_text(rows))
    elif rows:
        show(rows, columns)
    else:
        typer.echo("Nothing.")
    fail_for(away)


def show(rows: Iterable[object], columns: Columns) -> None:
    """Print a table, fitted to a terminal; nothing is cut off when the reader is a program."""
    table = Table(*columns, box=None)
    for column in table.columns:
        column.overflow = "fold"
    for row in rows:
        table.add_row(*(_cell(cell(row) if callable(cell) else getattr(row, cell)) for cell in columns.values()))
    Console(width=None if sys.stdout.isatty() else WIDE_ENOUGH, highlight=False).print(table)


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return at(value)
    if isinstance(value, frozenset | set):
        return ", ".join(sorted(str(one) for one in value))
    return "" if value is None else str(value)


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
