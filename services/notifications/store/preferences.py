"""Store mail preferences and absences, and find the recipients of a mail."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.notifications.domain.preferences import AT_ONCE, EVERY_TEMPLATE, Absence, Cadence, Preference
from services.notifications.store.followers import Follower
from shared.contracts.notifications import Audience
from shared.db import Reader, Transaction


@dataclass(frozen=True, slots=True)
class Addressee:
    """One recipient of one mail: who holds the address, the address (empty when unknown), and how they want their mail.

    `instead_of` names the agent who is away, and in whose place they read it. `follower` is the colleague of the
    applicant who reads it, by a link of their own.
    """

    holder: str
    address: str
    preference: Preference = AT_ONCE
    instead_of: str | None = None
    follower: Follower | None = None


async def preference(reader: Reader, holder: str, audience: str, template: str) -> Preference | None:
    """Return what was chosen for a mailbox and a template, else for its audience."""
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
    return Preference(Cadence(row["cadence"]), row["hour"], row["weekday"]) if row else None


async def copy_recipients(
    reader: Reader,
    audience: Audience,
    template: str,
    roles: list[str],
    departement: str,
    programme: str | None,
    *,
    today: date,
) -> list[Addressee]:
    """Return the agents of an audience who want its mails at their own address too, or who stands in for them today."""
    rows = await reader.fetch(
        """
        WITH audience AS (
            SELECT id, name, email
            FROM agent
            WHERE removed_at IS NULL
              AND roles && $1::text[]
              AND ($2 NOT IN ('departement', 'delegate') OR $5 = ANY(departements))
              AND ($2 <> 'programme' OR $6 = ANY(programmes))
        )
        SELECT DISTINCT ON (a.id)
               a.id, a.name, p.cadence, p.hour, p.weekday, away.agent_id IS NOT NULL AS away,
               CASE WHEN away.agent_id IS NULL THEN a.email ELSE s.email END AS email
        FROM audience a
        JOIN preference p ON p.holder = 'agent:' || a.id
        LEFT JOIN absence away ON away.agent_id = a.id AND $7 BETWEEN away.from_on AND away.until_on
        LEFT JOIN audience s ON s.id = away.stand_in
        WHERE p.audience = $2
          AND p.template IN ($3, $4)
        ORDER BY a.id, p.template = $4
        """,
        roles,
        audience,
        template,
        EVERY_TEMPLATE,
        departement,
        programme,
        today,
    )
    return [
        Addressee(
            f"agent:{row['id']}",
            row["email"],
            Preference(Cadence(row["cadence"]), row["hour"], row["weekday"]),
            instead_of=row["name"] if row["away"] else None,
        )
        for row in rows
        if row["cadence"] != Cadence.NEVER and row["email"] is not None
    ]


async def set_preference(
    tx: Transaction, holder: str, audience: str, template: str, choice: Preference, *, by: UUID, at: datetime
) -> None:
    """Store a choice."""
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


async def colleagues(reader: Reader, agent_id: UUID) -> list[tuple[UUID, str]]:
    """Return who may stand in for an agent: whoever has all their roles, départements and programmes."""
    rows = await reader.fetch(
        """
        SELECT other.id, other.name
        FROM agent a
        JOIN agent other ON other.id <> a.id
        WHERE a.id = $1
          AND other.removed_at IS NULL
          AND other.roles @> a.roles
          AND other.departements @> a.departements
          AND other.programmes @> a.programmes
        ORDER BY other.name, other.id
        """,
        agent_id,
    )
    return [(row["id"], row["name"]) for row in rows]


async def absence_of(reader: Reader, agent_id: UUID, *, today: date) -> Absence | None:
    """Return an agent's absence, present or to come."""
    row = await reader.fetchrow(
        "SELECT from_on, until_on, stand_in FROM absence WHERE agent_id = $1 AND until_on >= $2", agent_id, today
    )
    return Absence(**row) if row else None


async def set_absence(tx: Transaction, agent_id: UUID, absence: Absence, *, at: datetime) -> None:
    """Store an absence in place of the one before."""
    await tx.execute(
        """
        INSERT INTO absence (agent_id, from_on, until_on, stand_in, changed_at)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (agent_id) DO UPDATE SET
            from_on = EXCLUDED.from_on,
            until_on = EXCLUDED.until_on,
            stand_in = EXCLUDED.stand_in,
            changed_at = EXCLUDED.changed_at
        """,
        agent_id,
        absence.from_on,
        absence.until_on,
        absence.stand_in,
        at,
    )


async def end_absence(tx: Transaction, agent_id: UUID) -> None:
    """Forget an absence."""
    await tx.execute("DELETE FROM absence WHERE agent_id = $1", agent_id)
