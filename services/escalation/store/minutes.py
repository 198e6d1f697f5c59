"""The SQL that changes the minutes of sessions: remarks and approvals."""

from datetime import datetime
from typing import Any
from uuid import UUID

from services.escalation.domain.committee import MemberRole
from services.escalation.domain.minutes import Approval, ApprovingSession, Minutes
from services.escalation.store.committee import NoSuchSession
from shared import calendar
from shared.contracts.fact import Actor
from shared.db import Reader, Row, Transaction

_COLUMNS = """
    session.id, session.held_on, session.closed_at, session.members, session.roles, session.alternates, approval.way,
    approval.approved_by, approval.approved_on, approval.in_session, approval.recorded_at, approval.recorded_by
"""


async def load_for_update(tx: Transaction, session_id: UUID) -> Minutes:
    """Return the minutes of a session, which is locked."""
    row = await tx.fetchrow(
        f"""
        SELECT {_COLUMNS}
        FROM committee_session AS session
        LEFT JOIN minutes_approval AS approval ON approval.session_id = session.id
        WHERE session.id = $1
        FOR UPDATE OF session
        """,
        session_id,
    )
    if row is None:
        raise NoSuchSession
    return _minutes(row)


async def find(reader: Reader, session_id: UUID) -> Minutes:
    """Return the minutes of a session."""
    row = await reader.fetchrow(
        f"""
        SELECT {_COLUMNS}
        FROM committee_session AS session
        LEFT JOIN minutes_approval AS approval ON approval.session_id = session.id
        WHERE session.id = $1
        """,
        session_id,
    )
    if row is None:
        raise NoSuchSession
    return _minutes(row)


async def approving_session(tx: Transaction, session_id: UUID) -> ApprovingSession | None:
    """Return a session that may have approved the minutes of another."""
    row = await tx.fetchrow(
        "SELECT id, held_on, members, roles, alternates FROM committee_session WHERE id = $1", session_id
    )
    return ApprovingSession(row["id"], row["held_on"], _chairs(row)) if row else None


async def add_remark(
    tx: Transaction, remark_id: UUID, session_id: UUID, *, author: str, text: str, by: Actor, at: datetime
) -> None:
    """Store a remark."""
    await tx.execute(
        "INSERT INTO minutes_remark (id, session_id, at, author, text, by) VALUES ($1, $2, $3, $4, $5, $6)",
        remark_id,
        session_id,
        at,
        author,
        text,
        by.model_dump(mode="json"),
    )


async def add_approval(tx: Transaction, session_id: UUID, approval: Approval, *, content: dict[str, Any]) -> None:
    """Store an approval with the minutes that it freezes."""
    await tx.execute(
        """
        INSERT INTO minutes_approval (
            session_id, way, approved_by, approved_on, in_session, recorded_at, recorded_by, content
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        session_id,
        approval.way,
        approval.approved_by,
        approval.approved_on,
        approval.in_session,
        approval.recorded_at,
        approval.recorded_by.model_dump(mode="json"),
        content,
    )


def _minutes(row: Row) -> Minutes:
    closed_on = calendar.today(calendar.PARIS, row["closed_at"]) if row["closed_at"] else None
    approval = None
    if row["way"]:
        approval = Approval(
            row["way"],
            row["approved_by"],
            row["approved_on"],
            row["in_session"],
            row["recorded_at"],
            Actor.model_validate(row["recorded_by"]),
        )
    return Minutes(row["id"], closed_on, _chairs(row), approval)


def _chairs(row: Row) -> tuple[str, ...]:
    """Return who presides, and who may do so in their place."""
    presiding = [name for name in row["members"] if row["roles"].get(name) == MemberRole.CHAIR.value]
    return (*presiding, *(row["alternates"][name] for name in presiding if name in row["alternates"]))
