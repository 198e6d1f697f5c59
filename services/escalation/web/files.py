"""Deliverables on their way in and out."""

from typing import Final
from urllib.parse import quote

from litestar import Response
from litestar.datastructures import UploadFile

from services.escalation.reads.accompaniment import File
from services.escalation.usecases.accompaniment import Delivered
from shared.documents import EXTENSIONS, LARGEST_FILE, FileTooLarge
from shared.errors import Invalid

ONE_FILE: Final = LARGEST_FILE + 1024 * 1024
"""Bytes that one upload may be: a file, and what multipart puts around it."""
ACCEPTED: Final = ",".join(ending for endings in EXTENSIONS.values() for ending in endings)
"""What a browser offers to choose from."""


async def received(uploads: list[UploadFile] | None) -> Delivered:
    """Read the one file of a form; refuses (`Invalid`) none and an empty one, and (`FileTooLarge`) a large one."""
    if not uploads:
        raise Invalid.field("document", "Choisissez un fichier à envoyer.")
    await uploads[0].seek(0)  # a handler that is repeated has read it already
    content = await uploads[0].read(LARGEST_FILE + 1)
    if not content:
        raise Invalid.field("document", "Ce fichier est vide. Choisissez-en un autre.")
    if len(content) > LARGEST_FILE:
        raise FileTooLarge
    return Delivered(uploads[0].filename, content)


def attachment(file: File) -> Response[bytes]:
    """Give a file to be saved, never shown: it was written by people we do not know."""
    plain = file.name.encode("ascii", "ignore").decode().replace('"', "") or "livrable"
    return Response(
        file.content,
        media_type=file.media_type,
        headers={
            "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file.name)}",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
        },
    )
