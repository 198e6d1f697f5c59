"""Accounts of foreign forms, made and ended on a real broker."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import uuid4

import aio_pika
import aio_pika.exceptions
import aiormq.exceptions
import pytest
from aio_pika.abc import AbstractChannel

from deploy.local.rabbitmq import LocalRabbit
from services.operations.adapters.broker import BrokerAway
from services.operations.adapters.broker_admin import BrokerAdmin, NoAdministrator, RefusedByBroker
from services.operations.store import record
from services.operations.usecases import foreign_forms
from shared.errors import Invalid
from shared.messaging import names
from tests.operations.conftest import Scene
from tests.polling import eventually


@pytest.fixture
def admin_of(rabbit_server: LocalRabbit, broker_vhost: str) -> Callable[[str], BrokerAdmin]:
    """The management API, as one of the broker's users."""

    def admin(user: str) -> BrokerAdmin:
        password = rabbit_server.passwords.of(user)
        return BrokerAdmin(rabbit_server.management_url.replace("http://", f"http://{user}:{password}@"), broker_vhost)

    return admin


@pytest.fixture
async def admin(scene: Scene, admin_of: Callable[[str], BrokerAdmin]) -> AsyncIterator[BrokerAdmin]:
    """An administrator; the accounts that a test makes end with it."""
    admin = admin_of("supervisor")
    yield admin
    for form in await foreign_forms.list_forms(scene.connections, admin):
        await admin.call("DELETE", f"users/{form.account}")


@pytest.fixture
def name() -> str:
    return f"form-{uuid4().hex[:8]}"


async def make(scene: Scene, admin: BrokerAdmin, name: str, *, renew: bool = False) -> str:
    return await foreign_forms.add(
        scene.connections, admin, name, renew=renew, by="camille", why="convention du 3 mars"
    )


@asynccontextmanager
async def opened(operators: str, name: str, password: str) -> AsyncIterator[AbstractChannel]:
    """Open a channel as a form does."""
    connection = aio_pika.Connection(foreign_forms.amqp_url(operators, name, password))  # type: ignore[arg-type] # text does
    await connection.connect(timeout=10)
    try:
        yield await connection.channel(on_return_raises=True)
    finally:
        await connection.close()


async def test_an_account_files_and_reads_its_own_answers(
    scene: Scene, admin: BrokerAdmin, name: str, broker_url: Callable[[str], str]
) -> None:
    password = await make(scene, admin, name)
    answers = await scene.channel.get_exchange(names.EXCHANGE)
    for answer in foreign_forms.ANSWERS:
        await answers.publish(aio_pika.Message(answer.encode()), f"{answer}.{name}")
        await answers.publish(aio_pika.Message(b"of another"), f"{answer}.another")
    async with opened(broker_url("operator"), name, password) as channel:
        exchange = await channel.get_exchange(names.EXCHANGE, ensure=False)
        await exchange.publish(aio_pika.Message(b"{}", user_id=f"form.{name}"), "forms.request_filed.95")
        queue = await channel.get_queue(f"form.{name}", ensure=False)
        read = [await queue.get(timeout=5), await queue.get(timeout=5)]
        assert [one and one.body for one in read] == [answer.encode() for answer in foreign_forms.ANSWERS]
        assert await queue.get(fail=False) is None


async def test_forms_are_listed_and_end(
    scene: Scene, admin: BrokerAdmin, name: str, broker_url: Callable[[str], str]
) -> None:
    password = await make(scene, admin, name)
    await scene.channel.default_exchange.publish(aio_pika.Message(b"unread"), f"form.{name}")

    user = f"form.{name}"
    form = foreign_forms.Form(name=name, source=f"/forms/{name}", account=user, queue=user, unread=1)

    async def listed() -> bool:
        return form in await foreign_forms.list_forms(scene.connections, admin)

    await eventually(listed)
    async with opened(broker_url("operator"), name, password) as channel:
        await foreign_forms.remove(scene.connections, admin, name, by="camille", why="fin de la convention")

        async def closed() -> bool:
            return channel.is_closed

        await eventually(closed)
    with pytest.raises(aio_pika.exceptions.AMQPConnectionError):
        async with opened(broker_url("operator"), name, password):
            pass
    assert name not in [one.name for one in await foreign_forms.list_forms(scene.connections, admin)]
    with pytest.raises(foreign_forms.NoSuchForm):
        await foreign_forms.remove(scene.connections, admin, name, by="camille", why="encore")
    actions = await record.latest(scene.intake, "intake")
    assert [(one.action, one.target, one.by) for one in actions] == [
        ("form.remove", f"/forms/{name}", "camille"),
        ("form.add", f"/forms/{name}", "camille"),
    ]


async def test_a_form_that_is_known_only_gets_another_password(
    scene: Scene, admin: BrokerAdmin, name: str, broker_url: Callable[[str], str]
) -> None:
    old = await make(scene, admin, name)
    with pytest.raises(foreign_forms.FormKnown):
        await make(scene, admin, name)
    await scene.channel.default_exchange.publish(aio_pika.Message(b"unread"), f"form.{name}")
    new = await make(scene, admin, name, renew=True)
    with pytest.raises(aio_pika.exceptions.AMQPConnectionError):
        async with opened(broker_url("operator"), name, old):
            pass
    async with opened(broker_url("operator"), name, new) as channel:
        queue = await channel.get_queue(f"form.{name}", ensure=False)
        assert (await queue.get(timeout=5)) is not None


@pytest.mark.parametrize("wrong", ["", "Mairie", "a.b", "a/b", "*", "é", "a" * 41, "../intake", "a\n"])
async def test_a_name_that_is_none_is_refused(scene: Scene, admin: BrokerAdmin, wrong: str) -> None:
    with pytest.raises(Invalid):
        await make(scene, admin, wrong)
    with pytest.raises(foreign_forms.NoSuchForm):
        await foreign_forms.remove(scene.connections, admin, wrong, by="camille", why="essai")
    assert await record.latest(scene.intake, "intake") == []


async def test_a_broker_that_refuses_leaves_no_trace(
    scene: Scene, admin_of: Callable[[str], BrokerAdmin], rabbit_server: LocalRabbit, name: str
) -> None:
    with pytest.raises(NoAdministrator):
        await make(scene, admin_of("operator"), name)
    with pytest.raises(BrokerAway):
        await make(scene, BrokerAdmin("http://supervisor:x@127.0.0.1:9", "/"), name)
    empty = f"empty-{name}"
    await rabbit_server.manage("PUT", f"/api/vhosts/{empty}", {})  # without the exchanges that all share
    everything = {"configure": ".*", "write": ".*", "read": ".*"}
    await rabbit_server.manage("PUT", f"/api/permissions/{empty}/supervisor", everything)
    password = rabbit_server.passwords.of("supervisor")
    there = BrokerAdmin(rabbit_server.management_url.replace("http://", f"http://supervisor:{password}@"), empty)
    with pytest.raises(RefusedByBroker):
        await make(scene, there, name)
    await rabbit_server.delete_vhost(empty)
    assert await record.latest(scene.intake, "intake") == []


async def test_an_account_has_bounds(scene: Scene, admin: BrokerAdmin, name: str) -> None:
    await make(scene, admin, name)
    limits = await admin.call("GET", f"user-limits/form.{name}")
    assert limits[0]["value"] == foreign_forms.LIMITS
    queue = await admin.call("GET", f"queues/{admin.vhost}/form.{name}")
    assert queue["arguments"]["x-max-length"] == foreign_forms.MOST_ANSWERS


async def test_an_account_may_not_bind_or_read_anything_else(
    scene: Scene, admin: BrokerAdmin, name: str, broker_url: Callable[[str], str]
) -> None:
    password = await make(scene, admin, name)
    url = broker_url("operator")
    async with opened(url, name, password) as channel:
        with pytest.raises(aiormq.exceptions.ChannelAccessRefused):
            await (await channel.get_queue(f"form.{name}", ensure=False)).bind(names.EXCHANGE, "#")
    async with opened(url, name, password) as channel:
        with pytest.raises(aiormq.exceptions.ChannelAccessRefused):
            await channel.declare_queue(exclusive=True)
    async with opened(url, name, password) as channel:
        with pytest.raises(aiormq.exceptions.ChannelAccessRefused):
            await (await channel.get_queue("intake", ensure=False)).get(fail=False)


def test_the_address_of_a_form_has_no_secret_of_the_operators() -> None:
    url = foreign_forms.amqp_url("amqps://operator:secret@broker.example:5671/%2F?name=x", "ours", "its-own")
    assert url == "amqps://form.ours:its-own@broker.example:5671/%2F"
