"""Rights of each database role on each table, which `cousu-main migrate` grants.

Three roles reach a service's database: the owner of its tables, for migrations, backup and restore alone; the role that
runs the service; and the role of operators, for their page and their commands.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

Rights = Mapping[str, str]
"""Table → what is granted on it, as PostgreSQL writes it."""

OTHERS: Final = "*"
"""All tables that are not named."""

_ADD: Final = "SELECT, INSERT"
_CHANGE: Final = "SELECT, INSERT, UPDATE, DELETE"

SERVICE: Final[Rights] = MappingProxyType(
    {
        OTHERS: _CHANGE,
        "journal": _ADD,
        "operation": _ADD,
        "consultation": _ADD,
        "document_access": _ADD,
        "schema_migrations": "SELECT",
    }
)
"""A service changes its own tables. What it published, what operators did and who read what it only adds to."""

_MESSAGES: Final[Rights] = MappingProxyType(
    {
        "journal": "SELECT",
        "stream": "SELECT",
        "stream_fork": "SELECT",
        "outbox": "SELECT, INSERT, DELETE",
        "inbox_stream": "SELECT, UPDATE (applied, hash, digests, changed_at)",
        "inbox_held": (
            "SELECT, DELETE, UPDATE (sequence, event_id, type, code, claimed_hash, reason, attempts, next_attempt_at,"
            " held_since)"
        ),
        "inbox_waiting": "SELECT, DELETE",
        "inbox_expected": "SELECT, DELETE",
        "inbox_attempt": "SELECT, DELETE",
        "quarantine": (
            "SELECT, INSERT (id, received_at, reason, routing_key, body, settled_at, settled_by, settlement, why),"
            " UPDATE (settled_at, settled_by, settlement, why)"
        ),
        "operation": _ADD,
    }
)
_OF_ONE_SERVICE: Final[Mapping[str, Rights]] = MappingProxyType(
    {
        "intake": {
            "request": "SELECT (id, number, departement, expected)",
            "document_folder": "SELECT, UPDATE",
            "unclaimed_file": "SELECT, DELETE",
        },
        "qualification": {"case_file": "SELECT (departement, stage, overdue_at)"},
        "escalation": {
            "escalation": "SELECT (request_id, departement, stage, overdue_told)",
            "milestone": "SELECT (request_id, reached_on, overdue_told)",
        },
        "notifications": {
            "delivery": "SELECT (id, event_type, request_id, number, departement, audience, recipient, status, reason,"
            " attempts, tried_since, next_attempt_at, created_at, cadence),"
            " UPDATE (status, next_attempt_at, tried_since, asked_by, cadence, digest_id, reason)",
            "webhook": "SELECT (departements, gave_up_at)",
        },
    }
)


def of_operators(service: str) -> Rights:
    """Return what operators may do in the database of a service: they move messages.

    Tables of requests are closed to them but for the columns named. Messages are not, although they concern requests:
    journals are verified, and what is put aside is shown. Nowhere do they state who published a message, or what it
    says: they name one that the service stored, and the service takes it from there.
    """
    return {**_MESSAGES, **_OF_ONE_SERVICE.get(service, {})}


def statements(role: str, rights: Rights, tables: Iterable[str]) -> list[str]:
    """Return the SQL that gives the (quoted) role these rights on these tables, and no others."""
    granted = ((table, rights.get(table, rights.get(OTHERS))) for table in tables)
    return [
        f"GRANT USAGE ON SCHEMA public TO {role}",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}",
        *(f'GRANT {right} ON "{table}" TO {role}' for table, right in granted if right),
        *([f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}"] if OTHERS in rights else []),
    ]
