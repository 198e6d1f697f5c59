"""Multiplied lives hold the database's own rules, and a plan that reads a large table as a whole is named."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest

from deploy.local.postgres import LocalPostgres
from tests.bench.growth import plans
from tests.bench.growth.multiply import multiply
from tests.conftest import FreshDatabase

LOG = """\
2026-11-25 05:00:00.000 UTC [7] LOG:  duration: 0.1 ms  plan:
\t{
\t  "Query Text": "SELECT a\\n FROM case_file",
\t  "Plan": {"Node Type": "Limit", "Plans": [{"Node Type": "Seq Scan", "Relation Name": "case_file"}]}
\t}
2026-11-25 05:00:00.100 UTC [7] LOG:  duration: 0.1 ms  plan:
\t{
\t  "Query Text": "SELECT b FROM step",
\t  "Plan": {"Node Type": "Index Scan", "Relation Name": "step", "Index Name": "step_of_request"}
\t}
2026-11-25 05:00:00.200 UTC [7] LOG:  duration: 0.1 ms  plan:
\t{
\t  "Query Text": "SELECT c FROM step",
\t  "Plan": {"Node Type": "Bitmap Heap Scan", "Relation Name": "step", "Plans": [
\t    {"Node Type": "Bitmap Index Scan", "Index Name": "step_search"}
\t  ]}
\t}
2026-11-25 05:00:00.300 UTC [7] LOG:  duration: 0.1 ms  plan:
\t{ "Query Te"""


def test_plans_are_read_from_the_log_of_the_server(tmp_path: Path) -> None:
    log = tmp_path / "postgres.log"
    log.write_text("another line\n" + LOG)
    assert plans.read(log, 5) == [
        {"statement": "SELECT a FROM case_file", "reads": [["Seq Scan", "case_file", ""]]},
        {"statement": "SELECT b FROM step", "reads": [["Index Scan", "step", "step_of_request"]]},
        {
            "statement": "SELECT c FROM step",
            "reads": [["Bitmap Heap Scan", "step", ""], ["Bitmap Index Scan", "", "step_search"]],
        },
    ]


@pytest.mark.parametrize("service", ["intake", "qualification", "escalation", "notifications"])
async def test_every_table_of_a_service_can_be_multiplied(
    service: str, postgres_server: LocalPostgres, fresh_database: Callable[[str], Awaitable[FreshDatabase]]
) -> None:
    """PostgreSQL checks types and conflicts of a statement also where there is nothing to copy."""
    connection = await asyncpg.connect(postgres_server.url((await fresh_database(service)).name))
    await multiply(connection, 1, 2)
    assert await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'bench'") > 10
    await connection.close()


@pytest.fixture
async def superuser(
    postgres_server: LocalPostgres, fresh_database: Callable[[str], Awaitable[FreshDatabase]]
) -> "asyncpg.Connection[asyncpg.Record]":
    made = await fresh_database("intake")
    return await asyncpg.connect(postgres_server.url(made.name))


async def test_a_request_is_multiplied_with_all_its_rows(superuser: "asyncpg.Connection[asyncpg.Record]") -> None:
    await superuser.execute(
        """
        INSERT INTO request (id, number, filed_departement, departement, departement_at, submitted_at, body, status,
                             status_at)
        VALUES ('00000000-0000-7000-8000-000000000001', '95-2026-000001', '95', '95', now(), now(), '{}', 'submitted',
                now());
        INSERT INTO step (id, request_id, at, type, team)
        SELECT gen_random_uuid(), id, now(), 'a', 'applicant' FROM request, generate_series(1, 3);
        INSERT INTO stream (source, subject, sequence, hash) SELECT '/intake', id::text, 3, '' FROM request;
        """
    )
    await multiply(superuser, 1, 4)
    await multiply(superuser, 5, 9)
    assert await superuser.fetchval("SELECT count(*) FROM request") == 10
    assert await superuser.fetchval("SELECT count(*) FROM step JOIN request r ON r.id = request_id") == 30
    assert await superuser.fetchval("SELECT count(*) FROM stream JOIN request r ON r.id::text = subject") == 10
    await superuser.close()
