"""Wiring of the qualification service: builds the application, the messenger and the jobs, and runs them."""

from pathlib import Path

from litestar import Litestar

from services.qualification import jobs
from services.qualification.domain.rules import Rules
from services.qualification.handlers import handlers, subscription
from services.qualification.settings import Settings
from services.qualification.web.api import API
from services.qualification.web.context import AgentContext, Parts
from services.qualification.web.pages import PAGES
from shared.contracts import qualification as contract
from shared.db import Database
from shared.identity.model import Role
from shared.links import Links
from shared.messaging.messenger import Messenger
from shared.service import constants, messenger, run
from shared.territory import Territories
from shared.web.agent_context import agent_context
from shared.web.application import Lifespan, NavigationItem, ReadinessCheck, create_application
from shared.web.asyncapi import Describe
from shared.web.asyncapi import route as messages_described
from shared.web.consultation_log import REQUEST_ITSELF
from shared.web.document_links import DocumentLinks
from shared.web.mandates import Mandates

NAME = "qualification"
TITLE = "Qualification départementale"
NAVIGATION = (
    NavigationItem("Demandes", "/", frozenset({Role.SAT_AGENT, Role.DELEGATE, Role.AUDITOR})),
    NavigationItem("À valider", "/a-valider", frozenset({Role.DELEGATE})),
    NavigationItem("Annuaire", "/annuaire", frozenset({Role.SAT_AGENT, Role.DELEGATE, Role.AUDITOR})),
    NavigationItem("Tableau de bord", "/tableau-de-bord", frozenset({Role.SAT_AGENT, Role.DELEGATE, Role.AUDITOR})),
    NavigationItem("Pactes", "/pactes", frozenset({Role.SAT_AGENT, Role.DELEGATE, Role.AUDITOR})),
)
"""The menu of the agents' pages."""
ABOUT = {"request_id": REQUEST_ITSELF, "pact_id": "SELECT request_id FROM pact WHERE id = $1"}
"""Which requests somebody was shown, by what the path names."""


def build(settings: Settings, database: Database) -> Litestar:
    """Build the whole service: pages and API, messages, and jobs."""
    rules = settings.rules
    messages = messenger_of(settings, database)
    return application(
        settings,
        database,
        rules=rules,
        territories=Territories.load(),
        describe=messages.describe,
        lifespan=[
            lambda _: messages.lifespan(),
            lambda _: jobs.running(database, rules, settings.jobs_seconds),
        ],
        ready=[messages.missing],
    )


def messenger_of(settings: Settings, database: Database) -> Messenger:
    """Build what consumes the events of others and publishes those of qualification."""
    rules = settings.rules
    return messenger(NAME, settings, database, subscription(rules), handlers(rules), publishes=contract.FACTS)


def application(
    settings: Settings,
    database: Database,
    *,
    rules: Rules,
    territories: Territories,
    describe: Describe,
    lifespan: list[Lifespan],
    ready: list[ReadinessCheck],
) -> Litestar:
    """Build what people and programs see, without the broker."""
    parts = Parts(
        rules=rules,
        territories=territories,
        orientation_links=Links(settings.orientation_key.get_secret_value(), "orientation"),
        pact_links=Links(settings.orientation_key.get_secret_value(), "pact"),
        document_links=DocumentLinks(settings.document_key.get_secret_value()),
        mandates=Mandates(settings.mandate_key.get_secret_value()),
        intake_url=settings.intake_url,
        here=settings.public_url,
    )
    return create_application(
        name=NAME,
        title=TITLE,
        settings=settings,
        database=database,
        pages=[messages_described(describe), *PAGES],
        api=API,
        templates=[Path(__file__).parent / "templates"],
        lifespan=lifespan,
        ready=ready,
        dependencies={**constants(parts=parts), "context": agent_context(AgentContext, parts)},
        navigation=NAVIGATION,
        consultations=ABOUT,
        bell=f"{settings.notifications_url}/cloche" if settings.notifications_url else "",
    )


def main() -> None:
    """Run the service until it is asked to stop."""
    run(NAME, Settings, build)
