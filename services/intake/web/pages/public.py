"""Public pages: home page, accessibility and legal notices; and downloads by a document link."""

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import File, Stream, Template

from services.intake.reads import tracking as reads
from services.intake.web.context import VisitorContext
from services.intake.web.documents import attachment
from services.intake.web.pages import papers
from shared import clock
from shared.errors import Forbidden
from shared.web.pages import render


class DocumentLinkOver(Forbidden):
    """The link to a document is older than a minute, or was not made by one of our services."""

    code = "document_link_over"
    title = "This link to a document is not valid, or no longer"
    sentence = (
        "Ce lien vers un document n’est plus valable\u00a0: il ne dure qu’une minute. "
        "Ouvrez de nouveau le document depuis le dossier."
    )


@get("/", public=True)
async def home(context: NamedDependency[VisitorContext]) -> Template:
    """Show what the site is for, who can ask, and what happens next; begin or resume."""
    return render(context.request, "public/home.html", office=context.parts.directory.services.get("95"))


@get("/accessibilite", public=True)
async def accessibility(context: NamedDependency[VisitorContext]) -> Template:
    """Show how far the site is accessible, and where to report what is not."""
    return render(context.request, "public/accessibility.html")


@get("/mentions-legales", public=True)
async def legal(context: NamedDependency[VisitorContext]) -> Template:
    """Show who publishes the site and what becomes of personal data."""
    parts = context.parts
    return render(
        context.request, "public/legal.html", settings=parts.settings, source=parts.territories.source.sentence
    )


@get("/documents/{token:str}", public=True)
async def document(context: NamedDependency[VisitorContext], token: FromPath[str]) -> File:
    """Return a document to another service's agent, whom that service has just sent here."""
    document_id = context.parts.tokens.documents.read(token, at=clock.now())
    if document_id is None:
        raise DocumentLinkOver
    return attachment(context, await reads.document(context.database, document_id))


@get("/dossiers/{token:str}", public=True)
async def dossier(context: NamedDependency[VisitorContext], token: FromPath[str]) -> Stream:
    """Return a request's dossier with its documents to another service's agent, whom that service has just sent."""
    request_id = context.parts.tokens.documents.read_dossier(token, at=clock.now())
    if request_id is None:
        raise DocumentLinkOver
    return await papers.archive_for_agent(context, request_id)


routes = Router("/", route_handlers=[home, accessibility, legal, document, dossier])
