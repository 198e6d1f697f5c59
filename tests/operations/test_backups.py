"""Backups of all databases at one moment, taken while they tell each other, and restored."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import aio_pika
import asyncpg
import pytest

from deploy.local.postgres import LocalPostgres
from services.intake.store.files import DocumentFiles
from services.intake.usecases.sweeping import mark_folder
from services.operations.adapters.broker import Broker
from services.operations.adapters.connections import Watched
from services.operations.reads.verification import verify
from services.operations.usecases.backups import taking
from services.operations.usecases.backups.ahead import ListenerAhead
from services.operations.usecases.backups.manifest import DamagedBackup
from services.operations.usecases.backups.restoring import (
    HELD_MAIL,
    InUse,
    NotEmptyDatabase,
    Target,
    UnknownMigrations,
    restore,
)
from services.operations.usecases.backups.taking import NoBarrier, NotEmpty, back_up
from shared import clock
from shared.clock import new_id
from shared.contracts import intake, qualification
from shared.contracts.fact import Actor, Fact
from shared.contracts.vocabulary import Role
from shared.db import Database, Transaction
from shared.messaging import journal
from shared.messaging.handlers import EventHandlers
from shared.messaging.messenger import Messenger
from shared.messaging.names import BACKUP_LOCK, EXCHANGE
from shared.messaging.topology import Subscription
from tests.conftest import FreshDatabase
from tests.polling import eventually

Fresh = Callable[[str], Awaitable[FreshDatabase]]
MESSAGING = {"intake", "qualification"}
AGENT = Actor(id=new_id(), name="Agent", role=Role.SAT_AGENT)


def a_message(service: str, request_id: UUID, text: str) -> Fact:
    """What one of the two services says of a request."""
    about: dict[str, Any] = {"request_id": request_id, "departement": "95", "at": clock.now(), "message_id": new_id()}
    if service == "intake":
        return intake.MessagePosted(**about, text=text)
    return qualification.MessagePosted(**about, text=text, by=AGENT)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two services that hear and answer each other, and how often a request is spoken of at the same time."""

    databases: dict[str, Database]
    urls: dict[str, str]

    async def speak(self, requests: int) -> None:
        """Begin so many endless conversations."""
        async with self.databases["intake"].transaction() as tx:
            for _ in range(requests):
                await journal.record(tx, a_message("intake", new_id(), "ping"))

    async def events(self) -> int:
        """Count what was told."""
        return sum([await one.fetchval("SELECT count(*) FROM journal") for one in self.databases.values()])

    async def go_on(self) -> None:
        """Wait until much more was told."""
        before = await self.events()

        async def more() -> bool:
            return await self.events() > before + 40

        await eventually(more, within=60)


def answering(service: str, heard: type[Fact]) -> EventHandlers:
    async def answer(tx: Transaction, fact: Fact) -> None:
        await journal.record(tx, a_message(service, fact.request_id, "pong"))

    return EventHandlers({heard: answer})


@asynccontextmanager
async def a_pair(urls: dict[str, str], broker_url: Callable[[str], str]) -> AsyncIterator[Pair]:
    """Run both services."""
    async with AsyncExitStack() as stack:
        databases = {}
        for name, other, heard in (
            ("intake", "qualification", qualification.MessagePosted),
            ("qualification", "intake", intake.MessagePosted),
        ):
            database = databases[name] = await Database.connect(urls[name], name=name)
            stack.push_async_callback(database.close)
            messenger = Messenger(
                database,
                broker_url(name),
                name=name,
                subscription=Subscription(name, (f"{other}.#",)),
                handlers=answering(name, heard),
            )
            await stack.enter_async_context(messenger.lifespan())

            async def ready(messenger: Messenger = messenger) -> bool:
                return await messenger.missing() is None

            await eventually(ready, within=60)
        yield Pair(databases, urls)


@pytest.fixture
async def made(fresh_database: Fresh) -> dict[str, FreshDatabase]:
    return {name: await fresh_database(name) for name in ("intake", "qualification", "notifications")}


@pytest.fixture
def owners(made: dict[str, FreshDatabase]) -> dict[str, str]:
    return {name: one.owner_url for name, one in made.items()}


@pytest.fixture
async def pair(made: dict[str, FreshDatabase], broker_url: Callable[[str], str]) -> AsyncIterator[Pair]:
    """The two services, in conversation about eight requests."""
    async with a_pair({name: one.app_url for name, one in made.items()}, broker_url) as running:
        await running.speak(8)
        yield running


@pytest.fixture
def slow_snapshots(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let much happen between the snapshots of two databases."""
    execute = asyncpg.Connection.execute

    async def slowly(self: Any, query: str, *args: Any, **options: Any) -> str:
        done: str = await execute(self, query, *args, **options)
        if query.startswith("BEGIN ISOLATION"):
            await asyncio.sleep(0.5)
        return done

    monkeypatch.setattr(asyncpg.Connection, "execute", slowly)


@pytest.fixture
async def empty(postgres_server: LocalPostgres, made: dict[str, FreshDatabase]) -> AsyncIterator[dict[str, Target]]:
    """Databases without tables, of the same owners."""
    admin = await asyncpg.connect(postgres_server.url("postgres"))
    names = {service: f"restored_{new_id().hex}" for service in made}
    for service, name in names.items():
        await admin.execute(f'CREATE DATABASE "{name}" OWNER "{service}_owner"')
    yield {
        service: Target(postgres_server.url(name, f"{service}_owner"), postgres_server.url(name, f"{service}_app"))
        for service, name in names.items()
    }
    for name in names.values():
        await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    await admin.close()


async def restored(source: Path, targets: dict[str, Target], broker: str, **options: Any) -> Any:
    return await restore(
        source,
        targets,
        messaging=MESSAGING,
        documents=options.pop("documents", None),
        broker=Broker(broker),
        queues=["intake", "qualification"],
        **options,
    )


@pytest.mark.usefixtures("slow_snapshots")
async def test_no_listener_is_ahead_of_its_source_in_a_backup_taken_while_both_tell(
    pair: Pair, owners: dict[str, str], tmp_path: Path
) -> None:
    for backup in ("one", "two"):
        await pair.go_on()
        taken = await back_up(owners, messaging=MESSAGING, documents=None, to=tmp_path / backup)
        assert taken.databases["qualification"].applied > 20
        assert not (tmp_path / f"{backup}.partial").exists()


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def test_two_services_restored_from_one_backup_go_on_and_lose_nothing(
    made: dict[str, FreshDatabase],
    owners: dict[str, str],
    empty: dict[str, Target],
    broker_url: Callable[[str], str],
    tmp_path: Path,
) -> None:
    urls = {name: one.app_url for name, one in made.items()}
    async with a_pair(urls, broker_url) as before:
        await before.speak(8)
        await before.go_on()
        await back_up(owners, messaging=MESSAGING, documents=None, to=tmp_path / "backup")
        await before.go_on()
    done = await restored(tmp_path / "backup", empty, broker_url("supervisor"))
    async with a_pair({name: one.app for name, one in empty.items()}, broker_url) as after:
        await after.go_on()
        for name, database in after.databases.items():
            assert not await database.fetchval("SELECT count(*) FROM quarantine")
            assert not await database.fetchval("SELECT count(*) FROM inbox_held")
            assert not (await verify(Watched(name, database, name))).faults
            # The listener is read first: its sources may only be further by then.
            heard = await database.fetch("SELECT subject, applied FROM inbox_stream")
            (source,) = (one for other, one in after.databases.items() if other != name)
            heads = await source.fetch("SELECT subject, sequence FROM stream")
            told = {row["subject"]: row["sequence"] for row in heads}
            assert heard
            assert [row["subject"] for row in heard if row["applied"] > told.get(row["subject"], 0)] == []

        async def nothing_missing() -> bool:
            heads = await after.databases["intake"].fetch("SELECT subject, sequence FROM stream")
            heard = await after.databases["qualification"].fetch("SELECT subject, applied FROM inbox_stream")
            applied = {row["subject"]: row["applied"] for row in heard}
            known = await after.databases["qualification"].fetchval("SELECT count(*) FROM inbox_expected")
            return all(applied.get(row["subject"], 0) + 5 >= row["sequence"] for row in heads) and not known

        await eventually(nothing_missing, within=60)
    assert done.manifest.taken_at


@pytest.mark.usefixtures("slow_snapshots")
async def test_without_the_barrier_the_backup_finds_itself_that_it_is_not_of_one_moment(
    pair: Pair, owners: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(taking, "BACKUP_LOCK", 1)
    await pair.go_on()
    with pytest.raises(ListenerAhead):
        await back_up(owners, messaging=MESSAGING, documents=None, to=tmp_path / "backup")
    assert not (tmp_path / "backup").exists()


async def test_the_barrier_holds_the_relays_and_nobody_else_and_ends_with_whoever_holds_it(
    pair: Pair, owners: dict[str, str]
) -> None:
    async with _connected(owners["intake"]) as barrier:
        await barrier.execute("BEGIN")
        await barrier.execute("SELECT pg_advisory_xact_lock($1)", BACKUP_LOCK)
        async with pair.databases["intake"].transaction() as tx:
            await journal.record(tx, a_message("intake", new_id(), "ping"))

        async def relay_waits() -> bool:
            return bool(
                await barrier.fetchval(
                    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND NOT granted",
                    BACKUP_LOCK,
                )
            )

        await eventually(relay_waits)
        assert await pair.databases["intake"].fetchval("SELECT count(*) FROM outbox") > 0
        barrier.terminate()
    await pair.go_on()


async def test_a_barrier_that_is_not_reached_leaves_nothing_behind(
    made: dict[str, FreshDatabase], owners: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(taking, "BARRIER_WITHIN", 0.3)
    async with _connected(made["qualification"].app_url) as relay:
        await relay.execute("BEGIN")
        await relay.execute("SELECT pg_advisory_xact_lock_shared($1)", BACKUP_LOCK)
        with pytest.raises(NoBarrier):
            await back_up(owners, messaging=MESSAGING, documents=None, to=tmp_path / "backup")
    assert not (tmp_path / "backup").exists()
    await back_up(owners, messaging=MESSAGING, documents=None, to=tmp_path / "backup")
    with pytest.raises(NotEmpty):
        await back_up(owners, messaging=MESSAGING, documents=None, to=tmp_path / "backup")


async def test_documents_come_back_and_mails_that_were_owed_wait_for_a_person(
    made: dict[str, FreshDatabase],
    owners: dict[str, str],
    empty: dict[str, Target],
    broker_url: Callable[[str], str],
    tmp_path: Path,
) -> None:
    files = DocumentFiles(tmp_path / "documents")
    document = new_id()
    files.path(document).parent.mkdir(parents=True)
    files.path(document).write_bytes(b"%PDF-1.7")
    async with _connected(made["notifications"].owner_url) as connection:
        await connection.execute(
            """
            INSERT INTO delivery (id, event_id, event_type, event_at, audience, template, holder, recipient, subject,
                                  text_body, html_body, link_kind, link_target, thread_id, cadence, status, tried_since,
                                  next_attempt_at, created_at, attempt_id, lease_until, sent_at)
            SELECT gen_random_uuid(), gen_random_uuid(), 'x', now(), 'applicant', 'x', 'person', 'a@b.test', 'x', 'x',
                   'x', 'x', '', gen_random_uuid(), 'instant', status, now(), now(), now(),
                   CASE WHEN status = 'sending' THEN gen_random_uuid() END, CASE WHEN status = 'sending' THEN now() END,
                   CASE WHEN status = 'sent' THEN now() END
            FROM unnest('{queued,sending,sent}'::text[]) AS status
            """
        )
    database = await Database.connect(made["intake"].app_url, name="intake")
    await mark_folder(database, files)
    await database.close()
    await back_up(owners, messaging=MESSAGING, documents=files.folder, to=tmp_path / "backup")
    later = new_id()
    files.path(later).parent.mkdir(parents=True, exist_ok=True)
    files.path(later).write_bytes(b"%PDF-1.7")
    files.path(document).unlink()

    done = await restored(tmp_path / "backup", empty, broker_url("supervisor"), documents=files.folder)
    assert (done.mails_held, done.documents) == (2, 1)
    assert files.path(document).read_bytes() == b"%PDF-1.7"
    async with _connected(empty["notifications"].app) as connection:
        rows = await connection.fetch("SELECT status, reason FROM delivery ORDER BY status")
        assert [tuple(row) for row in rows] == [("sent", None), *[("uncertain", HELD_MAIL)] * 2]
    database = await Database.connect(empty["intake"].app, name="intake")
    assert not await mark_folder(database, files), "what was added since is seen, in the same minute too"
    await database.close()


async def test_what_waits_in_the_broker_is_newer_and_is_dropped_but_for_foreign_forms(
    made: dict[str, FreshDatabase],
    owners: dict[str, str],
    empty: dict[str, Target],
    broker_url: Callable[[str], str],
    tmp_path: Path,
) -> None:
    async with a_pair({name: one.app_url for name, one in made.items()}, broker_url):
        pass  # which declares what they listen to
    await back_up(owners, messaging=MESSAGING, documents=None, to=tmp_path / "backup")
    connection = await aio_pika.connect(broker_url("supervisor"))
    async with connection, connection.channel() as channel:
        queue = await channel.declare_queue("unrouted", passive=True)
        await queue.purge()
        exchange = await channel.get_exchange(EXCHANGE)
        for key in ("forms.request_filed.95", "programme.x.95", "programme.y.95"):
            await exchange.publish(aio_pika.Message(b"{}"), routing_key=key)
        done = await restored(tmp_path / "backup", empty, broker_url("supervisor"))
        assert done.dropped >= 2
        left = await queue.get(fail=False)
        assert left is not None
        assert left.routing_key == "forms.request_filed.95"
        await left.ack()
        assert await queue.get(fail=False) is None


@pytest.mark.parametrize("what", ["manifest.json", "intake/journal.copy.gz"])
@pytest.mark.parametrize("how", ["changed", "missing"])
async def test_a_damaged_backup_is_refused_and_changes_nothing(
    owners: dict[str, str],
    empty: dict[str, Target],
    broker_url: Callable[[str], str],
    tmp_path: Path,
    what: str,
    how: str,
) -> None:
    await back_up(owners, messaging=MESSAGING, documents=None, to=tmp_path / "backup")
    path = tmp_path / "backup" / what
    if how == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes().replace(b"intake", b"Intake") + b" ")
    with pytest.raises(DamagedBackup):
        await restored(tmp_path / "backup", empty, broker_url("supervisor"))
    async with _connected(empty["intake"].owner) as connection:
        assert not await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")


async def test_a_database_that_is_used_or_filled_or_too_old_is_refused(
    made: dict[str, FreshDatabase],
    owners: dict[str, str],
    broker_url: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    database = await Database.connect(made["intake"].app_url, name="intake")
    async with database.transaction() as tx:
        await journal.record(tx, a_message("intake", new_id(), "ping"))
    await back_up(owners, messaging=MESSAGING, documents=None, to=tmp_path / "backup")
    targets = {name: Target(one.owner_url, one.app_url) for name, one in made.items()}
    with pytest.raises(InUse):
        await restored(tmp_path / "backup", targets, broker_url("supervisor"), replace=True)
    async with database.transaction() as tx:
        await journal.record(tx, a_message("intake", new_id(), "since"))
    await database.close()
    with pytest.raises(NotEmptyDatabase):
        await restored(tmp_path / "backup", targets, broker_url("supervisor"))
    await restored(tmp_path / "backup", targets, broker_url("supervisor"), replace=True)
    async with _connected(made["intake"].app_url) as connection:
        assert await connection.fetchval("SELECT count(*) FROM journal") == 1
    monkeypatch.setattr("services.operations.adapters.migrations.folders", lambda _: [])
    with pytest.raises(UnknownMigrations):
        await restored(tmp_path / "backup", targets, broker_url("supervisor"), replace=True)
