"""`cousu-main check`: is a service configured for the open Internet?"""

import importlib
from typing import Annotated

import typer
from pydantic import ValidationError

from shared import production
from shared.operations.command_line_acting import AsJson, as_text
from shared.operations.services import Service
from shared.operations.settings import OperationsSettings
from shared.production import Unsafe
from shared.settings import ServiceSettings


def check(service: Annotated[Service, typer.Option(help="Whose settings")], *, json: AsJson = False) -> None:
    """Name what is unsafe or missing in a service's environment; ends with exit code 1 if anything is.

    Give it the service's own variables, for instance with COUSU_ENVIRONMENT_FILE.
    """
    found = problems(service.value)
    if json:
        typer.echo(as_text([{"service": service.value, **one} for one in production.as_members(found)]))
    else:
        for one in found:
            typer.echo(f"{one.setting}: {one.sentence} ({one.code})")
    if found:
        raise typer.Exit(1)
    if not json:
        typer.echo("Nothing is unsafe.")


def problems(service: str) -> list[Unsafe]:
    """Return what would keep a service from starting in production."""
    try:
        return production.of_environment() + _settings_of(service)().unsafe()
    except ValidationError as error:
        return production.of_environment() + production.unreadable(error, f"{service}_")


def _settings_of(service: str) -> type[ServiceSettings]:
    """Load the settings of a service when they are asked for: `shared` knows no service."""
    if service == Service.OPERATIONS:
        return OperationsSettings
    told: type[ServiceSettings] = importlib.import_module(f"services.{service}.settings").Settings
    return told
