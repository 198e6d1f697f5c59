"""The SQL that shows: a request as its applicant follows it, and its documents."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.intake.domain.request import Expected
from services.intake.store import requests
from shared.contracts import intake, qualification
from shared.contracts.vocabulary import Team
from shared.db import Reader
from shared.errors import NotFound


@dataclass(frozen=True, slots=True)
class StepRow:
    """One stitch of the thread."""

    at: datetime
    type: str
    label: str
    team: Team
    detail: str | None


@dataclass(frozen=True, slots=True)
class MessageRow:
    """One message between the applicant and the département."""

    at: datetime
    author: Team
    text: str


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """One file joined to a request."""

    id: UUID
    name: str
    media_type: str
    size: int
    sha256: str
    added_at: datetime


@dataclass(frozen=True, slots=True)
class Tracking:
    """A request with everything that its applicant may see."""

    id: UUID
    number: str
    departement: str
    status: str
    team: Team | None
    expected: Expected | None
    service: qualification.Service | None
    decision: dict[str, Any] | None
    allowed_actions: list[str]
    link_generation: int
    submitted_at: datetime
    filed: intake.Request
    timeline: list[StepRow]
    messages: list[MessageRow]
    documents: list[DocumentRow]
    mail_failed_at: datetime | None


async def link_generation(reader: Reader, request_id: UUID) -> int | None:
    """Tell which generation of tracking links opens a request; None when there is no such request."""
    generation: int | None = await reader.fetchval("SELECT link_generation FROM request WHERE id = $1", request_id)
    return generation


async def tracking(reader: Reader, request_id: UUID) -> Tracking:
    """Give a request as its applicant sees it; refuses with `NotFound`."""
    row = await reader.fetchrow(
        f"SELECT {requests.COLUMNS}, mail_failed_at FROM request WHERE id = $1",  # noqa: S608 - our own list of columns
        request_id,
    )
    if row is None:
        raise NotFound
    tracked = requests.tracked_of(row)
    return Tracking(
        id=tracked.id,
        number=tracked.filed.number,
        departement=tracked.departement,
        status=tracked.status,
        team=tracked.team,
        expected=tracked.expected,
        service=tracked.service,
        decision=tracked.decision,
        allowed_actions=tracked.allowed_actions,
        link_generation=tracked.link_generation,
        submitted_at=tracked.filed.submitted_at,
        filed=tracked.filed,
        timeline=await _timeline(reader, request_id),
        messages=await _messages(reader, request_id),
        documents=await _documents(reader, request_id),
        mail_failed_at=row["mail_failed_at"],
    )


async def document(reader: Reader, document_id: UUID, *, of: UUID | None = None) -> DocumentRow:
    """Give a document, if given only one `of` that request; refuses with `NotFound`."""
    row = await reader.fetchrow(
        """
        SELECT id, name, media_type, size, sha256, added_at
        FROM document
        WHERE id = $1 AND ($2::uuid IS NULL OR request_id = $2)
        """,
        document_id,
        of,
    )
    if row is None:
        raise NotFound
    return DocumentRow(**row)


async def _timeline(reader: Reader, request_id: UUID) -> list[StepRow]:
    rows = await reader.fetch(
        "SELECT at, type, label, team, detail FROM step WHERE request_id = $1 ORDER BY at, id", request_id
    )
    return [StepRow(row["at"], row["type"], row["label"], Team(row["team"]), row["detail"]) for row in rows]


async def _messages(reader: Reader, request_id: UUID) -> list[MessageRow]:
    rows = await reader.fetch("SELECT at, author, text FROM message WHERE request_id = $1 ORDER BY at, id", request_id)
    return [MessageRow(row["at"], Team(row["author"]), row["text"]) for row in rows]


async def _documents(reader: Reader, request_id: UUID) -> list[DocumentRow]:
    rows = await reader.fetch(
        """
        SELECT id, name, media_type, size, sha256, added_at
        FROM document
        WHERE request_id = $1
        ORDER BY added_at, id
        """,
        request_id,
    )
    return [DocumentRow(**row) for row in rows]
