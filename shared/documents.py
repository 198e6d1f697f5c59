"""Validation of uploaded files: type by content, never by name, and bounds on size and number."""

import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO, Final

from shared.errors import Conflict, TooLarge, UnsupportedType

LARGEST_FILE: Final = 10 * 1024 * 1024
LARGEST_REQUEST: Final = 50 * 1024 * 1024
MOST_FILES: Final = 100
LONGEST_NAME: Final = 150

PDF: Final = "application/pdf"
JPEG: Final = "image/jpeg"
PNG: Final = "image/png"
ODT: Final = "application/vnd.oasis.opendocument.text"
ODS: Final = "application/vnd.oasis.opendocument.spreadsheet"
DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

EXTENSIONS: Final[Mapping[str, tuple[str, ...]]] = {
    PDF: (".pdf",),
    ODT: (".odt",),
    DOCX: (".docx",),
    XLSX: (".xlsx",),
    ODS: (".ods",),
    JPEG: (".jpg", ".jpeg"),
    PNG: (".png",),
}
"""Media type → the endings its files have, the usual one first."""

_HEAD: Final = 1024
_LONGEST_PART: Final = 1024 * 1024
"""Bytes of the part of an office document that names its type."""
_MOST_PARTS: Final = 5_000
_LARGEST_UNPACKED: Final = 500 * 1024 * 1024
_BOUNDED: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""How parts may be packed: Python unpacks these piece by piece, and all others (BZIP2, LZMA) as a whole."""
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, ValueError, OSError, EOFError)
"""What `zipfile` raises for archives that are none."""
_ENTRY: Final = b"PK\x01\x02"
"""Begins each entry of an archive's directory."""


class FileNotAccepted(UnsupportedType):
    """The content is of none of the accepted kinds."""

    code = "file_type_not_accepted"
    title = "The content of this file is of no accepted type"
    sentence = (
        "Ce fichier n’est pas accepté. Formats possibles\u00a0: PDF, ODT, DOCX, XLSX, ODS, JPEG et PNG. "
        "Enregistrez-le dans l’un de ces formats, puis envoyez-le de nouveau."
    )


class FileTooLarge(TooLarge):
    """One file is larger than a request may hold in one piece."""

    code = "file_too_large"
    title = "The file is too large"
    sentence = "Ce fichier dépasse 10\u00a0Mo. Réduisez sa taille ou découpez-le, puis envoyez-le de nouveau."


class RequestTooLarge(TooLarge):
    """The documents of one request are too large together."""

    code = "documents_too_large"
    title = "The documents of this request are too large together"
    sentence = (
        "Les documents d’une demande ne peuvent pas dépasser 50\u00a0Mo au total. "
        "Envoyez les plus utiles, puis écrivez au service pour les autres."
    )


class TooManyFiles(Conflict):
    """The request has as many documents as it may."""

    code = "too_many_documents"
    title = "This request has as many documents as it may"
    sentence = (
        f"Une demande ne peut pas compter plus de {MOST_FILES} documents. "
        "Réunissez plusieurs documents en un seul fichier, ou écrivez au service pour les autres."
    )


@dataclass(frozen=True, slots=True)
class Stored:
    """The files that a request has: how many, and their bytes together."""

    files: int = 0
    size: int = 0


def find_room(size: int, *, beside: Stored) -> None:
    """Refuse (`FileTooLarge`, `RequestTooLarge`, `TooManyFiles`) a file of so many bytes beside those there are."""
    if size > LARGEST_FILE:
        raise FileTooLarge
    if beside.files >= MOST_FILES:
        raise TooManyFiles
    if beside.size + size > LARGEST_REQUEST:
        raise RequestTooLarge


def media_type_of(content: BinaryIO) -> str:
    """Recognise an accepted file by its content; refuses with `FileNotAccepted`."""
    content.seek(0)
    head = content.read(_HEAD)
    if head.startswith(b"%PDF-"):
        return PDF
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head.startswith(b"PK\x03\x04"):
        return _office_type(content)
    raise FileNotAccepted


def _office_type(content: BinaryIO) -> str:
    """Open an office document, which is an archive, and read the part that names its type.

    Refuses (`FileNotAccepted`) an archive that would take much memory or time, before its directory is read or a part
    of it is unpacked.
    """
    content.seek(0)
    if content.read().count(_ENTRY) > _MOST_PARTS:
        raise FileNotAccepted
    try:
        with zipfile.ZipFile(content) as archive:
            parts = archive.infolist()
            if any(part.compress_type not in _BOUNDED for part in parts):
                raise FileNotAccepted
            if sum(part.file_size for part in parts) > _LARGEST_UNPACKED:
                raise FileNotAccepted
            names = {part.filename for part in parts}
            if "mimetype" in names:
                media_type = _part(archive, "mimetype").decode("ascii", "replace").strip()
                if media_type in {ODT, ODS} and "content.xml" in names:
                    return media_type
            elif "[Content_Types].xml" in names:
                types = _part(archive, "[Content_Types].xml")
                for kind, main in ((DOCX, "word/document.xml"), (XLSX, "xl/workbook.xml")):
                    if main in names and f"{kind}.main+xml".encode() in types:
                        return kind
    except _BROKEN as broken:
        raise FileNotAccepted from broken
    raise FileNotAccepted


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    """Read one small part; one that swells when unpacked is cut."""
    with archive.open(name) as part:
        return part.read(_LONGEST_PART)


def tidy_name(name: str, media_type: str) -> str:
    """Return the name to show, without path or control characters, with the ending of the true type."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    shown = " ".join("".join(letter for letter in last if letter.isprintable()).split()).lstrip(".")
    endings = EXTENSIONS[media_type]
    stem, ending = shown, endings[0]
    for known in endings:
        if shown.lower().endswith(known):
            stem, ending = shown[: -len(known)], known
            break
    return f"{stem[: LONGEST_NAME - len(ending)].strip() or 'document'}{ending}"
