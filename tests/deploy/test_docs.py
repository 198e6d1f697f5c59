"""The documents speak of what exists: terms of the glossary, files that are named, links and their anchors."""

import re
import unicodedata
from functools import cache
from pathlib import Path

import pytest

from deploy.local.places import REPOSITORY

GLOSSARY = REPOSITORY / "docs" / "glossary.md"
DOCUMENTS = [
    REPOSITORY / "README.md",
    REPOSITORY / "CONTRIBUTING.md",
    *sorted((REPOSITORY / "docs").rglob("*.md")),
    *sorted(path for room in ("services", "shared") for path in (REPOSITORY / room).rglob("README.md")),
]
LINK = re.compile(r"\]\(([^)\s]+)\)")
ROOMS = ("deploy", "docs", "services", "shared", "tests")
NAMED = re.compile(rf"`((?:{'|'.join(ROOMS)})/[\w./-]*|\w[\w./-]*\.(?:py|sql|toml|sh))`")
"""A path from the root, or the end of one."""
WORD = re.compile(r"\w+")


def terms() -> list[str]:
    """Read the code term of each row of the glossary."""
    rows = (line for line in GLOSSARY.read_text(encoding="utf-8").splitlines() if line.startswith("| "))
    return [line.split("|")[2].strip(" `") for line in rows if "`" in line.split("|")[2]]


@cache
def words_of_the_code() -> set[str]:
    """Collect every word of the product's Python and SQL."""
    files = (
        file
        for room in ("services", "shared")
        for kind in ("*.py", "*.sql")
        for file in (REPOSITORY / room).rglob(kind)
    )
    return {word for file in files for word in WORD.findall(file.read_text(encoding="utf-8"))}


@cache
def places() -> set[str]:
    """List every file and folder of the repository's rooms."""
    within = (path for room in ROOMS for path in (REPOSITORY / room).rglob("*") if "__pycache__" not in path.parts)
    return {path.relative_to(REPOSITORY).as_posix() for path in (*REPOSITORY.iterdir(), *within)}


@cache
def anchors(document: Path) -> set[str]:
    """Give the anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", unicodedata.normalize("NFC", one).lower()).replace(" ", "-") for one in headings}


@pytest.mark.parametrize("term", terms())
def test_each_code_term_of_the_glossary_stands_in_the_code(term: str) -> None:
    assert term in words_of_the_code()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_each_link_leads_somewhere(document: Path) -> None:
    lost = []
    for link in LINK.findall(document.read_text(encoding="utf-8")):
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if ":" in link or link.startswith("/"):
            continue
        if not target.exists() or (anchor and anchor not in anchors(target)):
            lost.append(link)
    assert lost == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_each_file_that_is_named_exists(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    if document.parent.name == "adr":  # its context and options speak of what was there before
        text = text.partition("\n## Decision\n")[2]
    named = {name.rstrip("/") for name in NAMED.findall(text)}
    assert [name for name in sorted(named) if not any(f"/{place}".endswith(f"/{name}") for place in places())] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_each_row_of_a_table_is_one_line(document: Path) -> None:
    rows = [line for line in document.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    assert [row for row in rows if not row.endswith("|")] == []
