"""Files on their way in and out, for pages and API alike."""

from typing import Any, Final
from uuid import UUID

from litestar import Request
from litestar.datastructures import UploadFile
from litestar.response import File

from services.intake.domain.media_types import LARGEST_REQUEST
from services.intake.reads.tracking import DocumentRow
from services.intake.store.files import DocumentFiles
from services.intake.usecases.follow import add_document
from shared import clock
from shared.db import Cause, Database
from shared.errors import Invalid
from shared.web.access import FORMS, UnsupportedContent

ALL_AT_ONCE: Final = LARGEST_REQUEST + 1024 * 1024
"""Bytes that one upload may be: all documents of a request, and what multipart puts around them."""


async def uploads_of(request: Request[Any, Any, Any]) -> list[UploadFile]:
    """Read the files of a multipart body; refuses with `UnsupportedContent`, and with `Invalid` when there is none."""
    if request.content_type[0] != FORMS[1]:
        raise UnsupportedContent(wanted=FORMS[1])
    sent = await request.form()
    files = [item for _, item in sent.multi_items() if isinstance(item, UploadFile) and item.filename]
    if not files:
        raise Invalid.field("document", "Choisissez un fichier à envoyer.")
    return files


async def receive_all(
    database: Database, cause: Cause, files: DocumentFiles, request_id: UUID, uploads: list[UploadFile]
) -> None:
    """Join files to a request one after the other; each is kept whole or not at all."""
    for upload in uploads:
        document_id = clock.new_id()
        async with files.receiving(document_id, upload.read) as received, database.transaction(cause) as tx:
            await add_document(tx, request_id, received, document_id=document_id, name=upload.filename, at=clock.now())


def attachment(files: DocumentFiles, document: DocumentRow) -> File:
    """Give a document to be saved, never shown: it was written by people we do not know."""
    return File(
        files.path(document.id),
        filename=document.name,
        media_type=document.media_type,
        content_disposition_type="attachment",
        headers={"Content-Security-Policy": "sandbox; default-src 'none'", "Referrer-Policy": "no-referrer"},
    )
