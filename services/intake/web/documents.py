"""Upload and download documents, for pages and API."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import structlog
from litestar import Request
from litestar.datastructures import UploadFile
from litestar.response import File, Redirect
from litestar.types import ExceptionHandlersMap

from services.intake import metrics
from services.intake.store.files import Received
from services.intake.usecases.documents import add_document
from services.intake.web.context import HolderContext, VisitorContext
from shared import clock
from shared.antivirus import FileInfected, SignatureFoundError
from shared.contracts.intake import Document
from shared.db import CONFLICTS, Transaction, retry_conflicts
from shared.documents import EXTENSIONS, LARGEST_REQUEST, tidy_name
from shared.errors import Invalid, Refusal
from shared.web.access import MULTIPART, require_content
from shared.web.forms import Form, claim
from shared.web.pages import flash, redirect
from shared.web.problems import Busy

log = structlog.get_logger(__name__)

ALL_AT_ONCE: Final = LARGEST_REQUEST + 1024 * 1024
"""Bytes that one upload may be: all documents of a request, and what multipart puts around them."""

ACCEPTED: Final = ",".join(ending for endings in EXTENSIONS.values() for ending in endings)
"""What a browser offers to choose from."""

Store = Callable[[Transaction, list[Document]], Awaitable[None]]
"""What becomes of documents whose bytes lie on the disk."""


class _SentBefore(Exception):
    """The same form came twice."""


async def uploads_of(request: Request[Any, Any, Any]) -> list[UploadFile]:
    """Read the files of a multipart body; refuses with `UnsupportedContent`, and with `Invalid` when there is none."""
    require_content(request, MULTIPART)
    sent = await request.form()
    return some([item for _, item in sent.multi_items() if isinstance(item, UploadFile) and item.filename])


def uploads_in(form: Form[Any]) -> list[UploadFile]:
    """Return the files of a page's form."""
    return [upload for given in form.files.values() for upload in given]


def sentence_of(refusal: Refusal) -> str:
    """Return why files are refused: what is wrong with them, or else the refusal itself."""
    return refusal.errors[0].message if isinstance(refusal, Invalid) and refusal.errors else refusal.detail


def some(uploads: list[UploadFile]) -> list[UploadFile]:
    """Refuse (`Invalid`) an upload without any file."""
    if not uploads:
        raise Invalid.field("document", "Choisissez un fichier à envoyer.")
    return uploads


async def receive_all(
    context: VisitorContext, uploads: list[UploadFile], store: Store, *, once: bytes | None = None
) -> None:
    """Write files down and `store` them in one transaction, all of them or none.

    With a form's fingerprint (`once`) only the first time it comes. Refuses with `FileInfected` when the scanner finds
    something in one of them: nothing is stored then, but all were scanned.
    """
    try:
        async with AsyncExitStack() as stack:
            documents, infected = [], []
            at = clock.now()
            for upload in uploads:
                document_id = clock.new_id()
                await upload.seek(0)  # an attempt before this one may have read it
                try:
                    received = await stack.enter_async_context(context.parts.files.receiving(document_id, upload.read))
                except SignatureFoundError as found:
                    log.warning("document.infected", document_id=str(document_id), found=str(found))
                    metrics.INFECTED.inc()
                    infected.append(upload.filename)
                    continue
                documents.append(_document(document_id, upload.filename, received, at=at))
            if infected:
                raise FileInfected(infected)

            async def store_all() -> None:
                async with context.database.transaction(context.cause) as tx:
                    await _only_once(tx, once, at=at)
                    await store(tx, documents)

            await retry_conflicts(store_all)
    except _SentBefore:
        return
    except CONFLICTS as conflict:
        raise Busy from conflict


async def receive_clean_files(context: HolderContext, uploads: list[UploadFile], store: Store, *, once: bytes) -> None:
    """Do as `receive_all`; files that came with an infected one are added to the request all the same."""
    try:
        await receive_all(context, uploads, store, once=once)
    except FileInfected as refusal:
        others = [upload for upload in uploads if upload.filename not in refusal.names]
        if others:
            await receive_all(context, others, to_request(context), once=once)
        raise


def _document(document_id: UUID, name: str, received: Received, *, at: datetime) -> Document:
    return Document(
        id=document_id,
        name=tidy_name(name, received.media_type),
        media_type=received.media_type,
        size=received.size,
        sha256=received.sha256,
        added_at=at,
    )


async def _only_once(tx: Transaction, fingerprint: bytes | None, *, at: datetime) -> None:
    if fingerprint is not None and not await claim(tx, fingerprint, at=at):
        raise _SentBefore


def to_request(context: HolderContext) -> Store:
    """Add documents to a request that was filed."""

    async def store(tx: Transaction, documents: list[Document]) -> None:
        for document in documents:
            await add_document(replace(context.acting(tx), at=document.added_at), document)

    return store


def too_much_at_once(request: Request[Any, Any, Any], _: Exception) -> Redirect:
    """Lead back to the page whose files were refused unread, for they were too large together."""
    flash(
        request,
        "Ces fichiers sont trop volumineux ensemble\u00a0: ils ne sont pas arrivés. Envoyez-en moins à la fois.",
        "danger",
    )
    path = request.url.path
    return redirect(path if path.startswith("/demande/") else f"{path.rsplit('/', 1)[0]}#documents")


TOO_MUCH: Final[ExceptionHandlersMap] = {413: too_much_at_once}
"""What pages that take files do when there is more than they may receive."""


def attachment(context: VisitorContext, document: Document) -> File:
    """Return a document to be saved, never shown: it was written by people we do not know."""
    return File(
        context.parts.files.locate(document.id),
        filename=document.name,
        media_type=document.media_type,
        content_disposition_type="attachment",
        headers={"Content-Security-Policy": "sandbox; default-src 'none'", "Referrer-Policy": "no-referrer"},
    )
