"""A mail server outside the product that stores every accepted mail, for the oracle."""

import asyncio
import re
from collections import Counter
from email import message_from_bytes
from email.policy import default
from email.utils import parseaddr

from aiosmtpd.smtp import SMTP, Envelope, Session

APPLICANT = "mairie@magny.test"
"""The address of the contact of every request."""
_ORIENTATION = re.compile(r"/orientations/([\w-]+)")


class Mailbox:
    """Accepts every mail and keeps what the checks and the providers need of it."""

    def __init__(self) -> None:
        self.accepted: Counter[str] = Counter()
        """How often each Message-ID was accepted."""
        self._links: dict[str, str] = {}
        self._replies: dict[str, str] = {}
        self._texts: dict[str, list[str]] = {}
        self._server: asyncio.Server | None = None
        self.port = 0

    async def start(self) -> None:
        """Listen on a free port of loopback."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: SMTP(self, hostname="mail.test", loop=loop), host="127.0.0.1", port=0
        )
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()

    def orientation_link(self, number: str) -> str | None:
        """Give the token of the latest link that a provider received about a request."""
        return self._links.get(number)

    def reply_address(self, number: str) -> str | None:
        """Give the address to which the latest mail to the applicant about a request can be answered."""
        return self._replies.get(number)

    def texts(self, address: str) -> list[str]:
        """Give the texts of all mails to an address."""
        return self._texts.get(address, [])

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Accept a mail."""
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=default)
        text = mail.get_body(("plain",))
        written = text.get_content() if text is not None else ""
        link = _ORIENTATION.search(written)
        number = re.search(r"\d{2,3}[AB]?-\d{4}-\d{6}", str(mail["Subject"]) + written)
        if link and number:
            self._links[number[0]] = link[1]
        to = parseaddr(str(mail["To"]))[1]
        self._texts.setdefault(to, []).append(f"{mail['Subject']}\n{written}")
        if number and mail["Reply-To"] and to == APPLICANT:
            self._replies[number[0]] = parseaddr(str(mail["Reply-To"]))[1]
        self.accepted[str(mail["Message-ID"]).strip()] += 1
        return "250 2.0.0 accepted"
