"""The demonstration: a few requests to begin with, one whole life shown in the terminal, or a hundred at once."""

from typing import Annotated

import typer

from deploy.local.demo import beginning, life
from deploy.local.demo import escalations as many

app = typer.Typer(help="The demonstration.", no_args_is_help=True)
app.command()(beginning.load)
app.command("life")(life.show)


@app.command()
def escalations(
    number: Annotated[int, typer.Option(min=1, max=2_000, help="How many requests")] = 120,
    seed: Annotated[int, typer.Option(help="The same seed makes the same requests, and is loaded once")] = 1,
) -> None:
    """Bring requests of all départements before the national team, each as far as the seed says, by the HTTP API."""
    many.load(number, seed)
