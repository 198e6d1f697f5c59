"""Multiply the requests of a database: copy every row of a request under new identifiers."""

from collections.abc import Collection
from dataclasses import dataclass

import asyncpg

SINGLE = {
    *("schema_migrations", "provider", "envelope", "number_counter", "decision_counter", "agent", "agent_token"),
    *("web_session", "form_submission", "preference", "outbox", "inbox_waiting", "inbox_held"),
    *("inbox_attempt", "inbox_expected", "quarantine", "operation"),
}
"""Tables whose rows belong to no request, or are of the moment only."""

KEPT = {"agent_id", "provider_id", "envelope_id", "changed_by"}
"""What points to such a table."""

HERE = "95"
PLACES = {"departement", "filed_departement"}
DEPARTEMENTS = (HERE, *(f"{n:02}" for n in range(1, 95) if n != 20), "2A", "2B", "971", "972", "973", "974", "976")
"""All of them share what is multiplied: each has a hundredth of it."""
ELSEWHERE = f"(ARRAY{list(DEPARTEMENTS)})[1 + n % {len(DEPARTEMENTS)}]"
HOUR_MS = 3_600_000
MOMENT = 2**48 - 1


def another(identifier: str) -> str:
    """Give the SQL of an identifier's n-th copy: of its own, and n hours before it, as what is counted up in time is.

    Copies at random places of every index would make PostgreSQL slower than requests that came one after the other do.
    """
    moment = f"('x' || left(replace({identifier}, '-', ''), 12))::bit(48)::bigint - n * {HOUR_MS}::bigint"
    return f"(lpad(to_hex(({moment}) & {MOMENT}), 12, '0') || '7' || substr(md5({identifier} || '/' || n), 14))::uuid"


ALONE = "event:"
"""Before the id of an event that is the only one of its stream."""
SUBJECT = f"""
    CASE
        WHEN subject ~ '^[0-9a-f-]{{36}}$' THEN {another("subject")}::text
        WHEN subject LIKE '{ALONE}%' THEN '{ALONE}' || {another(f"substr(subject, {len(ALONE) + 1})")}::text
        ELSE subject || n
    END
"""


@dataclass(frozen=True, slots=True)
class Column:
    """A column to be filled."""

    name: str
    type: str

    @property
    def again(self) -> str:
        """Give the SQL of its value in the n-th copy, the same wherever the same identifier stands."""
        name, text = self.name, self.type == "text"
        rules = (
            (self.type == "uuid" and name not in KEPT, another(f"{name}::text")),
            (text and name == "subject", SUBJECT),
            (text and name in PLACES, f"CASE WHEN {name} = '{HERE}' THEN {ELSEWHERE} ELSE {name} END"),
            (text and name == "number", "number || '/' || n"),
            (name == "key_digest", "sha256(key_digest || n::text::bytea)"),
            (self.type == "timestamp with time zone", f"{name} - n * interval '1 hour'"),
        )
        return next((sql for applies, sql in rules if applies), f'"{name}"')


async def multiply(
    connection: "asyncpg.Connection[asyncpg.Record]", first: int, last: int, *, without: Collection[str] = ()
) -> None:
    """Add the copies `first` to `last` of what stands under number 0; checks hold, triggers and references are off.

    The first call remembers which rows those are. Nobody else may be at work: a service that hears of one copy before
    it has it would miss for ever what came before. Tables `without` copies stay as they are.
    """
    await connection.execute("SET session_replication_role = replica")
    await connection.execute("CREATE SCHEMA IF NOT EXISTS bench")
    deferrable = {
        row["relname"]
        for row in await connection.fetch(
            "SELECT c.relname FROM pg_constraint JOIN pg_class c ON c.oid = conrelid"
            " WHERE condeferrable AND contype = 'u'"
        )
    }
    for table, columns in (await _tables(connection)).items():
        if table in without:
            continue
        names = ", ".join(f'"{column.name}"' for column in columns)
        values = ", ".join(column.again for column in columns)
        if not await connection.fetchval("SELECT to_regclass($1)", f'bench."{table}"'):
            await connection.execute(f'CREATE TABLE bench."{table}" AS SELECT {names} FROM public."{table}"')
        await connection.execute(
            f'INSERT INTO public."{table}" ({names}) SELECT {values} '
            f'FROM bench."{table}", generate_series({first}, {last}) n '
            + ("" if table in deferrable else "ON CONFLICT DO NOTHING")  # which PostgreSQL refuses there
        )
    await connection.execute("RESET session_replication_role")
    await connection.execute("VACUUM ANALYZE")


async def _tables(connection: "asyncpg.Connection[asyncpg.Record]") -> dict[str, list[Column]]:
    """Give the tables to be multiplied, with the columns that are not made by PostgreSQL."""
    rows = await connection.fetch(
        """
        SELECT c.table_name, c.column_name, c.data_type
        FROM information_schema.columns c
        JOIN information_schema.tables t USING (table_schema, table_name)
        WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'
            AND c.is_generated = 'NEVER' AND c.is_identity = 'NO'
        ORDER BY c.table_name, c.ordinal_position
        """
    )
    found: dict[str, list[Column]] = {}
    for row in rows:
        if row["table_name"] not in SINGLE:
            found.setdefault(row["table_name"], []).append(Column(row["column_name"], row["data_type"]))
    return found
