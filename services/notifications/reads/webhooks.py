"""The SQL that shows partners' subscriptions, what they may be told, and the journal of attempts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.notifications.store.webhooks import IN_PERIMETER, WANTED
from shared.db import Reader
from shared.errors import NotFound
from shared.web.paging import Page


@dataclass(frozen=True, slots=True)
class Webhook:
    """One subscription; `behind` is how many events wait for it, up to 1000."""

    id: UUID
    name: str
    url: str
    types: list[str]
    departements: list[str]
    position: int
    state: str
    suspended_because: str | None
    failures: int
    failing_since: datetime | None
    next_attempt_at: datetime
    secret_generation: int
    secret_changed_at: datetime
    created_by: str
    created_at: datetime
    behind: int


_WEBHOOK = f"""
    SELECT w.id, w.name, w.url, w.types, w.departements, w.position, w.state, w.suspended_because, w.failures,
           w.failing_since, w.next_attempt_at, w.secret_generation, w.secret_changed_at, a.name AS created_by,
           w.created_at,
           (SELECT count(*) FROM (
               SELECT FROM partner_event e WHERE e.position > w.position AND {WANTED} LIMIT 1000
           ) AS waiting) AS behind
    FROM webhook w
    JOIN agent a ON a.id = w.created_by
"""


async def webhooks(reader: Reader, perimeter: list[str] | None, page: Page) -> tuple[list[Webhook], int]:
    """List the subscriptions of the perimeter, those that ended last, and count them."""
    total: int = await reader.fetchval(f"SELECT count(*) FROM webhook w WHERE {IN_PERIMETER}", perimeter)
    rows = await reader.fetch(
        f"{_WEBHOOK} WHERE {IN_PERIMETER} ORDER BY w.state = 'ended', w.created_at DESC, w.id LIMIT $2 OFFSET $3",
        perimeter,
        page.limit,
        page.offset,
    )
    return [Webhook(**row) for row in rows], total


async def webhook(reader: Reader, webhook_id: UUID, perimeter: list[str] | None) -> Webhook:
    """Give one subscription of the perimeter."""
    row = await reader.fetchrow(f"{_WEBHOOK} WHERE w.id = $2 AND {IN_PERIMETER}", perimeter, webhook_id)
    if row is None:
        raise NotFound
    return Webhook(**row)


@dataclass(frozen=True, slots=True)
class WebhookAttempt:
    """One attempt; without `ended_at` it is under way, or its sender is gone."""

    began_at: datetime
    ended_at: datetime | None
    event_id: UUID
    position: int
    test: bool
    type: str | None
    result: str | None
    status: int | None
    answer: str | None


async def webhook_attempts(reader: Reader, webhook_id: UUID, page: Page) -> tuple[list[WebhookAttempt], int]:
    """List the attempts of a subscription, newest first, and count them."""
    total: int = await reader.fetchval("SELECT count(*) FROM webhook_attempt WHERE webhook_id = $1", webhook_id)
    rows = await reader.fetch(
        """
        SELECT a.began_at, a.ended_at, a.event_id, a.position, a.test, e.type, a.result, a.status, a.answer
        FROM webhook_attempt a
        LEFT JOIN partner_event e ON e.event_id = a.event_id
        WHERE a.webhook_id = $1
        ORDER BY a.began_at DESC, a.id DESC
        LIMIT $2 OFFSET $3
        """,
        webhook_id,
        page.limit,
        page.offset,
    )
    return [WebhookAttempt(**row) for row in rows], total


@dataclass(frozen=True, slots=True)
class PartnerEvent:
    """What partners may be told of one event."""

    position: int
    body: dict[str, Any]
    noted_at: datetime


async def partner_events(reader: Reader, perimeter: list[str] | None, page: Page) -> tuple[list[PartnerEvent], int]:
    """List what partners may be told of the perimeter, newest first, and count it."""
    wanted = "WHERE position IS NOT NULL AND ($1::text[] IS NULL OR departement = ANY($1))"
    total: int = await reader.fetchval(f"SELECT count(*) FROM partner_event {wanted}", perimeter)
    rows = await reader.fetch(
        f"SELECT position, body, noted_at FROM partner_event {wanted} ORDER BY position DESC LIMIT $2 OFFSET $3",
        perimeter,
        page.limit,
        page.offset,
    )
    return [PartnerEvent(**row) for row in rows], total
