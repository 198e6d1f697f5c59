"""What the tests of notifications share: a real database, a mail server that misbehaves as told, facts to apply."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from litestar import Litestar

from services.notifications import replay
from services.notifications.adapters.mail_sender import MailSender
from services.notifications.handlers import handlers
from services.notifications.main import application, messenger_of, parts_of
from services.notifications.rendering import examples
from services.notifications.settings import MailServerAddress, Settings
from services.notifications.usecases.context import Context
from services.notifications.usecases.parts import Parts
from shared import clock
from shared.contracts import intake
from shared.contracts.fact import Fact
from shared.db import Database, Transaction
from shared.identity import store as identity
from shared.identity.model import Agent, Role
from shared.messaging.inbox.held import RetryPolicy
from shared.messaging.inbox.inbox import Inbox
from shared.messaging.inbox.message import Message
from shared.web import sessions
from tests.standing import StandingDatabase
from tests.wire import Streams

Client = httpx2.AsyncClient
DATABASE = StandingDatabase()


@pytest.fixture
async def database(database_url: Callable[[str], Awaitable[str]]) -> AsyncIterator[Database]:
    """A fresh database of notifications, with the rights of the running service."""
    async with DATABASE.opened(await database_url("notifications"), max_size=20) as opened:
        yield opened


@pytest.fixture(scope="session")
def settings() -> Settings:
    """Settings that reach nothing outside the test."""
    return Settings.model_validate(
        {
            "database_url": "postgresql://unused",
            "amqp_url": "amqp://127.0.0.1:1/",
            "port": 8104,
            "public_url": "http://notifications.test",
            "secret_key": secrets.token_hex(32),
            "tracking_key": "t" * 32,
            "orientation_key": "o" * 32,
            "webhook_key": "w" * 32,
            "intake_url": "http://intake.test",
            "qualification_url": "http://qualification.test",
            "escalation_url": "http://escalation.test",
            "delegate_mailboxes": {"95": "delegue-95@cousu.test"},
            "programme_mailboxes": {"petites_villes_de_demain": "pvd@cousu.test"},
            "national_mailbox": "national@cousu.test",
            "committee_mailbox": "comite@cousu.test",
            "operator_mailbox": "exploitant@cousu.test",
            "requests_per_minute": 0,
            "per_minute": {},
            "attach_letters": False,
        }
    )


@pytest.fixture(scope="session")
def parts(settings: Settings) -> Parts:
    """What writes the mails."""
    return parts_of(settings)


@dataclass(slots=True)
class MailServer:
    """A mail server that keeps what it accepted, and answers as it was told."""

    port: int = 0
    accepted: list[EmailMessage] = field(default_factory=list)
    return_paths: list[str | None] = field(default_factory=list)
    to_recipient: str = ""
    to_content: str = ""
    dies: str = ""
    """`before` or `after` it has taken the content, without an answer; `recipient`: before any content is offered."""
    slow: float = 0
    open: asyncio.Event = field(default_factory=asyncio.Event)
    """While it is cleared, a content waits for its answer."""

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Answer to a recipient."""
        if self.dies == "recipient":
            _hang_up(server)
        if self.to_recipient:
            return self.to_recipient
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - same
        """Answer to a content."""
        await asyncio.sleep(self.slow)
        await self.open.wait()
        if self.dies == "before":
            _hang_up(server)
            return "250 never heard"
        if self.to_content:
            return self.to_content
        assert isinstance(envelope.content, bytes)
        self.return_paths.append(envelope.mail_from)
        self.accepted.append(message_from_bytes(envelope.content, policy=default))
        if self.dies == "after":
            _hang_up(server)
        return "250 2.0.0 accepted as 42"


def _hang_up(server: SMTP) -> None:
    assert server.transport is not None
    server.transport.abort()  # type: ignore[attr-defined] # a socket's transport can


@pytest.fixture
async def mail_server() -> AsyncIterator[MailServer]:
    """A mail server on a free port."""
    behaviour = MailServer()
    behaviour.open.set()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(behaviour, hostname="mail.test", loop=loop), host="127.0.0.1", port=0
    )
    behaviour.port = server.sockets[0].getsockname()[1]
    yield behaviour
    behaviour.open.set()
    server.close()


@pytest.fixture
def mail_sender(database: Database, parts: Parts, mail_server: MailServer) -> MailSender:
    """Who sends, one mail at each `send_next`."""
    return a_mail_sender(database, parts, mail_server.port)


def a_mail_sender(database: Database, parts: Parts, port: int, *, timeout: float = 30, **options: Any) -> MailSender:
    """Make one more sender."""
    return MailSender(
        database,
        parts,
        server=MailServerAddress(f"smtp://127.0.0.1:{port}"),
        sender="Cousu-main <ne-pas-repondre@cousu.test>",
        timeout=timeout,
        **options,
    )


@dataclass(slots=True)
class World:
    """The other services, as notifications hears them."""

    database: Database
    inbox: Inbox
    streams: Streams = field(default_factory=Streams)

    async def consume(self, *facts: Fact, ids: list[UUID] | None = None) -> list[UUID]:
        """Consume facts, each as the next of its stream; return their ids."""
        told = ids or [uuid4() for _ in facts]
        await self.inbox.process([self.message(fact, event_id) for fact, event_id in zip(facts, told, strict=True)])
        return told

    def message(self, fact: Fact, event_id: UUID) -> Message:
        """Put a fact in its envelope."""
        return self.streams.message(fact, id=str(event_id))

    async def filed(self) -> UUID:
        """Let the example's request arrive; give the event's id."""
        return (await self.consume(examples.example_of(intake.RequestSubmitted)))[0]

    async def held(self) -> list[str]:
        """Give the reasons for which streams wait."""
        return [row["reason"] for row in await self.database.fetch("SELECT reason FROM inbox_held")]

    async def heal(self) -> None:
        """Give what waits another attempt now."""
        async with self.database.transaction() as tx:
            await tx.execute("UPDATE inbox_held SET next_attempt_at = now() - interval '1 second'")
        await self.inbox.retry_held()


@pytest.fixture
def world(database: Database, parts: Parts) -> World:
    """Let events arrive."""
    return World(database, Inbox(database, handlers(parts), RetryPolicy(first=0.01)))


@dataclass(slots=True)
class People:
    """Agents of this service."""

    database: Database

    async def agent(self, role: Role, departement: str | None = None, programme: str | None = None) -> Agent:
        """Create an agent."""
        async with self.database.transaction() as tx:
            return await identity.add_agent(
                tx,
                email=f"{role.replace('_', '-')}{departement or ''}@cousu.test",
                name=f"Agent {role} {departement or ''}".strip(),
                roles=[role],
                departements=[departement] if departement else [],
                programmes=[programme] if programme else [],
                at=clock.now(),
            )

    async def token(self, role: Role, departement: str | None = None, programme: str | None = None) -> dict[str, str]:
        """Create an agent; give the header that acts as them."""
        agent = await self.agent(role, departement, programme)
        async with self.database.transaction() as tx:
            token = await identity.issue_token(tx, agent_id=agent.id, name="test", at=clock.now(), expires_at=None)
        return {"Authorization": f"Bearer {token}"}

    async def enters(self, client: Client, role: Role, departement: str | None = None) -> None:
        """Create an agent and open their session in a browser, as sign-in does."""
        agent, at, key = await self.agent(role, departement), clock.now(), secrets.token_urlsafe()
        async with self.database.transaction() as tx:
            await sessions.create(tx, key, agent=agent, data={}, at=at, expires_at=at + timedelta(hours=1))
        client.cookies.set("cousu_notifications_session", key)


@pytest.fixture
def people(database: Database) -> People:
    """Create agents."""
    return People(database)


@pytest.fixture(scope="session")
def app(settings: Settings, parts: Parts) -> Litestar:
    """The service, without its broker and without its senders, over the database of whatever test runs."""
    return application(settings, DATABASE, parts, describe=messenger_of(settings, DATABASE, parts).describe)


@pytest.fixture
async def client(database: Database, app: Litestar) -> AsyncIterator[Client]:
    """A program in front of the service."""
    assert database is DATABASE
    transport = httpx2.ASGITransport(app=app)  # type: ignore[arg-type] # Litestar's scopes are narrower than ASGI's
    async with httpx2.AsyncClient(transport=transport, base_url="http://notifications.test") as opened:
        yield opened


async def statuses(database: Database) -> list[tuple[str, str, str]]:
    """Give audience, template and status of every delivery, oldest first."""
    rows = await database.fetch("SELECT audience, template, status FROM delivery ORDER BY created_at, id")
    return [(row["audience"], row["template"], row["status"]) for row in rows]


def many_messages(count: int) -> list[intake.MessagePosted]:
    """Write as many messages from the applicant, one a minute."""
    example = examples.example_of(intake.MessagePosted)
    assert isinstance(example, intake.MessagePosted)
    return [example.model_copy(update={"at": example.at + timedelta(minutes=n + 1)}) for n in range(count)]


def acting(tx: Transaction, agent: Agent, parts: Parts | None = None) -> Context:
    """Give the context in which an agent acts now."""
    return Context(tx, agent, clock.now(), parts or replay.parts())
