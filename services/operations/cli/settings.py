"""`cousu-main check`: check a service's settings for what is unsafe or missing in production."""

from typing import Annotated

import typer
from pydantic import ValidationError

from services.operations.adapters.provided import settings_of
from services.operations.cli.common import AsJson, as_text
from services.operations.domain.services import Service
from shared import production
from shared.production import Unsafe


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
        return production.of_environment() + settings_of(service)().unsafe()
    except ValidationError as error:
        return production.of_environment() + production.unreadable(error, f"{service}_")
