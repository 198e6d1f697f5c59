"""The SQL that changes dossiers: what arrived, where they stand, what happened."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.escalation.domain.dossier import Escalation
from services.escalation.domain.moves import State
from services.escalation.domain.perimeter import Perimeter
from shared.contracts.fact import Actor, Fact
from shared.contracts.intake import Document
from shared.contracts.qualification import RequestEscalated
from shared.contracts.vocabulary import Stage, Team
from shared.db import Row, Transaction
from shared.errors import NotFound

_COLUMNS = """
    request_id, number, departement, state, resume_state, asked_at, stage, due_on, overdue_told, session_id,
    starts_on, ends_on, report
"""


class NoSuchEscalation(NotFound):
    """The national team has no such dossier, or the caller does not see it (HTTP 404)."""

    code = "no_such_escalation"
    title = "No such escalation in the caller's perimeter"
    sentence = "Ce dossier n’a pas été transmis à l’équipe nationale, ou n’est pas dans votre périmètre."


@dataclass(frozen=True, slots=True)
class EarlyNote:
    """What intake said of a request before its dossier came."""

    type: str
    data: dict[str, Any]


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
        session_id=row["session_id"],
        starts_on=row["starts_on"],
        ends_on=row["ends_on"],
        report=row["report"],
    )


async def hold(tx: Transaction, request_id: UUID) -> None:
    """Let only one transaction at a time decide whether a request is known here."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1::text, 0))", str(request_id))


async def load_for_update(tx: Transaction, request_id: UUID, perimeter: Perimeter) -> Escalation:
    """Give a dossier of the caller's perimeter, locked; refuses (`NoSuchEscalation`) any other."""
    row = await tx.fetchrow(
        f"""
        SELECT {_COLUMNS}
        FROM escalation
        WHERE request_id = $1
            AND ($2::text[] IS NULL OR departement = ANY($2))
            AND ($3::text[] IS NULL OR programme = ANY($3))
        FOR UPDATE
        """,  # noqa: S608 - the columns are a constant
        request_id,
        perimeter.departements,
        perimeter.programmes,
    )
    if row is None:
        raise NoSuchEscalation
    return _escalation(row)


async def find_for_update(tx: Transaction, request_id: UUID) -> Escalation | None:
    """Give a dossier, locked, if it came here."""
    row = await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM escalation WHERE request_id = $1 FOR UPDATE",  # noqa: S608 - a constant
        request_id,
    )
    return _escalation(row) if row else None


async def claim_overdue(tx: Transaction, *, today: date) -> list[Escalation]:
    """Lock dossiers whose stage has passed its date and that was not told, leaving those that somebody else holds."""
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
        """,  # noqa: S608 - the columns are a constant
        today,
    )
    return [_escalation(row) for row in rows]


async def take_in(tx: Transaction, escalation: Escalation, fact: RequestEscalated) -> None:
    """Keep the dossier that arrived; the one of an earlier round is replaced."""
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
            changed_at = $12
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
    )


async def add_step(tx: Transaction, fact: Fact, *, team: Team | None, author: str | None, detail: str | None) -> None:
    """Write what happened into the history of a dossier."""
    await tx.execute(
        "INSERT INTO step (request_id, at, type, team, author, detail) VALUES ($1, $2, $3, $4, $5, $6)",
        fact.request_id,
        fact.at,
        fact.wire_type,
        team,
        author,
        detail,
    )


async def add_question(
    tx: Transaction, question_id: UUID, request_id: UUID, *, question: str, until: date | None, by: Actor, at: datetime
) -> None:
    """Keep a question to the département."""
    await tx.execute(
        """
        INSERT INTO question (id, request_id, asked_at, question, until, asked_by)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        question_id,
        request_id,
        at,
        question,
        until,
        by.model_dump(mode="json"),
    )


async def answer_question(tx: Transaction, request_id: UUID, *, answer: str, by: Actor, at: datetime) -> None:
    """Put the département's answer beside the last question that has none."""
    await tx.execute(
        """
        UPDATE question
        SET answered_at = $2, answer = $3, answered_by = $4
        WHERE id = (
            SELECT id
            FROM question
            WHERE request_id = $1 AND answered_at IS NULL
            ORDER BY asked_at DESC
            LIMIT 1
        )
        """,
        request_id,
        at,
        answer,
        by.model_dump(mode="json"),
    )


async def add_message(tx: Transaction, request_id: UUID, *, at: datetime, author: Team, text: str) -> None:
    """Keep a message that came after the dossier."""
    await tx.execute(
        "INSERT INTO message (request_id, at, author, text) VALUES ($1, $2, $3, $4)", request_id, at, author, text
    )


async def add_document(tx: Transaction, request_id: UUID, document: Document) -> None:
    """Add a file to the list of the dossier; one that is known already is left as it is."""
    await tx.execute(
        """
        INSERT INTO document (id, request_id, name, media_type, size, sha256, added_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (request_id, id) DO NOTHING
        """,
        document.id,
        request_id,
        document.name,
        document.media_type,
        document.size,
        document.sha256,
        document.added_at,
    )


async def add_early_note(tx: Transaction, fact: Fact) -> None:
    """Keep what intake said of a request whose dossier may still be on its way."""
    await tx.execute(
        "INSERT INTO early_note (request_id, type, at, data) VALUES ($1, $2, $3, $4)",
        fact.request_id,
        fact.wire_type,
        fact.at,
        fact.model_dump(mode="json"),
    )


async def take_early_notes(tx: Transaction, request_id: UUID) -> list[EarlyNote]:
    """Give, in order, and forget what had been kept for a dossier."""
    rows = await tx.fetch(
        """
        WITH taken AS (
            DELETE FROM early_note
            WHERE request_id = $1
            RETURNING position, type, data
        )
        SELECT type, data
        FROM taken
        ORDER BY position
        """,
        request_id,
    )
    return [EarlyNote(row["type"], row["data"]) for row in rows]


async def forget_early_notes(tx: Transaction, *, before: datetime) -> None:
    """Forget what was kept for dossiers that never came."""
    await tx.execute("DELETE FROM early_note WHERE at < $1", before)


async def remember_withdrawal(tx: Transaction, request_id: UUID, *, at: datetime) -> None:
    """Remember that an applicant gave up, whether or not his dossier came."""
    await tx.execute(
        "INSERT INTO withdrawal (request_id, at) VALUES ($1, $2) ON CONFLICT (request_id) DO NOTHING", request_id, at
    )


async def was_withdrawn(tx: Transaction, request_id: UUID) -> bool:
    """Tell whether the applicant had given up."""
    return bool(await tx.fetchval("SELECT EXISTS (SELECT FROM withdrawal WHERE request_id = $1)", request_id))


async def note_consultation(tx: Transaction, *, agent_id: UUID, request_id: UUID, at: datetime) -> None:
    """Trace that somebody read a dossier, at most once a minute."""
    await tx.execute(
        """
        INSERT INTO consultation (agent_id, request_id, at)
        SELECT $1, $2, $3::timestamptz
        WHERE NOT EXISTS (
            SELECT FROM consultation
            WHERE agent_id = $1 AND request_id = $2 AND at > $3::timestamptz - interval '1 minute'
        )
        """,
        agent_id,
        request_id,
        at,
    )
