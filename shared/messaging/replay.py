"""Replay of a service (`services/<name>/replay.py`): how journals rebuild it, and which tables must be alike."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.messaging.handlers import EventHandlers

MESSAGING: Mapping[str, str] = {
    "journal": "what is replayed; `cousu-main journal verify` checks it",
    "stream": "the journal's heads; `cousu-main journal verify` checks them",
    "outbox": "what the broker has not confirmed yet",
    "stream_fork": "what listeners report about our streams: they report it again",
    "inbox_stream": "compared stream by stream: what this service has not applied is named",
    "inbox_waiting": "what waits for its turn",
    "inbox_held": "what waits for another attempt",
    "inbox_again": "what an operator of an earlier version handed over and waits for its turn",
    "inbox_attempt": "what was begun and not ended",
    "inbox_expected": "what is asked for again",
    "quarantine": "what nobody can read",
    "operation": "actions of operators, which are not published",
    "schema_migrations": "which tables there are",
}
"""Tables that every service has of its messages; none is compared row by row."""

IDENTITY: Mapping[str, str] = {
    "agent": "agents and their rights are not published",
    "agent_token": "the same",
    "web_session": "the same",
    "form_submission": "the same",
}
"""Tables that every service has of its agents; none is compared."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table that must come out alike.

    `key` are the columns that name a row in a report: identifiers, moments and types, never personal data.
    `request` is the column with the request (or pact) of the row; empty if there is none.
    `source` stands for the table where its rows as such depend on when events arrived.
    `left_out` are the columns that no event holds, with the reason; `seen_as` compares an expression instead of a
    column. Rows that are not `counted` (SQL) are compared on neither side.
    """

    name: str
    key: tuple[str, ...]
    request: str = "request_id"
    source: str = ""
    left_out: Mapping[str, str] = field(default_factory=dict)
    seen_as: Mapping[str, str] = field(default_factory=dict)
    counted: str = "TRUE"


@dataclass(frozen=True, slots=True)
class Rebuilding:
    """How one service is rebuilt.

    `handlers` are the service's own for events of others, and one for each of its own events, which applies it again.
    `bindings` are the routing keys that lead to its queue. `tables` and `left_out` (with the reason) name all its
    tables.
    """

    service: str
    handlers: EventHandlers
    bindings: tuple[str, ...]
    tables: tuple[Table, ...]
    left_out: Mapping[str, str]
