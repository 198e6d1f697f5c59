"""The wiring of notifications: the only place that builds things."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from litestar import Litestar

from services.notifications.addresses import Addresses
from services.notifications.belfry import Belfry
from services.notifications.courier import Courier
from services.notifications.door import Mailroom
from services.notifications.handlers import BINDINGS, handlers
from services.notifications.letters import Letters
from services.notifications.office import Office
from services.notifications.postman import Postman
from services.notifications.settings import DoorAddress, Settings
from services.notifications.web import api, pages
from shared import limits
from shared.contracts import notifications
from shared.db import Database
from shared.identity.model import Role
from shared.limits import RateLimits
from shared.links import Links
from shared.messaging import asyncapi
from shared.messaging.accounts import Origins
from shared.messaging.messenger import Messenger
from shared.messaging.topology import Subscription
from shared.runner import run
from shared.web.application import Lifespan, NavigationItem, ReadinessCheck, create_application
from shared.web.asyncapi import route as messages_described

SUBSCRIPTION = Subscription("notifications", BINDINGS, former=("forms.request_refused.#",))
NAVIGATION = (
    NavigationItem("Messages", "/"),
    NavigationItem("Modèles", "/modeles"),
    NavigationItem("Annuaire", "/annuaire"),
    NavigationItem("Préférences", "/preferences"),
    NavigationItem("Abonnements", "/abonnements", frozenset({Role.OPERATOR, Role.AUDITOR})),
)


def office_of(settings: Settings) -> Office:
    """Build what writes the mails."""
    return Office(
        letters=Letters(),
        directory=settings.directory(),
        addresses=Addresses(
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
        networks=settings.webhook_networks,
    )


ABOUT = {"delivery_id": "SELECT request_id FROM delivery WHERE id = $1"}
"""Which requests somebody was shown, by what the path names."""


def build(settings: Settings, database: Database) -> Litestar:
    """Build the service whole: with its messages and its senders."""
    if settings.amqp_url is None:
        raise ValueError("NOTIFICATIONS_AMQP_URL (or AMQP_URL) is missing: give the address of RabbitMQ")
    office = office_of(settings)
    messenger = Messenger(
        database,
        settings.amqp_url.get_secret_value(),
        name="notifications",
        subscription=SUBSCRIPTION,
        handlers=handlers(office),
        origins=Origins(settings.broker_sources),
    )
    postman = Postman(
        database,
        office,
        server=settings.mail_server(),
        sender=settings.sender,
        timeout=settings.smtp_timeout,
        senders=settings.senders,
    )
    lifespan: list[Lifespan] = [
        lambda _: messenger.lifespan(),
        lambda _: postman.lifespan(),
        lambda _: limits.sweeping(database),
    ]
    if office.secrets is not None:
        courier = Courier(database, office, office.secrets, couriers=settings.couriers)
        lifespan.append(lambda _: courier.lifespan())
    if settings.door is not None and office.returns is not None:
        mailroom = Mailroom(database, office, office.returns, settings.door_networks, server=settings.authserv_id)
        door = DoorAddress.of(settings.door)
        lifespan.append(lambda _: mailroom.listening(door))
    return application(
        settings,
        database,
        office,
        lifespan=lifespan,
        ready=[messenger.missing],
    )


def application(
    settings: Settings,
    database: Database,
    office: Office,
    *,
    lifespan: Sequence[Lifespan] = (),
    ready: Sequence[ReadinessCheck] = (),
) -> Litestar:
    """Build what answers, without what runs beside it."""
    belfry = Belfry(database)

    async def provide_office() -> Office:
        return office

    async def provide_belfry() -> Belfry:
        return belfry

    return create_application(
        name="notifications",
        title="Notifications",
        settings=settings,
        database=database,
        pages=[*pages.routes, messages_described(describe_messages)],
        api=api.routes,
        templates=[Path(__file__).parent / "web" / "templates"],
        lifespan=lifespan,
        ready=ready,
        dependencies={"office": provide_office, "belfry": provide_belfry},
        navigation=NAVIGATION,
        consultations=ABOUT,
        bell="/cloche",
    )


def describe_messages() -> dict[str, Any]:
    """Describe what notifications publishes and receives."""
    return asyncapi.document(service="notifications", publishes=notifications.FACTS, subscription=SUBSCRIPTION)


def main() -> None:
    """Run the service until it is told to stop."""
    run("notifications", Settings, build)
