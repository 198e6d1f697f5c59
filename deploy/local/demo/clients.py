"""HTTP client of the demonstration: calls the API of each running service as one of its agents."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpx2
from rich.console import Console

from deploy.local.child import DidNotStart
from deploy.local.databases import refuse_real_agents
from deploy.local.environment import EMBEDDED
from deploy.local.personas import PERSONAS, Persona, departemental
from deploy.local.places import REPOSITORY, Places
from services.operations.environment import database_of, read_environment_file, variable
from services.operations.usecases import agents
from shared import production
from shared.identity.model import Role
from shared.messaging.accounts import SERVICES
from shared.territory import Departement

Json = dict[str, Any]

OPERATOR = "exploitant@cousu.test"

DELIVERY_TIMEOUT = 60.0
"""Seconds within which events of one service must be applied by another."""

console = Console(highlight=False, soft_wrap=True)


@cache
def _connections() -> httpx2.Client:
    """One pool of connections for everybody."""
    return httpx2.Client(timeout=30)


class ApiClient:
    """The API of one service, as one caller; what is refused ends the demonstration with the refusal."""

    def __init__(self, base: str, token: str | None = None) -> None:
        self._base = f"{base}/api/v1"
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str) -> Json:
        """Read."""
        return _read(self._ask("GET", path))

    def post(self, path: str, body: Json | None = None, headers: dict[str, str] | None = None) -> Json:
        """Act."""
        return _read(self._ask("POST", path, json=body or {}, headers=headers))

    def put(self, path: str, body: Json) -> Json:
        """Write anew."""
        return _read(self._ask("PUT", path, json=body))

    def upload(self, path: str, name: str, content: bytes) -> Json:
        """Join a file."""
        return _read(self._ask("POST", path, files={"document": (name, content, "application/pdf")}))

    def until(self, path: str, holds: Callable[[Json], bool]) -> Json:
        """Read until it is so."""
        end = time.monotonic() + DELIVERY_TIMEOUT
        while True:
            answer = self._ask("GET", path)
            if answer.is_success and holds(answer.json()):
                return _read(answer)
            if time.monotonic() > end:
                sys.exit(f"{path} is still not as expected after {DELIVERY_TIMEOUT:.0f} s: {answer.text}")
            time.sleep(0.1)

    def _ask(self, method: str, path: str, *, headers: dict[str, str] | None = None, **sent: Any) -> httpx2.Response:
        address = f"{self._base}{path}"
        return _connections().request(method, address, headers=self._headers | (headers or {}), **sent)


def _read(answer: httpx2.Response) -> Json:
    if not answer.is_success:
        sys.exit(f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}")
    read: Json = answer.json()
    return read


def prepare() -> None:
    """Read where everything is, and end the demonstration unless it may write there.

    Requests of people are nowhere near: it runs on this machine alone (`COUSU_ENVIRONMENT=local`, which `make run`
    sets), in the embedded databases or in others that have no agents but personas.
    """
    read_environment_file()
    if not production.is_local():
        sys.exit(f"The demonstration runs where {production.ENVIRONMENT}=local alone. Nothing was changed.")
    urls = {name: variable(f"{name.upper()}_DATABASE_URL") for name in SERVICES}
    embedded = os.environ.get(EMBEDDED)
    if not all(urlsplit(url).netloc.rpartition("@")[2] == embedded for url in urls.values()):
        try:
            asyncio.run(refuse_real_agents(urls))
        except DidNotStart as refusal:
            sys.exit(str(refusal))


def agents_of(service: str, emails: Iterable[str], *, adding: Iterable[Persona] = ()) -> dict[str, ApiClient]:
    """Let these agents act for an hour, by their addresses; those to add are made first, as an administrator does."""

    async def issue() -> dict[str, str]:
        async with database_of(service) as database:
            for persona in adding:
                await agents.add(
                    database,
                    email=persona.email,
                    name=persona.name,
                    roles=[Role(persona.role)],
                    departements=persona.departements,
                    quality=persona.quality,
                    by="demonstration",
                )
            expires_at = datetime.now(UTC) + timedelta(hours=1)
            return {
                email: await agents.issue_token(
                    database, email=email, name="demonstration", by="demonstration", expires_at=expires_at
                )
                for email in emails
            }

    base = variable(f"{service.upper()}_PUBLIC_URL")
    return {email: ApiClient(base, token) for email, token in asyncio.run(issue()).items()}


def agents_of_departements(departements: Iterable[Departement]) -> dict[str, tuple[ApiClient, ApiClient]]:
    """Let the SAT agent and the délégué of each département act, by its code; mails find them from now on."""
    own = {each.code: departemental(each.code) for each in departements}
    everybody = [persona for pair in own.values() for persona in pair]
    known = {persona.email for persona in PERSONAS}
    new = [persona for persona in everybody if persona.email not in known]
    (directory,) = agents_of("notifications", (OPERATOR,)).values()
    for persona in new:
        directory.put("/contacts", _mailbox(persona))
    clients = agents_of("qualification", [persona.email for persona in everybody], adding=new)
    return {code: (clients[sat.email], clients[delegate.email]) for code, (sat, delegate) in own.items()}


def _mailbox(persona: Persona) -> Json:
    (code,) = persona.departements
    audience = "delegate" if persona.role == Role.DELEGATE else "departement"
    return {"audience": audience, "scope": code, "name": persona.name, "email": persona.email}


@contextmanager
def running() -> Iterator[None]:
    """Use what runs from this folder, or start it for the while."""
    places = Places.from_environment()
    if places.endpoints.exists():
        yield
        return
    console.print("Cousu-main does not run yet: starting it for this demonstration …")
    process = subprocess.Popen([sys.executable, "-m", "deploy.local.run"], cwd=REPOSITORY)
    try:
        while not places.endpoints.exists():
            if process.poll() is not None:
                sys.exit("It did not start.")
            time.sleep(0.2)
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()
