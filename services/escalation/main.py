"""Wiring of the escalation service: builds the application, the messenger and the jobs, and runs them."""

from pathlib import Path

from litestar import Litestar

from services.escalation import jobs
from services.escalation.handlers import SUBSCRIPTION, handlers
from services.escalation.settings import Settings
from services.escalation.web import api, binding, pages
from services.escalation.web.binding import Binder
from services.escalation.web.context import AgentContext, Parts, provide_link_context
from services.escalation.web.links import DocumentLinks, ProviderLinks
from services.escalation.web.readers import COMMITTEE_READERS
from shared.contracts import escalation
from shared.db import Database
from shared.links import Links
from shared.messaging.messenger import Messenger
from shared.service import messenger, run
from shared.territory.territories import Territories
from shared.web.agent_context import agent_context
from shared.web.application import Lifespan, NavigationItem, ReadinessCheck, create_application
from shared.web.asyncapi import Describe
from shared.web.asyncapi import route as messages_described
from shared.web.consultation_log import REQUEST_ITSELF
from shared.web.document_links import DocumentLinks as SealedLinks
from shared.web.pages import environment

TITLE = "Équipe nationale"
TEMPLATES = Path(__file__).parent / "templates"
_NATIONAL = frozenset(COMMITTEE_READERS)
NAVIGATION = (
    NavigationItem("Dossiers", "/"),
    NavigationItem("Comité", "/comite", _NATIONAL, whole_country=True),
    NavigationItem("Suivi", "/accompagnements", _NATIONAL),
    NavigationItem("Programmes", "/programmes"),
    NavigationItem("Moyens", "/moyens", _NATIONAL, whole_country=True),
    NavigationItem("Évaluations", "/evaluations"),
    NavigationItem("Chiffres", "/chiffres"),
)
ABOUT = {
    "request_id": REQUEST_ITSELF,
    "decision_id": "SELECT request_id FROM decision WHERE id = $1",
    "session_id": "SELECT request_id FROM agenda_item WHERE session_id = $1",
}
"""Which requests somebody was shown, by what the path names."""


def build(settings: Settings, database: Database) -> Litestar:
    """Build the service whole: with its messages and its jobs."""
    messages = messenger_of(settings, database)
    territories = Territories.load(searchable=False)
    return application(
        settings,
        database,
        territories,
        describe=messages.describe,
        lifespan=[
            lambda _: messages.lifespan(),
            lambda _: jobs.running(database, settings),
            lambda _: binding.running(binder_of(settings, database, territories)),
        ],
        ready=[messages.missing],
    )


def messenger_of(settings: Settings, database: Database) -> Messenger:
    """Build what consumes the events of others and publishes those of escalation."""
    return messenger(
        "escalation", settings, database, SUBSCRIPTION, handlers(settings.durations), publishes=escalation.FACTS
    )


def application(
    settings: Settings,
    database: Database,
    territories: Territories,
    *,
    describe: Describe,
    lifespan: list[Lifespan] | None = None,
    ready: list[ReadinessCheck] | None = None,
) -> Litestar:
    """Build what answers, without what runs beside it."""
    parts = parts_of(settings, territories)
    return create_application(
        name="escalation",
        title=TITLE,
        settings=settings,
        database=database,
        pages=[*pages.routes, messages_described(describe)],
        api=api.routes,
        templates=[TEMPLATES],
        lifespan=lifespan or [],
        ready=ready or [],
        dependencies={"context": agent_context(AgentContext, parts), "link_context": provide_link_context(parts)},
        navigation=NAVIGATION,
        consultations=ABOUT,
        bell=f"{settings.notifications_url}/cloche" if settings.notifications_url else "",
    )


def parts_of(settings: Settings, territories: Territories) -> Parts:
    """Build what handlers share."""
    sealed = SealedLinks(settings.document_key.get_secret_value())
    links = DocumentLinks(settings.public_url, settings.intake_url, sealed)
    providers = ProviderLinks(settings.public_url, Links(settings.secret_key.get_secret_value(), "provider"))
    return Parts(
        settings.durations,
        settings.allowance,
        links,
        providers,
        territories,
        plausible_grant_cents=settings.plausible_grant_euros * 100,
    )


def binder_of(settings: Settings, database: Database, territories: Territories) -> Binder:
    """Build what makes the bound files of sessions."""
    return Binder(database, parts_of(settings, territories), environment([TEMPLATES]))


def main() -> None:
    """Run the service until it is asked to stop."""
    run("escalation", Settings, build)
