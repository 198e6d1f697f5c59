"""The wiring of notifications: the only place that builds things."""

from collections.abc import Sequence
from pathlib import Path

from litestar import Litestar

from services.notifications.adapters.event_stream import EventStream
from services.notifications.adapters.inbound_mail import InboundMail
from services.notifications.adapters.mail_sender import MailSender
from services.notifications.adapters.webhook_dispatcher import WebhookDispatcher
from services.notifications.handlers import BINDINGS, handlers
from services.notifications.rendering.links import MailLinks
from services.notifications.rendering.renderer import MailRenderer
from services.notifications.settings import InboundMailAddress, Settings
from services.notifications.usecases.parts import Parts
from services.notifications.web import actions, api, pages
from services.notifications.web.context import AgentContext
from shared import limits
from shared.contracts import notifications
from shared.db import Database
from shared.identity.model import Role
from shared.limits import RateLimits
from shared.links import Links
from shared.messaging.messenger import Messenger
from shared.messaging.topology import Subscription
from shared.service import constants, messenger, run
from shared.web.agent_context import agent_context
from shared.web.application import Lifespan, NavigationItem, ReadinessCheck, create_application
from shared.web.asyncapi import Describe
from shared.web.asyncapi import route as messages_described

SUBSCRIPTION = Subscription("notifications", BINDINGS, former=("forms.request_refused.#",))
NAVIGATION = (
    NavigationItem("Messages", "/"),
    NavigationItem("Modèles", "/modeles"),
    NavigationItem("Annuaire", "/annuaire"),
    NavigationItem("Préférences", "/preferences"),
    NavigationItem("Abonnements", "/abonnements", frozenset({Role.OPERATOR, Role.AUDITOR})),
)


def parts_of(settings: Settings) -> Parts:
    """Build what writes the mails."""
    return Parts(
        renderer=MailRenderer(),
        directory=settings.directory(),
        links=MailLinks(
            intake=settings.intake_url,
            qualification=settings.qualification_url,
            escalation=settings.escalation_url,
            notifications=settings.public_url,
            tracking=Links(settings.tracking_key.get_secret_value(), "mailed"),
            followers=Links(settings.tracking_key.get_secret_value(), "colleague"),
            orientation=Links(settings.orientation_key.get_secret_value(), "orientation"),
            pact=Links(settings.orientation_key.get_secret_value(), "pact"),
        ),
        returns=settings.returns(),
        per_minute=settings.per_minute,
        secrets=settings.webhook_secrets(),
        allowance=settings.allowance,
        mails_per_recipient=settings.limit_mails_per_recipient,
        counts=RateLimits(settings.secret_key.get_secret_value()),
        attaches_letters=settings.attach_letters,
        networks=settings.webhook_networks,
    )


ABOUT = {"delivery_id": "SELECT request_id FROM delivery WHERE id = $1"}
"""Which requests somebody was shown, by what the path names."""


def build(settings: Settings, database: Database) -> Litestar:
    """Build the service whole: with its messages and its senders."""
    parts = parts_of(settings)
    messages = messenger_of(settings, database, parts)
    mail_sender = MailSender(
        database,
        parts,
        server=settings.mail_server(),
        sender=settings.sender,
        timeout=settings.smtp_timeout,
        senders=settings.senders,
    )
    lifespan: list[Lifespan] = [
        lambda _: messages.lifespan(),
        lambda _: mail_sender.lifespan(),
        lambda _: limits.sweeping(database),
    ]
    if parts.secrets is not None:
        dispatcher = WebhookDispatcher(database, parts, parts.secrets, senders=settings.webhook_senders)
        lifespan.append(lambda _: dispatcher.lifespan())
    if settings.inbound_mail is not None and parts.returns is not None:
        inbound_mail = InboundMail(
            database, parts, parts.returns, settings.inbound_mail_networks, server=settings.authserv_id
        )
        address = InboundMailAddress.of(settings.inbound_mail)
        lifespan.append(lambda _: inbound_mail.listening(address))
    return application(
        settings,
        database,
        parts,
        describe=messages.describe,
        lifespan=lifespan,
        ready=[messages.missing],
    )


def messenger_of(settings: Settings, database: Database, parts: Parts) -> Messenger:
    """Build what consumes the events of others and publishes those of notifications."""
    return messenger("notifications", settings, database, SUBSCRIPTION, handlers(parts), publishes=notifications.FACTS)


def application(
    settings: Settings,
    database: Database,
    parts: Parts,
    *,
    describe: Describe,
    lifespan: Sequence[Lifespan] = (),
    ready: Sequence[ReadinessCheck] = (),
) -> Litestar:
    """Build what answers, without what runs beside it."""
    return create_application(
        name="notifications",
        title="Notifications",
        settings=settings,
        database=database,
        pages=[*pages.routes, *actions.PAGES, messages_described(describe)],
        api=api.routes,
        templates=[Path(__file__).parent / "templates"],
        lifespan=lifespan,
        ready=ready,
        dependencies={
            **constants(parts=parts, event_stream=EventStream(database)),
            "context": agent_context(AgentContext, parts),
        },
        navigation=NAVIGATION,
        consultations=ABOUT,
        bell="/cloche",
    )


def main() -> None:
    """Run the service until it is asked to stop."""
    run("notifications", Settings, build)
