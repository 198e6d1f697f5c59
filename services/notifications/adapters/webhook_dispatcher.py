"""HTTPS client that posts events to partners' webhooks and is protected against SSRF.

Each subscription that has something to receive is served by a task of its own, one attempt at a time, and the number of
tasks is bounded: a partner that answers late delays nobody else.

A name is resolved here, every address that it has is judged, and the very address that was judged is called: no second
question to the DNS can lead elsewhere. No redirect is followed, no proxy is asked, little of an answer is read.
"""

import asyncio
import contextlib
import ipaddress
import json
import random
import socket
import ssl
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Final
from urllib.parse import urlsplit

import httpx2
import structlog

from services.notifications.domain.addresses import IPAddress, may_be_called
from services.notifications.domain.deliveries import without_addresses
from services.notifications.domain.webhooks import KEPT_FOR, Result, Secrets, headers
from services.notifications.store.webhooks import forget_partner_events, number_partner_events
from services.notifications.usecases import metrics
from services.notifications.usecases.parts import Parts
from services.notifications.usecases.webhooks import OutgoingEvent, Receipt, next_event, record_attempt
from shared import clock, db, rounds
from shared.db import AWAY, Database, retry_conflicts
from shared.stopping import deadline, end

log = structlog.get_logger(__name__)

IDLE: Final = 0.5
"""Seconds between two looks when nothing is due."""
SWEEPS_EVERY: Final = 3600.0
PATIENCE: Final = 15.0
"""Seconds that a partner may take over one event, the way there included."""
MOST_READ: Final = 300
"""Bytes of an answer that are stored, to find mistakes."""
AT_ONCE: Final = 50
"""Subscriptions served at the same time by one copy of the service; an attempt holds less than 1 MB."""
PATIENCE_AT_STOP: Final = 20.0


class Forbidden(Exception):
    """The address leads where we do not go."""


class WebhookDispatcher:
    """Serves many subscriptions at once, each by one attempt at a time; as many copies may run as one likes."""

    def __init__(self, database: Database, parts: Parts, secrets: Secrets, *, senders: int = AT_ONCE) -> None:
        self._database = database
        self._parts = parts
        self._secrets = secrets
        self._networks = parts.networks
        self._most = senders
        self._tls = ssl.create_default_context()
        self._stopping = False
        self._changed = asyncio.Event()
        """An attempt has ended, or the service stops."""
        self._attempts: set[asyncio.Task[None]] = set()
        self._resolvers = ThreadPoolExecutor(max(1, senders), thread_name_prefix="dispatcher resolves")
        """Threads of its own: one whose name servers are silent keeps a thread for longer than its attempt."""

    @contextlib.asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Deliver while the block runs; at its end finish what is under way, and begin nothing."""
        self._stopping = False
        dispatching = [asyncio.create_task(self._dispatch(), name="dispatcher")] if self._most else []
        try:
            async with (
                rounds.running(self.number, every=IDLE, name="dispatcher.number"),
                rounds.running(self.sweep, every=SWEEPS_EVERY, name="dispatcher.sweep"),
            ):
                yield
        finally:
            self._stopping = True
            self._changed.set()
            if dispatching:
                until = deadline.left(PATIENCE_AT_STOP)
                await asyncio.wait(dispatching, timeout=until)
            await end(*dispatching, *self._attempts)
            self._resolvers.shutdown(wait=False, cancel_futures=True)

    async def _dispatch(self) -> None:
        """Begin an attempt for each subscription that is due, at most so many at once; return when all have ended."""
        while not self._stopping or self._attempts:
            self._changed.clear()
            may_begin = not self._stopping and len(self._attempts) < self._most
            event = await self._claim_safely() if may_begin else None
            if event is not None:
                attempt = asyncio.create_task(self._deliver_safely(event), name="dispatcher attempt")
                self._attempts.add(attempt)
                attempt.add_done_callback(self._attempt_ended)
                continue
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), IDLE)

    def _attempt_ended(self, attempt: asyncio.Task[None]) -> None:
        self._attempts.discard(attempt)
        self._changed.set()

    async def _claim_safely(self) -> OutgoingEvent | None:
        try:
            return await self._claim()
        except Exception as error:  # noqa: BLE001 - looked for again in a moment
            _log_failure(error)
            return None

    async def _deliver_safely(self, event: OutgoingEvent) -> None:
        try:
            await self._deliver(event)
        except Exception as error:  # noqa: BLE001 - its lease ends, and it is attempted again
            _log_failure(error)

    async def number(self) -> int:
        """Give positions to what came since."""
        async with self._database.transaction() as tx:
            return await number_partner_events(tx)

    async def sweep(self) -> None:
        """Forget what is older than a partner may ask for."""
        async with self._database.transaction() as tx:
            await forget_partner_events(tx, before=await db.now(tx) - KEPT_FOR)

    async def deliver_next(self) -> bool:
        """Return the next event that is due to its partner; False when there is none."""
        event = await self._claim()
        if event is None:
            return False
        await self._deliver(event)
        return True

    async def _claim(self) -> OutgoingEvent | None:
        async with self._database.transaction() as tx:
            return await next_event(tx, at=await db.now(tx), secrets=self._secrets)

    async def _deliver(self, event: OutgoingEvent) -> None:
        receipt = await self._hand_over(event)
        await retry_conflicts(partial(self._settle, event, receipt))
        metrics.WEBHOOK_ATTEMPTS.labels(receipt.result).inc()
        log.info("webhook.attempted", webhook_id=str(event.webhook_id), result=str(receipt.result))

    async def _settle(self, event: OutgoingEvent, receipt: Receipt) -> None:
        """Record what came of an attempt."""
        async with self._database.transaction() as tx:
            await record_attempt(
                tx,
                event.attempt_id,
                receipt,
                at=await db.now(tx),
                chance=random.random(),  # noqa: S311 - spreads retries, keeps no secret
                parts=self._parts,
            )

    async def _hand_over(self, event: OutgoingEvent) -> Receipt:
        body = json.dumps(event.body, ensure_ascii=False).encode()
        signed = headers(event.secrets, str(event.event_id), body, at=clock.now())
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._post(event.url, dict(signed), body)
        except Forbidden:
            return Receipt(Result.FORBIDDEN, "Cette adresse mène à un réseau qui ne peut pas être appelé.")
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, UnicodeError) as error:  # TimeoutError is an OSError
            return Receipt(Result.UNREACHABLE, f"Programme injoignable ({type(error).__name__})")

    async def _post(self, url: str, signed: dict[str, str], body: bytes) -> Receipt:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        address = await self._address_of(host, port, plain=parts.scheme == "http")
        literal = f"[{address}]" if address.version == 6 else str(address)  # noqa: PLR2004 - IP's versions
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        async with httpx2.AsyncClient(verify=self._tls, trust_env=False, follow_redirects=False) as client:
            request = client.build_request(
                "POST",
                f"{parts.scheme}://{literal}:{port}{path}",
                content=body,
                headers={**signed, "Host": parts.netloc},
                timeout=PATIENCE,
                extensions={"sni_hostname": host},
            )
            response = await client.send(request, stream=True)
            try:
                return _receipt(response, await _beginning_of(response))
            finally:
                await response.aclose()

    async def _address_of(self, host: str, port: int, *, plain: bool) -> IPAddress:
        """Return the address to call, after judging all of the name; without TLS only networks that were named."""
        ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(self._resolvers, ask)
        addresses = [ipaddress.ip_address(each[4][0]) for each in found]
        for address in addresses:
            if not may_be_called(address, self._networks) or (plain and not self._is_named(address)):
                raise Forbidden
        if not addresses:
            raise Forbidden
        return addresses[0]

    def _is_named(self, address: IPAddress) -> bool:
        return any(address in network for network in self._networks if network.version == address.version)


def _log_failure(error: Exception) -> None:
    if isinstance(error, AWAY):
        log.warning("dispatcher.database_away", error=type(error).__name__)
    else:
        log.error("dispatcher.failed", exc_info=error)


async def _beginning_of(response: httpx2.Response) -> bytes:
    """Read no more of an answer than is stored, as it came: compressed bytes are not decompressed."""
    read = b""
    async for piece in response.aiter_raw():
        read += piece
        if len(read) >= MOST_READ:
            break
    return read[:MOST_READ]


def _receipt(response: httpx2.Response, beginning: bytes) -> Receipt:
    words = without_addresses("".join(c if c.isprintable() else " " for c in beginning.decode(errors="replace")))
    asked = response.headers.get("Retry-After", "")
    return Receipt(
        Result.TAKEN if response.is_success else Result.REFUSED,
        f"{response.status_code} {words}".strip(),
        status=response.status_code,
        wait=timedelta(seconds=min(int(asked), 86_400)) if asked.isascii() and asked.isdigit() else None,
    )
