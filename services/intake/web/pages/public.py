"""Pages for everybody: what this is, and what the law wants said."""

from typing import Any

from litestar import Request, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import File, Template

from services.intake.directory import Directory
from services.intake.reads import tracking as reads
from services.intake.settings import Settings
from services.intake.store.files import DocumentFiles
from services.intake.web.documents import attachment
from services.intake.web.tokens import Tokens
from shared import clock
from shared.db import Database
from shared.errors import Forbidden
from shared.territory.territories import Territories
from shared.web.pages import render

Asked = Request[Any, Any, Any]


class DocumentLinkOver(Forbidden):
    """The link to a document is older than a minute, or was not made by one of our services."""

    code = "document_link_over"
    title = "This link to a document is not valid, or no longer"
    sentence = (
        "Ce lien vers un document n’est plus valable\u00a0: il ne dure qu’une minute. "
        "Ouvrez de nouveau le document depuis le dossier."
    )


@get("/", public=True)
async def home(request: Asked, directory: NamedDependency[Directory]) -> Template:
    """Say what it is, who can ask, and what happens next; begin or resume."""
    return render(request, "public/home.html", office=directory.services.get("95"))


@get("/accessibilite", public=True)
async def accessibility(request: Asked) -> Template:
    """Say how far the site is accessible, and whom to tell what is not."""
    return render(request, "public/accessibility.html")


@get("/mentions-legales", public=True)
async def legal(
    request: Asked, settings: NamedDependency[Settings], territories: NamedDependency[Territories]
) -> Template:
    """Say who publishes the site and what becomes of personal data."""
    return render(
        request,
        "public/legal.html",
        publisher=settings.publisher,
        source=territories.source.sentence,
        draft_days=settings.draft_days,
        session_hours=settings.session_hours,
    )


@get("/documents/{token:str}", public=True)
async def document(
    token: FromPath[str],
    database: NamedDependency[Database],
    tokens: NamedDependency[Tokens],
    files: NamedDependency[DocumentFiles],
) -> File:
    """Give a document to another service's agent, whom that service has just sent here."""
    document_id = tokens.documents.read(token, at=clock.now())
    if document_id is None:
        raise DocumentLinkOver
    return attachment(files, await reads.document(database, document_id))


routes = Router("/", route_handlers=[home, accessibility, legal, document])
