"""Read the agents to whom a case may be assigned."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.contracts.vocabulary import Role
from shared.db import Reader


@dataclass(frozen=True, slots=True)
class Colleague:
    """An agent who may take cases."""

    email: str
    name: str


async def colleagues(reader: Reader, *, perimeter: Sequence[str] | None) -> list[Colleague]:
    """Give, by name, the agents who may take a case of one of these départements (None: of any)."""
    rows = await reader.fetch(
        """
        SELECT a.email, a.name
        FROM agent AS a
        WHERE a.removed_at IS NULL
          AND a.roles && $1::text[]
          AND ($2::text[] IS NULL OR a.departements && $2)
        ORDER BY lower(a.name), a.email
        """,
        [Role.SAT_AGENT.value, Role.DELEGATE.value],
        perimeter,
    )
    return [Colleague(row["email"], row["name"]) for row in rows]
