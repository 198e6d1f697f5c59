"""SMTP/LMTP server that accepts replies and delivery reports from a mail server, one recipient each.

A mail is taken (250) only after the commit of what it changes; given twice it changes nothing. What no person wrote is
taken and passed over, so that nothing ever answers a machine. What we refuse goes back to its writer with the reason.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from functools import partial
from ipaddress import ip_address
from typing import Final, cast
from uuid import UUID

import structlog
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session
from pydantic import IPvAnyNetwork

from services.notifications.adapters.mail_reader import IncomingMail, MailReader, MailUnreadableError
from services.notifications.domain.return_addresses import Purpose, ReturnAddresses
from services.notifications.settings import InboundMailAddress
from services.notifications.usecases import metrics
from services.notifications.usecases.parts import Parts
from services.notifications.usecases.receive import Reply, note_automatic_mail, take_reply, take_report
from shared import clock
from shared.db import AWAY, CONFLICTS, Database, retry_conflicts
from shared.errors import Invalid, NotFound, Refusal, TooLarge
from shared.settings import LOOPBACK
from shared.stopping import deadline

log = structlog.get_logger(__name__)

LARGEST_MAIL: Final = 20 * 1024 * 1024
"""Bytes: files travel in mails, even if we do not keep them."""
MOST_LINES: Final = 400_000
"""Lines of a mail: as many as 20 MB of a file have, which travel in lines of 78 bytes, and half as many again.

aiosmtpd keeps each line as an object of its own until the last: 20 MB of empty ones would take 1.8 GB.
"""
MOST_ARRIVING: Final = 4
"""Mails that are received and read at the same time; servers try the others again later."""
SILENT_FOR: Final = 60.0
"""Seconds that a server may say nothing."""
PATIENCE_AT_STOP: Final = 10.0

TAKEN: Final = "250 2.0.0 OK"
_UNKNOWN: Final = "550 5.1.1 No such address"
_NOT_FROM_THERE: Final = "550 5.7.1 This server may not deliver here"
_ONE_AT_A_TIME: Final = "452 4.5.3 One recipient at a time"
_UNREADABLE: Final = "554 5.6.0 The mail cannot be read"
_LOOP: Final = "554 5.4.6 The mail goes round"
_LATER: Final = "451 4.3.0 Try again later"
_BUSY: Final = "451 4.3.2 Other mails are arriving, try again later"
_TOO_MANY_LINES: Final = "552 5.3.4 The mail has too many lines"
_END: Final = b"\r\n.\r\n"
_LINES_AT_A_TIME: Final = 1_000
_PIECE: Final = 64 * 1024


class _TooManyLinesError(Exception):
    """The mail that has just been received has more lines than one may have."""


class _CountedLines:
    """A mail's lines as they arrive, of which only so many are handed on; the rest is dropped as it comes."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._lines = 0

    async def readuntil(self, separator: bytes) -> bytes:
        """Return the next line; raise `_TooManyLinesError` at the end of a mail that has too many."""
        self._lines += 1
        if self._lines % _LINES_AT_A_TIME == 0:
            await asyncio.sleep(0)  # lines that are there already are read without a pause
        line = await self._reader.readuntil(separator)
        if self._lines <= MOST_LINES:
            return line
        last = separator + line
        while _END not in last and (more := await self._reader.read(_PIECE)):
            last = last[1 - len(_END) :] + more
        raise _TooManyLinesError

    async def read(self, n: int) -> bytes:
        """Return what has come of a line that is too long."""
        return await self._reader.read(n)


class _BoundedSMTP(SMTP):
    """SMTP that receives a few mails at the same time, of so many lines each."""

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        """Receive a mail, or say why not."""
        reader, door = self._reader, cast("InboundMail", self.event_handler)
        if not door.makes_room():
            await self.push(_BUSY)
            return
        self._reader = cast("asyncio.StreamReader", _CountedLines(reader))
        try:
            await super().smtp_DATA(arg)
        except _TooManyLinesError:
            self._set_post_data_state()  # type: ignore[no-untyped-call] # aiosmtpd says no types
            await self.push(_TOO_MANY_LINES)
        finally:
            self._reader = reader
            door.gives_back_room()


class _BoundedLMTP(_BoundedSMTP, LMTP):
    """The same over LMTP."""


class InboundMail:
    """Accepts replies and delivery reports; any number of copies may listen on one port."""

    def __init__(
        self,
        database: Database,
        parts: Parts,
        returns: ReturnAddresses,
        peers: Sequence[IPvAnyNetwork] = LOOPBACK,
        *,
        server: str = "",
    ) -> None:
        """`peers` are the networks of the mail servers that may deliver; `server` is the name of the receiving one."""
        self._database = database
        self._parts = parts
        self._returns = returns
        self._peers = peers
        self._reader = MailReader(server=server)
        self._under_way = 0
        self._arriving = 0

    def makes_room(self) -> bool:
        """Return whether one more mail may arrive now; `gives_back_room` follows it."""
        if self._arriving >= MOST_ARRIVING:
            return False
        self._arriving += 1
        return True

    def gives_back_room(self) -> None:
        """Count a mail as received or given up."""
        self._arriving -= 1

    @contextlib.asynccontextmanager
    async def listening(self, address: InboundMailAddress) -> AsyncIterator[None]:
        """Listen while the block runs. At the end no mail is begun, and those under way are finished."""
        loop = asyncio.get_running_loop()
        kind = _BoundedLMTP if address.protocol == "lmtp" else _BoundedSMTP

        def protocol() -> SMTP:
            return kind(
                self,
                hostname=self._returns.domain,
                ident="Cousu-main",
                data_size_limit=LARGEST_MAIL,
                timeout=SILENT_FOR,
                enable_SMTPUTF8=True,
                loop=loop,
            )

        server = await loop.create_server(protocol, address.host, address.port, reuse_port=True)
        log.info("inbound_mail.listening", protocol=address.protocol, port=address.port)
        try:
            yield
        finally:
            server.close()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(deadline.left(PATIENCE_AT_STOP)):
                    while self._under_way:  # noqa: ASYNC110 - aiosmtpd announces no end
                        await asyncio.sleep(0.05)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take only addresses that we made, one at a time: LMTP answers for each recipient, and we answer once."""
        if not self._may_deliver(session):
            return _NOT_FROM_THERE
        if self._returns.read(address) is None:
            return _UNKNOWN
        if envelope.rcpt_tos:
            return _ONE_AT_A_TIME
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    def _may_deliver(self, session: Session) -> bool:
        """Return whether the other server is in one of the networks that may deliver."""
        peer = ip_address(cast("tuple[str, int]", session.peer)[0])  # aiosmtpd's own type says str
        return any(peer in network for network in self._peers)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - same
        """Accept or refuse one mail, and return the answer to the server."""
        opened = self._returns.read(envelope.rcpt_tos[0])
        if opened is None or not isinstance(envelope.content, bytes):
            return _UNKNOWN
        self._under_way += 1
        try:
            answer, kind = await self._take_in(
                *opened, envelope.content, return_path=(envelope.mail_from or "").strip("<>")
            )
        finally:
            self._under_way -= 1
        metrics.INCOMING.labels(kind).inc()
        log.info("inbound_mail.answered", delivery_id=str(opened[1]), kind=kind, answer=answer.partition(" ")[0])
        return answer

    async def handle_exception(self, error: Exception) -> str:
        """Make the other server try again later when something of ours failed."""
        log.error("inbound_mail.failed", error=type(error).__name__)
        return _LATER

    async def _take_in(
        self, purpose: Purpose, delivery_id: UUID, content: bytes, *, return_path: str
    ) -> tuple[str, str]:
        try:
            mail = await self._reader.read(content, return_path=return_path)
            if mail.kind == "loop":
                return _LOOP, "loop"
            return TAKEN, await retry_conflicts(partial(self._store, purpose, delivery_id, mail))
        except NotFound:
            return _UNKNOWN, "refused"
        except Refusal as refusal:
            return _refused(refusal), "refused"
        except (*AWAY, *CONFLICTS) as away:
            log.warning("inbound_mail.database_away", error=type(away).__name__)
            return _LATER, "later"
        except MailUnreadableError:
            return _UNREADABLE, "unreadable"

    async def _store(self, purpose: Purpose, delivery_id: UUID, mail: IncomingMail) -> str:
        """Apply what a mail means, in one transaction; return what it was taken for."""
        now = clock.now()
        async with self._database.transaction() as tx:
            if mail.report is not None and purpose == "rebond":
                await take_report(tx, delivery_id, mail.report, digest=mail.digest, at=now, parts=self._parts)
                return "report"
            if mail.kind != "reply":
                await note_automatic_mail(tx, delivery_id, digest=mail.digest, at=now)
                return "automatic"
            reply = Reply(mail.text, mail.sender, mail.authenticated)
            await take_reply(tx, delivery_id, reply, digest=mail.digest, at=now, parts=self._parts)
            return "reply"


def _refused(refusal: Refusal) -> str:
    """Return the reason as one line of ASCII; the mail server sends the whole mail back to its writer."""
    if isinstance(refusal, TooLarge):
        return f"552 5.3.4 {refusal.title}"
    return f"554 {'5.6.0' if isinstance(refusal, Invalid) else '5.7.1'} {refusal.title}"
