"""What comes back to a mail: what a person wrote above it, what a mail server reports, and what no person wrote."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage, Message
from html.parser import HTMLParser
from typing import Final

from shared.contracts.notifications import Audience
from shared.errors import Conflict, Invalid, TooLarge

ANSWERABLE: Final[frozenset[Audience]] = frozenset({"applicant", "provider"})
"""Who may answer by mail: people outside. Agents act on their pages, where one knows who they are (ADR 17)."""

WRITE_ABOVE: Final = "Pour répondre, écrivez au-dessus de cette ligne."
"""Stands first in mails that may be answered: what is below it in an answer is ours."""

LONGEST_REPLY: Final = 10_000
"""Characters; as much as a message on the tracking page."""
MOST_A_DAY: Final = 50
"""Answers to one mail in a day: people do not write more."""
MOST_HOPS: Final = 30
"""Servers that a mail passed; more is a loop."""


class NotAnswerable(Conflict):
    """No reply is expected to this mail (HTTP 409)."""

    code = "not_answerable"
    title = "This mail takes no reply"
    sentence = "Ce message n’attend pas de réponse par courriel. Répondez depuis la page à laquelle il conduit."


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


class TooManyReplies(Conflict):
    """One mail was answered more often than people do (HTTP 409)."""

    code = "too_many_replies"
    title = "Too many replies to one mail today"
    sentence = "Trop de réponses à ce message sont arrivées aujourd’hui. Réessayez demain, ou écrivez depuis la page."


@dataclass(frozen=True, slots=True)
class Report:
    """What a mail server says of one mail (RFC 3464): given up or just late, its status code and its words."""

    given_up: bool
    status: str
    answer: str


def report_in(message: EmailMessage) -> Report | None:
    """Read a mail server's report; None when it is none, or tells nothing that is wrong."""
    if message.get_content_type() != "multipart/report":
        return None
    for block in _status_blocks(message):
        action = str(block.get("Action", "")).strip().lower()
        if action in {"failed", "delayed"}:
            status = str(block.get("Status", "")).strip()
            said = str(block.get("Diagnostic-Code", "")).partition(";")[2].strip()
            return Report(action == "failed", status, f"{status} {said}".strip() if status not in said else said)
    return None


def _status_blocks(message: EmailMessage) -> Iterator[Message]:
    """Give the groups of headers of a report: one on the server, then one for each recipient."""
    for part in message.walk():
        payload = part.get_payload() if part.get_content_type() == "message/delivery-status" else []
        yield from (block for block in payload if isinstance(block, Message))


_AUTOMATIC_PRECEDENCE: Final = frozenset({"bulk", "junk", "list", "auto_reply"})
_AUTOMATIC_HEADERS: Final = ("X-Autoreply", "X-Autorespond", "X-Auto-Response-From", "List-Id", "List-Unsubscribe")


def is_automatic(message: EmailMessage, *, return_path: str) -> bool:
    """Tell whether no person wrote this (RFC 3834): an absence, a list, a report, a mail of ours that came round."""
    submitted = str(message.get("Auto-Submitted", "no")).partition(";")[0].strip().lower()
    return (
        not return_path
        or submitted != "no"
        or str(message.get("Precedence", "")).strip().lower() in _AUTOMATIC_PRECEDENCE
        or any(message.get(name) is not None for name in _AUTOMATIC_HEADERS)
        or message.get_content_type() == "multipart/report"
    )


def loops(message: EmailMessage) -> bool:
    """Tell whether a mail has passed so many servers that it goes round."""
    return len(message.get_all("Received", [])) > MOST_HOPS


def written_in(message: EmailMessage) -> str:
    """Give what a person wrote, without the mail below it; files are named, for they do not travel with it.

    Refuses (`EmptyReply`, `ReplyTooLong`) rather than cut: the writer's server then tells him, and returns his text.
    """
    text = above(_text_of(message))
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
_ATTRIBUTION: Final = re.compile(
    r"(?:\A|\n)[ \t>]*(?:Le|On)\b[^\n]*(?:\n[^\n]+){0,2}?(?:a[\s>]+écrit|wrote)\s*:?[\s>]*\Z", re.IGNORECASE
)
_HEADERS: Final = re.compile(
    r"(?:\A|\n)(?:[ \t>]*[-_]{4,}[^\n]*\n+)?"
    r"(?:[ \t>*]*(?:De|From|Envoyé|Sent|Date|À|A|To|Cc|Objet|Subject)[ \t\u00a0*]*:[^\n]*\n*){2,}[\s>]*\Z",
    re.IGNORECASE,
)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")


def above(text: str) -> str:
    """Give what stands above our line, without the words by which mail programs introduce what they quote.

    Who answers between the quoted lines keeps them: nothing that was written is dropped. Without our line, all stays.
    """
    plain = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    ours = _OUR_LINE.search(plain)
    if ours is None or _answers_between(plain[ours.end() :]):
        return plain.strip()
    head = plain[: ours.start()].rstrip(" \t>|*\n")
    return _HEADERS.sub("", _ATTRIBUTION.sub("", head)).strip()


def _answers_between(below: str) -> bool:
    """Tell whether somebody wrote between quoted lines: those are marked, and others stand among them."""
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
        """Give the words of a page."""
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
        """Keep what is read."""
        if not self._silent:
            self._found.append(data.replace("\n", " "))
