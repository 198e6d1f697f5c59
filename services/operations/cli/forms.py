"""`cousu-main form`: manage the broker accounts of foreign forms."""

from typing import Annotated, Final

import typer

from services.operations.adapters.broker_admin import BrokerAdmin
from services.operations.cli.common import AsJson, By, Columns, print_rows, with_connections
from services.operations.environment import MissingVariableError
from services.operations.settings import ConnectionSettings
from services.operations.usecases import foreign_forms
from shared.messaging.accounts import form_user
from shared.messaging.connection import BrokerAddresses

app = typer.Typer(help="Forms of others that file requests over the broker.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Lower-case letters, digits and hyphens; its source is /forms/NAME")]
Motive = Annotated[str, typer.Option("--why", help="The motive, stored with who did it")]
NO_MOTIVE = "motif non précisé"
FORMS: Final[Columns] = {
    "Name": "name",
    "Source": "source",
    "Account": "account",
    "Answers in queue": "queue",
    "Unread": "unread",
}


@app.command()
def add(
    name: Name,
    by: By,
    why: Motive = NO_MOTIVE,
    *,
    renew: Annotated[bool, typer.Option("--renew", help="A new password for a form that has an account")] = False,
) -> None:
    """Make the account of a form, and print its AMQP URL; the password cannot be shown again."""
    admin, operators = _admin()
    password = with_connections(
        lambda connections: foreign_forms.add(connections, admin, name, renew=renew, by=by, why=why)
    )
    typer.echo(f"Answers come to the queue {form_user(name)}. An example: docs/form_client.py", err=True)
    typer.echo(foreign_forms.amqp_url(operators, name, password))


@app.command("list")
def list_(*, json: AsJson = False) -> None:
    """Show the forms that have an account."""
    admin, _ = _admin()
    print_rows(
        with_connections(lambda connections: foreign_forms.list_forms(connections, admin)), [], FORMS, as_json=json
    )


@app.command()
def remove(name: Name, by: By, why: Motive = NO_MOTIVE) -> None:
    """End the account of a form at once, with its connections and its unread answers."""
    admin, _ = _admin()
    with_connections(lambda connections: foreign_forms.remove(connections, admin, name, by=by, why=why))


def _admin() -> tuple[BrokerAdmin, str]:
    """Return the management API, and the operators' own AMQP URL without a name. Raises `MissingVariableError`."""
    configured = ConnectionSettings()
    if configured.broker_admin_url is None or configured.amqp_url is None:
        missing = "OPERATIONS_AMQP_URL" if configured.amqp_url is None else "OPERATIONS_BROKER_ADMIN_URL"
        raise MissingVariableError(
            f"{missing} is not set. OPERATIONS_BROKER_ADMIN_URL is the address of RabbitMQ's management API with a "
            "user who has the tag administrator and its password; OPERATIONS_AMQP_URL is the broker's AMQP address."
        )
    address = BrokerAddresses(configured.amqp_url.get_secret_value(), "cousu-main").now
    return BrokerAdmin(configured.broker_admin_url.get_secret_value(), address.path.removeprefix("/") or "/"), str(
        address
    )
