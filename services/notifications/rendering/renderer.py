"""Render a mail: subject, text and accessible HTML from a template and an event.

A template is written once, as text. The start of a line marks what it is: `# ` a heading, `- ` an item, `> ` a
quotation, `@ ` the one link; empty lines part paragraphs. Whatever comes from people is put on one line, or quoted with
`quote`, so that it can never become structure, a header or markup.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from shared.french import words
from shared.french.decisions import changes_fr
from shared.masking import hidden
from shared.web import template_filters

FOLDER: Final = Path(__file__).parents[1] / "templates" / "mails"
LONGEST_SUBJECT: Final = 180

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]+")
_MARKS: Final = {"# ": "heading", "- ": "list", "> ": "quote", "@ ": "link"}


@dataclass(frozen=True, slots=True)
class RenderedMail:
    """What is sent; where the link goes, both bodies hold the address they were given."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Part:
    """One paragraph, heading, list, quotation or link of a mail."""

    kind: str
    lines: tuple[str, ...]


class _Quoted(str):
    """Text that may keep its lines, because each of them is marked as a quotation."""

    __slots__ = ()


def one_line(value: object) -> str:
    """Put a value on one line, without control or direction characters and without secret links."""
    return hidden(" ".join(_CONTROL.sub(" ", str(value)).split(" ")).strip(" ")) if value is not None else ""


def quote(text: str) -> str:
    """Mark every line of what somebody wrote as a quotation."""
    lines = [one_line(line) for line in re.split(r"\r\n|[\r\n\u2028\u2029]", text.strip())]
    return _Quoted("\n".join(f"> {line}" for line in lines))


def _finalize(value: object) -> object:
    """Prevent a value from starting a structure of its own."""
    return value if isinstance(value, _Quoted) else one_line(value).lstrip("#>-@ ")


@cache
def _environments() -> tuple[Environment, Environment]:
    """Make what compiles the texts and what compiles the pages, once per process."""
    texts = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=False,  # noqa: S701 - these are plain texts; the HTML page is made by the other environment
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template_filters.install(texts)
    texts.globals.update(quote=quote, word=words.word, event_word=words.event_word, changes_fr=changes_fr)
    pages = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return texts, pages


class MailRenderer:
    """Renders mails from their templates."""

    def __init__(self) -> None:
        self._texts, self._pages = _environments()

    def write(self, template: str, context: Mapping[str, Any], *, link: str) -> RenderedMail:
        """Fill a template; `link` is the address, or the mark, where its one link leads."""
        source = self._texts.get_template(f"{template}.txt")
        values = source.new_context(dict(context))
        subject = one_line("".join(source.blocks["subject"](values)))[:LONGEST_SUBJECT]
        parts = tuple(_parts(source.render(context)))
        html = self._pages.get_template("_page.html").render(subject=subject, parts=parts, link=link)
        return RenderedMail(subject, _plain(parts, link), html)


def _parts(text: str) -> Iterator[Part]:
    """Read the structure of a filled template."""
    marked = [(_MARKS.get(line[:2], "paragraph") if line.strip() else "gap", line) for line in text.splitlines()]
    for kind, lines in groupby(marked, key=lambda item: item[0]):
        found = [line for _, line in lines]
        if kind == "paragraph":
            yield Part(kind, tuple(line.strip() for line in found))
        elif kind in {"heading", "link"}:
            yield from (Part(kind, (line[2:].strip(),)) for line in found)
        elif kind != "gap":
            yield Part(kind, tuple(line[2:].strip() for line in found))


def _plain(parts: tuple[Part, ...], link: str) -> str:
    """Render a mail as plain text."""
    blocks = []
    for part in parts:
        if part.kind == "heading":
            title = part.lines[0]
            blocks.append(f"{title}\n{'-' * len(title)}")
        elif part.kind == "link":
            blocks.append(f"{part.lines[0]}\u00a0:\n{link}")
        else:
            before = {"list": "- ", "quote": "> "}.get(part.kind, "")
            blocks.append("\n".join(f"{before}{line}" for line in part.lines))
    return "\n\n".join(blocks) + "\n"
