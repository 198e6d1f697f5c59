"""Check a migration's text for what ADR 34 forbids while the code before it runs."""

import re
from collections.abc import Iterator

_INDEX = re.compile(
    r"CREATE (?:UNIQUE )?INDEX (?P<how>CONCURRENTLY IF NOT EXISTS )?.*? ON (?:ONLY )?(?P<table>[\w.\"]+)"
)
_NEW_TABLE = re.compile(r"CREATE (?:UNLOGGED )?TABLE (?:IF NOT EXISTS )?([\w.\"]+)")
_ALTERED = re.compile(r"ALTER TABLE (?:IF EXISTS )?(?:ONLY )?([\w.\"]+) (.*)")
_ALONE = re.compile(r"(?:CREATE (?:UNIQUE )?INDEX CONCURRENTLY IF NOT EXISTS|DROP INDEX CONCURRENTLY IF EXISTS) ")
_CHANGES_ROWS = re.compile(r"(?:WITH|UPDATE|DELETE|INSERT|MERGE)\b")
_CONTRACTS = re.compile(r"^-- contracts: [0-9a-f]{7,40}$", re.MULTILINE)
_NEW_COLUMN = r"ADD (?:COLUMN )?(?!CONSTRAINT|CHECK|FOREIGN|UNIQUE|PRIMARY|EXCLUDE)"

STATEMENTS = (
    (r"DROP INDEX (?!CONCURRENTLY IF EXISTS)", "DROP INDEX: CONCURRENTLY IF EXISTS"),
    (r"(?:REINDEX|CLUSTER|VACUUM|TRUNCATE|LOCK|SET|RESET)\b", "has no place in a migration"),
    (r"ALTER TYPE .* (?:RENAME|DROP|ALTER)\b", "code before it knows the type as it was"),
    (r"ALTER (?:VIEW|SEQUENCE|FUNCTION|INDEX) .* RENAME\b", "code before it knows the name that is changed"),
)
"""Of any statement: how it begins, and what is wrong with it."""

CLAUSES = (
    (
        r"RENAME\b",
        "code before it knows the name that is changed; add the new one, and drop the old one a release later",
    ),
    (r"ALTER (?:COLUMN )?\S+ (?:SET DATA )?TYPE\b", "ALTER TYPE rewrites the table; add a column beside it"),
    (r"ALTER (?:COLUMN )?\S+ SET NOT NULL", "SET NOT NULL reads the whole table under its lock; CHECK … NOT VALID"),
    (
        r"ADD (?:CONSTRAINT \S+ )?(?:CHECK|FOREIGN KEY)\b(?!.*NOT VALID)",
        "a constraint reads the whole table: NOT VALID",
    ),
    (
        r"ADD (?:CONSTRAINT \S+ )?(?:UNIQUE|PRIMARY KEY|EXCLUDE)\b(?!.*USING INDEX)",
        "CONCURRENTLY, then ADD … USING INDEX",
    ),
    (r"SET (?:LOGGED|UNLOGGED|TABLESPACE|ACCESS METHOD)\b", "rewrites the table"),
    (
        _NEW_COLUMN + r"(?!.*\bDEFAULT\b).*\bNOT NULL",
        "NOT NULL without a default: code before it does not fill the column",
    ),
    (
        _NEW_COLUMN + r".*(?:\b(?:GENERATED|SERIAL|BIGSERIAL)\b|DEFAULT \(?"
        r"(?:GEN_RANDOM_UUID|UUIDV7|UUIDV4|CLOCK_TIMESTAMP|RANDOM|NEXTVAL|TIMEOFDAY)\b)",
        "a value that differs by row rewrites the table; fill the column in a file of its own",
    ),
    (_NEW_COLUMN + r".*\b(?:UNIQUE|PRIMARY KEY|REFERENCES|CHECK)\b", "add the column's constraint apart, NOT VALID"),
)
"""Of a change to a table in use: how it begins, and what is wrong with it."""

DROPS = (
    r"DROP (?:TABLE|VIEW|MATERIALIZED VIEW|TYPE|DOMAIN|FUNCTION|SEQUENCE|SCHEMA)\b",
    r"DROP (?!CONSTRAINT\b)",
)
"""Statements, and changes to a table, by which something goes that code before may read."""

CONTRACT = "drops what code before it may read; name the commit since which nobody does: -- contracts: <commit>"


def broken_rules(text: str) -> list[str]:
    """Return what is wrong with a migration, one sentence each; none when the code before it can go on working."""
    up = text.partition("-- migrate:up")[2].partition("-- migrate:down")[0]
    options, _, sql = up.partition("\n")
    statements = list(_statements(sql))
    wrong = list(_without_contract(statements)) if not _CONTRACTS.search(text) else []
    wrong += [said for one in statements for how, said in STATEMENTS if re.match(how, one)]
    wrong += [said for change in _changes(statements) for how, said in CLAUSES if re.match(how, change)]
    wrong += _of_indexes(statements, alone="transaction:false" in options)
    if _changes(statements) and any(_CHANGES_ROWS.match(one) for one in statements):
        wrong.append("changes rows while it holds the table that it altered; rows belong in a file of their own")
    if any("NOT VALID" in one for one in statements) and any("VALIDATE CONSTRAINT" in one for one in statements):
        wrong.append("validates a constraint under the lock of adding it; validation belongs in a file of its own")
    return wrong


def _of_indexes(statements: list[str], *, alone: bool) -> Iterator[str]:
    new = _new_tables(statements)
    for index in filter(None, map(_INDEX.match, statements)):
        if index["table"] not in new and not index["how"]:
            yield "CREATE INDEX on a table that is in use: CONCURRENTLY IF NOT EXISTS"
    if alone and not (len(statements) == 1 and _ALONE.match(statements[0])):
        yield "without a transaction only one CREATE or DROP INDEX CONCURRENTLY IF (NOT) EXISTS, alone in its file"
    if not alone and any(" CONCURRENTLY " in one for one in statements):
        yield "CONCURRENTLY works outside transactions only: -- migrate:up transaction:false"


def _without_contract(statements: list[str]) -> Iterator[str]:
    of_statement, of_change = DROPS
    if any(re.match(of_statement, one) for one in statements) or any(
        re.match(of_change, change) for change in _changes(statements)
    ):
        yield CONTRACT


def _new_tables(statements: list[str]) -> set[str]:
    return {match[1] for one in statements for match in _NEW_TABLE.finditer(one)}


def _changes(statements: list[str]) -> list[str]:
    """Return the changes to tables that were not made in the same file."""
    new = _new_tables(statements)
    altered = filter(None, map(_ALTERED.match, statements))
    return [change for match in altered if match[1] not in new for change in _apart(match[2])]


def _statements(sql: str) -> Iterator[str]:
    """Split SQL into statements in capitals, without comments, the contents of quotes, and line ends."""
    bare = re.sub(r"--[^\n]*|/\*.*?\*/", " ", sql, flags=re.DOTALL)
    bare = re.sub(r"\$(\w*)\$.*?\$\1\$|'(?:[^']|'')*'", "''", bare, flags=re.DOTALL)
    for one in bare.split(";"):
        if words := " ".join(one.split()):
            yield words.upper()


def _apart(changes: str) -> Iterator[str]:
    """Split what ALTER TABLE does at its commas, those within brackets excepted."""
    depth, start = 0, 0
    for place, sign in enumerate(changes):
        depth += (sign == "(") - (sign == ")")
        if sign == "," and depth == 0:
            yield changes[start:place].strip()
            start = place + 1
    yield changes[start:].strip()
