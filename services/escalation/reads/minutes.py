"""Read models of the minutes of a session: composed from its decisions, and frozen once they are approved."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from services.escalation.domain.committee import MemberRole
from services.escalation.domain.minutes import MinutesState
from services.escalation.domain.moves import By
from services.escalation.reads.committee import AgendaRow, DecisionRow, SessionView, session
from services.escalation.reads.detail_rows import NoteRow
from services.escalation.store import minutes as store
from shared.contracts.fact import Actor
from shared.db import Reader


class RemarkRow(NoteRow):
    """A remark on the draft of minutes; `by` is the agent who recorded it."""

    author: str


class ApprovalRow(BaseModel):
    """Who approved the minutes, when, and in which session, if in one; `recorded_by` is the agent who noted it."""

    way: str
    approved_by: str
    approved_on: date
    in_session: UUID | None
    session_title: str | None
    recorded_at: datetime
    recorded_by: Actor


class MinutesView(BaseModel):
    """The minutes of a session; a `draft` until it is closed, frozen once they are approved.

    Their `items`, `decisions` and sums are then as they were approved; `replaced` names the decisions that others have
    replaced meanwhile, by number.
    """

    session_id: UUID
    title: str
    held_on: date
    draft: bool
    members: list[str]
    roles: dict[str, MemberRole]
    alternates: dict[str, str]
    present: list[str]
    represented: list[str] = []
    excused: list[str] = []
    voters: int
    quorum: int | None
    items: list[AgendaRow]
    decisions: list[DecisionRow]
    granted: int
    amount_cents: int
    closed_at: datetime | None
    closed_by: Actor | None
    state: MinutesState
    remarks: list[RemarkRow] = []
    approval: ApprovalRow | None = None
    replaced: dict[str, str] = {}
    allowed_actions: list[str] = []

    @property
    def chairs(self) -> list[str]:
        """Name those who preside, and so sign."""
        return [name for name, role in self.roles.items() if role is MemberRole.CHAIR]


class ApproverView(BaseModel):
    """A session that may approve the minutes of another."""

    id: UUID
    title: str
    held_on: date


async def minutes(reader: Reader, session_id: UUID, *, by: By, today: date) -> MinutesView:
    """Return the minutes of a session, in the order of its agenda; those that are approved as they were then."""
    held = await session(reader, session_id, by=by, today=today)
    row = await reader.fetchrow(
        """
        SELECT way, approved_by, approved_on, in_session, within.title AS session_title, recorded_at, recorded_by,
            content
        FROM minutes_approval
        LEFT JOIN committee_session AS within ON within.id = minutes_approval.in_session
        WHERE session_id = $1
        """,
        session_id,
    )
    if row is None:
        return await _composed(reader, held, by)
    now = {decision.id: decision for decision in held.decisions}
    approved = MinutesView.model_validate(row["content"])
    for decision in [*approved.decisions, *(item.decision for item in approved.items if item.decision)]:
        decision.allowed_actions = now[decision.id].allowed_actions
    approved.state = MinutesState.APPROVED
    approved.approval = ApprovalRow.model_validate({name: row[name] for name in ApprovalRow.model_fields})
    approved.replaced = {one.number: one.replaced_by for one in held.decisions if one.replaced_by}
    return approved


async def frozen(reader: Reader, session_id: UUID, *, by: By, today: date) -> dict[str, Any]:
    """Return the minutes as they are now, to be stored."""
    composed = await _composed(reader, await session(reader, session_id, by=by, today=today), by)
    composed.allowed_actions = []
    return composed.model_dump(mode="json")


async def approvers(reader: Reader, session_id: UUID, *, today: date) -> list[ApproverView]:
    """Return the sessions that may have approved the minutes of this one: held since it was closed."""
    rows = await reader.fetch(
        """
        SELECT later.id, later.title, later.held_on
        FROM committee_session
        JOIN committee_session AS later
            ON later.held_on BETWEEN (committee_session.closed_at AT TIME ZONE 'Europe/Paris')::date AND $2
            AND later.id <> committee_session.id
        WHERE committee_session.id = $1
        ORDER BY later.held_on, later.id
        LIMIT 20
        """,
        session_id,
        today,
    )
    return [ApproverView.model_validate(dict(row)) for row in rows]


async def _composed(reader: Reader, held: SessionView, by: By) -> MinutesView:
    """Return the minutes as the session's decisions make them today."""
    found = await store.find(reader, held.id)
    remarks = await reader.fetch(
        "SELECT id, at, author, text, by FROM minutes_remark WHERE session_id = $1 ORDER BY at, id", held.id
    )
    granted = [decision for decision in held.decisions if decision.grants]
    return MinutesView(
        session_id=held.id,
        title=held.title,
        held_on=held.held_on,
        draft=held.closed_at is None,
        members=held.members,
        roles=held.roles,
        alternates=held.alternates,
        present=held.present,
        represented=held.represented,
        excused=held.excused,
        voters=held.voters,
        quorum=held.quorum,
        items=held.agenda,
        decisions=held.decisions,
        granted=len(granted),
        amount_cents=sum(decision.amount_cents for decision in granted),
        closed_at=held.closed_at,
        closed_by=held.closed_by,
        state=found.state,
        remarks=[RemarkRow.model_validate(dict(row)) for row in remarks],
        replaced={one.number: one.replaced_by for one in held.decisions if one.replaced_by},
        allowed_actions=found.allowed_actions(by),
    )
