"""The service as it is wired: an event on the broker becomes a mail, and is told back."""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable

import aio_pika
import pytest
import uvicorn
from pydantic import ValidationError

from services.notifications.main import build
from services.notifications.rendering import examples
from services.notifications.settings import Settings
from shared.contracts import intake
from shared.db import Database
from shared.messaging import journal
from shared.messaging.relay import Relay
from tests.notifications.conftest import MailServer
from tests.polling import eventually


async def test_an_event_on_the_broker_becomes_a_mail_and_the_mail_an_event(
    database_url: Callable[[str], Awaitable[str]],
    broker_url: Callable[[str], str],
    mail_server: MailServer,
    settings: Settings,
) -> None:
    database = await Database.connect(await database_url("notifications"), name="test")
    told = await Database.connect(await database_url("shared"), name="test")
    wired = Settings.model_validate(
        settings.model_dump()
        | {"amqp_url": broker_url("notifications"), "smtp_url": f"smtp://127.0.0.1:{mail_server.port}"}
    )
    server = uvicorn.Server(uvicorn.Config(build(wired, database), port=0, log_config=None, lifespan="on"))
    relay = Relay(told, broker_url("intake"), name="intake")
    async with asyncio.TaskGroup() as running:
        running.create_task(server.serve())
        await eventually(lambda: is_consumed(broker_url("supervisor"), "notifications"))
        running.create_task(relay.run())
        async with told.transaction() as tx:
            await journal.record(tx, examples.example_of(intake.RequestSubmitted))

        async def is_told_back() -> bool:
            return bool(await database.fetchval("SELECT count(*) = 2 FROM journal"))

        await eventually(is_told_back, within=60)
        server.should_exit = True
        await relay.stop()
    await relay.close()
    assert {mail["To"] for mail in mail_server.accepted} == {"contact@commune.test", "anct95@val-doise.gouv.fr"}
    body = json.loads(await database.fetchval("SELECT body FROM journal LIMIT 1"))
    assert body["type"] == "notifications.delivery_succeeded.v1"
    await told.close()
    await database.close()


async def is_consumed(amqp_url: str, queue: str) -> bool:
    """Tell whether somebody consumes a queue; what is told before goes astray, and nobody here would send it again."""
    async with await aio_pika.connect(amqp_url) as connection:
        try:
            found = await (await connection.channel()).declare_queue(queue, passive=True)
        except aio_pika.exceptions.ChannelNotFoundEntity:
            return False
        return bool(found.declaration_result.consumer_count)


@pytest.mark.parametrize(
    "wrong",
    [
        {"smtp_url": "http://127.0.0.1"},
        {"smtp_url": "smtp://user:secret@mail.example.org"},
        {"sender": "personne"},
        {"sender": "X\r\nBcc: y@z.test <a@b.test>"},
        {"tracking_key": "short"},
        {"delegate_mailboxes": {"95": "nowhere"}},
        {"programme_mailboxes": {"unknown": "a@b.test"}},
    ],
)
def test_settings_that_cannot_work_are_refused_at_the_start(settings: Settings, wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate(settings.model_dump() | wrong)


def test_objects_are_read_from_the_environment(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("public_url", "intake_url", "qualification_url", "escalation_url"):
        monkeypatch.setenv(f"NOTIFICATIONS_{name.upper()}", getattr(settings, name))
    for name in ("SECRET_KEY", "TRACKING_KEY", "ORIENTATION_KEY"):
        monkeypatch.setenv(f"NOTIFICATIONS_{name}", secrets.token_hex(32))
    monkeypatch.setenv("NOTIFICATIONS_DATABASE_URL", "postgresql://unused")
    monkeypatch.setenv("NOTIFICATIONS_PORT", "8104")
    monkeypatch.setenv("NOTIFICATIONS_PROGRAMME_MAILBOXES", '{"france_services": "fs@cousu.test"}')
    monkeypatch.setenv("NOTIFICATIONS_DEPARTEMENT_SERVICES", '{"78": {"name": "SAT 78", "email": "sat78@cousu.test"}}')
    directory = Settings().directory()
    assert directory.programmes == {"france_services": "fs@cousu.test"}
    assert directory.service("78").email == "sat78@cousu.test"
    assert directory.service("95").email == "anct95@val-doise.gouv.fr"
