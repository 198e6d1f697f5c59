"""The documents of a draft: joined before filing, looked at, taken out again."""

import hashlib
from dataclasses import replace
from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from litestar.response import File
from pydantic import BaseModel

from services.intake.limits import Caller, DraftsFull, Limits
from services.intake.store import draft_documents
from services.intake.store.files import DocumentFiles
from services.intake.usecases.drafts import join_document, leave_out, save_draft
from services.intake.web.documents import ALL_AT_ONCE, TOO_MUCH, attachment, receive_all
from services.intake.web.pages import form_shown as shown
from services.intake.web.pages.answers import BY_NAME, FILED, SUMMARY
from services.intake.web.pages.draft import DraftGone, OpenDraft, draft_gone, provide_draft
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
from shared.web.forms import Form, read_form
from shared.web.pages import flash, redirect
from shared.web.problems import problem_of, status_of
from shared.web.secrets import LINK_ALONE, private

Asked = Request[Any, Any, Any]
STEP = BY_NAME["documents"]


class Joined(BaseModel):
    """A form that holds files, and says whether `more` are to follow."""

    more: bool = False


@get("/demande/{token:str}/documents", public=True)
async def show(request: Asked, draft: NamedDependency[OpenDraft]) -> Response[Any]:
    """Show what is joined, and ask for more."""
    if draft.held.request_id is not None:
        return redirect(draft.address(FILED))
    return shown.question(request, draft, STEP, {})


@post("/demande/{token:str}/documents", public=True, request_max_body_size=ALL_AT_ONCE)
async def join(
    request: Asked,
    draft: NamedDependency[OpenDraft],
    files: NamedDependency[DocumentFiles],
    caller: NamedDependency[Caller],
    limits: NamedDependency[Limits],
) -> Response[Any]:
    """Keep the files that can be kept, name those that cannot; go on if all is well and no more are to follow."""
    if draft.held.request_id is not None:
        return redirect(draft.address(FILED))
    form = await read_form(request, Joined)
    uploads = [upload for given in form.files.values() for upload in given]
    more = form.model is not None and form.model.more
    if more and not uploads:
        return await _wrong(request, draft, 400, ["Choisissez d’abord un fichier."])
    counted = limits, replace(caller, exempt=draft.held.filed_by is not None)
    refused = await _keep_each(draft, files, form, uploads, counted)
    if refused:
        if len(refused) < len(uploads):
            flash(request, "Les autres fichiers sont joints.")
        sentences = [_named(name, refusal) for name, refusal in refused]
        page = await _wrong(request, draft, status_of(refused[0][1]), sentences)
        page.headers.update(problem_of(refused[0][1]).headers)
        return page
    async with draft.database.transaction(draft.cause) as tx:
        await save_draft(tx, draft.held.id, {STEP.name: "seen"}, at=clock.now())
    if more:
        flash(request, "Votre document est joint." if len(uploads) == 1 else "Vos documents sont joints.")
    return redirect(draft.address(STEP.name if more else SUMMARY))


@post("/demande/{token:str}/documents/{document_id:uuid}/retrait", public=True)
async def take_out(
    request: Asked,
    draft: NamedDependency[OpenDraft],
    document_id: FromPath[UUID],
    files: NamedDependency[DocumentFiles],
) -> Response[Any]:
    """Take one out; done twice, it is out."""
    async with draft.database.transaction(draft.cause) as tx:
        taken = await leave_out(tx, draft.held.id, document_id)
        today = (await db.now(tx)).date()
    if taken:
        files.move_to_trash([document_id], on=today)
        flash(request, "Le document est retiré.")
    return redirect(draft.address(STEP.name))


@get("/demande/{token:str}/documents/{document_id:uuid}", public=True)
async def fetch(
    draft: NamedDependency[OpenDraft], document_id: FromPath[UUID], files: NamedDependency[DocumentFiles]
) -> File:
    """Give one back, to be looked at before filing."""
    document = await draft_documents.document(draft.database, document_id, of=draft.held.id)
    return private(attachment(files, document))


async def _keep_each(
    draft: OpenDraft,
    files: DocumentFiles,
    form: Form[Joined],
    uploads: list[UploadFile],
    counted: tuple[Limits, Caller],
) -> list[tuple[str, Refusal]]:
    """Keep the files one by one, so that a wrong one costs no other; give those that were refused, by name."""
    limits, caller = counted

    async def keep(tx: Transaction, documents: list[Document]) -> None:
        for document in documents:
            quota = limits.draft_bytes(caller, document.size)
            await join_document(tx, draft.held.id, document, quota=quota, all_drafts=limits.settings.draft_bytes)

    refused: list[tuple[str, Refusal]] = []
    for place, upload in enumerate(uploads):
        once = hashlib.sha256(form.fingerprint + place.to_bytes(4)).digest()
        try:
            await receive_all(draft.database, draft.cause, files, [upload], keep, once=once)
        except (Invalid, TooLarge, UnsupportedType, Conflict, TooManyRequests, DraftsFull, Unavailable) as refusal:
            refused.append((upload.filename, refusal))
    return refused


def _named(name: str, refusal: Refusal) -> str:
    said = refusal.errors[0].message if isinstance(refusal, Invalid) and refusal.errors else refusal.detail
    return said if isinstance(refusal, FileInfected) else f"«\u00a0{name}\u00a0»\u00a0: {said}"


async def _wrong(request: Asked, draft: OpenDraft, status: int, sentences: list[str]) -> Response[Any]:
    """Show the page again, with the files that are there."""
    documents = await draft_documents.of_draft(draft.database, draft.held.id)
    errors = [FieldError("document", sentence) for sentence in sentences]
    return shown.question(request, draft, STEP, {}, errors=errors, documents=documents, status_code=status)


routes = Router(
    "/",
    route_handlers=[show, join, take_out, fetch],
    dependencies={"draft": Provide(provide_draft)},
    exception_handlers={DraftGone: draft_gone, **TOO_MUCH},
    opt=LINK_ALONE,
)
