"""The SQL that inserts, loads, locks and updates dossiers and their timeline."""

from datetime import date, datetime
from uuid import UUID

from services.escalation.domain.dossier import Escalation
from services.escalation.domain.grant import UNLESS_SAID, Grant
from services.escalation.domain.moves import State
from services.escalation.domain.perimeter import Perimeter
from shared import timeline
from shared.contracts.escalation import OpenPoint
from shared.contracts.fact import Fact
from shared.contracts.qualification import Dossier, RequestEscalated
from shared.contracts.vocabulary import ReserveBlocks, Stage, Team
from shared.db import Reader, Row, Transaction
from shared.errors import NotFound

_COLUMNS = """
    request_id, number, departement, state, resume_state, asked_at, stage, due_on, overdue_told, soon_told, session_id,
    starts_on, ends_on, report, carry_reason, carried
"""


class NoSuchEscalation(NotFound):
    """The national team has no such dossier, or the caller does not see it (HTTP 404)."""

    code = "no_such_escalation"
    title = "No such escalation in the caller's perimeter"
    sentence = "Ce dossier n’a pas été transmis à l’équipe nationale, ou n’est pas dans votre périmètre."


def _escalation(row: Row) -> Escalation:
    return Escalation(
        request_id=row["request_id"],
        number=row["number"],
        departement=row["departement"],
        state=State(row["state"]),
        resume_state=State(row["resume_state"]) if row["resume_state"] else None,
        asked_at=row["asked_at"],
        stage=Stage(row["stage"]) if row["stage"] else None,
        due_on=row["due_on"],
        overdue_told=row["overdue_told"],
        soon_told=row["soon_told"],
        session_id=row["session_id"],
        starts_on=row["starts_on"],
        ends_on=row["ends_on"],
        report=row["report"],
        carry_reason=row["carry_reason"],
        carried=tuple(OpenPoint.model_validate(point) for point in row["carried"]),
    )


async def hold(tx: Transaction, request_id: UUID) -> None:
    """Take the lock of a request that a consumer of its events holds already (ADR 30), before rows of it."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1::text, 0))", str(request_id))


async def load_for_update(tx: Transaction, request_id: UUID, perimeter: Perimeter) -> Escalation:
    """Return a dossier of the caller's perimeter, locked; refuses (`NoSuchEscalation`) any other."""
    row = await tx.fetchrow(
        f"""
        SELECT {_COLUMNS}
        FROM escalation
        WHERE request_id = $1
            AND ($2::text[] IS NULL OR departement = ANY($2))
            AND ($3::text[] IS NULL OR programme = ANY($3))
        FOR UPDATE
        """,
        request_id,
        perimeter.departements,
        perimeter.programmes,
    )
    if row is None:
        raise NoSuchEscalation
    escalation = _escalation(row)
    escalation.grant = await grant_of(tx, request_id)
    return escalation


async def grant_of(reader: Reader, request_id: UUID) -> Grant | None:
    """Return what the decision that stands grants; in a statement after that of the lock, which sees all before it."""
    row = await reader.fetchrow(
        """
        SELECT number, amount_cents, reserve, reserve_lifted_on, reserve_blocks
        FROM decision
        WHERE request_id = $1 AND replaced_by IS NULL AND outcome IN ('granted', 'granted_with_reserve')
        ORDER BY recorded_at DESC
        LIMIT 1
        """,
        request_id,
    )
    if row is None:
        return None
    standing = row["reserve"] if row["reserve_lifted_on"] is None else None
    blocks = ReserveBlocks(row["reserve_blocks"] or UNLESS_SAID)
    return Grant(row["number"], row["amount_cents"], standing, blocks)


async def find_for_update(tx: Transaction, request_id: UUID) -> Escalation | None:
    """Return a dossier, locked, if it came here."""
    row = await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM escalation WHERE request_id = $1 FOR UPDATE",
        request_id,
    )
    return _escalation(row) if row else None


async def dossier_of(tx: Transaction, request_id: UUID) -> Dossier:
    """Return what the département handed over; refuses (`NoSuchEscalation`) a request that did not come here."""
    dossier = await tx.fetchval("SELECT dossier FROM escalation WHERE request_id = $1", request_id)
    if dossier is None:
        raise NoSuchEscalation
    return Dossier.model_validate(dossier)


async def claim_overdue(tx: Transaction, *, today: date) -> list[Escalation]:
    """Lock dossiers whose stage has passed its date unpublished, skipping locked ones."""
    rows = await tx.fetch(
        f"""
        SELECT {_COLUMNS}
        FROM escalation
        WHERE NOT overdue_told
            AND stage IS NOT NULL
            AND due_on < $1
            AND state <> 'awaiting_departement'
        ORDER BY due_on
        LIMIT 100
        FOR UPDATE SKIP LOCKED
        """,
        today,
    )
    return [_escalation(row) for row in rows]


async def claim_due_soon(tx: Transaction, *, today: date, soon: date) -> list[Escalation]:
    """Lock dossiers whose stage ends between these days unpublished, skipping locked ones."""
    rows = await tx.fetch(
        f"""
        SELECT {_COLUMNS}
        FROM escalation
        WHERE NOT soon_told
            AND NOT overdue_told
            AND stage IS NOT NULL
            AND due_on BETWEEN $1 AND $2
            AND state <> 'awaiting_departement'
        ORDER BY due_on
        LIMIT 100
        FOR UPDATE SKIP LOCKED
        """,
        today,
        soon,
    )
    return [_escalation(row) for row in rows]


async def note_reminded(tx: Transaction, escalation: Escalation) -> None:
    """Store that the reminder of its stage was published, which changes nothing else."""
    await tx.execute("UPDATE escalation SET soon_told = true WHERE request_id = $1", escalation.request_id)


async def save_received(tx: Transaction, escalation: Escalation, fact: RequestEscalated) -> None:
    """Store the dossier that arrived; the one of an earlier round is replaced."""
    request = fact.dossier.request
    await tx.execute(
        """
        INSERT INTO escalation (
            request_id, number, departement, title, applicant_name, kind, fields, programme, search,
            state, stage, due_on, received_at, changed_at, evidence, dossier, service, escalated_by
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, lower(unaccent($9)), $10, $11, $12, $13, $13, $14, $15, $16, $17)
        ON CONFLICT (request_id) DO UPDATE SET
            departement = excluded.departement,
            title = excluded.title,
            applicant_name = excluded.applicant_name,
            kind = excluded.kind,
            fields = excluded.fields,
            programme = excluded.programme,
            search = excluded.search,
            state = excluded.state,
            stage = excluded.stage,
            due_on = excluded.due_on,
            overdue_told = false,
            soon_told = false,
            received_at = excluded.received_at,
            changed_at = excluded.changed_at,
            evidence = excluded.evidence,
            dossier = excluded.dossier,
            service = excluded.service,
            escalated_by = excluded.escalated_by
        """,
        escalation.request_id,
        request.number,
        fact.departement,
        request.title,
        request.applicant.name,
        request.kind,
        list(request.fields),
        request.programme,
        f"{request.number} {request.title} {request.applicant.name}",
        escalation.state,
        escalation.stage,
        escalation.due_on,
        fact.at,
        fact.evidence.model_dump(mode="json"),
        fact.dossier.model_dump(mode="json"),
        fact.service.model_dump(mode="json"),
        fact.by.model_dump(mode="json"),
    )


async def save(tx: Transaction, escalation: Escalation, *, at: datetime) -> None:
    """Write where a dossier stands."""
    await tx.execute(
        """
        UPDATE escalation
        SET state = $2,
            resume_state = $3,
            asked_at = $4,
            stage = $5,
            due_on = $6,
            overdue_told = $7,
            session_id = $8,
            starts_on = $9,
            ends_on = $10,
            report = $11,
            changed_at = $12,
            soon_told = $13,
            carry_reason = $14,
            carried = $15
        WHERE request_id = $1
        """,
        escalation.request_id,
        escalation.state,
        escalation.resume_state,
        escalation.asked_at,
        escalation.stage,
        escalation.due_on,
        escalation.overdue_told,
        escalation.session_id,
        escalation.starts_on,
        escalation.ends_on,
        escalation.report,
        at,
        escalation.soon_told,
        escalation.carry_reason,
        [point.model_dump(mode="json") for point in escalation.carried],
    )


async def add_step(tx: Transaction, fact: Fact, *, team: Team | None) -> None:
    """Add a fact to the timeline of a dossier; `team` acted."""
    await tx.execute(
        "INSERT INTO step (request_id, at, type, team, fact) VALUES ($1, $2, $3, $4, $5)",
        fact.request_id,
        fact.at,
        fact.wire_type,
        team,
        timeline.stored(fact),
    )
