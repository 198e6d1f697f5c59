"""Show `docs/runbook.md` in the page: the meaning and remedy of each concern and alert."""

import itertools
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from services.operations.environment import REPOSITORY

RUNBOOK: Final = REPOSITORY / "docs" / "runbook.md"
PAGE: Final = "/conduite"


def anchor(entry: str) -> str:
    """Return the address of an entry."""
    return f"{PAGE}#{entry.lower()}"


def _without_links_to_files(tokens: Sequence[Token]) -> Iterator[Token]:
    """Leave out links to other documents, which lie beside the runbook and not behind this page; their words stay."""
    leaves_out = False
    for token in tokens:
        if token.type == "link_open":
            leaves_out = ".md" in str(token.attrGet("href"))
        if leaves_out and token.type in {"link_open", "link_close"}:
            leaves_out = token.type == "link_open"
            continue
        yield token


@cache
def runbook() -> Markup:
    """Return the runbook as HTML, each entry under its name in small letters, as code forges link it too."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(RUNBOOK.read_text(encoding="utf-8"))
    for token in tokens:
        token.children = list(_without_links_to_files(token.children or []))
    for opening, words in itertools.pairwise(tokens):
        if opening.type == "heading_open":
            opening.attrSet("id", words.content.lower())
    body = tokens[next(number for number, one in enumerate(tokens) if one.type == "heading_close") + 1 :]
    return Markup(parser.renderer.render(body, parser.options, {}))  # noqa: S704 - our own file, without HTML of its own
