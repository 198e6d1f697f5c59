"""Read models of the committee: sessions with their agendas, and decisions."""

from collections import defaultdict
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel

from services.escalation.domain.committee import MemberRole, Session
from services.escalation.domain.decisions import OnRecord
from services.escalation.domain.grant import GRANTING
from services.escalation.domain.moves import By, State
from services.escalation.store.committee import NoSuchDecision, NoSuchSession
from shared.contracts.escalation import Votes
from shared.contracts.fact import Actor
from shared.contracts.vocabulary import CommitteeOutcome, ReserveBlocks, SupportType
from shared.db import Reader, Row
from shared.web.paging import Page, Paged

SessionState = Literal["open", "closed"]


class DecisionRow(BaseModel):
    """A decision of the committee; `amount_cents` in euro cents, `notified_at` once the applicant was notified.

    It stands unless `replaced_by` names the one that corrects it.
    """

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
    reserve_until: date | None
    reserve_lifted_on: date | None
    reserve_lifted_by: Actor | None
    reserve_lifted_motive: str | None
    votes: Votes | None
    signatory: str | None
    appeal: str | None
    corrects: str | None
    replaced_by: str | None
    override_reason: str | None = None
    reserve_blocks: ReserveBlocks | None = None
    recused: list[str] = []
    voters: int | None = None
    allowed_actions: list[str]

    @property
    def grants(self) -> bool:
        """Return whether it grants something: only then an amount and types of support mean anything."""
        return self.outcome in GRANTING


class DecisionView(DecisionRow):
    """A decision with the dossier that it is about; `void` when it granted something and the applicant withdrew."""

    request_number: str
    title: str
    applicant_name: str
    departement: str
    session_title: str
    held_on: date
    void: bool


class WaitingRow(BaseModel):
    """A dossier that is on no agenda and could be; `deferred` when a session put it off."""

    request_id: UUID
    number: str
    title: str
    applicant_name: str
    departement: str
    deferred: bool
    due_on: date | None


class RecusalRow(BaseModel):
    """A member who withdraws from a dossier, having an interest that the member `declared`, or the secretary noted."""

    member: str
    declared: bool
    noted_at: datetime
    noted_by: Actor


class AgendaRow(BaseModel):
    """A dossier on an agenda, in its place, with its decision when there is one.

    `voters` is how many vote on it now: those who are there, without those who withdraw (`recusals`).
    """

    position: int
    request_id: UUID
    number: str
    title: str
    applicant_name: str
    departement: str
    state: State
    awaits_decision: bool
    recusals: list[RecusalRow] = []
    voters: int = 0
    decision: DecisionRow | None


class SessionRow(BaseModel):
    """A session in a list; `dossiers` on its agenda, of which `decided` have their decision.

    `voters` are the voting members who are present or represented: they make the quorum.
    """

    id: UUID
    title: str
    held_on: date
    state: SessionState
    members: list[str]
    roles: dict[str, MemberRole]
    alternates: dict[str, str]
    quorum: int | None
    present: list[str]
    represented: list[str]
    excused: list[str]
    attended_at: datetime | None
    attended_by: Actor | None
    attendance_version: str
    voters: int
    closed_at: datetime | None
    closed_by: Actor | None
    dossiers: int
    decided: int
    allowed_actions: list[str]


class SessionView(SessionRow):
    """A session with its agenda in order."""

    agenda: list[AgendaRow]
    decisions: list[DecisionRow]


_SUMMARY = """
    committee_session.id, committee_session.title, committee_session.held_on, committee_session.members,
    committee_session.roles, committee_session.alternates, committee_session.quorum, committee_session.present,
    committee_session.represented, committee_session.excused, committee_session.attended_at,
    committee_session.attended_by, committee_session.closed_at, committee_session.closed_by,
    (SELECT count(*) FROM agenda_item WHERE session_id = committee_session.id) AS dossiers,
    (SELECT count(*) FROM decision WHERE session_id = committee_session.id AND corrects IS NULL) AS decided
"""


_DECISION = """
    decision.id, decision.number, decision.session_id, decision.request_id, decision.outcome, decision.motive,
    decision.support_types, decision.amount_cents, decision.reserve, decision.decided_on, decision.signed_by,
    decision.recorded_at, decision.notified_at, decision.reserve_until, decision.reserve_lifted_on,
    decision.reserve_lifted_by, decision.reserve_lifted_motive, decision.votes, decision.signatory, decision.appeal,
    decision.corrects, decision.replaced_by, decision.override_reason, decision.reserve_blocks,
    decision.recused, decision.voters
"""
_REGISTER = f"""
    SELECT {_DECISION}, escalation.number AS request_number, escalation.title, escalation.applicant_name,
        escalation.departement, escalation.state, committee_session.title AS session_title, committee_session.held_on,
        decision.outcome IN ('granted', 'granted_with_reserve') AND decision.replaced_by IS NULL
            AND escalation.state = 'withdrawn' AS void
    FROM decision
    JOIN escalation ON escalation.request_id = decision.request_id
    JOIN committee_session ON committee_session.id = decision.session_id
"""
_OF_DEPARTEMENTS = "($1::text[] IS NULL OR escalation.departement = ANY ($1))"
_STANDING = """(
    decision.reserve IS NOT NULL AND decision.reserve_lifted_on IS NULL AND decision.replaced_by IS NULL
    AND NOT EXISTS (SELECT FROM escalation AS e WHERE e.request_id = decision.request_id AND e.state = 'withdrawn')
)"""


def _summary(row: Row, by: By, today: date) -> dict[str, Any]:
    session = Session(
        row["id"],
        row["title"],
        row["held_on"],
        tuple(row["members"]),
        row["quorum"],
        tuple(row["present"]),
        row["closed_at"],
        roles={name: MemberRole(role) for name, role in row["roles"].items()},
        represented=tuple(row["represented"]),
        attended_at=row["attended_at"],
    )
    return {
        **dict(row),
        "state": session.state,
        "voters": len(session.voters),
        "voting": session.voters,
        "attendance_version": session.attendance_version,
        "allowed_actions": session.allowed_actions(by, today=today),
    }


async def sessions(reader: Reader, *, state: SessionState | None, by: By, today: date, page: Page) -> Paged[SessionRow]:
    """Return sessions, open ones first, then the latest."""
    rows = await reader.fetch(
        f"""
        SELECT {_SUMMARY}
        FROM committee_session
        WHERE $1::text IS NULL OR ($1 = 'open') = (closed_at IS NULL)
        ORDER BY closed_at IS NOT NULL, held_on DESC, id
        LIMIT $2 OFFSET $3
        """,
        state,
        page.limit,
        page.offset,
    )
    total = await _count_sessions(reader, state)
    return Paged(
        items=[SessionRow.model_validate(_summary(row, by, today)) for row in rows], total=total, page=page.number
    )


async def _count_sessions(reader: Reader, state: SessionState | None) -> int:
    total: int = await reader.fetchval(
        "SELECT count(*) FROM committee_session WHERE $1::text IS NULL OR ($1 = 'open') = (closed_at IS NULL)", state
    )
    return total


async def session(reader: Reader, session_id: UUID, *, by: By, today: date) -> SessionView:
    """Return one session with its agenda; refuses (`NoSuchSession`) when there is none."""
    row = await reader.fetchrow(
        f"SELECT {_SUMMARY} FROM committee_session WHERE id = $1",
        session_id,
    )
    if row is None:
        raise NoSuchSession
    summary = _summary(row, by, today)
    agenda = await _agenda(reader, session_id, by, summary["voting"])
    decisions = [item["decision"] for item in agenda if item["decision"]]
    return SessionView.model_validate({**summary, "agenda": agenda, "decisions": decisions})


async def decision(reader: Reader, decision_id: UUID, *, departements: list[str] | None, by: By) -> DecisionView:
    """Return one decision with its dossier, which is of these départements; refuses (`NoSuchDecision`) any other."""
    row = await reader.fetchrow(f"{_REGISTER} WHERE {_OF_DEPARTEMENTS} AND decision.id = $2", departements, decision_id)
    if row is None:
        raise NoSuchDecision
    return _in_register(row, by)


async def decisions(
    reader: Reader, *, departements: list[str] | None, standing_reserve: bool, by: By, page: Page
) -> Paged[DecisionView]:
    """Return decisions, the latest first; or those whose reserve stands, the nearest date first."""
    rows = await reader.fetch(
        f"""
        {_REGISTER}
        WHERE {_OF_DEPARTEMENTS} AND (NOT $2 OR {_STANDING})
        ORDER BY CASE WHEN $2 THEN reserve_until END NULLS LAST, decision.decided_on DESC, decision.recorded_at DESC
        LIMIT $3 OFFSET $4
        """,
        departements,
        standing_reserve,
        page.limit,
        page.offset,
    )
    total = await count_decisions(reader, departements=departements, standing_reserve=standing_reserve)
    return Paged(items=[_in_register(row, by) for row in rows], total=total, page=page.number)


async def count_decisions(reader: Reader, *, departements: list[str] | None, standing_reserve: bool) -> int:
    """Count the decisions that such a list would show."""
    total: int = await reader.fetchval(
        f"""
        SELECT count(*)
        FROM decision
        JOIN escalation ON escalation.request_id = decision.request_id
        WHERE {_OF_DEPARTEMENTS} AND (NOT $2 OR {_STANDING})
        """,
        departements,
        standing_reserve,
    )
    return total


async def decisions_of(reader: Reader, request_id: UUID, state: State, *, by: By) -> list[dict[str, Any]]:
    """Return the decisions on a dossier that is in this state, in order."""
    rows = await reader.fetch(
        f"SELECT {_DECISION} FROM decision WHERE request_id = $1 ORDER BY recorded_at",
        request_id,
    )
    return [{**dict(row), "allowed_actions": _decision_actions(row, state, by)} for row in rows]


async def waiting(reader: Reader) -> list[WaitingRow]:
    """Return the dossiers that could come on an agenda: deferred ones first, then the nearest date."""
    rows = await reader.fetch(
        """
        SELECT request_id, number, title, applicant_name, departement, state = 'deferred' AS deferred, due_on
        FROM escalation
        WHERE state IN ('admissible', 'deferred')
        ORDER BY state = 'deferred' DESC, due_on NULLS LAST, received_at
        LIMIT 200
        """
    )
    return [WaitingRow.model_validate(dict(row)) for row in rows]


async def _agenda(reader: Reader, session_id: UUID, by: By, voting: list[str]) -> list[dict[str, Any]]:
    rows = await reader.fetch(
        """
        SELECT agenda_item.position, escalation.request_id, escalation.number, escalation.title,
            escalation.applicant_name, escalation.departement, escalation.state,
            escalation.state = 'scheduled' AND escalation.session_id = $1 AS awaits_decision
        FROM agenda_item
        JOIN escalation ON escalation.request_id = agenda_item.request_id
        WHERE agenda_item.session_id = $1
        ORDER BY agenda_item.position
        """,
        session_id,
    )
    made = await _made_in(reader, session_id)
    recusals = await _recusals(reader, session_id)
    return [
        {
            **dict(row),
            "recusals": recusals[row["request_id"]],
            "voters": len(set(voting) - {one["member"] for one in recusals[row["request_id"]]}),
            "awaits_decision": bool(row["awaits_decision"]),
            "decision": _with_actions(made.get(row["request_id"]), State(row["state"]), by),
        }
        for row in rows
    ]


async def _recusals(reader: Reader, session_id: UUID) -> defaultdict[UUID, list[dict[str, Any]]]:
    """Return who withdraws, by dossier."""
    rows = await reader.fetch(
        """
        SELECT request_id, member, declared, noted_at, noted_by
        FROM recusal
        WHERE session_id = $1
        ORDER BY noted_at, member
        """,
        session_id,
    )
    found = defaultdict(list)
    for row in rows:
        found[row["request_id"]].append(dict(row))
    return found


async def _made_in(reader: Reader, session_id: UUID) -> dict[UUID, Row]:
    """Return the decisions of a session, each by its dossier; what corrected them later is not the session's."""
    rows = await reader.fetch(
        f"SELECT {_DECISION} FROM decision WHERE session_id = $1 AND corrects IS NULL",
        session_id,
    )
    return {row["request_id"]: row for row in rows}


def _with_actions(row: Row | None, state: State, by: By) -> dict[str, Any] | None:
    return {**dict(row), "allowed_actions": _decision_actions(row, state, by)} if row else None


def _decision_actions(row: Row, state: State, by: By) -> list[str]:
    decided = OnRecord(
        row["id"],
        row["number"],
        row["session_id"],
        CommitteeOutcome(row["outcome"]),
        row["reserve"],
        row["reserve_lifted_on"],
        row["replaced_by"],
        row["decided_on"],
    )
    return decided.allowed_actions(state, by)


def _in_register(row: Row, by: By) -> DecisionView:
    actions = _decision_actions(row, State(row["state"]), by)
    return DecisionView.model_validate({**dict(row), "allowed_actions": actions})
