"""`cousu-main`: the command line of administrators and operators; each group of commands has its module."""

import asyncio
import importlib
import importlib.util
import logging
import sys

import typer

from services.operations.adapters import migrations
from services.operations.adapters.provided import NotProvidedError
from services.operations.cli import agents, backups, broker, documents, forms, messages, replay, settings, status
from services.operations.domain.services import Service
from services.operations.environment import REPOSITORY, MissingVariableError, read_environment_file, variable
from shared.db import AWAY, CONFLICTS
from shared.errors import Invalid, Refusal
from shared.secret_files import UnreadableSecretError

app = typer.Typer(
    name="cousu-main",
    help="Administer and operate Cousu-main.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
status.events.command("resend")(messages.resend)
for name, group in {
    "agent": agents.app,
    "form": forms.app,
    "broker": broker.app,
    "held": messages.held_app,
    "waiting": messages.gaps_app,
    "unsendable": messages.refused_app,
    "quarantine": messages.unreadable_app,
    "deliveries": messages.deliveries_app,
    "documents": documents.app,
    "dead": messages.dead_app,
    "unrouted": messages.unrouted_app,
    "events": status.events,
    "journal": status.journal,
}.items():
    app.add_typer(group, name=name)
app.command("status")(status.status)
app.command("check")(settings.check)
app.command("replay")(replay.replay)
app.command("backup")(backups.backup)
app.command("restore")(backups.restore)

ELSEWHERE = {"demo": "deploy.local.demo"}
"""Groups whose module (with a Typer named `app`) lives outside the services; it is loaded when asked for.

They find out by themselves where everything is: they may have to start it, and what a former run left would mislead.
"""


@app.command()
def migrate(service: Service = typer.Option(help="Whose database")) -> None:  # noqa: B008 - how Typer declares options
    """Bring a service's tables up to date, and give its running role and its operators' role their rights."""
    name = service.value.upper()
    run = variable(f"{name}_DATABASE_URL")
    owner = variable(f"{name}_MIGRATION_URL", otherwise=run)

    async def both() -> None:
        await migrations.migrate(service.value, owner)
        await migrations.grant_all(
            service.value, owner, to=run, operators=variable(f"{name}_OPERATIONS_URL", otherwise=run)
        )

    asyncio.run(both())


def _is_there(module: str) -> bool:
    """Return whether a module of the checkout can be imported; an installation has none of them."""
    sys.path.append(str(REPOSITORY))  # the packages that are installed are found without it
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def main() -> None:
    """Run the command; what goes wrong is one sentence on standard error and exit code 1."""
    asked = sys.argv[1:2]
    for name, module in ELSEWHERE.items():
        if asked in ([name], ["--help"], []) and _is_there(module):
            app.add_typer(importlib.import_module(module).app, name=name)
    if not asked or asked[0] not in ELSEWHERE:
        read_environment_file()
    logging.getLogger("aiormq").setLevel(logging.CRITICAL)  # each node that is away; we say ourselves if all are
    try:
        app()
    except Invalid as refusal:
        sys.exit("\n".join([refusal.detail, *(f"{error.field}: {error.message}" for error in refusal.errors)]))
    except Refusal as refusal:
        sys.exit(refusal.detail)
    except (MissingVariableError, NotProvidedError, UnreadableSecretError, migrations.MigrationFailed) as failure:
        sys.exit(str(failure))
    except CONFLICTS:
        sys.exit("Other changes of the same rows were under way, again and again. Try again in a moment.")
    except AWAY as failure:
        sys.exit(f"The database or the broker is away ({failure or type(failure).__name__}). Is Cousu-main running?")


if __name__ == "__main__":
    main()
