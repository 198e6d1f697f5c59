"""The SQL of who wants mail, and how often."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.notifications.domain.preferences import AT_ONCE, EVERY_TEMPLATE, SILENT, Cadence, Preference
from shared.contracts.notifications import Audience
from shared.db import Reader, Transaction


@dataclass(frozen=True, slots=True)
class Addressee:
    """One recipient of one mail: who holds the address, the address (empty when unknown), and how he wants his mail."""

    holder: str
    address: str
    preference: Preference = AT_ONCE


async def preference(reader: Reader, holder: str, audience: str, template: str) -> Preference:
    """Give what was chosen for a template, else for its audience; else at once for a mailbox, nothing for an agent."""
    row = await reader.fetchrow(
        """
        SELECT cadence, hour, weekday
        FROM preference
        WHERE holder = $1 AND audience = $2 AND template IN ($3, $4)
        ORDER BY template = $4
        LIMIT 1
        """,
        holder,
        audience,
        template,
        EVERY_TEMPLATE,
    )
    if row is None:
        return SILENT if holder.startswith("agent:") else AT_ONCE
    return Preference(Cadence(row["cadence"]), row["hour"], row["weekday"])


async def willing_agents(
    reader: Reader, audience: Audience, template: str, roles: list[str], departement: str, programme: str | None
) -> list[Addressee]:
    """Give the agents of an audience who want its mails at their own address too."""
    rows = await reader.fetch(
        """
        SELECT DISTINCT ON (a.id) a.id, a.email, p.cadence, p.hour, p.weekday
        FROM agent a
        JOIN preference p ON p.holder = 'agent:' || a.id
        WHERE a.removed_at IS NULL
          AND a.roles && $1::text[]
          AND p.audience = $2
          AND p.template IN ($3, $4)
          AND ($2 NOT IN ('departement', 'delegate') OR $5 = ANY(a.departements))
          AND ($2 <> 'programme' OR $6 = ANY(a.programmes))
        ORDER BY a.id, p.template = $4
        """,
        roles,
        audience,
        template,
        EVERY_TEMPLATE,
        departement,
        programme,
    )
    return [
        Addressee(f"agent:{row['id']}", row["email"], Preference(Cadence(row["cadence"]), row["hour"], row["weekday"]))
        for row in rows
        if row["cadence"] != Cadence.NEVER
    ]


async def set_preference(
    tx: Transaction, holder: str, audience: str, template: str, choice: Preference, *, by: UUID, at: datetime
) -> None:
    """Keep a choice."""
    await tx.execute(
        """
        INSERT INTO preference (holder, audience, template, cadence, hour, weekday, changed_by, changed_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (holder, audience, template) DO UPDATE SET
            cadence = EXCLUDED.cadence,
            hour = EXCLUDED.hour,
            weekday = EXCLUDED.weekday,
            changed_by = EXCLUDED.changed_by,
            changed_at = EXCLUDED.changed_at
        """,
        holder,
        audience,
        template,
        choice.cadence,
        choice.hour,
        choice.weekday,
        by,
        at,
    )
