"""Pages of a tracking link: the request, its documents and forms; and the request of a new link."""

from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.background_tasks import BackgroundTask
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from litestar.response import File, Stream, Template
from pydantic import StringConstraints

from services.intake.reads import tracking as reads
from services.intake.store import requests
from services.intake.usecases.links import send_wanted_links
from services.intake.usecases.messages import ProvideInformation, provide_information
from services.intake.web.actions import COLLEAGUE, ON_COLLEAGUE, ON_REQUEST, REQUEST
from services.intake.web.context import HolderContext, VisitorContext, context_by_link
from services.intake.web.documents import (
    ALL_AT_ONCE,
    TOO_MUCH,
    Store,
    attachment,
    receive_clean_files,
    sentence_of,
    some,
    to_request,
    uploads_in,
)
from services.intake.web.pages import papers
from services.intake.web.pages.tracking_page import tracking_page
from shared import clock
from shared.commands import Command, Nothing
from shared.contracts.fact import Email
from shared.contracts.intake import Document
from shared.db import Transaction
from shared.errors import Conflict, IllegalMove, Invalid, NotFound, TooLarge, Unavailable, UnsupportedType
from shared.limits import LimitReached
from shared.web.access import PUBLIC
from shared.web.actions import page_read, page_routes
from shared.web.forms import Form, read_form
from shared.web.pages import flash, redirect, render
from shared.web.problems import problem_of, status_of
from shared.web.secret_links import AUTHORIZED_BY_LINK, WITHOUT_CSRF, private


class LinkWanted(Command):
    """Who asks for a new link."""

    number: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=30)]
    email: Email


WANTED: Final = {
    "number": "Écrivez le numéro de la demande, comme 95-2026-000123.",
    "email": "Écrivez l’adresse électronique donnée au dépôt, comme mairie@exemple.fr.",
}


@get("/suivi", public=True)
async def find(context: NamedDependency[VisitorContext]) -> Template:
    """Explain the tracking link, and offer a new one."""
    return render(context.request, "tracking/find.html", values={}, errors={})


@post("/suivi", public=True, opt=WITHOUT_CSRF)
async def send_new_link(context: NamedDependency[VisitorContext]) -> Response[Any]:
    """Send a new link if number and address belong together; the answer is the same either way."""
    form, limits = await read_form(context.request, LinkWanted), context.parts.limits
    wanted = form.model
    if wanted is None:
        form.errors = {field: WANTED.get(field, sentence) for field, sentence in form.errors.items()}
        return _find_again(context, form, 400)
    number = wanted.number.upper()
    try:
        async with context.database.transaction(context.cause) as tx:
            await limits.link(context.caller, number=number, email=wanted.email).take(tx)
            await requests.want_link(tx, number, limits.digest(wanted.email), at=clock.now())
    except LimitReached as refusal:
        form.refuse(refusal)
        page = _find_again(context, form, 429)
        page.headers.update(problem_of(refusal).headers)
        return page
    answer = redirect("/suivi/lien-envoye")
    answer.background = BackgroundTask(send_wanted_links, context.database, limits, context.cause)
    return answer


def _find_again(context: VisitorContext, form: Form[LinkWanted], status: int) -> Template:
    return render(context.request, "tracking/find.html", status_code=status, values=form.values, errors=form.errors)


@get("/suivi/lien-envoye", public=True)
async def link_sent(context: NamedDependency[VisitorContext]) -> Template:
    """Show what happens next, without revealing whether the request exists."""
    return render(context.request, "tracking/link_sent.html")


@get(f"{REQUEST.page}/imprimer")
async def print_request(context: NamedDependency[HolderContext]) -> Template:
    """Show the request as an A4 document."""
    return await tracking_page(context, template="tracking/print.html")


@get(f"{REQUEST.page}/accuse-de-reception.pdf")
async def acknowledge(context: NamedDependency[HolderContext]) -> Response[bytes]:
    """Return the acknowledgement as a PDF."""
    return await papers.acknowledgement(context)


@get(f"{REQUEST.page}/courriers/{{letter_id:uuid}}")
async def show_letter(context: NamedDependency[HolderContext], letter_id: FromPath[UUID]) -> Response[bytes]:
    """Return a letter of the département as a PDF."""
    return await papers.letter(context, letter_id)


@get(f"{REQUEST.page}/dossier.pdf")
async def show_dossier(context: NamedDependency[HolderContext]) -> Response[bytes]:
    """Return the whole request as a PDF."""
    return await papers.dossier(context)


@get(f"{REQUEST.page}/dossier.zip")
async def save_archive(context: NamedDependency[HolderContext]) -> Stream:
    """Return the whole request as a ZIP: its PDF, the letters and the documents."""
    return await papers.archive(context)


@get(f"{REQUEST.page}/documents/{{document_id:uuid}}")
async def fetch_document(context: NamedDependency[HolderContext], document_id: FromPath[UUID]) -> File:
    """Return one of the request's documents."""
    return attachment(context, await reads.document(context.database, document_id, of=context.request_id))


@post(f"{REQUEST.page}/informations", request_max_body_size=ALL_AT_ONCE)
async def provide_information_with_files(context: NamedDependency[HolderContext]) -> Response[Any]:
    """Provide what was asked for, in words and files together; files that came without words are stored."""
    form = await read_form(context.request, ProvideInformation, within="informations")
    command, store_documents = form.model, to_request(context)

    async def store(tx: Transaction, documents: list[Document]) -> None:
        await store_documents(tx, documents)
        if command is not None:
            await provide_information(context.acting(tx), command)

    refused = await _received(context, form, store, field="piece")
    if refused is not None:
        return refused
    if command is None:
        if uploads_in(form):
            flash(context.request, "Vos documents sont ajoutés.")
        return await tracking_page(context, ON_REQUEST, form=form)
    flash(context.request, "Vos informations sont envoyées. Le service départemental reprend l’examen.")
    return redirect(f"/suivi/{context.token}")


@post(f"{REQUEST.page}/documents", request_max_body_size=ALL_AT_ONCE)
async def add_documents(context: NamedDependency[HolderContext]) -> Response[Any]:
    """Add files to the request."""
    form = await read_form(context.request, Nothing)
    refused = await _received(context, form, to_request(context), field="document", required=True)
    if refused is not None:
        return refused
    flash(
        context.request, "Votre document est ajouté." if len(uploads_in(form)) == 1 else "Vos documents sont ajoutés."
    )
    return redirect(f"/suivi/{context.token}#documents")


async def _received(
    context: HolderContext, form: Form[Any], store: Store, *, field: str, required: bool = False
) -> Template | None:
    """Receive the files of a form; return the page again, with what is wrong at the `field`, when they are refused."""
    uploads = uploads_in(form)
    try:
        await receive_clean_files(context, some(uploads) if required else uploads, store, once=form.fingerprint)
    except (Invalid, TooLarge, UnsupportedType, Conflict, Unavailable) as refusal:
        form.errors["" if isinstance(refusal, IllegalMove) else field] = sentence_of(refusal)
        page = await tracking_page(context, ON_REQUEST, form=form, status_code=status_of(refusal))
        page.headers.update(problem_of(refusal).headers)
        return page
    return None


def link_closed(request: Request[Any, Any, Any], _: NotFound) -> Template:
    """Show that a link opens nothing (any more), and how to get one that does."""
    return private(render(request, "tracking/closed_link.html", status_code=404))


routes = Router("/", route_handlers=[find, send_new_link, link_sent])
behind_the_link = Router(
    "/",
    route_handlers=[
        page_read(REQUEST),
        print_request,
        acknowledge,
        show_letter,
        show_dossier,
        save_archive,
        fetch_document,
        *page_routes(REQUEST, ON_REQUEST),
        *page_routes(COLLEAGUE, ON_COLLEAGUE),
        provide_information_with_files,
        add_documents,
    ],
    dependencies={"context": Provide(context_by_link)},
    exception_handlers={NotFound: link_closed, **TOO_MUCH},
    opt={PUBLIC: True, **AUTHORIZED_BY_LINK},
)
