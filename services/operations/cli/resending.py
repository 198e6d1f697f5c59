"""`cousu-main events resend`: events of a journal told once more."""

from datetime import datetime
from typing import Annotated

import typer

from services.operations.cli.acting import AsJson, By, Why, as_text, with_connections
from services.operations.usecases import resending
from services.operations.usecases.resending import Choice
from shared.errors import Invalid

Source = Annotated[str, typer.Option("--source", help="Who told them, as events show say: /qualification/95")]
From = Annotated[
    str,
    typer.Option(
        "--from", help="A moment (2026-11-01T00:00, local unless an offset is given), or with --request a No."
    ),
]
To = Annotated[str | None, typer.Option("--to", help="Until before this moment; now when not given")]
OfRequest = Annotated[str | None, typer.Option("--request", help="One request's only: its number or id")]
ToQueue = Annotated[str | None, typer.Option("--queue", help="To this queue alone; to all who listen when not given")]


def resend(
    source: Source,
    from_: From,
    why: Why,
    by: By,
    to: To = None,
    request: OfRequest = None,
    queue: ToQueue = None,
    *,
    json: AsJson = False,
) -> None:
    """Send events of a journal again, lot by lot; what was applied stays applied once."""
    number = int(from_) if from_.isdecimal() else None
    choice = Choice(
        source,
        since=None if number else _moment("from", from_),
        until=_moment("to", to) if to else None,
        request=request,
        first=number or 1,
        queue=queue,
    )
    done = with_connections(lambda connections: resending.resend_in_lots(connections, choice, by=by, why=why))
    if json:
        typer.echo(as_text(done))
    else:
        typer.echo(f"{done.events} events of {done.source} sent again to {done.queue or 'all who listen'}")


def _moment(name: str, text: str) -> datetime:
    """Read a moment; refuses (`Invalid`) what is none."""
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError as error:
        raise Invalid.field(name, f"«\u00a0{text}\u00a0» n’est pas un moment, comme 2026-11-01T00:00.") from error
