"""Partners' subscriptions by program: made, looked at, suspended, told again, ended."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from pydantic import AwareDatetime, BaseModel, Field

from services.notifications.reads import webhooks as webhooks_reads
from services.notifications.reads.webhooks import Webhook, partner_events, webhook_attempts, webhooks
from services.notifications.usecases import webhooks as webhooks_usecases
from services.notifications.usecases.parts import Parts
from services.notifications.usecases.webhooks import From, Wish
from shared import clock
from shared.commands import Command
from shared.db import Cause, Database, Reader
from shared.identity.model import Agent, Role
from shared.web.paging import Page, Paged

MAY_LOOK = (Role.OPERATOR, Role.AUDITOR)
_ACTIONS = {
    "active": ["suspend", "resume", "replay", "renew_secret", "send_test", "end"],
    "suspended": ["resume", "replay", "renew_secret", "send_test", "end"],
}


class NewWebhook(Command):
    """What a partner wants: where, and which facts of which départements; empty lists mean all."""

    name: str = Field(min_length=1, max_length=100)
    url: str = Field(max_length=500)
    types: list[str] = Field(default_factory=list, max_length=100)
    departements: list[str] = Field(default_factory=list, max_length=110)


class NewStart(Command):
    """From where to tell again: after a position, or since a moment; one of them."""

    position: int | None = Field(default=None, ge=0, le=2**62)
    since: AwareDatetime | None = None


class Nothing(Command):
    """No member."""


class WebhookView(BaseModel):
    """One subscription.

    `position`: the last event that the partner took, or that was not for him. `behind`: how many wait, up to 1000.
    """

    id: UUID
    name: str
    url: str
    types: list[str]
    departements: list[str]
    state: str
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


class WebhookWithSecretView(WebhookView):
    """A subscription with the secret that signs what it is given; shown only here."""

    secret: str


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


class PartnerEventView(BaseModel):
    """What partners may be told of one event."""

    position: int
    noted_at: datetime
    event: dict[str, Any]


def webhook_view(webhook: Webhook, agent: Agent) -> WebhookView:
    """Show a subscription."""
    members = {name: getattr(webhook, name) for name in WebhookView.model_fields if name != "allowed_actions"}
    may_act = agent.has(Role.OPERATOR)
    return WebhookView(**members, allowed_actions=_ACTIONS.get(webhook.state, []) if may_act else [])


async def _shown(reader: Reader, webhook_id: UUID, agent: Agent) -> WebhookView:
    return webhook_view(await webhooks_reads.webhook(reader, webhook_id, agent.perimeter), agent)


@get("/webhooks")
async def list_webhooks(
    agent: NamedDependency[Agent], database: NamedDependency[Database], paging: NamedDependency[Page]
) -> Paged[WebhookView]:
    """List the subscriptions."""
    agent.require(*MAY_LOOK)
    found, total = await webhooks(database, agent.perimeter, paging)
    items = [webhook_view(webhook, agent) for webhook in found]
    return Paged[WebhookView](items=items, total=total, page=paging.number)


@post("/webhooks")
async def subscribe(
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    parts: NamedDependency[Parts],
    data: JSONBody[NewWebhook],
) -> WebhookWithSecretView:
    """Let a partner's program subscribe to what happens from now on; the answer holds its secret."""
    async with database.transaction(cause) as tx:
        wish = Wish(**data.model_dump())
        webhook_id, secret = await webhooks_usecases.subscribe(tx, wish, by=agent, at=clock.now(), parts=parts)
        return WebhookWithSecretView(**(await _shown(tx, webhook_id, agent)).model_dump(), secret=secret)


@get("/webhooks/{webhook_id:uuid}")
async def show_webhook(
    agent: NamedDependency[Agent], database: NamedDependency[Database], webhook_id: FromPath[UUID]
) -> WebhookView:
    """Show a subscription."""
    agent.require(*MAY_LOOK)
    return await _shown(database, webhook_id, agent)


@get("/webhooks/{webhook_id:uuid}/attempts")
async def list_webhook_attempts(
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    paging: NamedDependency[Page],
    webhook_id: FromPath[UUID],
) -> Paged[WebhookAttemptView]:
    """List the attempts to give a subscription its events, newest first."""
    agent.require(*MAY_LOOK)
    await webhooks_reads.webhook(database, webhook_id, agent.perimeter)
    found, total = await webhook_attempts(database, webhook_id, paging)
    items = [
        WebhookAttemptView(
            at=each.began_at,
            **{name: getattr(each, name) for name in WebhookAttemptView.model_fields if name != "at"},
        )
        for each in found
    ]
    return Paged[WebhookAttemptView](items=items, total=total, page=paging.number)


@post("/webhooks/{webhook_id:uuid}/suspension", status_code=200)
async def suspend(
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    webhook_id: FromPath[UUID],
    data: JSONBody[Nothing],  # noqa: ARG001 - read, so that what should not be there is refused
) -> WebhookView:
    """Give nothing more for now; nothing is lost."""
    async with database.transaction(cause) as tx:
        await webhooks_usecases.suspend(tx, webhook_id, by=agent, at=clock.now())
        return await _shown(tx, webhook_id, agent)


@post("/webhooks/{webhook_id:uuid}/resumption", status_code=200)
async def resume(
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    webhook_id: FromPath[UUID],
    data: JSONBody[Nothing],  # noqa: ARG001 - as above
) -> WebhookView:
    """Go on from where it stands, at once, also when it waits after a failure."""
    async with database.transaction(cause) as tx:
        await webhooks_usecases.resume(tx, webhook_id, by=agent, at=clock.now())
        return await _shown(tx, webhook_id, agent)


@post("/webhooks/{webhook_id:uuid}/replay", status_code=200)
async def replay(
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    webhook_id: FromPath[UUID],
    data: JSONBody[NewStart],
) -> WebhookView:
    """Tell again all that lies after a position or since a moment; a later position leaves out what is before it."""
    async with database.transaction(cause) as tx:
        await webhooks_usecases.replay(tx, webhook_id, From(**data.model_dump()), by=agent, at=clock.now())
        return await _shown(tx, webhook_id, agent)


@post("/webhooks/{webhook_id:uuid}/test", status_code=202)
async def send_test(
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    webhook_id: FromPath[UUID],
    data: JSONBody[Nothing],  # noqa: ARG001 - as above
) -> WebhookView:
    """Send a signed test event once (`notifications.webhook_test.v1`); its attempt is listed with the others."""
    async with database.transaction(cause) as tx:
        await webhooks_usecases.send_test(tx, webhook_id, by=agent, at=clock.now())
        return await _shown(tx, webhook_id, agent)


@post("/webhooks/{webhook_id:uuid}/secret", status_code=200)
async def renew_secret(
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    parts: NamedDependency[Parts],
    webhook_id: FromPath[UUID],
    data: JSONBody[Nothing],  # noqa: ARG001 - as above
) -> WebhookWithSecretView:
    """Make another secret; the one before signs too for a day."""
    async with database.transaction(cause) as tx:
        secret = await webhooks_usecases.renew_secret(tx, webhook_id, by=agent, at=clock.now(), parts=parts)
        return WebhookWithSecretView(**(await _shown(tx, webhook_id, agent)).model_dump(), secret=secret)


@delete("/webhooks/{webhook_id:uuid}", status_code=200)
async def end(
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    webhook_id: FromPath[UUID],
) -> WebhookView:
    """End a subscription for good; its journal stays."""
    async with database.transaction(cause) as tx:
        await webhooks_usecases.end(tx, webhook_id, by=agent, at=clock.now())
        return await _shown(tx, webhook_id, agent)


@get("/partner-events")
async def list_partner_events(
    agent: NamedDependency[Agent], database: NamedDependency[Database], paging: NamedDependency[Page]
) -> Paged[PartnerEventView]:
    """List what partners may be told, newest first, with the position of each."""
    agent.require(*MAY_LOOK)
    found, total = await partner_events(database, agent.perimeter, paging)
    items = [PartnerEventView(position=each.position, noted_at=each.noted_at, event=each.body) for each in found]
    return Paged[PartnerEventView](items=items, total=total, page=paging.number)
