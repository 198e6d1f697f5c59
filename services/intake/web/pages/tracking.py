"""The tracking page: one thread, who has the request in hand, what is expected, and what the applicant may do."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import File, Template
from pydantic import BaseModel, Field, StringConstraints

from services.intake.directory import Directory
from services.intake.domain.media_types import EXTENSIONS
from services.intake.domain.request import Evaluation
from services.intake.reads import tracking as reads
from services.intake.store.files import DocumentFiles
from services.intake.usecases import follow
from services.intake.web.documents import ALL_AT_ONCE, attachment, receive_all, some
from services.intake.web.pages.tracking_words import View
from services.intake.web.secrets import private
from services.intake.web.tokens import Tokens
from shared import clock
from shared.calendar import time_zone
from shared.contracts.fact import Email
from shared.db import Cause, Database, Transaction
from shared.errors import Conflict, Invalid, NotFound, Refusal, TooLarge, UnsupportedType
from shared.web.forms import Form, read_form, submit_once
from shared.web.pages import flash, redirect, render

Asked = Request[Any, Any, Any]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)]
ShortText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4_000)]
Figure = Annotated[int, Field(ge=1, le=5)]

ACCEPTED = ",".join(ending for endings in EXTENSIONS.values() for ending in endings)


class Written(BaseModel):
    """A message."""

    text: Text


class Informed(BaseModel):
    """What was asked for."""

    information: Text


class Withdrawn(BaseModel):
    """Why, and that the consequence was understood."""

    motive: Text
    understood: bool


class Opinion(BaseModel):
    """The evaluation form."""

    need_met: Figure
    progress: Figure
    satisfaction: Figure
    impact: ShortText | None = None
    comment: ShortText | None = None


class Nothing(BaseModel):
    """A form that only holds files."""


class LinkWanted(BaseModel):
    """Who asks for a new link."""

    number: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=30)]
    email: Email


@get("/suivi", public=True)
async def find(request: Asked) -> Template:
    """Explain the tracking link, and offer a new one."""
    return render(request, "tracking/find.html", values={}, errors={})


@post("/suivi", public=True)
async def send_new_link(
    request: Asked, database: NamedDependency[Database], cause: NamedDependency[Cause]
) -> Response[Any]:
    """Send a new link if number and address belong together; the answer is the same either way."""
    form = await read_form(request, LinkWanted)
    wanted = form.model
    if wanted is None:
        return render(request, "tracking/find.html", status_code=400, values=form.values, errors=form.errors)
    async with database.transaction(cause) as tx:
        await follow.replace_link(tx, number=wanted.number, email=wanted.email, at=clock.now())
    return redirect("/suivi/lien-envoye")


@get("/suivi/lien-envoye", public=True)
async def link_sent(request: Asked) -> Template:
    """Say what happens now, without saying whether the request exists."""
    return render(request, "tracking/link_sent.html")


@get("/suivi/{token:str}", public=True)
async def show(
    request: Asked,
    token: FromPath[str],
    database: NamedDependency[Database],
    tokens: NamedDependency[Tokens],
    directory: NamedDependency[Directory],
) -> Response[Any]:
    """Show the request to whoever holds its link."""
    request_id = await tokens.opens(database, token)
    if request_id is None:
        return private(render(request, "tracking/closed_link.html", status_code=404))
    return await _page(request, token, request_id, database, directory)


@get("/suivi/{token:str}/imprimer", public=True)
async def print_it(
    request: Asked,
    token: FromPath[str],
    database: NamedDependency[Database],
    tokens: NamedDependency[Tokens],
    directory: NamedDependency[Directory],
) -> Response[Any]:
    """Show the request as an A4 document."""
    request_id = await tokens.opens(database, token)
    if request_id is None:
        return private(render(request, "tracking/closed_link.html", status_code=404))
    return await _page(request, token, request_id, database, directory, template="tracking/print.html")


@get("/suivi/{token:str}/documents/{document_id:uuid}", public=True)
async def fetch(
    token: FromPath[str],
    document_id: FromPath[UUID],
    database: NamedDependency[Database],
    tokens: NamedDependency[Tokens],
    files: NamedDependency[DocumentFiles],
) -> File:
    """Give one of the request's documents."""
    request_id = await _opened(database, tokens, token)
    return attachment(files, await reads.document(database, document_id, of=request_id))


@post("/suivi/{token:str}/messages", public=True)
async def write(
    request: Asked,
    token: FromPath[str],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    tokens: NamedDependency[Tokens],
    directory: NamedDependency[Directory],
) -> Response[Any]:
    """Write to the département."""
    request_id = await _opened(database, tokens, token)
    form = await read_form(request, Written)

    async def act(tx: Transaction, model: Written) -> None:
        await follow.post_message(tx, request_id, text=model.text, at=clock.now())

    return await _do(request, token, request_id, form, act, database, cause, directory, "Votre message est envoyé.")


@post("/suivi/{token:str}/informations", public=True)
async def inform(
    request: Asked,
    token: FromPath[str],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    tokens: NamedDependency[Tokens],
    directory: NamedDependency[Directory],
) -> Response[Any]:
    """Give what was asked for."""
    request_id = await _opened(database, tokens, token)
    form = await read_form(request, Informed)

    async def act(tx: Transaction, model: Informed) -> None:
        await follow.provide_information(tx, request_id, text=model.information, at=clock.now())

    said = "Vos informations sont envoyées. Le service départemental reprend l’examen."
    return await _do(request, token, request_id, form, act, database, cause, directory, said)


@post("/suivi/{token:str}/retrait", public=True)
async def withdraw(
    request: Asked,
    token: FromPath[str],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    tokens: NamedDependency[Tokens],
    directory: NamedDependency[Directory],
) -> Response[Any]:
    """Give the request up."""
    request_id = await _opened(database, tokens, token)
    form = await read_form(request, Withdrawn)
    if "understood" in form.errors:
        form.errors["understood"] = "Cochez cette case pour confirmer le retrait."

    async def act(tx: Transaction, model: Withdrawn) -> None:
        await follow.withdraw(tx, request_id, motive=model.motive, at=clock.now())

    return await _do(request, token, request_id, form, act, database, cause, directory, "Votre demande est retirée.")


@post("/suivi/{token:str}/evaluation", public=True)
async def evaluate(
    request: Asked,
    token: FromPath[str],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    tokens: NamedDependency[Tokens],
    directory: NamedDependency[Directory],
) -> Response[Any]:
    """Say what came of it."""
    request_id = await _opened(database, tokens, token)
    form = await read_form(request, Opinion)

    async def act(tx: Transaction, model: Opinion) -> None:
        await follow.evaluate(tx, request_id, Evaluation(**model.model_dump()), at=clock.now())

    said = "Merci\u00a0! Votre avis est transmis au département et à l’équipe nationale."
    return await _do(request, token, request_id, form, act, database, cause, directory, said)


@post("/suivi/{token:str}/documents", public=True, request_max_body_size=ALL_AT_ONCE)
async def join(
    request: Asked,
    token: FromPath[str],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    tokens: NamedDependency[Tokens],
    directory: NamedDependency[Directory],
    files: NamedDependency[DocumentFiles],
) -> Response[Any]:
    """Join files."""
    request_id = await _opened(database, tokens, token)
    form = await read_form(request, Nothing)
    uploads = [upload for given in form.files.values() for upload in given]
    try:
        await receive_all(database, cause, files, request_id, some(uploads), once=form.fingerprint)
    except (Invalid, TooLarge, UnsupportedType, Conflict) as refusal:
        return await _refused(request, token, request_id, form, refusal, database, directory, field="document")
    flash(request, "Votre document est ajouté." if len(uploads) == 1 else "Vos documents sont ajoutés.")
    return redirect(f"/suivi/{token}#documents")


async def _opened(database: Database, tokens: Tokens, token: str) -> UUID:
    request_id = await tokens.opens(database, token)
    if request_id is None:
        raise NotFound
    return request_id


async def _do(
    request: Asked,
    token: str,
    request_id: UUID,
    form: Form[Any],
    act: Callable[[Transaction, Any], Awaitable[None]],
    database: Database,
    cause: Cause,
    directory: Directory,
    said: str,
) -> Response[Any]:
    """Act once, or show the page again with what was typed and what is wrong."""
    model = form.model
    if model is None:
        return await _page(request, token, request_id, database, directory, form=form)

    async def act_once(tx: Transaction) -> str:
        await act(tx, model)
        return ""  # the secret link is kept nowhere

    try:
        await submit_once(database, form, act_once, cause=cause)
    except Conflict as refusal:
        return await _refused(request, token, request_id, form, refusal, database, directory)
    flash(request, said)
    return redirect(f"/suivi/{token}")


async def _refused(
    request: Asked,
    token: str,
    request_id: UUID,
    form: Form[Any],
    refusal: Refusal,
    database: Database,
    directory: Directory,
    *,
    field: str = "",
) -> Response[Any]:
    status = next(
        code
        for kind, code in ((Invalid, 400), (TooLarge, 413), (UnsupportedType, 415), (Refusal, 409))
        if isinstance(refusal, kind)
    )
    form.errors[field] = refusal.errors[0].message if isinstance(refusal, Invalid) else refusal.detail
    return await _page(request, token, request_id, database, directory, form=form, status_code=status)


async def _page(
    request: Asked,
    token: str,
    request_id: UUID,
    database: Database,
    directory: Directory,
    *,
    form: Form[Any] | None = None,
    status_code: int = 400,
    template: str = "tracking/show.html",
) -> Template:
    tracking = await reads.tracking(database, request_id)
    zone = time_zone(tracking.departement)
    page = render(
        request,
        template,
        status_code=status_code if form else 200,
        address=f"/suivi/{token}",
        tracking=tracking,
        view=View(tracking, directory.service(tracking.departement)),
        accepted=ACCEPTED,
        values=form.values if form else {},
        errors=form.errors if form else {},
        today=clock.now().astimezone(zone).date(),
    )
    return private(page)


routes = Router(
    "/",
    route_handlers=[
        find,
        send_new_link,
        link_sent,
        show,
        print_it,
        fetch,
        write,
        inform,
        withdraw,
        evaluate,
        join,
    ],
)
