"""`cousu-main broker`: declare the shared exchanges on a broker of your own, and print the rights of all accounts."""

import asyncio
import json
from typing import Annotated

import typer

from services.operations.environment import variable
from shared.messaging.accounts import SUPERVISOR, USERS
from shared.messaging.connection import connect

app = typer.Typer(help="Prepare a RabbitMQ of one's own: shared exchanges, and who may do what.", no_args_is_help=True)

WITHIN = 30.0
"""Seconds to connect."""


@app.command()
def declare() -> None:
    """Declare the exchanges that all services share, as SUPERVISOR_AMQP_URL; what stands already is left as it is."""
    from shared.messaging import topology  # noqa: PLC0415 - it loads FastStream, for which no other command waits

    url = variable("SUPERVISOR_AMQP_URL")

    async def declared() -> None:
        async with await connect(url, SUPERVISOR, within=WITHIN) as connection:
            await topology.declare_shared(connection)

    asyncio.run(declared())


@app.command()
def rights(vhost: Annotated[str, typer.Option(help="Virtual host")] = "/") -> None:
    """Print the rights of all accounts, for `rabbitmqctl import_definitions`; create the accounts before."""
    known = {
        "permissions": [user.permission(vhost) for user in USERS],
        "topic_permissions": [keys for user in USERS for keys in user.topic_permissions(vhost)],
    }
    typer.echo(json.dumps(known, indent=2))
