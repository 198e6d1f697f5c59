"""API of one request, for its applicant or an invited colleague, each with their own token."""

from uuid import UUID

from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from litestar.response import File, Stream

from services.intake.reads import tracking as reads
from services.intake.reads.tracking import RequestView
from services.intake.web.actions import COLLEAGUE, ON_COLLEAGUE, ON_REQUEST, REQUEST, show_request
from services.intake.web.context import HolderContext, context_by_bearer, with_a_token
from services.intake.web.documents import ALL_AT_ONCE, attachment, receive_all, to_request, uploads_of
from services.intake.web.pages import papers
from shared.web.access import OWN_BEARER, PUBLIC
from shared.web.actions import api_read, api_routes
from shared.web.archives import ZIP
from shared.web.pdf import PDF


@post(f"{REQUEST.address}/documents", request_max_body_size=ALL_AT_ONCE)
async def add_documents(context: NamedDependency[HolderContext]) -> RequestView:
    """Join files (`multipart/form-data`, one or several parts with a file name)."""
    await receive_all(context, await uploads_of(context.request), to_request(context))
    return await show_request(context, context.database)


@get(f"{REQUEST.address}/acknowledgement.pdf", media_type=PDF)
async def acknowledge(context: NamedDependency[HolderContext]) -> Response[bytes]:
    """Return the acknowledgement as a PDF."""
    return await papers.acknowledgement(context)


@get(f"{REQUEST.address}/letters/{{letter_id:uuid}}/document.pdf", media_type=PDF)
async def fetch_letter(context: NamedDependency[HolderContext], letter_id: FromPath[UUID]) -> Response[bytes]:
    """Return a letter of the département as a PDF."""
    return await papers.letter(context, letter_id)


@get(f"{REQUEST.address}/dossier.pdf", media_type=PDF)
async def fetch_dossier(context: NamedDependency[HolderContext]) -> Response[bytes]:
    """Return the whole request as a PDF: what was filed, messages, timeline, decision, and the names of documents."""
    return await papers.dossier(context)


@get(f"{REQUEST.address}/dossier.zip", media_type=ZIP)
async def fetch_archive(context: NamedDependency[HolderContext]) -> Stream:
    """Return the whole request as a ZIP: its PDF, the letters and the documents."""
    return await papers.archive(context)


@get(f"{REQUEST.address}/documents/{{document_id:uuid}}")
async def fetch_document(context: NamedDependency[HolderContext], document_id: FromPath[UUID]) -> File:
    """Fetch one document."""
    return attachment(context, await reads.document(context.database, document_id, of=context.request_id))


routes = Router(
    "/",
    route_handlers=[
        api_read(REQUEST),
        *api_routes(REQUEST, ON_REQUEST),
        *api_routes(COLLEAGUE, ON_COLLEAGUE),
        add_documents,
        acknowledge,
        fetch_letter,
        fetch_dossier,
        fetch_archive,
        fetch_document,
    ],
    guards=[with_a_token],
    dependencies={"context": Provide(context_by_bearer)},
    opt={PUBLIC: True, OWN_BEARER: True},
)
