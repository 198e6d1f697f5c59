"""Compare two databases of one service table by table: the differing rows and columns."""

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel

from shared.db import Connection
from shared.messaging.replay import Table

AT_ONCE = 500
MOST_NAMED = 200
"""Rows of a table that are named one by one; the others are counted."""


class Difference(BaseModel):
    """One row that differs from the rebuilt one; `row` names it by identifiers, `columns` by name only.

    `missing`: the service lacks it. `extra`: the rebuilt database does not have it. `different`: in these columns.
    """

    table: str
    row: str
    what: Literal["missing", "extra", "different"]
    columns: tuple[str, ...] = ()


class Compared(BaseModel):
    """One table: how many of its rows are alike and how many are not; the first two hundred of these are named."""

    table: str
    alike: int = 0
    different: int = 0
    differences: list[Difference] = []


@dataclass(slots=True)
class _Rows:
    """The rows of one name, sorted, and whether they count."""

    name: str
    request: str | None
    counted: bool = True
    values: list[tuple[str | None, ...]] = field(default_factory=list)


async def compare(live: Connection, rebuilt: Connection, table: Table, *, moving: Collection[str]) -> Compared:
    """Compare one table, read in pieces from both sides; rows about requests that are `moving` are left aside."""
    result = Compared(table=table.name)
    columns = await _columns(rebuilt, table)
    query = _query(table, columns)
    here, there = _grouped(live, query), _grouped(rebuilt, query)
    mine, theirs = await anext(here, None), await anext(there, None)
    while mine or theirs:
        name = min(rows.name for rows in (mine, theirs) if rows)
        left = mine if mine and mine.name == name else None
        right = theirs if theirs and theirs.name == name else None
        both = [rows for rows in (left, right) if rows]
        if all(rows.counted and rows.request not in moving for rows in both):
            _judge(result, name, left.values if left else [], right.values if right else [], columns)
        if left:
            mine = await anext(here, None)
        if right:
            theirs = await anext(there, None)
    return result


def _judge(
    result: Compared,
    name: str,
    mine: list[tuple[str | None, ...]],
    theirs: list[tuple[str | None, ...]],
    columns: tuple[str, ...],
) -> None:
    """Note how the rows of one name compare."""
    result.alike += sum(a == b for a, b in zip(mine, theirs, strict=False))
    for a, b in zip(mine, theirs, strict=False):
        if a != b:
            differ = tuple(column for column, x, y in zip(columns, a, b, strict=True) if x != y)
            _note(result, Difference(table=result.table, row=name, what="different", columns=differ))
    for _ in range(len(theirs) - len(mine)):
        _note(result, Difference(table=result.table, row=name, what="missing"))
    for _ in range(len(mine) - len(theirs)):
        _note(result, Difference(table=result.table, row=name, what="extra"))


def _note(result: Compared, difference: Difference) -> None:
    result.different += 1
    if len(result.differences) < MOST_NAMED:
        result.differences.append(difference)


async def _columns(connection: Connection, table: Table) -> tuple[str, ...]:
    """Find the columns that are compared: all but those that are left out, so that a new one is not forgotten."""
    statement = await connection.prepare(f"SELECT * FROM {table.source or table.name} AS t")
    return tuple(one.name for one in statement.get_attributes() if one.name not in table.left_out)


def _query(table: Table, columns: tuple[str, ...]) -> str:
    seen = ", ".join(f"({table.seen_as.get(column, column)})::text" for column in columns)
    name = ", ".join(f"{column}::text" for column in table.key)
    return f"""
        SELECT array_to_string(ARRAY[{name}], ' ', '-') COLLATE "C" AS name,
               {table.request or "NULL"}::text AS request,
               ({table.counted}) IS TRUE AS counted,
               ARRAY[{seen}] AS seen
        FROM {table.source or table.name} AS t
        ORDER BY 1, 4
        """


async def _grouped(connection: Connection, query: str) -> AsyncIterator[_Rows]:
    """Return the rows name by name."""
    group: _Rows | None = None
    async for row in connection.cursor(query, prefetch=AT_ONCE):
        if group is None or group.name != row["name"]:
            if group is not None:
                yield group
            group = _Rows(row["name"], row["request"])
        group.counted = group.counted and row["counted"]
        group.values.append(tuple(row["seen"]))
    if group is not None:
        yield group
