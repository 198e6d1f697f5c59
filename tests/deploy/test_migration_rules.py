"""Each migration leaves the code before it working, and holds no table for long (ADR 34)."""

from pathlib import Path

import pytest

from tests.deploy.migration_rules import broken_rules

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(
    str(file.relative_to(ROOT)) for top in ("shared", "services") for file in (ROOT / top).glob("*/migrations/*.sql")
)


@pytest.mark.parametrize("file", FILES)
def test_a_migration_breaks_no_rule(file: str) -> None:
    assert broken_rules((ROOT / file).read_text(encoding="utf-8")) == []


ALONE = "-- migrate:up transaction:false\n"

REFUSED = {
    "CREATE INDEX a ON request (number);": "CONCURRENTLY",
    "create unique index a on request (number);": "CONCURRENTLY",
    "CREATE TABLE a (b int); CREATE INDEX c ON request (number);": "CONCURRENTLY",
    "CREATE INDEX CONCURRENTLY IF NOT EXISTS a ON request (number);": "transaction:false",
    "DROP INDEX a;": "CONCURRENTLY",
    "ALTER TABLE request DROP COLUMN number;": "-- contracts",
    "ALTER TABLE request ADD COLUMN a int,\n DROP number;": "-- contracts",
    "DROP TABLE request;": "-- contracts",
    "ALTER TABLE request RENAME COLUMN number TO label;": "the name that is changed",
    "ALTER TABLE request RENAME TO asked;": "the name that is changed",
    "ALTER TABLE request ALTER COLUMN number TYPE bigint;": "rewrites",
    "ALTER TABLE request ALTER number SET NOT NULL;": "SET NOT NULL",
    "ALTER TABLE request ADD COLUMN a text NOT NULL;": "NOT NULL without",
    "ALTER TABLE request ADD COLUMN a uuid NOT NULL DEFAULT gen_random_uuid();": "differs by row",
    "ALTER TABLE request ADD COLUMN a text GENERATED ALWAYS AS (lower(b)) STORED;": "differs by row",
    "ALTER TABLE request ADD a text REFERENCES b;": "NOT VALID",
    "ALTER TABLE request ADD CONSTRAINT a CHECK (b > 0);": "NOT VALID",
    "ALTER TABLE request ADD UNIQUE (number);": "USING INDEX",
    "ALTER TABLE request ADD COLUMN a int; UPDATE request SET a = 1;": "rows",
    "ALTER TABLE request ADD CONSTRAINT a CHECK (b > 0) NOT VALID; ALTER TABLE request VALIDATE CONSTRAINT a;": "validates",  # noqa: E501 - one case a line
    "SET lock_timeout = 0; ALTER TABLE request ADD COLUMN a int;": "no place",
    "LOCK TABLE request;": "no place",
}  # fmt: skip


@pytest.mark.parametrize("sql", REFUSED)
def test_what_would_stop_the_running_code_is_refused(sql: str) -> None:
    assert any(REFUSED[sql] in complaint for complaint in broken_rules(f"-- migrate:up\n{sql}\n-- migrate:down\n"))


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS a ON request (number); ALTER TABLE request ADD COLUMN a int;",
        "CREATE INDEX CONCURRENTLY a ON request (number);",
        "ALTER TABLE request ADD COLUMN a int;",
    ],
)
def test_without_a_transaction_only_one_index_is_made(sql: str) -> None:
    assert any("without a transaction" in complaint for complaint in broken_rules(f"{ALONE}{sql}\n-- migrate:down\n"))


@pytest.mark.parametrize(
    "text",
    [
        f"{ALONE}CREATE INDEX CONCURRENTLY IF NOT EXISTS a ON request (number);",
        f"{ALONE}DROP INDEX CONCURRENTLY IF EXISTS a;",
        "-- migrate:up\nCREATE TABLE a (b int NOT NULL UNIQUE); CREATE INDEX c ON a (b); INSERT INTO a VALUES (1);",
        "-- migrate:up\nALTER TABLE request ADD COLUMN a text, ADD COLUMN b boolean NOT NULL DEFAULT false;",
        "-- migrate:up\nALTER TABLE request ADD COLUMN at timestamptz DEFAULT now();",
        "-- migrate:up\nALTER TABLE request ADD CONSTRAINT a CHECK (b IN (1, 2)) NOT VALID;",
        "-- migrate:up\nALTER TABLE request VALIDATE CONSTRAINT a;",
        "-- contracts: f6b134a\n-- migrate:up\nALTER TABLE request DROP COLUMN number;",
        "-- migrate:up\nUPDATE request SET title = 'DROP TABLE x; CREATE INDEX y ON request (a);' WHERE a;",
        "-- migrate:up\nCOMMENT ON COLUMN request.a IS 'It''s one; and so on'; -- CREATE INDEX a ON request (b);",
    ],
)
def test_what_old_code_can_live_with_is_accepted(text: str) -> None:
    assert broken_rules(f"{text}\n-- migrate:down\n") == []
