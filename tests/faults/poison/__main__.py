"""`python -m tests.faults.poison --crashes 1000 [--where reading]`: the trial on servers of its own."""

import argparse
import asyncio
import json
import sys
from dataclasses import asdict
from typing import Any

import asyncpg

from services.operations.adapters import migrations
from shared.db import Database
from tests.faults.kills.servers import started
from tests.faults.poison.trial import HANDLING, READING, Report, Trial


async def _alone(where: str, crashes: int) -> Report:
    """Try it on servers of its own."""
    async with started() as servers:
        for role in ("shared_owner", "shared_app"):
            await servers.postgres.ensure_role(role)
        await servers.postgres.ensure_database("poison", owner="shared_owner")
        owner, app = (servers.postgres.url("poison", role) for role in ("shared_owner", "shared_app"))
        await migrations.migrate("shared", owner)
        connection = await asyncpg.connect(owner)
        await connection.execute(
            "CREATE TABLE effect (id bigint GENERATED ALWAYS AS IDENTITY, request_id uuid, text text)"
        )
        await connection.close()
        await migrations.grant(owner, to=app)
        await servers.rabbit.create_vhost("poison")
        database = await Database.connect(app, name="judge")
        try:
            trial = Trial(database, app, lambda user: servers.rabbit.url(user, "poison"), where)
            return await trial.run(crashes)
        finally:
            await database.close()


def main() -> int:
    """Run from the command line; the exit code is 1 when a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--crashes", type=int, default=1000)
    parser.add_argument("--where", choices=(HANDLING, READING), default=HANDLING)
    told = parser.parse_args()
    report = asyncio.run(_alone(told.where, told.crashes))
    written: dict[str, Any] = asdict(report) | {"well": report.well}
    sys.stdout.write(json.dumps(written, indent=2) + "\n")
    return not report.well


if __name__ == "__main__":
    sys.exit(main())
