"""Pages for everybody: what this is, and what the law wants said."""

from typing import Any
from uuid import UUID

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
from shared.db import Database
from shared.errors import NotFound
from shared.territory.territories import Territories
from shared.web.pages import render

Asked = Request[Any, Any, Any]


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
    """Give a document to another service's agent, who holds its signed link."""
    read = tokens.documents.read(token)
    if read is None:
        raise NotFound
    document_id: UUID = read[0]
    return attachment(files, await reads.document(database, document_id))


routes = Router("/", route_handlers=[home, accessibility, legal, document])
