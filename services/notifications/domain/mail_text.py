"""Extract from an incoming mail the text that a person wrote, or the delivery report of a mail server.

Mails come from anybody. Each step below is linear in the size of its input, and `mail_reader` runs it in a process of
its own with a limit of time and memory. This module imports little, so that the process starts quickly.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage, Message
from html.parser import HTMLParser
from typing import Final

from shared.errors import Invalid, TooLarge

WRITE_ABOVE: Final = "Pour répondre, écrivez au-dessus de cette ligne."
"""Stands first in mails that may be answered: what is below it in an answer is ours."""

LONGEST_REPLY: Final = 10_000
"""Characters; as much as a message on the tracking page."""
MOST_HOPS: Final = 30
"""Servers that a mail passed; more is a loop."""


class EmptyReply(Invalid):
    """Nothing was written above the mail that was answered."""

    code = "empty_reply"
    title = "The reply holds no text"
    sentence = "Votre réponse ne contient pas de texte. Écrivez au-dessus du message auquel vous répondez."


class ReplyTooLong(TooLarge):
    """More was written than a message may hold."""

    code = "reply_too_long"
    title = "The reply is too long"
    sentence = "Votre réponse est trop longue. Écrivez l’essentiel, ou joignez un document depuis la page de suivi."


@dataclass(frozen=True, slots=True)
class Report:
    """What a mail server says of one mail (RFC 3464): given up or just late, its status code and its words."""

    given_up: bool
    status: str
    answer: str


def report_in(message: EmailMessage) -> Report | None:
    """Read a mail server's report; None when it is none, or reports no failure."""
    if message.get_content_type() != "multipart/report":
        return None
    for block in _status_blocks(message):
        action = str(block.get("Action", "")).strip().lower()
        if action in {"failed", "delayed"}:
            status = str(block.get("Status", "")).strip()
            diagnosis = str(block.get("Diagnostic-Code", "")).partition(";")[2].strip()
            return Report(
                action == "failed", status, f"{status} {diagnosis}".strip() if status not in diagnosis else diagnosis
            )
    return None


def _status_blocks(message: EmailMessage) -> Iterator[Message]:
    """Return the groups of headers of a report: one on the server, then one for each recipient."""
    for part in message.walk():
        payload = part.get_payload() if part.get_content_type() == "message/delivery-status" else []
        yield from (block for block in payload if isinstance(block, Message))


_AUTOMATIC_PRECEDENCE: Final = frozenset({"bulk", "junk", "list", "auto_reply"})
_AUTOMATIC_HEADERS: Final = ("X-Autoreply", "X-Autorespond", "X-Auto-Response-From", "List-Id", "List-Unsubscribe")


def is_automatic(message: EmailMessage, *, return_path: str) -> bool:
    """Return whether no person wrote this (RFC 3834): an absence, a list, a report, or our own mail looping."""
    submitted = str(message.get("Auto-Submitted", "no")).partition(";")[0].strip().lower()
    return (
        not return_path
        or submitted != "no"
        or str(message.get("Precedence", "")).strip().lower() in _AUTOMATIC_PRECEDENCE
        or any(message.get(name) is not None for name in _AUTOMATIC_HEADERS)
        or message.get_content_type() == "multipart/report"
    )


def loops(message: EmailMessage) -> bool:
    """Return whether a mail has passed so many servers that it goes round."""
    return len(message.get_all("Received", [])) > MOST_HOPS


def written_in(message: EmailMessage) -> str:
    """Return what a person wrote, without the mail below it; files are named, for they do not travel with it.

    Refuses (`EmptyReply`, `ReplyTooLong`) rather than cut: their server then informs the writer and returns the text.
    """
    text = above(_text_of(message), title=str(message.get("Subject", "")))
    if not text:
        raise EmptyReply
    files = [name for part in message.iter_attachments() if (name := part.get_filename())]
    if files:
        text += f"\n\n(Fichiers restés dans le courriel\u00a0: {', '.join(files)})"
    if len(text) > LONGEST_REPLY:
        raise ReplyTooLong
    return text


def _text_of(message: EmailMessage) -> str:
    part = message.get_body(("plain", "html"))
    if part is None or part.is_attachment():
        return ""
    raw = part.get_payload(decode=True)
    charset = part.get_content_charset("utf-8")
    try:
        text = raw.decode(charset, errors="replace") if isinstance(raw, bytes) else ""
    except LookupError:
        text = raw.decode("utf-8", errors="replace") if isinstance(raw, bytes) else ""
    return _Words.of(text) if part.get_content_type() == "text/html" else text


_OUR_LINE: Final = re.compile(r"[\s>*|]+".join(re.escape(word) for word in WRITE_ABOVE.rstrip(".").split(" ")))
_QUOTED: Final = re.compile(r"^\s*>")
_RULE: Final = re.compile(r"[ \t>]*[-_]{4,}")
_HEADER: Final = re.compile(
    r"[ \t>*]*(?:De|From|Envoyé|Sent|Date|À|A|To|Cc|Objet|Subject)[ \t\u00a0*]*:", re.IGNORECASE
)
_ATTRIBUTION_BEGINS: Final = re.compile(r"[ \t>]*(?:Le|On)\b", re.IGNORECASE)
_ATTRIBUTION_ENDS: Final = (" a écrit", " wrote")
_ATTRIBUTION_LINES: Final = 4
"""Lines over which a mail program may wrap “Le 24 novembre 2026 à 10:12, Cousu-main <…> a écrit :”."""
_REPLY_MARKS: Final = frozenset({"re", "ré", "rép", "tr", "fw", "fwd", ""})
"""Stand before the subject of what is replied to or forwarded, with a colon that may be parted by a blank."""
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")


def above(text: str, *, title: str = "") -> str:
    """Return what stands above our line, without the words by which mail programs introduce what they quote.

    Who answers between the quoted lines keeps them: nothing that was written is dropped. Without our line, all stays.
    `title` is the reply's subject, which ends with that of our mail: where a page is quoted, it stands above our line.
    """
    plain = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    ours = _OUR_LINE.search(plain)
    if ours is None:
        return plain.strip()
    if _is_quoted_with_marks(plain, ours.start()) and _answers_between(plain[ours.end() :]):
        return plain.strip()
    written = _without_title(plain[: ours.start()].rstrip(" \t>|*\n").split("\n"), title)
    return "\n".join(_without_headers(_without_attribution(written))).strip()


def _is_quoted_with_marks(text: str, start: int) -> bool:
    """Return whether a mark of quotation (`>`) stands before this place in its line."""
    return ">" in text[text.rfind("\n", 0, start) + 1 : start]


def _without_title(lines: list[str], title: str) -> list[str]:
    """Drop the last line where it is the title of our mail, and the blank ones above it."""
    last, subject = (" ".join(text.strip(" \t>*").split()) for text in (lines[-1], title))
    marks = subject.removesuffix(last).split()
    if not last or not subject.endswith(last) or any(mark.rstrip(":").lower() not in _REPLY_MARKS for mark in marks):
        return lines
    end = len(lines) - 1
    while end and not lines[end - 1].strip(" \t>"):
        end -= 1
    return lines[:end]


def _without_attribution(lines: list[str]) -> list[str]:
    """Drop the sentence that ends the lines and says who wrote what follows, and when."""
    for count in range(1, min(_ATTRIBUTION_LINES, len(lines)) + 1):
        first = lines[-count]
        if not first.strip():
            break
        if _ATTRIBUTION_BEGINS.match(first):
            sentence = " ".join(" ".join(lines[-count:]).replace(">", " ").split())
            return lines[:-count] if sentence.rstrip(": ").lower().endswith(_ATTRIBUTION_ENDS) else lines
    return lines


def _without_headers(lines: list[str]) -> list[str]:
    """Drop the copied headers (two at least) that end the lines, and the rule above them."""
    start, found = len(lines), 0
    for at in range(len(lines) - 1, -1, -1):
        if _HEADER.match(lines[at]):
            start, found = at, found + 1
        elif lines[at].strip(" \t>"):
            if found and _RULE.match(lines[at]):
                start = at
            break
    return lines[:start] if found > 1 else lines


def _answers_between(below: str) -> bool:
    """Return whether somebody wrote between quoted lines: those are marked, and others stand among them.

    Asked only where our own first line is marked: below one that is not, the marked lines are quotations of ours.
    """
    lines = [line for line in below.split("\n")[1:] if line.strip()]
    quoted = [bool(_QUOTED.match(line)) for line in lines]
    return any(quoted) and not all(quoted[: len(quoted) - quoted[::-1].index(True)])


class _Words(HTMLParser):
    """Reads the words of a page, a line for each block."""

    _BLOCKS: Final = frozenset(
        {"p", "div", "br", "li", "tr", "h1", "h2", "h3", "blockquote", "hr", "table", "ul", "ol"}
    )
    _SILENT: Final = frozenset({"style", "script", "head", "title"})

    def __init__(self) -> None:
        super().__init__()
        self._found: list[str] = []
        self._silent = 0

    @classmethod
    def of(cls, page: str) -> str:
        """Return the words of a page."""
        reader = cls()
        reader.feed(page)
        reader.close()
        lines = (" ".join(line.split()) for line in "".join(reader._found).split("\n"))
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - HTMLParser's form
        """Begin a line where a block begins."""
        self._silent += tag in self._SILENT
        if tag in self._BLOCKS:
            self._found.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """Begin a line where a block ends."""
        self._silent -= tag in self._SILENT and self._silent > 0
        if tag in self._BLOCKS - {"br", "hr"}:
            self._found.append("\n")

    def handle_data(self, data: str) -> None:
        """Store what is read."""
        if not self._silent:
            self._found.append(data.replace("\n", " "))
