"""The SQL that changes sessions, agendas and decisions."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import asyncpg

from services.escalation.domain.committee import MemberRole, Session
from services.escalation.domain.decisions import OnRecord
from services.escalation.domain.refusals import AlreadyOnAgenda
from shared.contracts.escalation import Decision
from shared.contracts.fact import Actor
from shared.contracts.vocabulary import CommitteeOutcome, SupportType
from shared.db import Transaction
from shared.errors import NotFound


class NoSuchSession(NotFound):
    """There is no such session (HTTP 404)."""

    code = "no_such_session"
    title = "No such committee session"
    sentence = "Cette séance du comité n’existe pas."


class NoSuchDecision(NotFound):
    """There is no such decision (HTTP 404)."""

    code = "no_such_decision"
    title = "No such decision of the committee"
    sentence = "Cette décision n’existe pas."


async def add_session(tx: Transaction, session: Session, *, by: Actor, at: datetime) -> None:
    """Plan a session."""
    await tx.execute(
        """
        INSERT INTO committee_session (
            id, title, held_on, members, quorum, present, created_at, created_by, roles, alternates
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """,
        session.id,
        session.title,
        session.held_on,
        list(session.members),
        session.quorum,
        list(session.present),
        at,
        by.model_dump(mode="json"),
        dict(session.roles),
        dict(session.alternates),
    )


async def load_session_for_update(tx: Transaction, session_id: UUID) -> Session:
    """Return a session, locked, so that its agenda and decisions change one after the other."""
    row = await tx.fetchrow(
        """
        SELECT id, title, held_on, members, quorum, present, closed_at, closed_by, roles, alternates, represented,
            excused, attended_at, attended_by
        FROM committee_session
        WHERE id = $1
        FOR UPDATE
        """,
        session_id,
    )
    if row is None:
        raise NoSuchSession
    return Session(
        id=row["id"],
        title=row["title"],
        held_on=row["held_on"],
        members=tuple(row["members"]),
        quorum=row["quorum"],
        present=tuple(row["present"]),
        closed_at=row["closed_at"],
        closed_by=Actor.model_validate(row["closed_by"]) if row["closed_by"] else None,
        roles={name: MemberRole(role) for name, role in row["roles"].items()},
        alternates=row["alternates"],
        represented=tuple(row["represented"]),
        excused=tuple(row["excused"]),
        attended_at=row["attended_at"],
        attended_by=Actor.model_validate(row["attended_by"]) if row["attended_by"] else None,
        recusals=await _recusals(tx, session_id),
    )


async def _recusals(tx: Transaction, session_id: UUID) -> dict[UUID, tuple[str, ...]]:
    rows = await tx.fetch(
        """
        SELECT request_id, array_agg(member ORDER BY noted_at, member) AS members
        FROM recusal
        WHERE session_id = $1
        GROUP BY request_id
        """,
        session_id,
    )
    return {row["request_id"]: tuple(row["members"]) for row in rows}


async def add_recusal(
    tx: Transaction, session_id: UUID, request_id: UUID, member: str, *, declared: bool, by: Actor, at: datetime
) -> None:
    """Store that a member withdraws from a dossier."""
    await tx.execute(
        """
        INSERT INTO recusal (session_id, request_id, member, declared, noted_at, noted_by)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        session_id,
        request_id,
        member,
        declared,
        at,
        by.model_dump(mode="json"),
    )


async def remove_recusal(tx: Transaction, session_id: UUID, request_id: UUID, member: str) -> None:
    """Delete that a member withdraws from a dossier."""
    await tx.execute(
        "DELETE FROM recusal WHERE session_id = $1 AND request_id = $2 AND member = $3", session_id, request_id, member
    )


async def save_session(tx: Transaction, session: Session) -> None:
    """Write who attends, and that it is closed."""
    await tx.execute(
        """
        UPDATE committee_session
        SET present = $2, represented = $3, excused = $4, attended_at = $5, attended_by = $6, closed_at = $7,
            closed_by = $8
        WHERE id = $1
        """,
        session.id,
        list(session.present),
        list(session.represented),
        list(session.excused),
        session.attended_at,
        _by(session.attended_by),
        session.closed_at,
        _by(session.closed_by),
    )


def _by(actor: Actor | None) -> dict[str, object] | None:
    return actor.model_dump(mode="json") if actor else None


async def add_to_agenda(tx: Transaction, session_id: UUID, request_id: UUID, *, state: str, at: datetime) -> None:
    """Put a dossier at the end of an agenda; refuses (`AlreadyOnAgenda`) one that the session had already."""
    try:
        async with tx.savepoint():
            await tx.execute(
                """
                INSERT INTO agenda_item (session_id, request_id, position, scheduled_at)
                SELECT $1, $2, coalesce(max(position), 0) + 1, $3
                FROM agenda_item
                WHERE session_id = $1
                """,
                session_id,
                request_id,
                at,
            )
    except asyncpg.UniqueViolationError as violation:
        raise AlreadyOnAgenda(state=state, allowed_actions=[]) from violation


async def agenda(tx: Transaction, session_id: UUID) -> list[UUID]:
    """Return the dossiers of a session, in order."""
    rows = await tx.fetch("SELECT request_id FROM agenda_item WHERE session_id = $1 ORDER BY position", session_id)
    return [row["request_id"] for row in rows]


async def reorder(tx: Transaction, session_id: UUID, order: list[UUID]) -> None:
    """Give the dossiers of an agenda their new places."""
    await tx.execute(
        """
        UPDATE agenda_item
        SET position = placed.position
        FROM unnest($2::uuid[]) WITH ORDINALITY AS placed (request_id, position)
        WHERE agenda_item.session_id = $1 AND agenda_item.request_id = placed.request_id
        """,
        session_id,
        order,
    )


async def undecided(tx: Transaction, session_id: UUID) -> list[str]:
    """Return the numbers of the dossiers that wait for their decision in this session."""
    rows = await tx.fetch(
        """
        SELECT escalation.number
        FROM agenda_item
        JOIN escalation ON escalation.request_id = agenda_item.request_id
        WHERE agenda_item.session_id = $1
            AND escalation.state = 'scheduled'
            AND escalation.session_id = $1
        ORDER BY agenda_item.position
        """,
        session_id,
    )
    return [row["number"] for row in rows]


async def next_decision_number(tx: Transaction, year: int) -> str:
    """Return the next number of a year; the year's row stays locked until commit, so that none is lost or doubled."""
    last = await tx.fetchval(
        """
        INSERT INTO decision_counter AS counter (year, last)
        VALUES ($1, 1)
        ON CONFLICT (year) DO UPDATE SET last = counter.last + 1
        RETURNING last
        """,
        year,
    )
    return f"CSP-{year}-{last:04d}"


async def add_decision(tx: Transaction, decision: Decision, request_id: UUID, *, event_id: UUID, at: datetime) -> None:
    """Store a decision with its event; the decision that it corrects names it in turn."""
    await tx.execute(
        """
        WITH replaced AS (
            UPDATE decision SET replaced_by = $2 WHERE number = $18
        )
        INSERT INTO decision (
            id, number, session_id, request_id, outcome, motive, support_types, amount_cents, reserve, decided_on,
            recorded_at, signed_by, event_id, reserve_until, votes, signatory, appeal, corrects,
            override_reason, reserve_blocks, recused, voters
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)
        """,
        decision.id,
        decision.number,
        decision.session_id,
        request_id,
        decision.outcome,
        decision.motive,
        list(decision.support_types),
        decision.amount_cents,
        decision.reserve,
        decision.decided_on,
        at,
        decision.signed_by.model_dump(mode="json"),
        event_id,
        decision.reserve_until,
        decision.votes.model_dump(mode="json") if decision.votes else None,
        decision.signatory,
        decision.appeal,
        decision.corrects,
        decision.override_reason,
        decision.reserve_blocks,
        list(decision.recused),
        decision.voters,
    )


async def request_of_decision(tx: Transaction, decision_id: UUID) -> UUID:
    """Return the request that a decision is about; its dossier is locked before the decision."""
    request_id: UUID | None = await tx.fetchval("SELECT request_id FROM decision WHERE id = $1", decision_id)
    if request_id is None:
        raise NoSuchDecision
    return request_id


@dataclass(frozen=True, slots=True)
class Made:
    """A decision that a session made already: its number, what it says, who recorded it and when."""

    number: str
    outcome: CommitteeOutcome
    signed_by: Actor
    at: datetime


async def decision_made_in(tx: Transaction, session_id: UUID, request_id: UUID) -> Made | None:
    """Return the decision of a session on a dossier, if it made one."""
    row = await tx.fetchrow(
        """
        SELECT number, outcome, signed_by, recorded_at
        FROM decision
        WHERE session_id = $1 AND request_id = $2 AND corrects IS NULL
        """,
        session_id,
        request_id,
    )
    if row is None:
        return None
    actor = Actor.model_validate(row["signed_by"])
    return Made(row["number"], CommitteeOutcome(row["outcome"]), actor, row["recorded_at"])


async def load_decision_for_update(tx: Transaction, decision_id: UUID) -> OnRecord:
    """Return a decision, locked."""
    row = await tx.fetchrow(
        """
        SELECT id, number, session_id, outcome, reserve, reserve_lifted_on, replaced_by, decided_on,
            recused, support_types, amount_cents, reserve_until
        FROM decision
        WHERE id = $1
        FOR UPDATE
        """,
        decision_id,
    )
    if row is None:
        raise NoSuchDecision
    return OnRecord(
        **{
            **dict(row),
            "outcome": CommitteeOutcome(row["outcome"]),
            "recused": tuple(row["recused"]),
            "support_types": tuple(map(SupportType, row["support_types"])),
        },
    )


async def note_reserve_lifted(tx: Transaction, number: str, *, motive: str, lifted_on: date, by: Actor) -> None:
    """Write that the reserve of a decision is lifted."""
    await tx.execute(
        """
        UPDATE decision
        SET reserve_lifted_on = $2, reserve_lifted_motive = $3, reserve_lifted_by = $4
        WHERE number = $1
        """,
        number,
        lifted_on,
        motive,
        by.model_dump(mode="json"),
    )


async def note_notified(tx: Transaction, event_id: UUID, *, at: datetime) -> None:
    """Store when the applicant was notified of the decision that this event published; ignore other events."""
    await tx.execute("UPDATE decision SET notified_at = $2 WHERE event_id = $1 AND notified_at IS NULL", event_id, at)
