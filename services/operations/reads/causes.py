"""Quarantined messages grouped by cause: list, show, preview.

A group has one cause: the reasons of its messages are alike but for names, numbers and ids. Damaged messages are groups
of their own, for they are never sent again.
"""

from datetime import datetime
from typing import Final

from pydantic import BaseModel

from services.operations.reads.quarantine import COLUMNS, SEEN, Quarantined
from shared.db import Reader
from shared.errors import NotFound

PREVIEWED: Final = 10
"""Messages of a group that are shown."""

MOST_CAUSES: Final = 100
"""Groups of a service that are listed, those with the most messages: strangers can invent causes."""

_CAUSE: Final = (
    "regexp_replace(reason, "
    r"""'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|''[^'']*''|"[^"]*"|[0-9]+', '…', 'g')"""
)

KEY: Final = f"left(md5(damaged::text || {_CAUSE}), 16)"

OPEN: Final = f"{SEEN} AND settled_at IS NULL AND deaths IS NULL"


class NoSuchCause(NotFound):
    """No message that waits for a decision has this cause (any more)."""

    code = "no_such_cause"
    title = "No message of this cause waits"
    sentence = "Aucun message de cette cause n’attend plus de décision dans ce service."


class Cause(BaseModel):
    """Messages of a service that nobody has decided about and that have the same cause; `key` names the group."""

    service: str
    key: str
    reason: str
    """As the messages have it, if they all have the same; else what they have in common."""
    damaged: bool
    messages: int
    first_at: datetime
    last_at: datetime


async def list_causes(reader: Reader, service: str, *, perimeter: list[str] | None = None) -> list[Cause]:
    """Return the groups of messages that wait for a decision, the largest first."""
    rows = await reader.fetch(
        f"""
        SELECT {KEY} AS key, damaged, count(*) AS messages, min(received_at) AS first_at, max(received_at) AS last_at,
               CASE WHEN min(reason) = max(reason) THEN min(reason) ELSE min({_CAUSE}) END AS reason
        FROM quarantine
        WHERE {OPEN}
        GROUP BY 1, 2
        ORDER BY messages DESC, first_at
        LIMIT $2
        """,
        perimeter,
        MOST_CAUSES,
    )
    return [Cause(service=service, **row) for row in rows]


async def show(reader: Reader, service: str, key: str, *, perimeter: list[str] | None = None) -> Cause:
    """Return one group; refuses with `NoSuchCause`."""
    found = [one for one in await list_causes(reader, service, perimeter=perimeter) if one.key == key]
    if not found:
        raise NoSuchCause
    return found[0]


async def preview(reader: Reader, service: str, key: str, *, perimeter: list[str] | None = None) -> list[Quarantined]:
    """Return the first messages of a group."""
    rows = await reader.fetch(
        f"SELECT {COLUMNS} FROM quarantine WHERE {OPEN} AND {KEY} = $2 ORDER BY received_at, id LIMIT $3",
        perimeter,
        key,
        PREVIEWED,
    )
    return [Quarantined(service=service, **row) for row in rows]
