"""Read webhook subscriptions, their delivery attempts and the events they may receive."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from services.notifications.domain.webhooks import State
from services.notifications.store.webhooks import IN_PERIMETER, WANTED
from shared.db import Reader, Row
from shared.errors import NotFound
from shared.identity.model import Agent, Role
from shared.web.paging import Page, Paged

MAY_LOOK = (Role.OPERATOR, Role.AUDITOR)


_ACTIONS = {
    State.ACTIVE: ["suspend", "resume", "replay", "renew_secret", "send_test", "end"],
    State.SUSPENDED: ["resume", "replay", "renew_secret", "send_test", "end"],
    State.ENDED: [],
}
"""State → what an operator may do."""


class WebhookView(BaseModel):
    """One subscription.

    `position`: the last event that the partner took, or that did not concern them. `behind`: how many wait, up to 1000.
    """

    id: UUID
    name: str
    url: str
    types: list[str]
    departements: list[str]
    state: State
    suspended_because: str | None
    position: int
    behind: int
    failures: int
    failing_since: datetime | None
    next_attempt_at: datetime
    secret_changed_at: datetime
    created_by: str
    created_at: datetime
    allowed_actions: list[str]
    secret_generation: int = Field(exclude=True)


class WebhookWithSecretView(WebhookView):
    """A subscription with the secret that signs what it is given; shown only here."""

    secret: str


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


async def webhooks(reader: Reader, agent: Agent, page: Page) -> Paged[WebhookView]:
    """List the subscriptions of the agent's perimeter, those that ended last."""
    agent.require(*MAY_LOOK)
    rows = await reader.fetch(
        f"{_WEBHOOK} WHERE {IN_PERIMETER} ORDER BY w.state = 'ended', w.created_at DESC, w.id LIMIT $2 OFFSET $3",
        agent.perimeter,
        page.limit,
        page.offset,
    )
    total = await reader.fetchval(f"SELECT count(*) FROM webhook w WHERE {IN_PERIMETER}", agent.perimeter)
    return Paged(items=[_view(row, agent) for row in rows], total=total, page=page.number)


async def webhook(reader: Reader, webhook_id: UUID, agent: Agent) -> WebhookView:
    """Return one subscription of the agent's perimeter."""
    agent.require(*MAY_LOOK)
    row = await reader.fetchrow(f"{_WEBHOOK} WHERE w.id = $2 AND {IN_PERIMETER}", agent.perimeter, webhook_id)
    if row is None:
        raise NotFound
    return _view(row, agent)


def _view(row: Row, agent: Agent) -> WebhookView:
    state = State(row["state"])
    return WebhookView(**row, allowed_actions=_ACTIONS[state] if agent.has(Role.OPERATOR) else [])


class WebhookAttemptView(BaseModel):
    """One attempt: `result` is null while it is under way, or when its sender is gone.

    `test`: a test event that an operator asked for.
    """

    at: datetime
    ended_at: datetime | None
    event_id: UUID
    position: int
    test: bool
    type: str | None
    result: str | None
    status: int | None
    answer: str | None


async def webhook_attempts(reader: Reader, webhook_id: UUID, page: Page) -> Paged[WebhookAttemptView]:
    """List the attempts to give a subscription its events, newest first."""
    rows = await reader.fetch(
        """
        SELECT a.began_at AS at, a.ended_at, a.event_id, a.position, a.test, e.type, a.result, a.status, a.answer
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
    total = await reader.fetchval("SELECT count(*) FROM webhook_attempt WHERE webhook_id = $1", webhook_id)
    return Paged(items=[WebhookAttemptView(**row) for row in rows], total=total, page=page.number)


class PartnerEventView(BaseModel):
    """What partners may be sent of one event."""

    position: int
    noted_at: datetime
    event: dict[str, Any]


async def partner_events(reader: Reader, agent: Agent, page: Page) -> Paged[PartnerEventView]:
    """List what partners may be sent of the agent's perimeter, newest first."""
    agent.require(*MAY_LOOK)
    wanted = "WHERE position IS NOT NULL AND ($1::text[] IS NULL OR departement = ANY($1))"
    rows = await reader.fetch(
        f"""
        SELECT position, noted_at, body AS event
        FROM partner_event
        {wanted}
        ORDER BY position DESC
        LIMIT $2 OFFSET $3
        """,
        agent.perimeter,
        page.limit,
        page.offset,
    )
    total = await reader.fetchval(f"SELECT count(*) FROM partner_event {wanted}", agent.perimeter)
    return Paged(items=[PartnerEventView(**row) for row in rows], total=total, page=page.number)
