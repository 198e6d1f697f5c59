"""Clients that use the HTTP API only, and record every 2xx answer outside the product."""

import asyncio
import smtplib
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx2

from tests.faults.mailbox import APPLICANT
from tests.faults.partner import Partner

Json = dict[str, Any]

UNKNOWN = {500, 502, 503, 504}
"""Answers after which a client cannot know whether it was done."""
ABSENT = 404
CONFLICT = 409


@dataclass(frozen=True, slots=True)
class Upload:
    """A file, sent as a form sends it."""

    name: str
    content: bytes


class Stuck(Exception):
    """Something that had to become possible did not, in all the time there was."""


@dataclass(slots=True)
class Life:
    """One request as its client lived it: what was promised, what may have happened, how it must end."""

    kind: str
    key: str
    id: str = ""
    number: str = ""
    token: str = ""
    sure: Counter[str] = field(default_factory=Counter)
    """Wire types that must stand in the journals so many times."""
    maybe: Counter[str] = field(default_factory=Counter)
    """So many more may stand there: attempts without an answer that were not repeated as such."""
    sure_texts: list[str] = field(default_factory=list)
    maybe_texts: list[str] = field(default_factory=list)
    crosses: list[str] = field(default_factory=list)
    """Texts that the département had when it handed the request over."""
    sure_documents: list[Upload] = field(default_factory=list)
    maybe_documents: list[Upload] = field(default_factory=list)
    ends: dict[str, str] = field(default_factory=dict)
    """How it must end: intake's status, the case's state, the escalation's state."""
    or_ends: list[dict[str, str]] = field(default_factory=list)
    """Other ends that are as good, where two people acted at the same time and either may have been first."""
    exclusive: list[frozenset[str]] = field(default_factory=list)
    """Sets of wire types of which exactly one event must be published: only one of these people can have been first."""
    announced: list[str] | None = None
    """The outcomes mailed to the applicant before two people acted at once; None where nobody did."""
    checks: list[Callable[[], Awaitable[str]]] = field(default_factory=list)
    """What the life itself asks when all is quiet; each gives what is wrong, or nothing."""
    finished: bool = False


@dataclass(slots=True)
class Ledger:
    """Everything that the product promised to anybody."""

    lives: list[Life] = field(default_factory=list)
    partners: list[Partner] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    """How HTTP requests ended: status, or the name of the error."""
    accepted: int = 0
    unknown: int = 0


class Client:
    """Asks until it knows: the same again after an error, and a look where asking twice would do it twice."""

    def __init__(
        self,
        ledger: Ledger,
        endpoints: dict[str, str],
        *,
        patience: float,
        connect: Callable[[str], Awaitable["asyncpg.Connection[asyncpg.Record]"]] | None = None,
    ) -> None:
        """`connect` opens a database of a service, for lives that hold rows of it from outside."""
        self.ledger = ledger
        self._connect = connect
        self._endpoints = endpoints
        self._patience = patience
        self._http = httpx2.AsyncClient(timeout=90, trust_env=False, limits=httpx2.Limits(max_connections=40))
        self.tokens: dict[str, tuple[str, str]] = {}
        """Agent → service, bearer token."""

    async def connect(self, service: str) -> "asyncpg.Connection[asyncpg.Record]":
        """Open a session of somebody else at the database of a service."""
        if self._connect is None:
            raise RuntimeError("these people were given no databases")
        return await self._connect(service)

    async def close(self) -> None:
        """Leave."""
        for partner in self.ledger.partners:
            partner.stop()
        await self._http.aclose()

    async def once(
        self,
        service: str,
        method: str,
        path: str,
        token: str | None,
        body: Json | Upload | None,
        key: str | None = None,
    ) -> tuple[int, Json]:
        """Ask once; status 0 when no answer came."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if key:
            headers["Idempotency-Key"] = key
        sent: Json = {"json": body}
        if isinstance(body, Upload):
            sent = {"files": {"document": (body.name, body.content, "application/pdf")}}
        try:
            answer = await self._http.request(
                method, f"{self._endpoints[service]}/api/v1{path}", headers=headers, **sent
            )
        except httpx2.HTTPError as error:
            self.ledger.asked[type(error).__name__] += 1
            return 0, {}
        self.ledger.asked[str(answer.status_code)] += 1
        try:
            read = answer.json()
        except ValueError:
            read = {}
        return answer.status_code, read if isinstance(read, dict) else {}

    async def download(self, url: str, token: str) -> bytes | None:
        """Fetch a file; None where it is not given."""
        answer = await self._http.get(url, headers={"Authorization": f"Bearer {token}"})
        return answer.content if answer.status_code == 200 else None

    async def read(self, service: str, path: str, token: str | None) -> Json | None:
        """Read, whatever it takes; None where there is nothing (404)."""
        until = time.monotonic() + self._patience
        status = 0
        while time.monotonic() < until:
            status, answer = await self.once(service, "GET", path, token, None)
            if status == 200:
                return answer
            if status == ABSENT:
                return None
            if status and status not in UNKNOWN:
                break
            await asyncio.sleep(0.3)
        raise Stuck(f"GET {service}{path}: {status}")

    async def until(self, service: str, path: str, token: str | None, holds: Callable[[Json], bool]) -> Json:
        """Read again until it is so."""
        until = time.monotonic() + self._patience
        pause = 0.05
        seen: Json | None = None
        while time.monotonic() < until:
            seen = await self.read(service, path, token)
            if seen is not None and holds(seen):
                return seen
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 1.0)
        what = {name: (seen or {}).get(name) for name in ("state", "status")}
        raise Stuck(f"GET {service}{path} stays {what}")

    async def attempt(self, service: str, path: str, token: str | None, body: Json) -> bool | None:
        """Act although somebody else may be first; tell whether it was accepted, None where that is not known.

        Raises `Stuck` when no answer comes for long.
        """
        until = time.monotonic() + self._patience
        unsure = False
        status = 0
        while time.monotonic() < until:
            status, _ = await self.once(service, "POST", path, token, body)
            if status in {200, 201}:
                self.ledger.accepted += 1
                return True
            if status and status not in UNKNOWN:
                return None if unsure else False
            unsure = True
            self.ledger.unknown += 1
            await asyncio.sleep(0.5)
        raise Stuck(f"POST {service}{path}: {status}")

    async def mail(self, *, to: str, text: str, message_id: str) -> None:
        """Give the mail server of inbound mail a mail, again until it says that it has it."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = APPLICANT, to, "Re: Votre demande", message_id
        mail.set_content(text)
        server = urlsplit(self._endpoints["replies"])

        def given() -> None:
            with smtplib.SMTP(server.hostname or "", server.port or 0, timeout=20) as smtp:
                smtp.send_message(mail, APPLICANT, [to])

        until = time.monotonic() + self._patience
        error: Exception | None = None
        while time.monotonic() < until:
            try:
                await asyncio.to_thread(given)
            except (OSError, smtplib.SMTPException) as away:
                error = away
                await asyncio.sleep(0.5)
            else:
                return
        raise Stuck(f"a mail to {to}: {error}")

    async def do(
        self,
        service: str,
        path: str,
        token: str | None,
        body: Json | Upload,
        *,
        method: str = "POST",
        key: str | None = None,
        done: Callable[[], Awaitable[bool]] | None = None,
        again: Callable[[], Json | Upload] | None = None,
        perhaps: Callable[[], None] | None = None,
    ) -> Json:
        """Act until it is done.

        With an idempotency `key` the same may be asked again. `done` tells, after an attempt without an answer, whether
        it took effect. `again` makes another body for another attempt, and `perhaps` notes that the one before may have
        taken effect.
        """
        until = time.monotonic() + self._patience
        unsure = False
        status = 0
        answer: Json = {}
        while time.monotonic() < until:
            status, answer = await self.once(service, method, path, token, body, key)
            if status in {200, 201}:
                self.ledger.accepted += 1
                return answer
            if status == CONFLICT and unsure and key is None:
                return {}
            if status and status not in UNKNOWN and status != CONFLICT:
                break
            if status != CONFLICT:
                unsure = True
                self.ledger.unknown += 1
                await asyncio.sleep(0.5)
                if done is not None and await done():
                    return {}
                if again is not None and perhaps is not None:
                    perhaps()
                    body = again()
            await asyncio.sleep(0.3)
        raise Stuck(f"POST {service}{path}: {status} {answer.get('code')} {answer.get('errors', '')}")
