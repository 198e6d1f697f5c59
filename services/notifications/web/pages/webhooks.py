"""Pages of webhook subscriptions: the list, a new one, and one with its delivery attempts."""

from typing import Final
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from services.notifications.domain.webhooks import FACTS
from services.notifications.reads import webhooks as reads
from services.notifications.web import words
from services.notifications.web.context import AgentContext
from services.notifications.web.webhook_actions import ON_A_WEBHOOK, ON_WEBHOOKS
from shared.french.words import event_word
from shared.identity.model import Role
from shared.web.actions import Refused, offered
from shared.web.pages import render
from shared.web.paging import FIRST_PAGE, Page

_SERVICES: Final = (
    ("intake", "Ce que fait le demandeur"),
    ("qualification", "Ce que fait le département"),
    ("escalation", "Ce que fait l’équipe nationale"),
)
TYPES: Final = [
    (
        service,
        title,
        [(fact.wire_type, event_word(fact.wire_type)) for fact in FACTS if fact.wire_type.startswith(f"{service}.")],
    )
    for service, title in _SERVICES
]
"""What can be chosen, by who does it: wire type and French words."""


@get("/abonnements")
async def show_webhooks(context: NamedDependency[AgentContext], paging: NamedDependency[Page]) -> Template:
    """List the subscriptions."""
    listed = await reads.webhooks(context.database, context.agent, paging)
    return render(
        context.request,
        "webhooks/list.html",
        webhooks=listed.items,
        total=listed.total,
        paging=paging,
        may_act=context.agent.has(Role.OPERATOR),
        states=words.WEBHOOK,
    )


async def show_new_webhook(context: AgentContext, *, refused: Refused | None = None) -> Template:
    """Ask what a partner wants."""
    context.agent.require(Role.OPERATOR)
    values = dict(refused.form.values) if refused else {}
    return render(
        context.request,
        "webhooks/new.html",
        status_code=refused.status if refused else 200,
        values=values | {"departements": ", ".join(values.get("departements", []))},
        errors=refused.form.errors if refused else {},
        groups=TYPES,
        label=ON_WEBHOOKS[0].label,
    )


async def show_webhook(
    context: AgentContext,
    webhook_id: UUID,
    *,
    refused: Refused | None = None,
    page: Page = FIRST_PAGE,
    secret: str | None = None,
) -> Template:
    """Show a subscription with its attempts, newest first."""
    webhook = await reads.webhook(context.database, webhook_id, context.agent)
    attempts = await reads.webhook_attempts(context.database, webhook_id, page)
    return render(
        context.request,
        "webhooks/detail.html",
        status_code=refused.status if refused else 200,
        webhook=webhook,
        attempts=attempts.items,
        total=attempts.total,
        paging=page,
        secret=secret,
        values=refused.form.values if refused else {},
        errors=refused.form.errors if refused else {},
        states=words.WEBHOOK,
        result_words=words.WEBHOOK_RESULT,
        type_words=[event_word(wire_type) for wire_type in webhook.types],
        event_word=event_word,
        actions={action.name: action for action in offered(ON_A_WEBHOOK, webhook.allowed_actions)},
    )


@get("/abonnements/{webhook_id:uuid}")
async def webhook_page(
    context: NamedDependency[AgentContext], paging: NamedDependency[Page], webhook_id: FromPath[UUID]
) -> Template:
    """Show a subscription with its attempts, newest first."""
    return await show_webhook(context, webhook_id, page=paging)


@post("/abonnements/{webhook_id:uuid}/secret/lecture")
async def show_secret(context: NamedDependency[AgentContext], webhook_id: FromPath[UUID]) -> Template:
    """Show the secret, to an operator who asks for it."""
    context.agent.require(Role.OPERATOR)
    webhook = await reads.webhook(context.database, webhook_id, context.agent)
    secrets = context.parts.secrets
    secret = secrets.of(webhook_id, webhook.secret_generation) if secrets else None
    return await show_webhook(context, webhook_id, secret=secret)
