"""`cousu-main documents`: list files without a row in intake's database, confirm their removal, list infected files."""

from pathlib import Path
from typing import Annotated

import typer

from services.operations.cli.common import AsJson, By, Why, as_text, at, print_rows, show, within
from services.operations.reads import documents
from services.operations.usecases import confirm_documents

app = typer.Typer(
    help="Files of documents that the database does not know, after it went back in time; infected files.",
    no_args_is_help=True,
)


@app.command("list")
def list_(*, json: AsJson = False) -> None:
    """Show the files that a sweep would move to the trash, while it waits for a decision."""
    found = within(documents.HAS_DOCUMENTS, lambda watched: documents.ahead(watched.database))
    if json:
        typer.echo(as_text(found))
    elif found.since is None:
        typer.echo("Nothing: the folder knows no more than the database.")
    else:
        show(found.files, {"File": "id", "Bytes": "size", "Modified": "modified_at"})
        typer.echo(
            f"{len(found.files)} files are not known to the database, since {at(found.since)}. Nothing is swept."
        )


@app.command()
def confirm(why: Why, by: By) -> None:
    """Decide that the database is the right one: the files go to the trash, and are removed after 90 days.

    Restore the right database instead, if it is not: the files are found again by themselves.
    """
    count = within(documents.HAS_DOCUMENTS, confirm_documents.confirm, by=by, why=why)
    typer.echo(f"confirmed: {count} files go to the trash with the next sweep, and stay there for 90 days")


@app.command("infected")
def list_infected(
    folder: Annotated[Path, typer.Option(envvar="INTAKE_DOCUMENTS_FOLDER", help="The folder of documents.")],
    *,
    json: AsJson = False,
) -> None:
    """Show the files in which the antivirus found something: they are removed after 90 days."""
    found = documents.infected(folder)
    if found or json:
        print_rows(found, [], {"Day": "day", "Found": "found", "Bytes": "size", "File": "path"}, as_json=json)
    else:
        typer.echo("None.")
