"""The SQL that shows: a request as its applicant follows it, and its documents."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.intake.domain.accompaniment import Milestone
from services.intake.domain.colleagues import Colleague
from services.intake.domain.life import Status
from services.intake.domain.telling import Step
from services.intake.domain.withdrawal import Expected, Withdrawal
from services.intake.store import colleagues, milestones, requests
from shared.contracts import intake, qualification
from shared.contracts.vocabulary import Team
from shared.db import Reader
from shared.errors import NotFound


@dataclass(frozen=True, slots=True)
class MessageRow:
    """One message between the applicant and the département."""

    at: datetime
    author: Team
    author_name: str | None
    text: str
    unread: bool
    """By whoever looks."""


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """One file joined to a request."""

    id: UUID
    name: str
    media_type: str
    size: int
    sha256: str
    added_at: datetime
    with_request: bool


@dataclass(frozen=True, slots=True)
class EvaluationRow:
    """What the applicant said of what came of it; figures from 1 (not at all) to 5 (entirely)."""

    at: datetime
    need_met: int
    progress: int
    satisfaction: int
    impact: str | None
    comment: str | None


@dataclass(frozen=True, slots=True)
class Tracking:
    """A request with everything that its applicant may see."""

    id: UUID
    number: str
    departement: str
    status: Status
    team: Team | None
    expected: Expected | None
    service: qualification.Service | None
    decision: dict[str, Any] | None
    withdrawal: Withdrawal | None
    allowed_actions: list[str]
    link_generation: int
    submitted_at: datetime
    filed: intake.Request
    timeline: list[Step]
    messages: list[MessageRow]
    documents: list[DocumentRow]
    milestones: list[Milestone]
    evaluations: list[EvaluationRow]
    mail_failed_at: datetime | None
    colleague: Colleague | None
    """Who looks, when it is an invited colleague."""
    invited: list[Colleague]
    """Everybody who was ever invited."""

    @property
    def unread(self) -> int:
        """How many messages are new to whoever looks."""
        return sum(message.unread for message in self.messages)

    @property
    def colleagues(self) -> list[Colleague]:
        """Those who follow the request now."""
        return [one for one in self.invited if one.removed_at is None]

    @property
    def waits_for_confirmation(self) -> bool:
        """Tell whether invitations wait until the contact has opened a mailed link."""
        return any(one.waiting for one in self.invited)


async def tracking(reader: Reader, request_id: UUID, *, colleague_id: UUID | None = None) -> Tracking:
    """Give a request as its applicant sees it, or one of his colleagues; refuses with `NotFound`."""
    row = await reader.fetchrow(
        f"SELECT {requests.COLUMNS}, mail_failed_at FROM request WHERE id = $1",
        request_id,
    )
    if row is None:
        raise NotFound
    tracked = requests.tracked_of(row)
    awaited = tracked.answer_awaited
    invited = await colleagues.of_request(reader, request_id)
    tracked.colleague = next((one for one in invited if one.id == colleague_id), None)
    return Tracking(
        id=tracked.id,
        number=tracked.filed.number,
        departement=tracked.departement,
        status=tracked.status,
        team=awaited.team if awaited else tracked.team,
        expected=awaited or tracked.expected,
        service=tracked.service,
        decision=tracked.decision,
        withdrawal=tracked.withdrawal,
        allowed_actions=tracked.allowed_actions,
        link_generation=tracked.link_generation,
        submitted_at=tracked.filed.submitted_at,
        filed=tracked.filed,
        timeline=await _timeline(reader, request_id),
        messages=await _messages(reader, request_id, tracked.colleague),
        documents=await _documents(reader, request_id),
        milestones=await milestones.of_request(reader, request_id),
        evaluations=await _evaluations(reader, request_id),
        mail_failed_at=row["mail_failed_at"],
        colleague=tracked.colleague,
        invited=invited,
    )


async def document(reader: Reader, document_id: UUID, *, of: UUID | None = None) -> DocumentRow:
    """Give a document, if given only one `of` that request; refuses with `NotFound`."""
    row = await reader.fetchrow(
        """
        SELECT id, name, media_type, size, sha256, added_at, with_request
        FROM document
        WHERE id = $1 AND ($2::uuid IS NULL OR request_id = $2)
        """,
        document_id,
        of,
    )
    if row is None:
        raise NotFound
    return DocumentRow(**row)


async def _timeline(reader: Reader, request_id: UUID) -> list[Step]:
    rows = await reader.fetch(
        "SELECT at, type, team, details FROM step WHERE request_id = $1 ORDER BY at, id", request_id
    )
    return [requests.step_of_row(row) for row in rows]


async def _messages(reader: Reader, request_id: UUID, colleague: Colleague | None) -> list[MessageRow]:
    rows = await reader.fetch(
        """
        WITH reader AS (
            SELECT messages_read_at FROM request WHERE id = $1 AND $2::uuid IS NULL
            UNION ALL
            SELECT messages_read_at FROM colleague WHERE request_id = $1 AND id = $2
        )
        SELECT at, author, author_name, text,
               author = 'departement' AND at > coalesce(reader.messages_read_at, '-infinity') AS unread
        FROM message
        CROSS JOIN reader
        WHERE request_id = $1
        ORDER BY at, id
        """,
        request_id,
        colleague.id if colleague else None,
    )
    return [MessageRow(**{**row, "author": Team(row["author"])}) for row in rows]


async def _documents(reader: Reader, request_id: UUID) -> list[DocumentRow]:
    rows = await reader.fetch(
        """
        SELECT id, name, media_type, size, sha256, added_at, with_request
        FROM document
        WHERE request_id = $1
        ORDER BY added_at, id
        """,
        request_id,
    )
    return [DocumentRow(**row) for row in rows]


async def _evaluations(reader: Reader, request_id: UUID) -> list[EvaluationRow]:
    rows = await reader.fetch(
        """
        SELECT at, need_met, progress, satisfaction, impact, comment
        FROM evaluation
        WHERE request_id = $1
        ORDER BY at, id
        """,
        request_id,
    )
    return [EvaluationRow(**row) for row in rows]
