"""Filing a request, and what its applicant does next, by program; tokens only where said."""

from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, HeaderParameter, JSONBody
from litestar.response import File
from pydantic import Field, StringConstraints

from services.intake.directory import Directory
from services.intake.domain.request import Evaluation
from services.intake.reads import tracking as reads
from services.intake.store.files import DocumentFiles
from services.intake.usecases import follow
from services.intake.usecases.file_request import Filed, file_request
from services.intake.web.api.views import FiledView, RequestView, filed_view, request_view
from services.intake.web.documents import ALL_AT_ONCE, attachment, receive_all, to_request, uploads_of
from services.intake.web.pages.acknowledgement import acknowledgement
from services.intake.web.tokens import Tokens
from shared import clock
from shared.contracts.forms import FiledRequest
from shared.contracts.intake import Document
from shared.db import Cause, Database, Transaction
from shared.errors import Invalid, NotFound, Unauthenticated
from shared.territory.territories import Territories
from shared.web.access import FORMS, BadToken, UnsupportedContent, bearer_of
from shared.web.paper import PDF
from shared.web.problems import Body

LONGEST_KEY: Final = 255

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)]
ShortText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4_000)]
Figure = Annotated[int, Field(ge=1, le=5)]
Key = Annotated[
    str | None, HeaderParameter(name="Idempotency-Key", description="The same key files the same request only once")
]
Mandate = Annotated[
    str | None,
    HeaderParameter(name="Filing-Mandate", description="An agent's, from `/filing-mandates` of qualification"),
]


class NewRequest(FiledRequest, Body):
    """A request as it is filed; money in euro cents."""


class Writing(Body):
    """A message, or the information that was asked for."""

    text: Text


class Withdrawal(Body):
    """Why the applicant gives his request up."""

    motive: Text


class Opinion(Body):
    """What came of it; figures from 1 (not at all) to 5 (entirely)."""

    need_met: Figure
    progress: Figure
    satisfaction: Figure
    impact: ShortText | None = None
    comment: ShortText | None = None


@post("/requests", public=True)
async def file(
    data: JSONBody[NewRequest],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    territories: NamedDependency[Territories],
    tokens: NamedDependency[Tokens],
    idempotency_key: Key = None,
    mandate: Mandate = None,
) -> FiledView:
    """File a request; with a mandate, an agent files it for the collectivité."""
    key = _fit(idempotency_key)
    filed_by = tokens.mandated(mandate, at=clock.now())
    async with database.transaction(cause) as tx:
        filed = await file_request(tx, territories, data, at=clock.now(), key=key, filed_by=filed_by)
    return filed_view(filed, tokens)


@post("/requests/with-documents", public=True, request_max_body_size=ALL_AT_ONCE)
async def file_with_documents(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    territories: NamedDependency[Territories],
    tokens: NamedDependency[Tokens],
    files: NamedDependency[DocumentFiles],
    idempotency_key: Key = None,
    mandate: Mandate = None,
) -> FiledView:
    """File a request with its documents, whole or not at all.

    The body is `multipart/form-data`: the part `request` holds the JSON of a request as for `/requests`, every part
    with a file name is a document.
    """
    key = _fit(idempotency_key)
    filed_by = tokens.mandated(mandate, at=clock.now())
    data = await _typed_part(request)
    made: list[Filed] = []

    async def keep(tx: Transaction, documents: list[Document]) -> None:
        at = clock.now()
        made.append(await file_request(tx, territories, data, at=at, key=key, filed_by=filed_by, documents=documents))

    await receive_all(database, cause, files, await uploads_of(request), keep)
    return filed_view(made[0], tokens)


def _fit(key: str | None) -> str | None:
    """Refuse (`Invalid`) an idempotency key that is blank or long."""
    if key is not None and not 0 < len(key) <= LONGEST_KEY:
        raise Invalid.field("Idempotency-Key", f"Donnez une clé de 1 à {LONGEST_KEY} caractères.")
    return key


async def _typed_part(request: Request[Any, Any, Any]) -> NewRequest:
    """Read the request out of a multipart body; refuses with `Invalid` and `UnsupportedContent`."""
    if request.content_type[0] != FORMS[1]:
        raise UnsupportedContent(wanted=FORMS[1])
    given = (await request.form()).get("request")
    if not isinstance(given, str):
        raise Invalid.field(
            "request", "Donnez la demande en JSON dans une partie «\u00a0request\u00a0» sans nom de fichier."
        )
    return NewRequest.model_validate_json(given)


@get("/requests/{request_id:uuid}", public=True)
async def show(
    request: Request[Any, Any, Any],
    request_id: FromPath[UUID],
    database: NamedDependency[Database],
    tokens: NamedDependency[Tokens],
) -> RequestView:
    """Show where a request stands."""
    await admit(request, request_id, database, tokens)
    return request_view(await reads.tracking(database, request_id), tokens)


@post("/requests/{request_id:uuid}/messages", public=True)
async def write(
    request: Request[Any, Any, Any],
    request_id: FromPath[UUID],
    data: JSONBody[Writing],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    tokens: NamedDependency[Tokens],
) -> RequestView:
    """Write to the département."""
    await admit(request, request_id, database, tokens)
    async with database.transaction(cause) as tx:
        await follow.post_message(tx, request_id, text=data.text, at=clock.now())
    return request_view(await reads.tracking(database, request_id), tokens)


@post("/requests/{request_id:uuid}/information", public=True, status_code=200)
async def inform(
    request: Request[Any, Any, Any],
    request_id: FromPath[UUID],
    data: JSONBody[Writing],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    tokens: NamedDependency[Tokens],
) -> RequestView:
    """Give the information that the département asked for."""
    await admit(request, request_id, database, tokens)
    async with database.transaction(cause) as tx:
        await follow.provide_information(tx, request_id, text=data.text, at=clock.now())
    return request_view(await reads.tracking(database, request_id), tokens)


@post("/requests/{request_id:uuid}/withdrawal", public=True, status_code=200)
async def withdraw(
    request: Request[Any, Any, Any],
    request_id: FromPath[UUID],
    data: JSONBody[Withdrawal],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    tokens: NamedDependency[Tokens],
) -> RequestView:
    """Give the request up, before a decision."""
    await admit(request, request_id, database, tokens)
    async with database.transaction(cause) as tx:
        await follow.withdraw(tx, request_id, motive=data.motive, at=clock.now())
    return request_view(await reads.tracking(database, request_id), tokens)


@post("/requests/{request_id:uuid}/evaluation", public=True)
async def evaluate(
    request: Request[Any, Any, Any],
    request_id: FromPath[UUID],
    data: JSONBody[Opinion],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    tokens: NamedDependency[Tokens],
) -> RequestView:
    """Say what came of it, when it is asked."""
    await admit(request, request_id, database, tokens)
    async with database.transaction(cause) as tx:
        await follow.evaluate(tx, request_id, Evaluation(**data.model_dump()), at=clock.now())
    return request_view(await reads.tracking(database, request_id), tokens)


@post("/requests/{request_id:uuid}/documents", public=True, request_max_body_size=ALL_AT_ONCE)
async def join(
    request: Request[Any, Any, Any],
    request_id: FromPath[UUID],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    tokens: NamedDependency[Tokens],
    files: NamedDependency[DocumentFiles],
) -> RequestView:
    """Join files (`multipart/form-data`, one or several parts with a file name)."""
    await admit(request, request_id, database, tokens)
    await receive_all(database, cause, files, await uploads_of(request), to_request(request_id))
    return request_view(await reads.tracking(database, request_id), tokens)


@get("/requests/{request_id:uuid}/acknowledgement.pdf", public=True, media_type=PDF)
async def acknowledge(
    request: Request[Any, Any, Any],
    request_id: FromPath[UUID],
    database: NamedDependency[Database],
    tokens: NamedDependency[Tokens],
    directory: NamedDependency[Directory],
) -> Response[bytes]:
    """Give the acknowledgement as a PDF."""
    await admit(request, request_id, database, tokens)
    return await acknowledgement(request, database, directory, request_id)


@get("/requests/{request_id:uuid}/documents/{document_id:uuid}", public=True)
async def fetch(
    request: Request[Any, Any, Any],
    request_id: FromPath[UUID],
    document_id: FromPath[UUID],
    database: NamedDependency[Database],
    tokens: NamedDependency[Tokens],
    files: NamedDependency[DocumentFiles],
) -> File:
    """Fetch one document."""
    await admit(request, request_id, database, tokens)
    return attachment(files, await reads.document(database, document_id, of=request_id))


async def admit(request: Request[Any, Any, Any], request_id: UUID, database: Database, tokens: Tokens) -> None:
    """Let the holder of the request's own token in.

    Refuses with `Unauthenticated` (no token, or none that is valid now) and `NotFound` (a token for another request).
    """
    token = bearer_of(request)
    if token is None:
        raise Unauthenticated
    opened = await tokens.opens(database, token)
    if opened is None:
        raise BadToken
    if opened != request_id:
        raise NotFound


routes = Router(
    "/", route_handlers=[file, file_with_documents, show, write, inform, withdraw, evaluate, join, acknowledge, fetch]
)
