"""The committee's sessions: their agendas, decisions and minutes."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel

from services.escalation.domain.committee import Session
from services.escalation.domain.moves import By, State
from services.escalation.store.committee import NoSuchSession
from shared.contracts.fact import Actor
from shared.contracts.vocabulary import CommitteeOutcome, SupportType
from shared.db import Reader, Row

SessionState = Literal["open", "closed"]


class DecisionRow(BaseModel):
    """A decision of the committee; `amount_cents` in euro cents, `notified_at` once the applicant was told."""

    id: UUID
    number: str
    session_id: UUID
    request_id: UUID
    outcome: CommitteeOutcome
    motive: str
    support_types: list[SupportType]
    amount_cents: int
    reserve: str | None
    decided_on: date
    signed_by: Actor
    recorded_at: datetime
    notified_at: datetime | None


class AgendaRow(BaseModel):
    """A dossier on an agenda, in its place, with its decision when there is one."""

    position: int
    request_id: UUID
    number: str
    title: str
    applicant_name: str
    departement: str
    state: State
    awaits_decision: bool
    decision: DecisionRow | None


class SessionSummary(BaseModel):
    """A session in a list; `dossiers` on its agenda, of which `decided` have their decision."""

    id: UUID
    title: str
    held_on: date
    state: SessionState
    members: list[str]
    quorum: int | None
    present: list[str]
    closed_at: datetime | None
    closed_by: Actor | None
    dossiers: int
    decided: int
    allowed_actions: list[str]


class SessionDetail(SessionSummary):
    """A session with its agenda in order."""

    agenda: list[AgendaRow]
    decisions: list[DecisionRow]


class Minutes(BaseModel):
    """The minutes of a session; a `draft` until it is closed."""

    session_id: UUID
    title: str
    held_on: date
    draft: bool
    members: list[str]
    present: list[str]
    quorum: int | None
    items: list[AgendaRow]
    decisions: list[DecisionRow]
    granted: int
    amount_cents: int
    closed_at: datetime | None
    closed_by: Actor | None


_SUMMARY = """
    committee_session.id, committee_session.title, committee_session.held_on, committee_session.members,
    committee_session.quorum, committee_session.present, committee_session.closed_at, committee_session.closed_by,
    (SELECT count(*) FROM agenda_item WHERE session_id = committee_session.id) AS dossiers,
    (SELECT count(*) FROM decision WHERE session_id = committee_session.id) AS decided
"""


def _summary(row: Row, by: By) -> dict[str, Any]:
    session = Session(
        row["id"],
        row["title"],
        row["held_on"],
        tuple(row["members"]),
        row["quorum"],
        tuple(row["present"]),
        row["closed_at"],
    )
    return {**dict(row), "state": session.state, "allowed_actions": session.allowed_actions(by)}


async def sessions(
    reader: Reader, *, state: SessionState | None, by: By, limit: int, offset: int
) -> list[SessionSummary]:
    """Give sessions, open ones first, then the latest."""
    rows = await reader.fetch(
        f"""
        SELECT {_SUMMARY}
        FROM committee_session
        WHERE $1::text IS NULL OR ($1 = 'open') = (closed_at IS NULL)
        ORDER BY closed_at IS NOT NULL, held_on DESC, id
        LIMIT $2 OFFSET $3
        """,  # noqa: S608 - the columns are a constant
        state,
        limit,
        offset,
    )
    return [SessionSummary.model_validate(_summary(row, by)) for row in rows]


async def count_sessions(reader: Reader, *, state: SessionState | None) -> int:
    """Count the sessions that such a list would show."""
    total: int = await reader.fetchval(
        "SELECT count(*) FROM committee_session WHERE $1::text IS NULL OR ($1 = 'open') = (closed_at IS NULL)", state
    )
    return total


async def session(reader: Reader, session_id: UUID, *, by: By) -> SessionDetail:
    """Give one session with its agenda; refuses (`NoSuchSession`) when there is none."""
    row = await reader.fetchrow(
        f"SELECT {_SUMMARY} FROM committee_session WHERE id = $1",  # noqa: S608 - the columns are a constant
        session_id,
    )
    if row is None:
        raise NoSuchSession
    agenda = await _agenda(reader, session_id)
    decisions = [item["decision"] for item in agenda if item["decision"]]
    return SessionDetail.model_validate({**_summary(row, by), "agenda": agenda, "decisions": decisions})


async def minutes(reader: Reader, session_id: UUID, *, by: By) -> Minutes:
    """Give the minutes of a session, in the order of its agenda."""
    held = await session(reader, session_id, by=by)
    granted = [
        decision
        for decision in held.decisions
        if decision.outcome in (CommitteeOutcome.GRANTED, CommitteeOutcome.GRANTED_WITH_RESERVE)
    ]
    return Minutes(
        session_id=held.id,
        title=held.title,
        held_on=held.held_on,
        draft=held.closed_at is None,
        members=held.members,
        present=held.present,
        quorum=held.quorum,
        items=held.agenda,
        decisions=held.decisions,
        granted=len(granted),
        amount_cents=sum(decision.amount_cents for decision in granted),
        closed_at=held.closed_at,
        closed_by=held.closed_by,
    )


async def decision(reader: Reader, decision_id: UUID) -> DecisionRow:
    """Give one decision, which exists."""
    row = await reader.fetchrow(
        """
        SELECT id, number, session_id, request_id, outcome, motive, support_types, amount_cents, reserve, decided_on,
            signed_by, recorded_at, notified_at
        FROM decision
        WHERE id = $1
        """,
        decision_id,
    )
    return DecisionRow.model_validate(dict(row or {}))


async def _agenda(reader: Reader, session_id: UUID) -> list[dict[str, Any]]:
    rows = await reader.fetch(
        """
        SELECT agenda_item.position, escalation.request_id, escalation.number, escalation.title,
            escalation.applicant_name, escalation.departement, escalation.state,
            escalation.state = 'scheduled' AND escalation.session_id = $1 AS awaits_decision,
            decision.id, decision.number AS decision_number, decision.outcome, decision.motive,
            decision.support_types, decision.amount_cents, decision.reserve, decision.decided_on, decision.signed_by,
            decision.recorded_at, decision.notified_at
        FROM agenda_item
        JOIN escalation ON escalation.request_id = agenda_item.request_id
        LEFT JOIN decision ON decision.session_id = agenda_item.session_id
            AND decision.request_id = agenda_item.request_id
        WHERE agenda_item.session_id = $1
        ORDER BY agenda_item.position
        """,
        session_id,
    )
    return [
        {**dict(row), "awaits_decision": bool(row["awaits_decision"]), "decision": _decided(row, session_id)}
        for row in rows
    ]


def _decided(row: Row, session_id: UUID) -> dict[str, Any] | None:
    if row["id"] is None:
        return None
    return {**dict(row), "number": row["decision_number"], "session_id": session_id}
