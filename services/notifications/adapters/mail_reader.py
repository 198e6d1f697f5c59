"""Parse an incoming mail in a subprocess that is killed above its time or memory limit.

Python's mail parser has no bound: a few megabytes of nested parts keep it busy for minutes. A process can be ended; a
thread cannot. `MailReader.read` starts one for each mail, which is a tenth of a second of processor time.
"""

import asyncio
import contextlib
import hashlib
import json
import resource
import sys
from dataclasses import asdict, dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr
from typing import Any, Final, Literal

from services.notifications.domain.authentication import MOST_FIELDS, is_authenticated
from services.notifications.domain.mail_text import (
    EmptyReply,
    ReplyTooLong,
    Report,
    is_automatic,
    loops,
    report_in,
    written_in,
)
from shared.errors import Refusal

READS_WITHIN: Final = 10.0
"""Seconds that reading one mail may take, the start of its process included."""
MOST_MEMORY: Final = 512 * 1024 * 1024
"""Bytes of address space that reading one mail may take."""
MOST_AT_ONCE: Final = 2
LONGEST_NAME: Final = 320
"""Characters of an address that are stored (RFC 5321)."""

_REFUSALS: Final[dict[str, type[Refusal]]] = {refusal.code: refusal for refusal in (EmptyReply, ReplyTooLong)}

Kind = Literal["loop", "report", "automatic", "reply"]


class MailUnreadableError(Exception):
    """The mail cannot be read, or not within the time and memory that one mail may take."""


@dataclass(frozen=True, slots=True)
class IncomingMail:
    """What an incoming mail is, and what it says. `digest` is the same each time it is delivered."""

    kind: Kind
    digest: bytes
    report: Report | None = None
    text: str = ""
    sender: str = ""
    authenticated: bool | None = None
    """Whether the receiving server vouches for the sender; None when no such server is configured."""


class MailReader:
    """Reads mails, a few at the same time."""

    def __init__(self, *, within: float = READS_WITHIN, server: str = "") -> None:
        """`server` is the name of the receiving server in its `Authentication-Results`; without it none is read."""
        self._within = within
        self._server = server
        self._places = asyncio.Semaphore(MOST_AT_ONCE)

    async def read(self, content: bytes, *, return_path: str) -> IncomingMail:
        """Read the bytes of a mail.

        Raises `EmptyReply` or `ReplyTooLong` for a reply that is none, `MailUnreadableError` for what cannot be read.
        """
        async with self._places:
            found = await self._ask_a_process(content, return_path)
        if (code := found.get("refused")) is not None:
            raise _REFUSALS[code]
        report = Report(**found["report"]) if found["report"] else None
        return IncomingMail(
            found["kind"],
            bytes.fromhex(found["digest"]),
            report,
            found["text"],
            found["sender"],
            found["authenticated"],
        )

    async def _ask_a_process(self, content: bytes, return_path: str) -> dict[str, Any]:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            __name__,
            "sender" if return_path else "",  # whether there is one: a process's arguments are seen by all
            self._server,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,  # a traceback may quote the mail
        )
        try:
            async with asyncio.timeout(self._within):
                answer, _ = await process.communicate(content)
        except TimeoutError:
            raise MailUnreadableError from None
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        if process.returncode != 0:
            raise MailUnreadableError
        found: dict[str, Any] = json.loads(answer)
        return found


def read(content: bytes, *, return_path: str, server: str = "") -> IncomingMail:
    """Read the bytes of a mail in this process; raise what Python's parser raises for what is no mail."""
    message = message_from_bytes(content, policy=default)
    kind: Kind
    report, text = None, ""
    if loops(message):
        kind = "loop"
    elif (report := report_in(message)) is not None:
        kind = "report"
    elif is_automatic(message, return_path=return_path):
        kind = "automatic"
    else:
        kind, text = "reply", written_in(message)
    if kind != "reply":
        return IncomingMail(kind, _digest(message, text), report)
    sender = _sender(message)
    fields = [str(field) for field in message.get_all("Authentication-Results", [])[:MOST_FIELDS]]
    vouched = is_authenticated(fields, server=server, sender=sender) if server else None
    return IncomingMail(kind, _digest(message, text), report, text, sender, vouched)


def _digest(message: EmailMessage, text: str) -> bytes:
    """Hash what a mail has in common with itself when other servers deliver it once more."""
    same = (message.get("Message-ID", ""), message.get("Date", ""), text)
    return hashlib.sha256("\0".join(str(part) for part in same).encode(errors="replace")).digest()


def _sender(message: EmailMessage) -> str:
    """Return the address that a mail says it comes from."""
    return parseaddr(str(message.get("From", "")))[1][:LONGEST_NAME]


def main() -> None:
    """Read the mail on standard input, within bounds; print what it is as JSON."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (int(READS_WITHIN), int(READS_WITHIN)))
    try:
        found = read(sys.stdin.buffer.read(), return_path=sys.argv[1], server=sys.argv[2])
        answer = asdict(found) | {"digest": found.digest.hex()}
    except (EmptyReply, ReplyTooLong) as refusal:
        answer = {"refused": refusal.code}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
