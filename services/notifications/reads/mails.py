"""Read mails: lists, one mail with its attempts, counts, and agents' preferences."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from services.notifications.domain.deliveries import Delivery, Status
from services.notifications.domain.perimeter import Perimeter
from services.notifications.store.perimeter import SEES_DELIVERY
from shared.db import Reader, Row
from shared.errors import NotFound
from shared.letters import LETTER
from shared.web.paging import Page, Paged


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to; None or empty means all."""

    request_id: UUID | None = None
    status: str | None = None
    audience: str | None = None
    q: str | None = None


class AttemptView(BaseModel):
    """One attempt: `result` is null while it is under way; `by` is who asked to send again."""

    at: datetime
    result: str | None
    answer: str | None
    by: str | None


class DeliveryView(BaseModel):
    """One mail about one event to one recipient."""

    id: UUID
    request_id: UUID | None
    number: str | None
    event_id: UUID
    event_type: str
    departement: str | None
    audience: str
    recipient: str | None
    template: str
    subject: str
    status: str
    cadence: str
    digest_id: UUID | None
    reason: str | None
    attempts: list[AttemptView]
    next_attempt_at: datetime | None
    created_at: datetime
    sent_at: datetime | None
    allowed_actions: list[str]


@dataclass(frozen=True, slots=True)
class Body:
    """The mail itself, with a mark where its secret link goes, and the name of the file that it carries, if any."""

    text: str
    html: str
    attachment: str | None


_LINE = """
    SELECT id, request_id, number, event_id, event_type, departement, audience, holder, recipient, template, subject,
           status, cadence, digest_id, reason, round, attempts AS tries, tried_since, next_attempt_at, created_at,
           sent_at
    FROM delivery
"""
_WANTED = f"""
    WHERE {SEES_DELIVERY}
      AND ($4::uuid IS NULL OR request_id = $4)
      AND ($5::text IS NULL OR status = $5)
      AND ($6::text IS NULL OR audience = $6)
      AND ($7::text IS NULL
           OR strpos(lower(number), lower($7)) > 0
           OR strpos(lower(subject), lower($7)) > 0
           OR strpos(lower(recipient), lower($7)) > 0)
"""


async def deliveries(
    reader: Reader, perimeter: Perimeter, filters: Filters, page: Page, *, may_resend: bool, at: datetime
) -> Paged[DeliveryView]:
    """List mails of the perimeter, newest first."""
    wanted = (*perimeter.arguments, filters.request_id, filters.status, filters.audience, filters.q)
    total: int = await reader.fetchval(f"SELECT count(*) FROM delivery {_WANTED}", *wanted)
    rows = await reader.fetch(
        f"{_LINE} {_WANTED} ORDER BY created_at DESC, id DESC LIMIT $8 OFFSET $9", *wanted, page.limit, page.offset
    )
    return Paged(items=await _views(reader, rows, may_resend=may_resend, at=at), total=total, page=page.number)


async def _views(reader: Reader, rows: Sequence[Row], *, may_resend: bool, at: datetime) -> list[DeliveryView]:
    attempts = await _attempts(reader, [row["id"] for row in rows])
    views = []
    for row in rows:
        delivery = Delivery(
            id=row["id"],
            status=Status(row["status"]),
            attempts=row["tries"],
            round=row["round"],
            next_attempt_at=row["next_attempt_at"],
            tried_since=row["tried_since"],
            recipient=row["recipient"],
        )
        members = {**row, "recipient": row["recipient"] or None, "attempts": attempts[row["id"]]}
        views.append(DeliveryView(**members, allowed_actions=delivery.allowed_actions(may_resend=may_resend, at=at)))
    return views


async def unsent(reader: Reader, perimeter: Perimeter) -> dict[str, int]:
    """Count the deliveries that are not sent, by status: those sent grow with the years, and ask nobody's attention."""
    rows = await reader.fetch(
        f"""
        SELECT status, count(*) AS number
        FROM delivery
        WHERE status <> 'sent' AND {SEES_DELIVERY}
        GROUP BY status
        """,
        *perimeter.arguments,
    )
    return {row["status"]: row["number"] for row in rows}


async def oldest_due(reader: Reader, at: datetime) -> float:
    """Return for how many seconds the first mail in the queue has been due, however often it was tried in vain."""
    seconds: float = await reader.fetchval(
        """
        SELECT greatest(0, coalesce(extract(epoch FROM $1 - min(tried_since)), 0))::float
        FROM delivery
        WHERE status = 'queued' AND cadence = 'instant'
        """,
        at,
    )
    return seconds


async def delivery(
    reader: Reader, delivery_id: UUID, perimeter: Perimeter, *, may_resend: bool, at: datetime
) -> DeliveryView:
    """Return one mail of the perimeter."""
    rows = await reader.fetch(f"{_LINE} WHERE {SEES_DELIVERY} AND id = $4", *perimeter.arguments, delivery_id)
    if not rows:
        raise NotFound
    return (await _views(reader, rows, may_resend=may_resend, at=at))[0]


async def body(reader: Reader, delivery_id: UUID) -> Body:
    """Return the mail of a delivery."""
    row = await reader.fetchrow("SELECT text_body, html_body, letter FROM delivery WHERE id = $1", delivery_id)
    if row is None:
        raise NotFound
    attachment = f"{LETTER.validate_python(row['letter']).file_name}.pdf" if row["letter"] else None
    return Body(row["text_body"], row["html_body"], attachment)


async def _attempts(reader: Reader, delivery_ids: list[UUID]) -> dict[UUID, list[AttemptView]]:
    """Return the attempts of mails, oldest first; what went in a digest has its digest's."""
    rows = await reader.fetch(
        """
        SELECT d.id AS delivery_id, a.began_at AS at, a.result, a.answer, a.asked_by AS by
        FROM delivery d
        JOIN delivery_attempt a ON a.delivery_id IN (d.id, d.digest_id)
        WHERE d.id = ANY($1)
        ORDER BY a.began_at, a.id
        """,
        delivery_ids,
    )
    found: dict[UUID, list[AttemptView]] = {delivery_id: [] for delivery_id in delivery_ids}
    for row in rows:
        found[row["delivery_id"]].append(AttemptView(**row))
    return found


@dataclass(frozen=True, slots=True)
class Chosen:
    """A choice that was made."""

    holder: str
    audience: str
    template: str
    cadence: str
    hour: int
    weekday: int


async def choices(reader: Reader, holders: list[str]) -> list[Chosen]:
    """Return the choices made for these mailboxes and agents."""
    rows = await reader.fetch(
        """
        SELECT holder, audience, template, cadence, hour, weekday
        FROM preference
        WHERE holder = ANY($1)
        ORDER BY audience, holder, template
        """,
        holders,
    )
    return [Chosen(**row) for row in rows]
