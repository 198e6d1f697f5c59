"""Store questions, messages and documents."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from shared.contracts.fact import Actor
from shared.contracts.intake import Document
from shared.contracts.vocabulary import Team
from shared.db import Transaction

NOTES = "SELECT at, text FROM note WHERE request_id = $2"
QUESTIONS = "SELECT asked_at AS at, question AS text FROM question WHERE request_id = $2"
"""What was written of a dossier, for `texts.find_room`."""


async def add_question(
    tx: Transaction, question_id: UUID, request_id: UUID, *, question: str, until: date | None, by: Actor, at: datetime
) -> None:
    """Store a question to the département."""
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


async def add_note(tx: Transaction, note_id: UUID, request_id: UUID, *, text: str, by: Actor, at: datetime) -> None:
    """Store an internal note."""
    await tx.execute(
        "INSERT INTO note (id, request_id, at, text, by) VALUES ($1, $2, $3, $4, $5)",
        note_id,
        request_id,
        at,
        text,
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
    """Store a message that came after the dossier."""
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


async def forget_early_notes(tx: Transaction, *, before: datetime) -> None:
    """Forget what arrived before that moment, for dossiers that never came."""
    await tx.execute("DELETE FROM early_note WHERE arrived_at < $1", before)


async def note_document_opened(
    tx: Transaction, *, request_id: UUID, document_id: UUID, agent_id: UUID, email: str, at: datetime
) -> None:
    """Store who opened a document or a deliverable."""
    await tx.execute(
        "INSERT INTO document_access (request_id, document_id, agent_id, email, at) VALUES ($1, $2, $3, $4, $5)",
        request_id,
        document_id,
        agent_id,
        email,
        at,
    )


async def has_document(
    tx: Transaction,
    request_id: UUID,
    document_id: UUID,
    *,
    departements: Sequence[str] | None,
    programmes: Sequence[str] | None,
) -> bool:
    """Return whether a dossier of these départements and programmes has the document; None narrows nothing."""
    found = await tx.fetchval(
        """
        SELECT TRUE
        FROM document
        JOIN escalation USING (request_id)
        WHERE document.id = $2
            AND request_id = $1
            AND ($3::text[] IS NULL OR departement = ANY($3))
            AND ($4::text[] IS NULL OR programme = ANY($4))
        """,
        request_id,
        document_id,
        departements,
        programmes,
    )
    return bool(found)
