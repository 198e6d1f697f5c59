"""Partners' subscriptions as operators see them: what they want, where they stand, what came of each attempt."""

import re
from datetime import date, datetime, time
from typing import Any, Final
from uuid import UUID

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template
from pydantic import BaseModel, Field

from services.notifications.domain.webhooks import FACTS
from services.notifications.reads import webhooks as webhooks_reads
from services.notifications.reads.webhooks import webhook_attempts, webhooks
from services.notifications.usecases import webhooks as webhooks_usecases
from services.notifications.usecases.parts import Parts
from services.notifications.usecases.webhooks import From, Wish, end, resume, send_test, suspend
from services.notifications.web import words
from services.notifications.web.api.webhooks import MAY_LOOK, webhook_view
from services.notifications.web.pages.messages import Nothing
from shared import clock
from shared.db import Cause, Database, Transaction
from shared.errors import NotFound
from shared.french.dates import zone_of
from shared.french.words import event_word
from shared.identity.model import Agent, Role
from shared.web.forms import Form, read_form, submit, submit_once
from shared.web.pages import flash, render
from shared.web.paging import Page

Web = Request[Any, Any, Any]

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


class WebhookForm(BaseModel):
    """A new subscription; départements as they are typed, such as `95, 78`."""

    name: str = Field(min_length=1, max_length=100)
    url: str = Field(min_length=1, max_length=500)
    departements: str = Field(default="", max_length=500)
    intake: list[str] = Field(default_factory=list, max_length=100)
    qualification: list[str] = Field(default_factory=list, max_length=100)
    escalation: list[str] = Field(default_factory=list, max_length=100)

    def wish(self) -> Wish:
        """Read what is wanted."""
        codes = [code.upper() for code in re.split(r"[\s,;]+", self.departements) if code]
        return Wish(self.name, self.url, [*self.intake, *self.qualification, *self.escalation], codes)


class StartForm(BaseModel):
    """From where to tell again."""

    position: int | None = Field(default=None, ge=0, le=2**62)
    since: date | None = None

    def start(self) -> From:
        """Read it; a day begins at midnight in Paris."""
        day = self.since
        return From(self.position, datetime.combine(day, time(), tzinfo=zone_of(None)) if day else None)


@get("/abonnements")
async def show_webhooks(
    request: Web, agent: NamedDependency[Agent], database: NamedDependency[Database], paging: NamedDependency[Page]
) -> Template:
    """List the subscriptions."""
    agent.require(*MAY_LOOK)
    found, total = await webhooks(database, agent.perimeter, paging)
    return render(
        request,
        "webhooks/list.html",
        webhooks=found,
        total=total,
        paging=paging,
        may_act=agent.has(Role.OPERATOR),
        states=words.WEBHOOK,
    )


@get("/abonnements/nouveau")
async def show_new_webhook(request: Web, agent: NamedDependency[Agent]) -> Template:
    """Ask what a partner wants."""
    agent.require(Role.OPERATOR)
    return _new_page(request, None)


def _new_page(request: Web, form: Form[WebhookForm] | None, status: int = 200) -> Template:
    return render(
        request,
        "webhooks/new.html",
        status_code=status,
        values=form.values if form else {},
        errors=form.errors if form else {},
        groups=TYPES,
    )


@post("/abonnements/nouveau")
async def subscribe(
    request: Web,
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    parts: NamedDependency[Parts],
) -> Redirect | Template:
    """Keep a subscription."""
    agent.require(Role.OPERATOR)
    form = await read_form(request, WebhookForm)

    async def act(tx: Transaction, typed: WebhookForm) -> str:
        webhook_id, _ = await webhooks_usecases.subscribe(tx, typed.wish(), by=agent, at=clock.now(), parts=parts)
        return f"/abonnements/{webhook_id}"

    async def again(status: int) -> Template:
        return _new_page(request, form, status)

    said = "L’abonnement est ouvert. Montrez-en le secret et donnez-le au partenaire par une voie sûre."
    return await submit(request, database, cause, form, act, again=again, said=said)


@get("/abonnements/{webhook_id:uuid}")
async def show_webhook(
    request: Web,
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    paging: NamedDependency[Page],
    webhook_id: FromPath[UUID],
) -> Template:
    """Show a subscription with its attempts, newest first."""
    return await _page(request, database, agent, webhook_id, paging=paging)


async def _page(
    request: Web,
    database: Database,
    agent: Agent,
    webhook_id: UUID,
    *,
    paging: Page,
    start: Form[Any] | None = None,
    secret: str | None = None,
    status: int = 200,
) -> Template:
    agent.require(*MAY_LOOK)
    webhook = await webhooks_reads.webhook(database, webhook_id, agent.perimeter)
    attempts, total = await webhook_attempts(database, webhook_id, paging)
    return render(
        request,
        "webhooks/detail.html",
        status_code=status,
        webhook=webhook,
        actions=webhook_view(webhook, agent).allowed_actions,
        attempts=attempts,
        total=total,
        paging=paging,
        secret=secret,
        values=start.values if start else {},
        errors=start.errors if start else {},
        states=words.WEBHOOK,
        result_words=words.WEBHOOK_RESULT,
        type_words=[event_word(wire_type) for wire_type in webhook.types],
        event_word=event_word,
    )


@post("/abonnements/{webhook_id:uuid}/secret/lecture")
async def show_secret(
    request: Web,
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    paging: NamedDependency[Page],
    parts: NamedDependency[Parts],
    webhook_id: FromPath[UUID],
) -> Template:
    """Show the secret, to an operator who asks for it."""
    agent.require(Role.OPERATOR)
    webhook = await webhooks_reads.webhook(database, webhook_id, agent.perimeter)
    secret = parts.secrets.of(webhook_id, webhook.secret_generation) if parts.secrets else None
    return await _page(request, database, agent, webhook_id, paging=paging, secret=secret)


_DONE: Final = {
    "suspension": (suspend, "L’abonnement est suspendu. Rien n’est perdu : l’envoi reprendra où il en est."),
    "reprise": (resume, "L’envoi reprend."),
    "essai": (
        send_test,
        "Un événement d’essai part maintenant. Rechargez cette page dans quelques secondes : son résultat est en tête.",
    ),
    "fin": (end, "L’abonnement est terminé."),
}
"""The last part of the address → what is done, and what is said of it."""


@post("/abonnements/{webhook_id:uuid}/{action:str}")
async def act_on_webhook(
    request: Web,
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    paging: NamedDependency[Page],
    webhook_id: FromPath[UUID],
    action: FromPath[str],
) -> Redirect | Template:
    """Suspend, resume, send a test event or end."""
    if action not in _DONE:
        raise NotFound
    do, said = _DONE[action]
    form = await read_form(request, Nothing)

    async def act(tx: Transaction, _: Nothing) -> str:
        await do(tx, webhook_id, by=agent, at=clock.now())
        return f"/abonnements/{webhook_id}"

    async def again(status: int) -> Template:
        return await _page(request, database, agent, webhook_id, paging=paging, start=form, status=status)

    return await submit(request, database, cause, form, act, again=again, said=said)


@post("/abonnements/{webhook_id:uuid}/secret")
async def renew_secret(
    request: Web,
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    parts: NamedDependency[Parts],
    webhook_id: FromPath[UUID],
) -> Redirect:
    """Make another secret."""

    async def act(tx: Transaction) -> str:
        await webhooks_usecases.renew_secret(tx, webhook_id, by=agent, at=clock.now(), parts=parts)
        flash(request, "Le secret est changé. L’ancien signe encore pendant un jour, à côté du nouveau.")
        return f"/abonnements/{webhook_id}"

    return await submit_once(database, await read_form(request, Nothing), act, cause=cause)


@post("/abonnements/{webhook_id:uuid}/renvoi")
async def replay(
    request: Web,
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    paging: NamedDependency[Page],
    webhook_id: FromPath[UUID],
) -> Redirect | Template:
    """Tell again from a position or a moment."""
    form = await read_form(request, StartForm)

    async def act(tx: Transaction, typed: StartForm) -> str:
        await webhooks_usecases.replay(tx, webhook_id, typed.start(), by=agent, at=clock.now())
        return f"/abonnements/{webhook_id}"

    async def again(status: int) -> Template:
        return await _page(request, database, agent, webhook_id, paging=paging, start=form, status=status)

    said = "L’envoi repart de là. Le partenaire reconnaît à leur identifiant les événements qu’il a déjà."
    return await submit(request, database, cause, form, act, again=again, said=said)
