"""Read the query plans of a service's statements from PostgreSQL's log (auto_explain)."""

import json
from pathlib import Path
from typing import Any

import asyncpg

from tests.bench.tally import Figures

MANY = 1000
"""Rows from which on a table is not to be read as a whole."""


async def tell(connection: "asyncpg.Connection[asyncpg.Record]", role: str, *, them: bool) -> None:
    """Have all plans of a role's statements written to the server's log, or no longer; it connects anew."""
    if them:
        await connection.execute(f"ALTER ROLE {role} SET session_preload_libraries = 'auto_explain'")
        await connection.execute(f"ALTER ROLE {role} SET auto_explain.log_min_duration = 0")
        await connection.execute(f"ALTER ROLE {role} SET auto_explain.log_format = 'json'")
    else:
        await connection.execute(f"ALTER ROLE {role} RESET ALL")
    await connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", role)


def read(log: Path, since: int) -> list[Figures]:
    """Read the plans that a log tells from a place on: each statement once, and which tables it reads how."""
    text = log.read_bytes()[since:].decode(errors="replace")
    found: dict[str, Figures] = {}
    decoder = json.JSONDecoder()
    at = text.find(" plan:\n")
    while at >= 0:
        begins = text.find("{", at)
        try:
            told, _ = decoder.raw_decode(text, begins)
        except json.JSONDecodeError:
            break  # the last one is being written
        statement = " ".join(str(told.get("Query Text", "")).split())
        found.setdefault(statement, {"statement": statement, "reads": _reads(told["Plan"])})
        at = text.find(" plan:\n", begins)
    return list(found.values())


def _reads(plan: dict[str, Any]) -> list[list[str]]:
    """Give what is read how: node, table, index; a bitmap's index stands in a node of its own, without the table."""
    read = [plan["Node Type"], plan.get("Relation Name", ""), plan.get("Index Name", "")]
    return ([read] if any(read[1:]) else []) + [read for child in plan.get("Plans", []) for read in _reads(child)]


async def read_as_a_whole(
    connection: "asyncpg.Connection[asyncpg.Record]", plans: list[Figures]
) -> list[dict[str, str]]:
    """Name the statements that read a table of many rows from end to end."""
    rows = await connection.fetch("SELECT relname, reltuples FROM pg_class WHERE relkind = 'r'")
    large = {row["relname"] for row in rows if row["reltuples"] > MANY}
    return [
        {"table": read[1], "statement": plan["statement"]}
        for plan in plans
        for read in plan["reads"]
        if read[0] == "Seq Scan" and read[1] in large
    ]
