"""Rows of cases: inserted once, locked when they are loaded, saved whole."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.qualification.domain.case import Case, Question
from services.qualification.domain.local_work import LocalState, LocalWork
from services.qualification.domain.moves import ANSWERED_LOCALLY, State
from services.qualification.domain.proposal import Proposal, Returned
from shared.contracts.fact import Actor, Value
from shared.contracts.intake import Request
from shared.contracts.qualification import Qualification
from shared.contracts.vocabulary import Stage
from shared.db import Row, Transaction
from shared.errors import NotFound
from shared.territory.index import fold

COLUMNS = """
    c.request_id, c.departement, c.number, c.state, c.request, c.assignee_email, c.assignee_name, c.qualification,
    c.proposal, c.stage, c.due_on, c.overdue_at, c.suspended_on, c.answer_until, c.question, c.opened_at,
    c.state_since, c.local_work, c.returned, c.state_by, c.assigned_at, c.assigned_by
"""


async def insert(tx: Transaction, case: Case) -> bool:
    """Open a case; return whether it is new."""
    done = await tx.execute(
        """
        INSERT INTO case_file (request_id, departement, number, state, request, search, stage, due_on,
                               opened_at, state_since)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (request_id, departement) DO NOTHING
        """,
        case.request_id,
        case.departement,
        case.number,
        case.state,
        _json(case.request),
        searchable(case.request),
        case.stage,
        case.due_on,
        case.opened_at,
        case.state_since,
    )
    return done == "INSERT 0 1"


async def load_for_agent(tx: Transaction, request_id: UUID, perimeter: Sequence[str] | None) -> Case | None:
    """Lock the case within this perimeter; of several, the one that has not been handed to another département."""
    row = await tx.fetchrow(
        f"""
        SELECT {COLUMNS}
        FROM case_file AS c
        WHERE c.request_id = $1
          AND ($2::text[] IS NULL OR c.departement = ANY($2))
        ORDER BY c.state = 'transferred', c.opened_at DESC
        LIMIT 1
        FOR UPDATE
        """,
        request_id,
        perimeter,
    )
    return case_of_row(row) if row else None


async def load_for_event(tx: Transaction, request_id: UUID, departement: str) -> Case | None:
    """Lock the case that an event is about; after a transfer within this database, the one now in charge."""
    row = await tx.fetchrow(
        f"""
        SELECT {COLUMNS}
        FROM case_file AS c
        WHERE c.request_id = $1
        ORDER BY c.state = 'transferred', c.departement = $2 DESC, c.opened_at DESC
        LIMIT 1
        FOR UPDATE
        """,
        request_id,
        departement,
    )
    return case_of_row(row) if row else None


async def load_exactly(tx: Transaction, request_id: UUID, departement: str) -> Case | None:
    """Lock this département's own case."""
    row = await tx.fetchrow(
        f"""
        SELECT {COLUMNS}
        FROM case_file AS c
        WHERE c.request_id = $1
          AND c.departement = $2
        FOR UPDATE
        """,
        request_id,
        departement,
    )
    return case_of_row(row) if row else None


async def load_late(tx: Transaction, before: date, limit: int) -> list[Case]:
    """Lock cases whose stage ended before that day and was not published yet; another copy's are skipped."""
    rows = await tx.fetch(
        f"""
        SELECT {COLUMNS}
        FROM case_file AS c
        WHERE c.due_on < $1
          AND c.overdue_at IS NULL
          AND c.state IN ('registered', 'under_examination', 'proposed')
        ORDER BY c.due_on
        LIMIT $2
        FOR UPDATE SKIP LOCKED
        """,
        before,
        limit,
    )
    return [case_of_row(row) for row in rows]


async def load_late_work(tx: Transaction, before: date, limit: int) -> list[Case]:
    """Lock cases whose local work has a last day before that day that was not published as past."""
    return await _load_work(tx, "c.local_late_after < $1", "c.local_late_after", limit, before)


async def load_work_due_soon(tx: Transaction, *, today: date, soon: date, limit: int) -> list[Case]:
    """Lock cases whose local work has a last day between these days that nobody was reminded of."""
    return await _load_work(tx, "c.local_remind_on BETWEEN $1 AND $2", "c.local_remind_on", limit, today, soon)


async def _load_work(tx: Transaction, which: str, order: str, limit: int, *days: date) -> list[Case]:
    rows = await tx.fetch(
        f"""
        SELECT {COLUMNS}
        FROM case_file AS c
        WHERE {which}
          AND c.local_turn < 3
        ORDER BY {order}
        LIMIT {limit}
        FOR UPDATE SKIP LOCKED
        """,
        *days,
    )
    return [case_of_row(row) for row in rows]


async def save(tx: Transaction, case: Case) -> None:
    """Write what may have changed."""
    await tx.execute(
        """
        UPDATE case_file SET
            state = $3,
            request = $4,
            assignee_email = $5,
            assignee_name = $6,
            qualification = $7,
            proposal = $8,
            stage = $9,
            due_on = $10,
            overdue_at = $11,
            suspended_on = $12,
            answer_until = $13,
            question = $14,
            opened_at = $15,
            state_since = $16,
            local_work = $17,
            local_turn = $18,
            local_due_on = $19,
            local_remind_on = $20,
            local_late_after = $21,
            returned = $22,
            state_by = $23,
            assigned_at = $24,
            assigned_by = $25
        WHERE request_id = $1
          AND departement = $2
        """,
        case.request_id,
        case.departement,
        case.state,
        _json(case.request),
        case.assignee_email,
        case.assignee_name,
        _json(case.qualification),
        _json(case.proposal),
        case.stage,
        case.due_on,
        case.overdue_at,
        case.suspended_on,
        case.answer_until,
        _json(case.question),
        case.opened_at,
        case.state_since,
        _json(case.local_work),
        _turn(case),
        case.local_work.due_on if case.local_work else None,
        case.local_work.to_remind_on if case.local_work else None,
        case.local_work.late_after if case.local_work else None,
        _json(case.returned),
        _json(case.state_by),
        case.assigned_at,
        case.assigned_by,
    )


async def departement_of_document(
    tx: Transaction, request_id: UUID, document_id: UUID, *, perimeter: Sequence[str] | None
) -> str:
    """Return the département within this perimeter whose case has the document; refuses (`NotFound`) any other."""
    departement = await tx.fetchval(
        """
        SELECT departement
        FROM case_document
        JOIN case_file USING (request_id, departement)
        WHERE case_document.request_id = $1
          AND case_document.id = $2
          AND ($3::text[] IS NULL OR departement = ANY($3))
        ORDER BY case_file.state = 'transferred', case_file.opened_at DESC
        LIMIT 1
        """,
        request_id,
        document_id,
        perimeter,
    )
    if departement is None:
        raise NotFound
    return str(departement)


async def departement_with_case(tx: Transaction, request_id: UUID, *, perimeter: Sequence[str] | None) -> str:
    """Return the département within this perimeter that has the request now; refuses (`NotFound`) any other.

    One that handed it to another département does not see what was said and joined afterwards.
    """
    departement = await tx.fetchval(
        """
        SELECT departement
        FROM case_file
        WHERE request_id = $1
          AND state <> 'transferred'
          AND ($2::text[] IS NULL OR departement = ANY($2))
        ORDER BY opened_at DESC
        LIMIT 1
        """,
        request_id,
        perimeter,
    )
    if departement is None:
        raise NotFound
    return str(departement)


async def trace_document(
    tx: Transaction,
    *,
    agent_id: UUID,
    email: str,
    request_id: UUID,
    departement: str,
    document_id: UUID,
    at: datetime,
) -> None:
    """Note who opens a joined file."""
    await tx.execute(
        """
        INSERT INTO document_access (request_id, departement, document_id, agent_id, email, at)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        request_id,
        departement,
        document_id,
        agent_id,
        email,
        at,
    )


async def trace_documents(
    tx: Transaction, *, agent_id: UUID, email: str, request_id: UUID, departement: str, at: datetime
) -> None:
    """Note who opens all joined files of a case at once."""
    await tx.execute(
        """
        INSERT INTO document_access (request_id, departement, document_id, agent_id, email, at)
        SELECT request_id, departement, id, $3, $4, $5
        FROM case_document
        WHERE request_id = $1 AND departement = $2
        """,
        request_id,
        departement,
        agent_id,
        email,
        at,
    )


def searchable(request: Request) -> str:
    """Return what a case is found by: number, title, who asks; without accents."""
    return fold(f"{request.number} {request.title} {request.applicant.name}")


def case_of_row(row: Row) -> Case:
    """Read a case out of `COLUMNS`."""
    return Case(
        request_id=row["request_id"],
        departement=row["departement"],
        number=row["number"],
        request=Request.model_validate(row["request"]),
        opened_at=row["opened_at"],
        state_since=row["state_since"],
        state=State(row["state"]),
        assignee_email=row["assignee_email"],
        assignee_name=row["assignee_name"],
        qualification=Qualification.model_validate(row["qualification"]) if row["qualification"] else None,
        proposal=Proposal.model_validate(row["proposal"]) if row["proposal"] else None,
        stage=Stage(row["stage"]) if row["stage"] else None,
        due_on=row["due_on"],
        overdue_at=row["overdue_at"],
        suspended_on=row["suspended_on"],
        answer_until=row["answer_until"],
        question=Question.model_validate(row["question"]) if row["question"] else None,
        local_work=LocalWork.model_validate(row["local_work"]) if row["local_work"] else None,
        returned=Returned.model_validate(row["returned"]) if row["returned"] else None,
        state_by=Actor.model_validate(row["state_by"]) if row["state_by"] else None,
        assigned_at=row["assigned_at"],
        assigned_by=row["assigned_by"],
    )


def _turn(case: Case) -> int | None:
    """Return whose turn it is in the work of a local answer, as the column `turn` counts; None where there is none.

    Work that goes on waits for nobody until it is late.
    """
    if case.local_work is None or case.state not in ANSWERED_LOCALLY:
        return None
    if case.local_work.is_over:
        return 3
    awaited = case.local_work.state is LocalState.EXPECTED and case.local_work.provider is None
    return 1 if awaited else 2


def _json(value: Value | None) -> Any:
    return value.model_dump(mode="json") if value else None
