"""SMTP client with its send loop: claims due mails, sends each once, and stores the mail server's answer."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr
from functools import partial
from typing import Final

import aiosmtplib
import structlog

from services.notifications.domain.deliveries import Result, Status, without_addresses
from services.notifications.domain.perimeter import EVERYTHING
from services.notifications.reads import mails
from services.notifications.reads.mails import oldest_due
from services.notifications.settings import MailServerAddress
from services.notifications.usecases import digests, metrics, send
from services.notifications.usecases.parts import Parts
from services.notifications.usecases.send import (
    UNKNOWN,
    Outcome,
    OutgoingMail,
    Postponed,
    begin,
    content_offered,
    ended,
)
from shared import clock, db, rounds
from shared.db import AWAY, Database, retry_conflicts
from shared.stopping import deadline, end
from shared.web.letters import letter_pdf

log = structlog.get_logger(__name__)

IDLE: Final = 0.5
"""Seconds between two looks at an empty queue."""
SETTLE_EVERY: Final = 10.0
DIGESTS_EVERY: Final = 20.0
MEASURE_EVERY: Final = 15.0
BEFORE_CONTENT: Final = 120.0
"""Seconds that all before the content may take; with the two answers to the content it stays within the lease."""
PATIENCE_AT_STOP: Final = 25.0
AWAY_PAUSE: Final = 1.0
"""Seconds between two attempts to write an outcome down while the database is away."""
SETTLE_ATTEMPTS: Final = 40
"""How often an outcome is written down in vain, in a database that answers, before it is given up: past the lease."""
SETTLE_PAUSE: Final = 10.0
"""The longest pause between two of these attempts, in seconds."""

_PERMANENT: Final = range(500, 600)
_ACCEPTED: Final = range(200, 300)
_POLICY: Final = SMTP_POLICY.clone(cte_type="7bit", max_line_length=76)


class Unwritable(Exception):
    """No mail can be written to this address."""


class MailSender:
    """Sends with several senders at once; as many copies of it may run as one likes."""

    def __init__(
        self,
        database: Database,
        parts: Parts,
        *,
        server: MailServerAddress,
        sender: str,
        timeout: float = 60,
        senders: int = 4,
    ) -> None:
        self._database = database
        self._parts = parts
        self._server = server
        self._timeout = timeout
        self._senders = senders
        name, self._from = parseaddr(sender)
        user, self._domain = self._from.rsplit("@", 1)
        self._shown = Address(name, user, self._domain)
        self._printing = asyncio.Lock()
        self._stopping = asyncio.Event()
        for result in Result:  # counted from nothing: an increase to the first would not be seen
            metrics.ATTEMPTS.labels(result)

    @contextlib.asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Send while the block runs; at its end finish the mails under way, and begin no other."""
        self._stopping.clear()
        senders = [asyncio.create_task(self._send_all(), name=f"sender {n}") for n in range(self._senders)]
        try:
            async with contextlib.AsyncExitStack() as chores:
                for chore, every in (
                    (self.settle_lost, SETTLE_EVERY),
                    (self.gather_digests, DIGESTS_EVERY),
                    (self.measure, MEASURE_EVERY),
                ):
                    await chores.enter_async_context(rounds.running(chore, every=every, name=chore.__qualname__))
                yield
        finally:
            self._stopping.set()
            if senders:
                await asyncio.wait(senders, timeout=deadline.left(PATIENCE_AT_STOP))
            await end(*senders)

    async def _send_all(self) -> None:
        while not self._stopping.is_set():
            try:
                sent = await self.send_next()
            except AWAY as error:
                log.warning("mail_sender.database_away", error=type(error).__name__)
                sent = False
            except Exception:
                log.exception("mail_sender.failed")
                sent = False
            if not sent:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), IDLE)

    async def settle_lost(self) -> int:
        """Settle what senders that are gone left behind, each mail in a transaction of its own."""
        settled = 0
        while (result := await retry_conflicts(self._settle_next_lost)) is not None:
            metrics.ATTEMPTS.labels(result).inc()
            settled += 1
        if settled:
            log.warning("mail_sender.lost_attempts_settled", count=settled)
        return settled

    async def _settle_next_lost(self) -> Result | None:
        async with self._database.transaction() as tx:
            return await send.settle_lost(tx, at=await db.now(tx), chance=random.random(), parts=self._parts)  # noqa: S311 - spreads retries, keeps no secret

    async def gather_digests(self) -> int:
        """Make the digests that are due."""
        async with self._database.transaction() as tx:
            return await digests.gather_digests(tx, at=await db.now(tx), parts=self._parts)

    async def measure(self) -> None:
        """Update the gauges."""
        unsent = await mails.unsent(self._database, EVERYTHING)
        for status in set(Status) - {Status.SENT}:
            metrics.DELIVERIES.labels(status).set(unsent.get(status, 0))
        metrics.OLDEST_DUE.set(await oldest_due(self._database, await db.now(self._database)))

    async def send_next(self) -> bool:
        """Send the next mail that is due, or postpone it; False when there is none."""
        mail = await retry_conflicts(self._begin)
        if mail is None:
            return False
        if isinstance(mail, Postponed):
            return True
        outcome = await self._attempt(mail)
        if outcome is not None and await self._settle(mail, outcome):
            metrics.ATTEMPTS.labels(outcome.result).inc()
            log.info("delivery.attempted", delivery_id=str(mail.delivery_id), result=str(outcome.result))
        return True

    async def _begin(self) -> OutgoingMail | Postponed | None:
        async with self._database.transaction() as tx:
            return await begin(tx, at=await db.now(tx), parts=self._parts)

    async def _offer_content(self, mail: OutgoingMail) -> bool:
        async with self._database.transaction() as tx:
            return await content_offered(tx, mail.attempt_id, at=await db.now(tx))

    async def _settle(self, mail: OutgoingMail, outcome: Outcome) -> bool:
        """Write the outcome down, whatever the database raises meanwhile; False when it had to be given up.

        What the server answered is known only here. While the database is away it is kept as long as that takes; what
        fails again and again for another reason is given up after the lease, and somebody has to look at it.
        """
        attempts = 0
        try:
            while attempts < SETTLE_ATTEMPTS:
                try:
                    await retry_conflicts(partial(self._note_outcome, mail, outcome))
                except AWAY as error:
                    log.warning(
                        "mail_sender.outcome_waits", error=type(error).__name__, delivery_id=str(mail.delivery_id)
                    )
                    await asyncio.sleep(AWAY_PAUSE)
                except Exception:
                    attempts += 1
                    log.exception("mail_sender.outcome_refused", delivery_id=str(mail.delivery_id))
                    await asyncio.sleep(min(SETTLE_PAUSE, 2.0**attempts / 10))
                else:
                    return True
        except asyncio.CancelledError:
            self._give_up_outcome(mail, outcome)
            raise
        self._give_up_outcome(mail, outcome)
        return False

    @staticmethod
    def _give_up_outcome(mail: OutgoingMail, outcome: Outcome) -> None:
        """Leave it in the log alone: the delivery becomes uncertain when its lease ends."""
        log.error(
            "mail_sender.outcome_uncertain",
            delivery_id=str(mail.delivery_id),
            attempt_id=str(mail.attempt_id),
            result=str(outcome.result),
        )

    async def _note_outcome(self, mail: OutgoingMail, outcome: Outcome) -> None:
        async with self._database.transaction() as tx:
            await ended(
                tx,
                mail.attempt_id,
                outcome,
                at=await db.now(tx),
                chance=random.random(),  # noqa: S311 - spreads retries, keeps no secret
                parts=self._parts,
            )

    async def _attempt(self, mail: OutgoingMail) -> Outcome | None:
        """Speak with the mail server; None when the attempt took too long and must not go on."""
        try:
            recipient = deliverable(mail.recipient)
            content = self.write(mail, await self._attachment(mail))
        except Unwritable:
            return Outcome(Result.REFUSED, "Cette adresse ne peut pas recevoir de message.")
        client = self._client()
        try:
            try:
                async with asyncio.timeout(BEFORE_CONTENT):
                    await client.connect()
                    await client.mail(mail.return_path or self._from)
                    await client.rcpt(recipient)
            except aiosmtplib.SMTPRecipientRefused as error:
                return Outcome(Result.REFUSED if error.code in _PERMANENT else Result.DEFERRED, _reply_of(error))
            except aiosmtplib.SMTPNotSupported as error:
                return Outcome(Result.REFUSED, without_addresses(error.message))
            except aiosmtplib.SMTPResponseException as error:
                return Outcome(Result.DEFERRED, _reply_of(error))
            except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
                return Outcome(Result.UNREACHABLE, f"Serveur de messagerie injoignable ({type(error).__name__})")
            ours = await retry_conflicts(partial(self._offer_content, mail))
            return await self._offer(client, content) if ours else None
        finally:
            await _leave(client)

    async def _offer(self, client: aiosmtplib.SMTP, content: bytes) -> Outcome:
        """Offer the content: from here on, only an answer shows what became of the mail."""
        try:
            response = await client.data(content)
        except aiosmtplib.SMTPResponseException as error:
            if error.code in _ACCEPTED:
                return Outcome(Result.SENT, _reply_of(error))
            if error.code in _PERMANENT:
                return Outcome(Result.REFUSED, _reply_of(error))
            if error.code >= 400:  # noqa: PLR2004 - SMTP's transient refusals
                return Outcome(Result.DEFERRED, _reply_of(error))
            return Outcome(Result.UNCERTAIN, UNKNOWN)
        except (aiosmtplib.SMTPException, OSError, TimeoutError):
            return Outcome(Result.UNCERTAIN, UNKNOWN)
        return Outcome(Result.SENT, without_addresses(f"{response.code} {response.message}"))

    def _client(self) -> aiosmtplib.SMTP:
        server = self._server
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            timeout=self._timeout,
            use_tls=server.tls,
            start_tls=server.starttls,
            username=server.user,
            password=server.password,
            local_hostname=self._domain,
        )

    async def _attachment(self, mail: OutgoingMail) -> bytes | None:
        """Make the PDF of the mail's letter, one at a time: it takes a processor for some tenths of a second.

        A mail without its letter is better than none: the page that it leads to has the letter too.
        """
        if mail.letter is None:
            return None
        try:
            async with self._printing:
                return await letter_pdf(mail.letter)
        except Exception:
            log.exception("mail_sender.letter_failed", delivery_id=str(mail.delivery_id))
            return None

    def write(self, mail: OutgoingMail, attached: bytes | None = None) -> bytes:
        """Write the mail as it travels. Its Message-ID is the delivery's, the same at each attempt of a round."""
        message = EmailMessage(policy=_POLICY)
        try:
            message["From"] = self._shown
            message["To"] = deliverable(mail.recipient)
            if mail.reply_to:
                message["Reply-To"] = mail.reply_to
            message["Subject"] = mail.subject
        except ValueError as error:
            raise Unwritable from error
        message["Date"] = format_datetime(clock.now())
        message["Message-ID"] = f"<{mail.delivery_id}.{mail.round}@{self._domain}>"
        if mail.thread_id != mail.delivery_id:
            message["In-Reply-To"] = message["References"] = f"<{mail.thread_id}.0@{self._domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
        message["Content-Language"] = "fr"
        if mail.unsubscribe:
            message["List-Unsubscribe"] = f"<{mail.unsubscribe}>"
        message.set_content(mail.text, charset="utf-8")
        message.add_alternative(mail.html, subtype="html", charset="utf-8")
        if attached is not None and mail.letter is not None:
            name = f"{mail.letter.file_name}.pdf"
            message.add_attachment(attached, maintype="application", subtype="pdf", filename=name)
        return message.as_bytes()


def deliverable(address: str) -> str:
    """Return the address as every mail server understands it: the domain in ASCII; refuse what has no such form."""
    user, _, domain = address.rpartition("@")
    try:
        return f"{user.encode('ascii').decode()}@{domain.encode('idna').decode()}"
    except UnicodeError as error:
        raise Unwritable from error


def _reply_of(error: aiosmtplib.SMTPResponseException) -> str:
    return without_addresses(f"{error.code} {error.message}")


async def _leave(client: aiosmtplib.SMTP) -> None:
    """End the session, if the server still listens; what was settled does not depend on it."""
    try:
        if client.is_connected:
            async with asyncio.timeout(5):
                await client.quit()
    except (aiosmtplib.SMTPException, OSError, TimeoutError):
        pass
    finally:
        client.close()
