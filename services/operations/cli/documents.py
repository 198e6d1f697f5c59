"""`cousu-main documents`: files that intake's database does not claim, and those that the antivirus found infected."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from services.operations.cli.acting import AsJson, By, Why, as_text, at, with_connections
from services.operations.cli.screen import show
from services.operations.usecases import documents

app = typer.Typer(
    help="Files of documents that the database does not know, after it went back in time; infected files.",
    no_args_is_help=True,
)


@app.command("list")
def list_(*, json: AsJson = False) -> None:
    """Show the files that a sweep would move to the trash, while it waits for a decision."""
    found = with_connections(
        lambda connections: documents.ahead(connections.service(documents.KEEPS_DOCUMENTS).database)
    )
    if json:
        typer.echo(as_text(found))
    elif found.since is None:
        typer.echo("Nothing: the folder knows no more than the database.")
    else:
        table = Table("File", "Bytes", "Modified", box=None)
        for file in found.files:
            table.add_row(str(file.id), str(file.size), at(file.modified_at))
        show(table)
        typer.echo(
            f"{len(found.files)} files are not known to the database, since {at(found.since)}. Nothing is swept."
        )


@app.command()
def confirm(why: Why, by: By) -> None:
    """Decide that the database is the right one: the files go to the trash, and are removed after 90 days.

    Restore the right database instead, if it is not: the files are found again by themselves.
    """
    count = with_connections(
        lambda connections: documents.confirm(connections.service(documents.KEEPS_DOCUMENTS), by=by, why=why)
    )
    typer.echo(f"confirmed: {count} files go to the trash with the next sweep, and stay there for 90 days")


@app.command("infected")
def list_infected(
    folder: Annotated[Path, typer.Option(envvar="INTAKE_DOCUMENTS_FOLDER", help="The folder of documents.")],
    *,
    json: AsJson = False,
) -> None:
    """Show the files in which the antivirus found something: they are removed after 90 days."""
    found = documents.infected(folder)
    if json:
        typer.echo(as_text(found))
        return
    table = Table("Day", "Found", "Bytes", "File", box=None)
    for file in found:
        table.add_row(file.day, file.found, str(file.size), str(file.path))
    show(table) if found else typer.echo("None.")
