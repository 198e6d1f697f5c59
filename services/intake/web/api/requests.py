"""API of one request, for its applicant or an invited colleague, each with their own token."""

from uuid import UUID

from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from litestar.response import File

from services.intake.reads import tracking as reads
from services.intake.reads.tracking import RequestView
from services.intake.web.actions import COLLEAGUE, ON_COLLEAGUE, ON_REQUEST, REQUEST, show_request
from services.intake.web.context import HolderContext, context_by_bearer, with_a_token
from services.intake.web.documents import ALL_AT_ONCE, attachment, receive_all, to_request, uploads_of
from services.intake.web.pages.acknowledgement import acknowledgement
from shared.web.access import OWN_BEARER, PUBLIC
from shared.web.actions import api_read, api_routes
from shared.web.pdf import PDF


@post(f"{REQUEST.address}/documents", request_max_body_size=ALL_AT_ONCE)
async def add_documents(context: NamedDependency[HolderContext]) -> RequestView:
    """Join files (`multipart/form-data`, one or several parts with a file name)."""
    await receive_all(context, await uploads_of(context.request), to_request(context))
    return await show_request(context, context.database)


@get(f"{REQUEST.address}/acknowledgement.pdf", media_type=PDF)
async def acknowledge(context: NamedDependency[HolderContext]) -> Response[bytes]:
    """Return the acknowledgement as a PDF."""
    return await acknowledgement(context)


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
        fetch_document,
    ],
    guards=[with_a_token],
    dependencies={"context": Provide(context_by_bearer)},
    opt={PUBLIC: True, OWN_BEARER: True},
)
