"""What the applicant of a request, or a colleague whom he invited, does by program; each by his own token."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath, JSONBody
from litestar.response import File
from pydantic import Field, StringConstraints

from services.intake.directory import Directory
from services.intake.domain.colleagues import Holder
from services.intake.domain.request import Evaluation
from services.intake.limits import Caller, Limits
from services.intake.reads import tracking as reads
from services.intake.store.files import DocumentFiles
from services.intake.usecases import follow, share
from services.intake.web.api.views import RequestView, request_view
from services.intake.web.callers import opened_by
from services.intake.web.documents import ALL_AT_ONCE, attachment, receive_all, to_request, uploads_of
from services.intake.web.pages.acknowledgement import acknowledgement
from services.intake.web.tokens import Tokens
from shared import clock
from shared.allowance import Allowance
from shared.commands import Command
from shared.contracts.fact import Email
from shared.db import Cause, Database
from shared.errors import NotFound, Unauthenticated
from shared.territory.territories import Territories
from shared.web.access import BadToken, Connection, bearer_of, cause_of
from shared.web.paper import PDF

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)]
ShortText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4_000)]
Figure = Annotated[int, Field(ge=1, le=5)]
Percent = Annotated[int, Field(ge=0, le=100)]


class Writing(Command):
    """A message, or the information that was asked for."""

    text: Text


class Progress(Command):
    """How the work goes, of one milestone or of all of it; `percent` done, if it can be said."""

    text: Text
    percent: Percent | None = None
    milestone_id: UUID | None = None


class Withdrawal(Command):
    """Why the applicant gives his request up."""

    motive: Text


class Invitation(Command):
    """Whom the applicant lets follow his request and act on it."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    email: Email


class Opinion(Command):
    """What came of it; figures from 1 (not at all) to 5 (entirely)."""

    need_met: Figure
    progress: Figure
    satisfaction: Figure
    impact: ShortText | None = None
    comment: ShortText | None = None


@get("/requests/{request_id:uuid}", public=True, own_bearer=True)
async def show(
    request: Request[Any, Any, Any],
    request_id: FromPath[UUID],
    database: NamedDependency[Database],
    tokens: NamedDependency[Tokens],
) -> RequestView:
    """Show where a request stands."""
    holder = await admit(request, request_id, database, tokens)
    return await _view(holder, database, tokens)


@post("/requests/{request_id:uuid}/messages", public=True, own_bearer=True)
async def write(
    request: Request[Any, Any, Any],
    request_id: FromPath[UUID],
    data: JSONBody[Writing],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    tokens: NamedDependency[Tokens],
    allowance: NamedDependency[Allowance],
) -> RequestView:
    """Write to the département."""
    holder = await admit(request, request_id, database, tokens)
    async with database.transaction(cause) as tx:
        await follow.post_message(tx, holder, text=data.text, at=clock.now(), allowance=allowance)
    return await _view(holder, database, tokens)


@post("/requests/{request_id:uuid}/messages/read", public=True, own_bearer=True, status_code=200)
async def read(
    request: Request[Any, Any, Any],
    request_id: FromPath[UUID],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    tokens: NamedDependency[Tokens],
) -> RequestView:
    """Say that the caller has read the messages that are there."""
    holder = await admit(request, request_id, database, tokens)
    async with database.transaction(cause) as tx:
        await follow.read_messages(tx, holder)
    return await _view(holder, database, tokens)


@post("/requests/{request_id:uuid}/information", public=True, own_bearer=True, status_code=200)
async def inform(
    request: Request[Any, Any, Any],
    request_id: FromPath[UUID],
    data: JSONBody[Writing],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    tokens: NamedDependency[Tokens],
) -> RequestView:
    """Give the information that the département asked for."""
    holder = await admit(request, request_id, database, tokens)
    async with database.transaction(cause) as tx:
        await follow.provide_information(tx, holder, text=data.text, at=clock.now())
    return await _view(holder, database, tokens)


@post("/requests/{request_id:uuid}/progress", public=True, own_bearer=True)
async def tell_progress(
    request: Request[Any, Any, Any],
    request_id: FromPath[UUID],
    data: JSONBody[Progress],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    tokens: NamedDependency[Tokens],
    allowance: NamedDependency[Allowance],
) -> RequestView:
    """Tell how the work goes, while the request is accompanied."""
    holder = await admit(request, request_id, database, tokens)
    async with database.transaction(cause) as tx:
        await follow.tell_progress(tx, holder, **dict(data), at=clock.now(), allowance=allowance)
    return await _view(holder, database, tokens)


@post("/requests/{request_id:uuid}/withdrawal", public=True, own_bearer=True, status_code=200)
async def withdraw(
    request: Request[Any, Any, Any],
    request_id: FromPath[UUID],
    data: JSONBody[Withdrawal],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    tokens: NamedDependency[Tokens],
) -> RequestView:
    """Give the request up, before a decision."""
    holder = await admit(request, request_id, database, tokens)
    async with database.transaction(cause) as tx:
        await follow.withdraw(tx, holder, motive=data.motive, at=clock.now())
    return await _view(holder, database, tokens)


@post("/requests/{request_id:uuid}/colleagues", public=True, own_bearer=True)
async def invite(
    request: Request[Any, Any, Any],
    request_id: FromPath[UUID],
    data: JSONBody[Invitation],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    tokens: NamedDependency[Tokens],
    caller: NamedDependency[Caller],
    limits: NamedDependency[Limits],
) -> RequestView:
    """Invite a colleague to follow the request and act on it; a link of his own is sent to him."""
    holder = await admit(request, request_id, database, tokens)
    quota = limits.invitation(caller, request_id, data.email)
    async with database.transaction(cause) as tx:
        await share.invite_colleague(tx, holder, name=data.name, email=data.email, at=clock.now(), quota=quota)
    return await _view(holder, database, tokens)


@post(
    "/requests/{request_id:uuid}/colleagues/{colleague_id:uuid}/removal",
    public=True,
    own_bearer=True,
    status_code=200,
)
async def remove(
    request: Request[Any, Any, Any],
    request_id: FromPath[UUID],
    colleague_id: FromPath[UUID],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    tokens: NamedDependency[Tokens],
) -> RequestView:
    """Take an invitation back: the colleague's link and token open nothing any more."""
    holder = await admit(request, request_id, database, tokens)
    async with database.transaction(cause) as tx:
        await share.remove_colleague(tx, holder, colleague_id, at=clock.now())
    return await _view(holder, database, tokens)


@post("/requests/{request_id:uuid}/evaluation", public=True, own_bearer=True)
async def evaluate(
    request: Request[Any, Any, Any],
    request_id: FromPath[UUID],
    data: JSONBody[Opinion],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    tokens: NamedDependency[Tokens],
) -> RequestView:
    """Say what came of it, when it is asked."""
    holder = await admit(request, request_id, database, tokens)
    async with database.transaction(cause) as tx:
        await follow.evaluate(tx, holder, Evaluation(**data.model_dump()), at=clock.now())
    return await _view(holder, database, tokens)


@post("/requests/{request_id:uuid}/documents", public=True, own_bearer=True, request_max_body_size=ALL_AT_ONCE)
async def join(
    request: Request[Any, Any, Any],
    request_id: FromPath[UUID],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    tokens: NamedDependency[Tokens],
    files: NamedDependency[DocumentFiles],
) -> RequestView:
    """Join files (`multipart/form-data`, one or several parts with a file name)."""
    holder = await admit(request, request_id, database, tokens)
    await receive_all(database, cause, files, await uploads_of(request), to_request(holder))
    return await _view(holder, database, tokens)


@get("/requests/{request_id:uuid}/acknowledgement.pdf", public=True, own_bearer=True, media_type=PDF)
async def acknowledge(
    request: Request[Any, Any, Any],
    request_id: FromPath[UUID],
    database: NamedDependency[Database],
    tokens: NamedDependency[Tokens],
    directory: NamedDependency[Directory],
    territories: NamedDependency[Territories],
    caller: NamedDependency[Caller],
    limits: NamedDependency[Limits],
) -> Response[bytes]:
    """Give the acknowledgement as a PDF."""
    await admit(request, request_id, database, tokens)
    quota = limits.pdf(caller, request_id)
    return await acknowledgement(request, database, directory, territories, request_id, quota)


@get("/requests/{request_id:uuid}/documents/{document_id:uuid}", public=True, own_bearer=True)
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


async def with_a_token(connection: Connection, _: BaseRouteHandler) -> None:
    """Refuse (`Unauthenticated`) a call without a token before its body is read."""
    if bearer_of(connection) is None:
        raise Unauthenticated


async def admit(request: Request[Any, Any, Any], request_id: UUID, database: Database, tokens: Tokens) -> Holder:
    """Let the holder of a token of this request in: the applicant, or a colleague whom he invited.

    Refuses with `Unauthenticated` (no token, or none that is valid now) and `NotFound` (a token for another request).
    """
    token = bearer_of(request)
    if token is None:
        raise Unauthenticated
    holder = await opened_by(token, database, cause_of(request), tokens)
    if holder is None:
        raise BadToken
    if holder.request_id != request_id:
        raise NotFound
    return holder


async def _view(holder: Holder, database: Database, tokens: Tokens) -> RequestView:
    """Show the request as it is now to whoever holds a token of it."""
    tracking = await reads.tracking(database, holder.request_id, colleague_id=holder.colleague_id)
    return request_view(tracking, tokens, holder)


routes = Router(
    "/",
    route_handlers=[
        show,
        write,
        read,
        inform,
        tell_progress,
        withdraw,
        invite,
        remove,
        evaluate,
        join,
        acknowledge,
        fetch,
    ],
    guards=[with_a_token],
)
