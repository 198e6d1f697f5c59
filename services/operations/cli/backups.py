"""`cousu-main backup` and `restore`: save and restore all databases at one moment, with the documents."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from services.operations.adapters.broker import Broker
from services.operations.adapters.connections import connected
from services.operations.cli.common import AsJson, as_text
from services.operations.domain.services import Service
from services.operations.environment import variable
from services.operations.settings import ConnectionSettings
from services.operations.usecases.backups.manifest import Manifest
from services.operations.usecases.backups.restoring import Restored, Target
from services.operations.usecases.backups.restoring import restore as restored
from services.operations.usecases.backups.taking import back_up

DOCUMENTS = "INTAKE_DOCUMENTS_FOLDER"
SUPERVISOR = "SUPERVISOR_AMQP_URL"
"""Who may empty the queues of services; operators may not."""


def backup(
    to: Annotated[Path, typer.Option("--to", help="A folder that is empty or not there yet")], *, json: AsJson = False
) -> None:
    """Back up all databases as they are at one moment, and the documents, while everybody works.

    Personal data lies in it as it is: encrypt the folder. The keys of the links are not in it: keep them elsewhere.
    """
    done = asyncio.run(_back_up(to))
    if json:
        typer.echo(as_text(done))
        return
    rows = sum(table.rows for one in done.databases.values() for table in one.tables)
    moment, held = done.taken_at.isoformat(timespec="seconds"), done.barrier_seconds * 1000
    typer.echo(f"{len(done.databases)} databases ({rows} rows) as they were at {moment} are in {to}")
    typer.echo(f"{len(done.documents or [])} documents; nothing was published for {held:.0f} ms meanwhile")


def restore(
    source: Annotated[Path, typer.Option("--from", help="The folder of a backup")],
    *,
    replace: Annotated[bool, typer.Option("--replace", help="Replace all that the databases hold")] = False,
    json: AsJson = False,
) -> None:
    """Restore a backup, while all services are stopped and PostgreSQL and RabbitMQ run.

    What waits in RabbitMQ is newer than the backup and is dropped; mails that were owed wait for a person.
    """
    done = asyncio.run(_restore(source, replace=replace))
    if json:
        typer.echo(
            as_text(
                {
                    "taken_at": done.manifest.taken_at,
                    "mails_held": done.mails_held,
                    "documents": done.documents,
                    "dropped": done.dropped,
                }
            )
        )
        return
    typer.echo(f"{len(done.manifest.databases)} databases are as they were at {done.manifest.taken_at.isoformat()}")
    typer.echo(f"{done.documents} documents were copied back; {done.dropped} newer messages were dropped from RabbitMQ")
    if done.mails_held:
        typer.echo(f"{done.mails_held} mails may have been sent since: see `deliveries list`")
    typer.echo("Start the services, then run `cousu-main journal verify` and `cousu-main replay`.")


async def _back_up(to: Path) -> Manifest:
    owners = {name: target.owner for name, target in _targets().items()}
    return await back_up(owners, messaging=_messaging(), documents=_documents(), to=to)


async def _restore(source: Path, *, replace: bool) -> Restored:
    operators = ConnectionSettings().amqp_url
    broker = Broker(variable(SUPERVISOR, otherwise=operators.get_secret_value() if operators else None))
    async with connected() as connections:  # whose databases are opened when they are asked for: none is
        return await restored(
            source,
            _targets(),
            messaging=_messaging(),
            documents=_documents(),
            broker=broker,
            queues=[one.queue for one in connections.services.values()],
            replace=replace,
        )


def _messaging() -> set[str]:
    return set(ConnectionSettings().services)


def _targets() -> dict[str, Target]:
    """Return where each database is. Raises `MissingVariableError`."""
    names = [*ConnectionSettings().services, Service.OPERATIONS.value]
    return {
        name: Target(
            owner=variable(f"{name.upper()}_MIGRATION_URL", otherwise=_app(name)),
            app=_app(name),
            operators=variable(f"{name.upper()}_OPERATIONS_URL", otherwise=_app(name)),
        )
        for name in names
    }


def _app(name: str) -> str:
    return variable(f"{name.upper()}_DATABASE_URL")


def _documents() -> Path | None:
    """Return intake's folder; None where intake is not looked after. Raises `MissingVariableError`."""
    return Path(variable(DOCUMENTS)) if "intake" in ConnectionSettings().services else None
