"""Read models of lists of dossiers: waiting ones, late ones, and the number in each state."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from services.escalation.domain.grant import HELD_BACK
from services.escalation.domain.moves import Action, By, State, allowed_actions
from services.escalation.domain.perimeter import Perimeter
from shared.contracts.vocabulary import Field, Programme, RequestKind, ReserveBlocks, Stage
from shared.db import Database, Reader, Row, containing

COLUMNS = """
    escalation.request_id, escalation.number, escalation.state, escalation.departement, escalation.title,
    escalation.applicant_name, escalation.kind, escalation.fields, escalation.programme, escalation.stage,
    escalation.due_on, escalation.received_at, escalation.changed_at, escalation.session_id,
    (
        SELECT coalesce(reserve_blocks, 'mobilisation')
        FROM decision
        WHERE decision.request_id = escalation.request_id
            AND decision.reserve IS NOT NULL
            AND decision.reserve_lifted_on IS NULL
            AND decision.replaced_by IS NULL
        ORDER BY recorded_at DESC
        LIMIT 1
    ) AS reserve_blocks
"""
VERY_MANY = 10_000
"""Dossiers from which on a count may be a second old: nobody sees the one that is missing, and each list has one."""
_SEEN = """
    ($1::text[] IS NULL OR departement = ANY($1))
    AND ($2::text[] IS NULL OR programme = ANY($2))
"""
_FILTERED = f"""
    AND ($3::text IS NULL OR state = $3)
    AND ($4::text IS NULL OR departement = $4)
    AND ($5::text IS NULL OR programme = $5)
    AND ($6::text IS NULL OR search LIKE {containing("lower(unaccent($6))")})
    AND (NOT $7::boolean OR (due_on < $8 AND stage IS NOT NULL AND state <> 'awaiting_departement'))
    AND ($9::text IS NULL OR $9 = ANY(fields))
    AND ($10::integer IS NULL OR received_at < $8::date - $10::integer)
"""
_IN_TURN = """
    (state IN ('returned', 'refused', 'completed', 'withdrawn')), (state = 'awaiting_departement'), due_on NULLS LAST,
    received_at, request_id
"""
"""The order that the index `escalation_in_turn` has: a page is read from it, not sorted out of all there are."""


class EscalationRow(BaseModel):
    """A dossier in a list. `due_on` is the date of its running stage; `overdue` when that has passed."""

    request_id: UUID
    number: str
    state: State
    departement: str
    title: str
    applicant_name: str
    kind: RequestKind
    fields: list[Field]
    programme: Programme | None
    stage: Stage | None
    due_on: date | None
    overdue: bool
    received_at: datetime
    changed_at: datetime
    session_id: UUID | None
    allowed_actions: list[str]


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list of dossiers is narrowed to; blanks narrow nothing. `older` than so many days here."""

    state: State | None = None
    departement: str | None = None
    programme: Programme | None = None
    q: str | None = None
    overdue: bool = False
    field: Field | None = None
    older: int | None = None

    def arguments(self, perimeter: Perimeter, today: date) -> tuple[object, ...]:
        """Return the arguments $1 to $10 of the statements below."""
        return (
            perimeter.departements,
            perimeter.programmes,
            self.state,
            self.departement or None,
            self.programme,
            (self.q or "").strip() or None,
            self.overdue,
            today,
            self.field,
            self.older,
        )


def summary_members(row: Row, by: By, today: date) -> dict[str, object]:
    """Read the members of a summary out of `COLUMNS`."""
    state = State(row["state"])
    waits = state is State.AWAITING_DEPARTEMENT
    late = row["stage"] is not None and row["due_on"] is not None and row["due_on"] < today and not waits
    return {**dict(row), "overdue": late, "allowed_actions": allowed_actions(state, by, held_back=held_back(row))}


def held_back(row: Row) -> frozenset[Action]:
    """Return the actions that wait for the reserve of the decision."""
    return HELD_BACK[ReserveBlocks(row["reserve_blocks"])] if row["reserve_blocks"] else frozenset()


async def dossiers(
    reader: Reader, filters: Filters, *, perimeter: Perimeter, by: By, today: date, limit: int, offset: int
) -> list[EscalationRow]:
    """Return dossiers, those with the nearest date first, those that are over last."""
    rows = await reader.fetch(
        f"""
        SELECT {COLUMNS}
        FROM escalation
        WHERE {_SEEN} {_FILTERED}
        ORDER BY {_IN_TURN}
        LIMIT $11 OFFSET $12
        """,
        *filters.arguments(perimeter, today),
        limit,
        offset,
    )
    return [EscalationRow.model_validate(summary_members(row, by, today)) for row in rows]


async def count_dossiers(database: Database, filters: Filters, *, perimeter: Perimeter, today: date) -> int:
    """Count the dossiers that a list with these filters would show; of very many, as of a moment ago."""

    async def count() -> int:
        total: int = await database.fetchval(
            f"SELECT count(*) FROM escalation WHERE {_SEEN} {_FILTERED}",
            *filters.arguments(perimeter, today),
        )
        return total

    key = ("dossiers", filters, repr(perimeter), today)
    return await database.cache.get(key, count, worth=lambda total: total > VERY_MANY)


async def count_by_state(database: Database, *, perimeter: Perimeter) -> dict[State, int]:
    """Count the dossiers in each state that has some; of very many, as of a moment ago."""

    async def count() -> dict[State, int]:
        rows = await database.fetch(
            f"SELECT state, count(*) AS number FROM escalation WHERE {_SEEN} GROUP BY state",
            perimeter.departements,
            perimeter.programmes,
        )
        return {State(row["state"]): row["number"] for row in rows}

    key = ("dossiers by state", repr(perimeter))
    return await database.cache.get(key, count, worth=lambda found: sum(found.values()) > VERY_MANY)


async def departements(reader: Reader, *, perimeter: Perimeter) -> list[str]:
    """Return the départements that have dossiers here, for the filter."""
    rows = await reader.fetch(
        f"SELECT DISTINCT departement FROM escalation WHERE {_SEEN} ORDER BY departement",
        perimeter.departements,
        perimeter.programmes,
    )
    return [row["departement"] for row in rows]
