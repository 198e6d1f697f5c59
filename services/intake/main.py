"""Wiring of the intake service: builds the application, the messenger and the jobs, and runs them."""

from pathlib import Path

from litestar import Litestar

from services.intake import jobs
from services.intake.handlers import SUBSCRIPTION, handlers
from services.intake.settings import Settings
from services.intake.store.directory import Directory
from services.intake.store.files import DocumentFiles
from services.intake.tokens import Tokens
from services.intake.usecases import send_answers
from services.intake.usecases.limits import Limits
from services.intake.web import routes
from services.intake.web.context import Parts, context_of_visitor, provide_visitor
from shared import limits, rounds
from shared.antivirus import scanner_at
from shared.contracts import forms, intake
from shared.db import Database
from shared.links import Links
from shared.messaging.asyncapi import Filing
from shared.messaging.messenger import Messenger
from shared.service import messenger, run
from shared.territory.similarity import Similarity
from shared.territory.territories import Territories
from shared.web.application import Lifespan, NavigationItem, ReadinessCheck, create_application
from shared.web.asyncapi import Describe
from shared.web.asyncapi import route as messages_described
from shared.web.document_links import DocumentLinks
from shared.web.mandates import Mandates

TITLE = "Demander un appui en ingénierie"
NAVIGATION = (
    NavigationItem("Accueil", "/"),
    NavigationItem("Suivre une demande", "/suivi"),
    NavigationItem("Territoires", "/territoires"),
    NavigationItem("Chiffres", "/statistiques"),
)


def build(settings: Settings, database: Database) -> Litestar:
    """Build the service whole: with its messages and its jobs."""
    territories = Territories.load()
    tokens = tokens_of(settings)
    messages = messenger_of(settings, database, territories)
    return application(
        settings,
        database,
        territories,
        describe=messages.describe,
        lifespan=[
            lambda _: messages.lifespan(),
            lambda _: jobs.running(database, settings, territories),
            lambda _: limits.sweeping(database),
            lambda _: rounds.running(
                lambda: send_answers.send_answers(database, messages.relay.publish_control, tokens),
                every=send_answers.EVERY,
                name="intake.answers",
            ),
        ],
        ready=[messages.missing],
    )


def messenger_of(settings: Settings, database: Database, territories: Territories) -> Messenger:
    """Build what consumes the events of others and publishes those of intake."""
    return messenger(
        "intake",
        settings,
        database,
        SUBSCRIPTION,
        handlers(territories),
        publishes=intake.FACTS,
        filing=Filing(forms.REQUEST_FILED, forms.FiledRequest, answers=forms.FACTS),
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
    visitor = provide_visitor(
        Parts(
            settings=settings,
            limits=Limits.of(settings),
            tokens=tokens_of(settings),
            files=DocumentFiles(
                settings.documents_folder, scanner_at(settings.antivirus, wait=settings.antivirus_wait_seconds)
            ),
            directory=Directory.load(settings.departements_file),
            territories=territories,
            similarity=Similarity(territories),
        )
    )
    return create_application(
        name="intake",
        title=TITLE,
        settings=settings,
        database=database,
        pages=[*routes.PAGES, messages_described(describe)],
        api=routes.API,
        templates=[Path(__file__).parent / "templates"],
        lifespan=lifespan or [],
        ready=ready or [],
        dependencies={"visitor": visitor, "context": context_of_visitor},
        navigation=NAVIGATION,
        public=True,
    )


def tokens_of(settings: Settings) -> Tokens:
    """Build what makes and reads the secret links of applicants."""
    tracking_key = settings.tracking_key.get_secret_value()
    return Tokens(
        address=settings.public_url,
        tracking=Links(tracking_key, "tracking"),
        mailed=Links(tracking_key, "mailed"),
        colleagues=Links(tracking_key, "colleague"),
        documents=DocumentLinks(settings.document_key.get_secret_value()),
        drafts=Links(tracking_key, "draft"),
        mandates=Mandates(settings.mandate_key.get_secret_value()),
    )


def main() -> None:
    """Run the service until it is stopped."""
    run("intake", Settings, build)
