"""Pages of a draft's documents: attach, open and remove files before filing."""

import hashlib
from typing import Any
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import File
from pydantic import BaseModel

from services.intake.store import draft_documents
from services.intake.usecases.drafts import join_document, leave_out, save_draft
from services.intake.usecases.limits import DraftsFull
from services.intake.web.documents import ALL_AT_ONCE, TOO_MUCH, attachment, receive_all, sentence_of, uploads_in
from services.intake.web.pages import form_shown as shown
from services.intake.web.pages.answers import BY_NAME, FILED, SUMMARY
from services.intake.web.pages.draft import BY_DRAFT, DraftContext, DraftGone, draft_gone
from shared import clock, db
from shared.antivirus import FileInfected
from shared.contracts.intake import Document
from shared.db import Transaction
from shared.errors import (
    Conflict,
    FieldError,
    Invalid,
    Refusal,
    TooLarge,
    TooManyRequests,
    Unavailable,
    UnsupportedType,
)
from shared.web.access import PUBLIC
from shared.web.forms import Form, read_form
from shared.web.pages import flash, redirect
from shared.web.problems import problem_of, status_of
from shared.web.secret_links import AUTHORIZED_BY_LINK, private

STEP = BY_NAME["documents"]


class Joined(BaseModel):
    """A form that holds files, and says whether `more` are to follow."""

    more: bool = False


@get("/demande/{token:str}/documents")
async def show(context: NamedDependency[DraftContext]) -> Response[Any]:
    """Show what is joined, and ask for more."""
    if context.draft.request_id is not None:
        return redirect(context.address(FILED))
    return shown.question(context, STEP, context.read())


@post("/demande/{token:str}/documents", request_max_body_size=ALL_AT_ONCE)
async def join(context: NamedDependency[DraftContext]) -> Response[Any]:
    """Store the files that can be stored, name those that cannot; go on if all is well and no more are to follow."""
    if context.draft.request_id is not None:
        return redirect(context.address(FILED))
    form = await read_form(context.request, Joined)
    uploads = uploads_in(form)
    more = form.model is not None and form.model.more
    if more and not uploads:
        return await _wrong(context, 400, ["Choisissez d’abord un fichier."])
    refused = await _store_each(context, form)
    if refused:
        if len(refused) < len(uploads):
            flash(context.request, "Les autres fichiers sont joints.")
        sentences = [_named(name, refusal) for name, refusal in refused]
        page = await _wrong(context, status_of(refused[0][1]), sentences)
        page.headers.update(problem_of(refused[0][1]).headers)
        return page
    async with context.database.transaction(context.cause) as tx:
        await save_draft(tx, context.draft.id, {STEP.name: "seen"}, at=clock.now())
    if more:
        flash(context.request, "Votre document est joint." if len(uploads) == 1 else "Vos documents sont joints.")
    return redirect(context.address(STEP.name if more else SUMMARY))


@post("/demande/{token:str}/documents/{document_id:uuid}/retrait")
async def take_out(context: NamedDependency[DraftContext], document_id: FromPath[UUID]) -> Response[Any]:
    """Remove a document from the draft; may be repeated."""
    async with context.database.transaction(context.cause) as tx:
        taken = await leave_out(tx, context.draft.id, document_id)
        today = (await db.now(tx)).date()
    if taken:
        context.parts.files.move_to_trash([document_id], on=today)
        flash(context.request, "Le document est retiré.")
    return redirect(context.address(STEP.name))


@get("/demande/{token:str}/documents/{document_id:uuid}")
async def fetch(context: NamedDependency[DraftContext], document_id: FromPath[UUID]) -> File:
    """Return a document of the draft, to be read before filing."""
    document = await draft_documents.document(context.database, document_id, of=context.draft.id)
    return private(attachment(context, document))


async def _store_each(context: DraftContext, form: Form[Joined]) -> list[tuple[str, Refusal]]:
    """Store the files one by one, so that a wrong one costs no other; return those that were refused, by name."""
    limits, filer = context.parts.limits, context.filer

    async def store(tx: Transaction, documents: list[Document]) -> None:
        for document in documents:
            quota = limits.draft_bytes(filer, document.size)
            await join_document(tx, context.draft.id, document, quota=quota, all_drafts=limits.settings.draft_bytes)

    refused: list[tuple[str, Refusal]] = []
    for place, upload in enumerate(uploads_in(form)):
        once = hashlib.sha256(form.fingerprint + place.to_bytes(4)).digest()
        try:
            await receive_all(context, [upload], store, once=once)
        except (Invalid, TooLarge, UnsupportedType, Conflict, TooManyRequests, DraftsFull, Unavailable) as refusal:
            refused.append((upload.filename, refusal))
    return refused


def _named(name: str, refusal: Refusal) -> str:
    sentence = sentence_of(refusal)
    return sentence if isinstance(refusal, FileInfected) else f"«\u00a0{name}\u00a0»\u00a0: {sentence}"


async def _wrong(context: DraftContext, status: int, sentences: list[str]) -> Response[Any]:
    """Show the page again, with the files that are there."""
    documents = await draft_documents.of_draft(context.database, context.draft.id)
    wrong = shown.Wrong([FieldError("document", sentence) for sentence in sentences], status)
    return shown.question(context, STEP, context.read(), wrong=wrong, documents=documents)


routes = Router(
    "/",
    route_handlers=[show, join, take_out, fetch],
    dependencies=BY_DRAFT,
    exception_handlers={DraftGone: draft_gone, **TOO_MUCH},
    opt={PUBLIC: True, **AUTHORIZED_BY_LINK},
)
