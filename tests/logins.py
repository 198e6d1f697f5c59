"""Quick logins to throw-away databases."""

import asyncpg

from deploy.local.postgres import LocalPostgres


async def make_logins_quick(postgres: LocalPostgres, *roles: str) -> None:
    """Store the roles' passwords with one round of hashing: with the usual 4096, a login costs our side 20 ms.

    Not for owners: the driver of `dbmate` refuses fewer than 4096.
    """
    admin = await asyncpg.connect(postgres.url("postgres"), server_settings={"scram_iterations": "1"})
    try:
        for role in roles:
            await admin.execute(f"""ALTER ROLE "{role}" PASSWORD '{postgres.passwords.of(role)}'""")
    finally:
        await admin.close()
