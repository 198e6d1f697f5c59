"""`cousu-main deliveries`: mails that did not reach anybody."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table

from services.operations.cli.acting import AsJson, By, Why, at, tell, with_connections
from services.operations.reads.duties import SENDS_MAILS
from services.operations.usecases import mails
from services.operations.usecases.mails import Mail

app = typer.Typer(help="Mails that did not reach anybody.", no_args_is_help=True)

MailId = Annotated[UUID, typer.Argument(help="The mail, as `deliveries list` shows it")]


@app.command("list")
def list_(*, json: AsJson = False) -> None:
    """Show the mails of the week that were refused, have no address, or do not leave."""
    rows, away = with_connections(
        lambda connections: connections.from_all(SENDS_MAILS, lambda one: mails.list_mails(one.database))
    )
    tell(rows, away, _table, as_json=json)


@app.command()
def resend(mail_id: MailId, why: Why, by: By) -> None:
    """Have a mail tried again now, to the same address."""
    with_connections(lambda connections: mails.resend(connections.service(SENDS_MAILS), mail_id, by=by, why=why))
    typer.echo("queued again; it leaves within seconds")


@app.command("resend-refused")
def resend_refused(
    words: Annotated[str, typer.Argument(help="The words of the server, as `deliveries list` shows them")],
    why: Why,
    by: By,
) -> None:
    """Have all mails of the week tried again that a server refused with these words: after its repair."""
    count = with_connections(
        lambda connections: mails.resend_answered(connections.service(SENDS_MAILS), words, by=by, why=why)
    )
    typer.echo(f"{count} queued again; they leave within seconds")


def _table(rows: Sequence[Mail]) -> Table:
    table = Table("Mail", "Request", "About", "To", "Status", "Tries", "Next", "Words of the server", box=None)
    for one in rows:
        table.add_row(
            str(one.id),
            one.number or "",
            one.event_type,
            one.recipient or "no address",
            one.status,
            str(one.attempts),
            "" if one.given_up else at(one.next_attempt_at),
            one.reason or "",
        )
    return table
