"""A mail server that sometimes accepts a mail and closes the connection without an answer."""

import asyncio
import random
import re
from collections import Counter

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.faults.mailbox import Mailbox

_MESSAGE_ID = re.compile(rb"^message-id:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


class LossyMailbox(Mailbox):
    """Loses some of its answers while `losing` says so; which ones follows from `chance`."""

    def __init__(self) -> None:
        super().__init__()
        self.losing = 0.0
        """How many answers of those to the content are lost, from 0 to 1."""
        self.chance = random.Random(0)  # noqa: S311 - a seed that can be given again
        self.unanswered: Counter[str] = Counter()
        """How often the answer about a Message-ID was lost by this server."""

    def empty(self) -> None:
        """Forget every mail."""
        self.accepted.clear()
        self.unanswered.clear()
        self._links.clear()
        self._replies.clear()
        self._texts.clear()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Accept a mail, and answer or hang up."""
        said = await super().handle_DATA(server, session, envelope)
        if self.chance.random() < self.losing:
            assert isinstance(envelope.content, bytes)
            assert isinstance(server.transport, asyncio.Transport)
            named = _MESSAGE_ID.search(envelope.content)
            assert named is not None
            self.unanswered[named[1].decode()] += 1
            server.transport.abort()
        return said
