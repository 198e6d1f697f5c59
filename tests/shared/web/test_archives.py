"""Archives are made while they are sent, with names that every system can write."""

import io
from pathlib import Path
from zipfile import ZipFile

import pytest

from shared.web.archives import CHUNK, Entry, archive_response, safe_name, zipped


async def test_a_file_is_read_part_by_part(tmp_path: Path) -> None:
    large = tmp_path / "large"
    large.write_bytes(b"x" * (3 * CHUNK + 1))
    parts = [part async for part in zipped([Entry("a.txt", b"first"), Entry("été/large.pdf", large)])]
    assert max(map(len, parts)) < 2 * CHUNK
    with ZipFile(io.BytesIO(b"".join(parts))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["a.txt", "été/large.pdf"]
        assert archive.read("été/large.pdf") == large.read_bytes()


def test_a_missing_file_is_noticed_before_anything_is_sent(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        archive_response([Entry("a.pdf", tmp_path / "gone")], name="dossier")


@pytest.mark.parametrize(
    ("typed", "safe"),
    [
        ("plan.pdf", "plan.pdf"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("C:\\temp\\plan?.pdf", "C__temp_plan_.pdf"),
        ("Plan « centre ».pdf", "Plan « centre ».pdf"),
        ("...", "document"),
        ("a\x00b\nc.pdf", "a_b_c.pdf"),
    ],
)
def test_a_name_leads_nowhere_and_can_be_written_everywhere(typed: str, safe: str) -> None:
    assert safe_name(typed) == safe
