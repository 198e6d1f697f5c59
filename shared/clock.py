"""The only clock and the only source of new identifiers; use cases receive both as arguments."""

from datetime import UTC, datetime
from uuid import UUID

import uuid_utils


def now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


def new_id() -> UUID:
    """Make a UUIDv7: unique, and sorted by the time it was made."""
    return UUID(int=uuid_utils.uuid7().int)
