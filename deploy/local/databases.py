"""Create each service's roles and database, migrate it, and add the demonstration's personas as agents."""

import asyncio
from collections.abc import Mapping

import asyncpg

from deploy.local.child import DidNotStart
from deploy.local.environment import DATABASES, REPLAY, Environments
from deploy.local.personas import PERSONAS, PERSONAS_DOMAIN
from deploy.local.postgres import LocalPostgres
from services.operations.adapters import migrations
from services.operations.usecases import agents
from shared.db import Database
from shared.identity.model import Role
from shared.messaging.accounts import SERVICES
from shared.tls import verified


async def prepare(environments: Environments) -> None:
    """Have all databases ready to run on; those given from outside are only migrated."""
    await asyncio.gather(*(_prepare(environments, name) for name in DATABASES))
    if environments.postgres is not None:
        await environments.postgres.ensure_role(REPLAY, creates_databases=True)


async def _prepare(environments: Environments, service: str) -> None:
    run, migrate = environments.database_urls(service)
    if environments.postgres is not None and run == environments.postgres.url(f"cousu_{service}", f"{service}_app"):
        await _make(environments.postgres, service)
    await migrations.migrate(service, migrate)
    operators = environments.operators_url(service) if service in SERVICES else None
    await migrations.grant_all(service, migrate, to=run, operators=operators)


async def _make(postgres: LocalPostgres, service: str) -> None:
    owner = f"{service}_owner"
    for role in (owner, f"{service}_app", f"{service}_operators"):
        await postgres.ensure_role(role)
    await postgres.ensure_database(f"cousu_{service}", owner=owner)


async def seed_personas(environments: Environments) -> None:
    """Make the personas agents of their services, exactly as `personas` lists them.

    Raises `DidNotStart` when databases that are not the embedded ones have agents who are no personas.
    """
    if not environments.embedded:
        await refuse_real_agents({name: environments.database_urls(name)[0] for name in DATABASES})
    await asyncio.gather(*(_seed(service, environments.database_urls(service)[0]) for service in DATABASES))


async def refuse_real_agents(urls: Mapping[str, str]) -> None:
    """Raise `DidNotStart` when a database has agents who are no personas: people work there."""
    counted = await asyncio.gather(*(_real_agents(url) for url in urls.values()))
    if there := {name: count for name, count in zip(urls, counted, strict=True) if count}:
        found = ", ".join(f"{name} ({count})" for name, count in there.items())
        raise DidNotStart(
            f"These databases have agents who are no personas: {found}. Nothing of the demonstration was loaded, "
            "and nothing was changed."
        )


async def _real_agents(url: str) -> int:
    connection = await asyncpg.connect(verified(url))
    try:
        if await connection.fetchval("SELECT to_regclass('agent')") is None:
            return 0
        count: int = await connection.fetchval(
            "SELECT count(*) FROM agent WHERE removed_at IS NULL AND email NOT LIKE '%@' || $1", PERSONAS_DOMAIN
        )
        return count
    finally:
        await connection.close()


async def _seed(service: str, url: str) -> None:
    database = await Database.connect(url, name="cousu-main run", max_size=2)
    try:
        await seed(service, database)
    finally:
        await database.close()


async def seed(service: str, database: Database) -> None:
    """Make the personas of one service its agents."""
    for persona in PERSONAS:
        if service in persona.services:
            await agents.add(
                database,
                email=persona.email,
                name=persona.name,
                roles=[Role(persona.role)],
                departements=persona.departements,
                programmes=persona.programmes,
                quality=persona.quality,
                by="make run",
            )
