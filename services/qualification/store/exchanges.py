"""Rows of messages, notes, documents and timeline entries of cases."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from services.qualification.domain.case import Case
from shared.clock import new_id
from shared.contracts.intake import Document
from shared.contracts.qualification import DossierMessage, DossierStep
from shared.contracts.vocabulary import Team
from shared.db import Transaction
from shared.french.words import event_word

WRITTEN = """
    SELECT at, text
    FROM case_message
    WHERE request_id = $2 AND departement = $3 AND team = 'departement'
    UNION ALL
    SELECT at, (SELECT string_agg(item, ' ') FROM jsonb_array_elements_text(fact -> 'items') AS item)
    FROM case_step
    WHERE request_id = $2 AND departement = $3 AND type = 'qualification.information_requested.v1'
"""
NOTES = "SELECT at, text FROM case_note WHERE request_id = $2 AND departement = $3"
"""What a département wrote of a case, for `texts.find_room`."""


async def add_message(
    tx: Transaction, case: Case, *, message_id: UUID, at: datetime, team: Team, author: str | None, text: str
) -> None:
    """Store a message; one that is known already (it came with a dossier, or comes again) is kept once."""
    await tx.execute(
        """
        INSERT INTO case_message (id, request_id, departement, at, team, author, text)
        SELECT $1, $2, $3, $4, $5, $6, $7
        WHERE NOT EXISTS (
            SELECT FROM case_message
            WHERE request_id = $2 AND departement = $3 AND at = $4 AND team = $5 AND text = $7
        )
        ON CONFLICT DO NOTHING
        """,
        message_id,
        case.request_id,
        case.departement,
        at,
        team,
        author,
        text,
    )


async def add_note(tx: Transaction, case: Case, *, at: datetime, author: str, text: str) -> None:
    """Store an internal note."""
    await tx.execute(
        "INSERT INTO case_note (id, request_id, departement, at, author, text) VALUES ($1, $2, $3, $4, $5, $6)",
        new_id(),
        case.request_id,
        case.departement,
        at,
        author,
        text,
    )


async def add_document(tx: Transaction, case: Case, document: Document) -> None:
    """Store what is known of a joined file, once."""
    await tx.execute(
        """
        INSERT INTO case_document (id, request_id, departement, document, added_at)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT DO NOTHING
        """,
        document.id,
        case.request_id,
        case.departement,
        document.model_dump(mode="json"),
        document.added_at,
    )


async def add_step(
    tx: Transaction, case: Case, *, at: datetime, type_: str, team: Team | None, fact: dict[str, Any] | None = None
) -> None:
    """Add an entry to the timeline unless it is there (it came with a dossier, or comes again).

    `fact` is None for an entry that a dossier brought.
    """
    await tx.execute(
        """
        INSERT INTO case_step (id, request_id, departement, at, type, team, fact)
        SELECT $1, $2, $3, $4, $5, $6, $7
        WHERE NOT EXISTS (
            SELECT FROM case_step
            WHERE request_id = $2 AND departement = $3 AND at = $4 AND type = $5
              AND (fact = $7 OR fact IS NULL OR $7::jsonb IS NULL)
        )
        """,
        new_id(),
        case.request_id,
        case.departement,
        at,
        type_,
        team,
        fact,
    )


async def take_over(tx: Transaction, case: Case, steps: Sequence[str]) -> None:
    """Copy what other cases of the request in this database have got: messages to a département, files, such steps.

    What the dossier brought is not copied again.
    """
    key = case.request_id, case.departement
    await tx.execute(
        """
        INSERT INTO case_message (id, request_id, departement, at, team, author, text)
        SELECT DISTINCT ON (m.at, m.team, m.text) m.id, m.request_id, $2, m.at, m.team, m.author, m.text
        FROM case_message AS m
        WHERE m.request_id = $1 AND m.departement <> $2 AND m.team <> 'departement'
          AND NOT EXISTS (
            SELECT FROM case_message
            WHERE request_id = $1 AND departement = $2 AND at = m.at AND team = m.team AND text = m.text
        )
        ON CONFLICT DO NOTHING
        """,
        *key,
    )
    await tx.execute(
        """
        INSERT INTO case_document (id, request_id, departement, document, added_at)
        SELECT id, request_id, $2, document, added_at
        FROM case_document
        WHERE request_id = $1 AND departement <> $2
        ON CONFLICT DO NOTHING
        """,
        *key,
    )
    await tx.execute(
        """
        INSERT INTO case_step (id, request_id, departement, at, type, team, fact)
        SELECT DISTINCT ON (s.at, s.type) gen_random_uuid(), s.request_id, $2, s.at, s.type, s.team, s.fact
        FROM case_step AS s
        WHERE s.request_id = $1 AND s.departement <> $2 AND s.type = ANY($3)
          AND NOT EXISTS (
            SELECT FROM case_step WHERE request_id = $1 AND departement = $2 AND at = s.at AND type = s.type
        )
        """,
        *key,
        steps,
    )


async def dossier_messages(tx: Transaction, case: Case) -> tuple[DossierMessage, ...]:
    """Return the exchange with the applicant, oldest first."""
    rows = await tx.fetch(
        """
        SELECT at, team, text
        FROM case_message
        WHERE request_id = $1 AND departement = $2
        ORDER BY at, id
        """,
        case.request_id,
        case.departement,
    )
    return tuple(DossierMessage(at=row["at"], author=Team(row["team"]), text=row["text"]) for row in rows)


async def dossier_documents(tx: Transaction, case: Case) -> tuple[Document, ...]:
    """Return the joined files, oldest first."""
    rows = await tx.fetch(
        """
        SELECT document
        FROM case_document
        WHERE request_id = $1 AND departement = $2
        ORDER BY added_at, id
        """,
        case.request_id,
        case.departement,
    )
    return tuple(Document.model_validate(row["document"]) for row in rows)


async def dossier_history(tx: Transaction, case: Case) -> tuple[DossierStep, ...]:
    """Return the timeline in words, without its details."""
    rows = await tx.fetch(
        """
        SELECT at, type, team
        FROM case_step
        WHERE request_id = $1 AND departement = $2
        ORDER BY at, id
        """,
        case.request_id,
        case.departement,
    )
    return tuple(
        DossierStep(
            at=row["at"],
            type=row["type"],
            label=event_word(row["type"]),
            team=Team(row["team"]) if row["team"] else None,
        )
        for row in rows
    )
