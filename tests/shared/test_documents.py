"""An uploaded archive is refused before it can take much memory: anybody may send one."""

import io
import subprocess
import sys
import zipfile
from collections import Counter

import pytest

from shared.documents import ODT, FileNotAccepted, media_type_of

MOST_MEMORY = 60 * 1024 * 1024
"""Bytes that recognising a file may add to a process; the bombs below took 200 to 800 MB."""

MEASURE = """
import io, resource, sys
from shared.documents import FileNotAccepted, media_type_of
content = io.BytesIO(sys.stdin.buffer.read())
def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
before = peak()
try:
    found = media_type_of(content)
except FileNotAccepted:
    found = "refused"
print(found, peak() - before)
"""


def a_bomb(method: int, mebibytes: int) -> bytes:
    """Give an archive whose first part swells to so many mebibytes."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        part = zipfile.ZipInfo("mimetype")
        part.compress_type = method
        with archive.open(part, "w") as writer:
            for _ in range(mebibytes):
                writer.write(bytes(1024 * 1024))
        archive.writestr("content.xml", "x")
    return held.getvalue()


def many_names(count: int) -> bytes:
    """Give an archive of so many empty parts."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("mimetype", ODT)
        for number in range(count):
            archive.writestr(f"{number}", "")
        archive.writestr("content.xml", "x")
    return held.getvalue()


def a_lie(size: int) -> bytes:
    """Give an archive that says one of its parts holds so many bytes."""
    content = bytearray(many_names(1))
    entry = content.rindex(b"PK\x01\x02")
    content[entry + 24 : entry + 28] = size.to_bytes(4, "little")
    return bytes(content)


@pytest.mark.parametrize(
    "content",
    [
        a_bomb(zipfile.ZIP_BZIP2, 400),
        a_bomb(zipfile.ZIP_LZMA, 100),
        a_bomb(zipfile.ZIP_DEFLATED, 200),
        many_names(60_000),
        a_lie(2**31),
    ],
    ids=["bzip2", "lzma", "deflate", "names", "large when unpacked"],
)
def test_a_hostile_archive_is_refused_and_takes_little_memory(content: bytes) -> None:
    ran = subprocess.run([sys.executable, "-c", MEASURE], input=content, capture_output=True, check=True)  # noqa: S603 - ourselves
    found, added = ran.stdout.split()
    assert found == b"refused"
    assert int(added) < MOST_MEMORY


def test_a_document_of_a_thousand_parts_is_accepted() -> None:
    assert media_type_of(io.BytesIO(many_names(1_000))) == ODT


def test_a_part_packed_otherwise_is_refused_wherever_it_stands() -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("mimetype", ODT)
        archive.writestr("content.xml", "x")
        archive.writestr("Pictures/plan.png", "x", compress_type=zipfile.ZIP_BZIP2)
    with pytest.raises(FileNotAccepted):
        media_type_of(held)


def a_document() -> bytes:
    """Give a small document whose parts are deflated."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", ODT)
        archive.writestr("content.xml", "x")
    return held.getvalue()


DOCUMENT = a_document()


@pytest.mark.filterwarnings("ignore:Overlapped entries")
@pytest.mark.parametrize("value", [0x00, 0x5A, 0xFF])
def test_a_broken_archive_is_accepted_or_refused_whichever_byte_is_broken(value: int) -> None:
    found: Counter[str] = Counter()
    for place in range(4, len(DOCUMENT)):
        broken = bytearray(DOCUMENT)
        broken[place] = value
        try:
            found[media_type_of(io.BytesIO(broken))] += 1
        except FileNotAccepted:
            found["refused"] += 1
    assert found.keys() == {ODT, "refused"}
