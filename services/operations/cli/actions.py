"""Commands of the command line for operators' actions, made from the table in `usecases/actions.py`."""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final
from uuid import UUID

import typer
from pydantic import ValidationError

from services.operations.adapters.connections import Connections
from services.operations.cli.common import By, OfOne, with_connections
from services.operations.usecases.actions import ACTIONS, OperatorAction

_ID: Final = re.compile(r"{(\w+):(uuid|str)}")
_IDS: Final[Mapping[str, Any]] = {
    "service": OfOne,
    "message_id": Annotated[UUID, typer.Argument(help="The message, as `quarantine list` or `dead list` shows it")],
    "mail_id": Annotated[UUID, typer.Argument(help="The mail, as `deliveries list` shows it")],
}
"""Ids of the addresses, as arguments or options."""


@dataclass(frozen=True, slots=True)
class Administrator:
    """Who uses the command line: sees all départements."""

    connections: Connections
    by: str
    perimeter: None = None


def add_commands(groups: Mapping[str, typer.Typer]) -> None:
    """Add to each group the commands of its actions."""
    for row in ACTIONS:
        if row.prints is not None:
            groups[row.address.split("/")[1]].command(row.name)(_command(row, row.prints))


def _command(row: OperatorAction, prints: str) -> Callable[..., None]:
    """Make the function that Typer reads: the ids of the address, the members of the command, and who acts."""
    ids = [name for name, _ in _ID.findall(row.address)]

    def run(by: str, **given: Any) -> None:
        try:
            command = row.command(**{name: given[name] for name in row.command.model_fields})
        except ValidationError as error:
            raise typer.BadParameter("; ".join(str(one["msg"]) for one in error.errors())) from error
        of = [given[name] if isinstance(given[name], UUID) else str(given[name]) for name in ids]
        done = with_connections(lambda connections: row.use_case(Administrator(connections, by), *of, command))
        typer.echo(prints.format(**dict(done)))

    parameters = [_parameter(name, _IDS[name]) for name in ids]
    for name, member in row.command.model_fields.items():
        text = member.description
        option = typer.Option(row.options.get(name, f"--{name}"), help=text)
        info = typer.Argument(help=text) if name in row.arguments else option
        default = inspect.Parameter.empty if member.is_required() else member.default
        parameters.append(_parameter(name, Annotated[member.annotation, info], default))
    parameters.append(_parameter("by", By))
    run.__doc__ = row.use_case.__doc__
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined] # read by inspect
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    return run


def _parameter(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
