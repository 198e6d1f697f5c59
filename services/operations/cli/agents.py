"""`cousu-main agent`: manage the agents of a service, and the tokens of programs that act for them."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeVar
from uuid import UUID

import typer

from services.operations.cli.common import By, Columns, show
from services.operations.domain.services import Service
from services.operations.environment import database_of
from services.operations.usecases import agents
from shared import clock
from shared.db import Database, retry_conflicts
from shared.identity import store
from shared.identity.model import Role

app = typer.Typer(help="Agents and their tokens.", no_args_is_help=True)

OfService = Annotated[Service, typer.Option("--service", help="In which service")]
Email = Annotated[str, typer.Option("--email", help="The agent's address, as the sign-in provider knows it")]
Reason = Annotated[str, typer.Option("--why", help="Why, as it is recorded")]
REASON = "Droits d’un agent"
Answer = TypeVar("Answer")


@app.command()
def add(
    service: OfService,
    email: Email,
    role: Annotated[list[Role], typer.Option("--role", help="What the agent may do; may be given again")],
    departement: Annotated[list[str], typer.Option("--departement", help="Code, such as 95; may be given again")] = [],  # noqa: B006 - Typer copies it
    programme: Annotated[list[str], typer.Option("--programme", help="Programme of its team; may be given again")] = [],  # noqa: B006 - same
    name: Annotated[str | None, typer.Option("--name", help="Shown to others; the address when not given")] = None,
    quality: Annotated[
        str | None,
        typer.Option("--quality", help="In which quality the agent signs decisions, in French, as letters print it"),
    ] = None,
    *,
    by: By,
    why: Reason = REASON,
) -> None:
    """Create an agent, or make the one with this address exactly what is given."""
    agent = _in(
        service,
        lambda database: agents.add(
            database,
            email=email,
            name=name or email,
            roles=role,
            departements=departement,
            programmes=programme,
            quality=quality,
            by=by,
            why=why,
        ),
    )
    typer.echo(f"{agent.email}: {', '.join(sorted(agent.roles))} {', '.join(sorted(agent.departements))}".rstrip())


@app.command("list")
def list_(service: OfService) -> None:
    """Show who may act in a service."""
    columns: Columns = {
        "Address": "email",
        "Name": "name",
        "Roles": "roles",
        "Départements": lambda agent: agent.departements or "all",
        "Programmes": "programmes",
        "Quality": lambda agent: agent.quality or "",
    }
    show(_in(service, store.list_agents), columns)


@app.command()
def remove(service: OfService, email: Email, by: By, why: Reason = REASON) -> None:
    """End an agent's access: their sessions are over and their tokens revoked."""
    _in(service, lambda database: agents.remove(database, email=email, by=by, why=why))


@app.command()
def token(
    service: OfService,
    email: Email,
    expires: Annotated[
        datetime | None,
        typer.Option(
            help="When it ends, in place of --days; UTC unless an offset is given",
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"],
        ),
    ] = None,
    days: Annotated[int, typer.Option(help="How many days it lasts, when no end is given", min=1, max=3650)] = (
        agents.TOKENS_LAST.days
    ),
    name: Annotated[str, typer.Option(help="What it is for, shown in the list of tokens")] = "command line",
    *,
    by: By,
    why: Reason = REASON,
) -> None:
    """Print a new bearer token that acts as this agent; it ends, and cannot be shown again."""
    if expires is None:
        expires = clock.now() + timedelta(days=days)
    elif expires.tzinfo is None:
        expires = expires.replace(tzinfo=UTC)
    issued = _in(
        service,
        lambda database: agents.issue_token(database, email=email, name=name, by=by, why=why, expires_at=expires),
    )
    typer.echo(issued)


@app.command()
def tokens(service: OfService, email: Email) -> None:
    """Show the tokens of an agent, never the secret itself."""

    async def known(database: Database) -> list[store.Token]:
        agent = await store.agent_by_email(database, email)
        return await store.list_tokens(database, agent_id=agent.id)

    columns: Columns = {
        "Token": "id",
        "For": "name",
        "Made": "created_at",
        "Ends": "expires_at",
        "Last used": "last_used_at",
        "Revoked": "revoked_at",
    }
    show(_in(service, known), columns)


@app.command()
def revoke(
    service: OfService,
    email: Email,
    token_id: Annotated[UUID | None, typer.Option("--token", help="One token's id; all of them when not given")] = None,
    *,
    by: By,
    why: Reason = REASON,
) -> None:
    """Revoke an agent's tokens at once."""
    count = _in(
        service, lambda database: agents.revoke_tokens(database, email=email, by=by, why=why, token_id=token_id)
    )
    typer.echo(f"{count} revoked")


def _in(service: Service, work: Callable[[Database], Awaitable[Answer]]) -> Answer:
    """Do something in a service's database."""

    async def connected() -> Answer:
        async with database_of(service.value) as database:
            return await retry_conflicts(lambda: work(database))

    return asyncio.run(connected())
