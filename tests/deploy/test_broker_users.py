"""Each account of the broker can do its work, and nothing else, whatever way it tries."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aio_pika
import aiormq
import pytest
from aio_pika.abc import AbstractChannel

from deploy.local.rabbitmq import LocalRabbit
from services.escalation.handlers import SUBSCRIPTION as ESCALATION
from services.intake.handlers import SUBSCRIPTION as INTAKE
from services.notifications.main import SUBSCRIPTION as NOTIFICATIONS
from services.qualification.domain.rules import Rules
from services.qualification.handlers import subscription
from shared.messaging import accounts, names, topology
from shared.messaging.accounts import SERVICES
from shared.messaging.connection import connect
from shared.messaging.topology import Subscription
from tests.polling import eventually

SUBSCRIPTIONS = {
    "intake": INTAKE,
    "qualification": subscription(Rules()),
    "escalation": ESCALATION,
    "notifications": NOTIFICATIONS,
}
SHARED = (names.EXCHANGE, names.UNROUTED_EXCHANGE, names.DEAD_EXCHANGE, names.RESEND_EXCHANGE)
Try = Callable[[AbstractChannel], Awaitable[object]]
Url = Callable[[str], str]


@asynccontextmanager
async def channel_of(url: str) -> AsyncIterator[AbstractChannel]:
    """Open one channel that raises when the broker hands a message back."""
    connection = await connect(url, "tests", within=10)
    try:
        yield await connection.channel(on_return_raises=True)
    finally:
        await connection.close()


def a_fact(**properties: Any) -> aio_pika.Message:
    return aio_pika.Message(b"{}", delivery_mode=aio_pika.DeliveryMode.PERSISTENT, **properties)


def publish(exchange: str, key: str, **properties: Any) -> Try:
    async def attempt(channel: AbstractChannel) -> None:
        there = await channel.get_exchange(exchange, ensure=False) if exchange else channel.default_exchange
        await there.publish(a_fact(**properties), key, mandatory=True)

    return attempt


def declare_queue(name: str, **arguments: Any) -> Try:
    return lambda channel: channel.declare_queue(name, durable=True, arguments=arguments or None)


def declare_exchange(name: str, kind: str = "topic", **arguments: Any) -> Try:
    return lambda channel: channel.declare_exchange(name, kind, durable=True, arguments=arguments or None)


def bind(queue: str, exchange: str, key: str) -> Try:
    async def attempt(channel: AbstractChannel) -> None:
        await (await channel.get_queue(queue, ensure=False)).bind(exchange, key)

    return attempt


def bind_exchange(destination: str, source: str, key: str = "") -> Try:
    async def attempt(channel: AbstractChannel) -> None:
        there = await channel.get_exchange(destination, ensure=False)
        await there.bind(await channel.get_exchange(source, ensure=False), key)

    return attempt


def bind_own_exchange(destination: str, name: str) -> Try:
    """Declare an exchange that may be called so, and have all it takes go on to another."""

    async def attempt(channel: AbstractChannel) -> None:
        own = await channel.declare_exchange(name, "fanout", auto_delete=True)
        await (await channel.get_exchange(destination, ensure=False)).bind(own, "")

    return attempt


def read(queue: str) -> Try:
    async def attempt(channel: AbstractChannel) -> None:
        await (await channel.get_queue(queue, ensure=False)).get(fail=False)

    return attempt


def consume(queue: str) -> Try:
    async def attempt(channel: AbstractChannel) -> None:
        async def drop(_: object) -> None: ...

        await (await channel.get_queue(queue, ensure=False)).consume(drop)

    return attempt


def purge(queue: str) -> Try:
    async def attempt(channel: AbstractChannel) -> None:
        await (await channel.get_queue(queue, ensure=False)).purge()

    return attempt


def dead_letter(user: str, exchange: str, key: str) -> Try:
    """Declare a queue of its own name whose dead letters go to an exchange."""
    arguments = {"x-queue-type": "quorum", "x-dead-letter-exchange": exchange, "x-dead-letter-routing-key": key}

    async def attempt(channel: AbstractChannel) -> None:
        await channel.queue_delete(f"{user}.dead")
        try:
            await declare_queue(f"{user}.dead", **arguments)(channel)
        finally:
            await channel.reopen()
            await topology.declare(channel, [SUBSCRIPTIONS[user]])

    return attempt


def delete_queue(name: str) -> Try:
    return lambda channel: channel.queue_delete(name, if_unused=False, if_empty=False)


def delete_exchange(name: str) -> Try:
    return lambda channel: channel.exchange_delete(name)


def of_everybody(user: str) -> dict[str, Try]:
    """What nobody but the supervisor may do: `user` is asked to try it."""
    foreign = next(name for name in SERVICES if name != user)
    event = f"{foreign}.decision_made.95"
    tries: dict[str, Try] = {
        "publish to the default exchange": publish("", foreign),
        "publish another's event": publish(names.EXCHANGE, event),
        "publish to what nobody listens to": publish(names.UNROUTED_EXCHANGE, event),
        "publish to another's dead letters": publish(names.DEAD_EXCHANGE, foreign),
        "publish to RabbitMQ's own exchange": publish("amq.topic", event),
        "declare another's queue": declare_queue(f"{foreign}2"),
        "declare a queue of any name": declare_queue("spy"),
        "declare an exchange of any name": declare_exchange("smuggle"),
        "make a shared exchange go on to another": bind_exchange(names.EXCHANGE, names.UNROUTED_EXCHANGE),
        "bind RabbitMQ's own exchange": bind_exchange(names.EXCHANGE, "amq.fanout"),
        "read what nobody listens to": read(names.UNROUTED_QUEUE),
        "delete another's queue": delete_queue(foreign),
        "delete what nobody listens to": delete_queue(names.UNROUTED_QUEUE),
        "purge another's queue": purge(foreign),
        "consume another's queue": consume(foreign),
        "read another's queue": read(foreign),
        "read another's dead letters": read(f"{foreign}.dead"),
        "bind another's queue": bind(foreign, names.EXCHANGE, "intake.request_submitted.95"),
    }
    for service in SERVICES:
        if service != user:
            tries[f"publish to the exchange of {service}"] = publish(names.exchange_of(service), f"{service}.x.95")
    for name in (*SHARED, *(names.exchange_of(service) for service in SERVICES)):
        tries[f"delete {name}"] = delete_exchange(name)
        tries[f"declare {name}"] = declare_exchange(name, "headers")
    return tries


def of_a_service(user: str) -> dict[str, Try]:
    """What a service may not do, with names that are its own."""
    foreign = next(name for name in SERVICES if name != user)
    event, own = f"{foreign}.decision_made.95", names.exchange_of(user)
    tries = {
        "publish an event of its own past its exchange": publish(names.EXCHANGE, f"{user}.message_posted.95"),
        "publish another's event to its own exchange": publish(own, event),
        "publish what a form files": publish(own, "forms.request_filed.95"),
        "publish all": publish(own, "#"),
        "publish by CC": publish(own, f"{user}.x.95", headers={"CC": [event]}),
        "publish by BCC": publish(own, f"{user}.x.95", headers={"BCC": [event]}),
        "publish to its own queue": publish("", user),
        "resend to the dead letters of another": publish(names.RESEND_EXCHANGE, f"{foreign}.dead"),
        "resend to what nobody listens to": publish(names.RESEND_EXCHANGE, names.UNROUTED_QUEUE),
        "exchange to exchange": bind_own_exchange(names.EXCHANGE, user),
        "exchange to another's exchange": bind_own_exchange(names.exchange_of(foreign), user),
        "alternate exchange": declare_exchange(f"{user}.dead", **{"alternate-exchange": names.EXCHANGE}),
        "alternate exchange of another": declare_exchange(
            f"{user}.dead", **{"alternate-exchange": names.exchange_of(foreign)}
        ),
        "dead-letter exchange": dead_letter(user, names.EXCHANGE, event),
        "dead-letter to a queue": dead_letter(user, "", foreign),
        "a second queue": declare_queue(f"{user}.spy"),
        "hear what is resent to another": bind(user, names.RESEND_EXCHANGE, foreign),
        "hear what is resent to everybody": bind(user, names.RESEND_EXCHANGE, "#"),
        "hear the dead letters of another": bind(user, names.DEAD_EXCHANGE, foreign),
        "hear what nobody listens to": bind(user, names.UNROUTED_EXCHANGE, ""),
        "hear another's exchange": bind(user, names.exchange_of(foreign), "#"),
    }
    for key in ("#", "*.#", "*.*.95", "#.95", f"{user}.#", "*.decision_made.#", "forms.#", "party.x.95"):
        tries[f"bind {key}"] = bind(user, names.EXCHANGE, key)
    return tries


def of_a_form(user: str) -> dict[str, Try]:
    """What a form may not do beside."""
    return {
        "answer itself": publish(names.EXCHANGE, "forms.request_accepted.95"),
        "file as a service": publish(names.RESEND_EXCHANGE, "intake"),
        "hear all requests": bind(user, names.EXCHANGE, "intake.request_submitted.#"),
        "declare its queue": declare_queue(user, **{"x-queue-type": "quorum"}),
    }


READS_WHAT_NOBODY_LISTENS_TO = ("intake", "operator")
TRIES = {
    user: {
        what: one
        for what, one in tries.items()
        if what != "read what nobody listens to" or user not in READS_WHAT_NOBODY_LISTENS_TO
    }
    for user, tries in {
        **{user: of_everybody(user) | of_a_service(user) for user in SERVICES},
        "operator": of_everybody("operator"),
        "form.ours": of_everybody("form.ours") | of_a_form("form.ours"),
    }.items()
}


@pytest.fixture(scope="module")
async def everything(rabbit_server: LocalRabbit) -> AsyncIterator[Url]:
    """A virtual host where all services declared their queues, and one form has an account."""
    vhost = "rights"
    await rabbit_server.create_vhost(vhost)

    def url(user: str) -> str:
        return rabbit_server.url(user, vhost)

    for service, one in SUBSCRIPTIONS.items():
        async with channel_of(url(service)) as channel:
            await topology.declare(channel, [one])
    form = accounts.form("ours")
    await rabbit_server.manage(
        "PUT", f"/api/users/{form.name}", {"password": rabbit_server.passwords.of(form.name), "tags": ""}
    )
    await rabbit_server.manage("PUT", f"/api/permissions/{vhost}/{form.name}", form.permission(vhost))
    for keys in form.topic_permissions(vhost):
        await rabbit_server.manage("PUT", f"/api/topic-permissions/{vhost}/{form.name}", keys)
    async with channel_of(url("supervisor")) as channel:
        await channel.declare_queue(form.name, durable=True, arguments={"x-queue-type": "quorum"})
    yield url
    await rabbit_server.delete_vhost(vhost)
    await rabbit_server.manage("DELETE", f"/api/users/{form.name}")


@pytest.mark.parametrize("user", TRIES)
async def test_an_account_may_do_nothing_but_its_work(user: str, everything: Url) -> None:
    allowed = []
    async with await connect(everything(user), "tests", within=10) as connection:
        for what, attempt in TRIES[user].items():
            try:
                await attempt(await connection.channel(on_return_raises=True))
            except aiormq.exceptions.ChannelAccessRefused:
                continue
            allowed.append(what)
    assert allowed == []


@pytest.mark.parametrize("user", [*SERVICES, "form.ours"])
async def test_nobody_publishes_in_the_name_of_another(user: str, everything: Url) -> None:
    form = user not in SERVICES
    exchange, key = (
        (names.EXCHANGE, "forms.request_filed.95") if form else (names.exchange_of(user), f"{user}.message_posted.95")
    )
    for other in (*(name for name in SERVICES if name != user), "supervisor", "form.other", ""):
        async with channel_of(everything(user)) as channel:
            with pytest.raises(aiormq.exceptions.ChannelPreconditionFailed, match="user_id"):
                await publish(exchange, key, user_id=other or "x")(channel)
    async with channel_of(everything(user)) as channel:
        await publish(exchange, key, user_id=user)(channel)


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_declares_its_queues_and_consumes_what_others_publish(service: str, everything: Url) -> None:
    other = "qualification" if service != "qualification" else "escalation"
    async with channel_of(everything(service)) as channel:
        await purge(service)(channel)
    async with channel_of(everything(other)) as channel:
        await publish(names.exchange_of(other), f"{other}.something_happened.95", user_id=other)(channel)
        await publish(names.RESEND_EXCHANGE, service, user_id=other)(channel)
    async with channel_of(everything(service)) as channel:
        queue = await channel.get_queue(service)
        for key in (f"{other}.something_happened.95", service):
            message = await queue.get(timeout=5)
            assert message is not None
            assert (message.routing_key, message.user_id) == (key, other)
            await message.ack()


@pytest.mark.parametrize("key", ["forms.request_filed.95", "forms.request_filed.v1", "forms.request_filed"])
async def test_what_a_form_files_comes_to_intake_however_its_key_ends(key: str, everything: Url) -> None:
    async with channel_of(everything("intake")) as channel:
        await purge("intake")(channel)
    async with channel_of(everything("form.ours")) as channel:
        await publish(names.EXCHANGE, key, user_id="form.ours")(channel)
    async with channel_of(everything("intake")) as channel:
        message = await (await channel.get_queue("intake")).get(timeout=5)
        assert message is not None
        assert (message.routing_key, message.user_id) == (key, "form.ours")
        await message.ack()


async def test_an_instance_of_one_departement_declares_its_own_queue(everything: Url) -> None:
    async with channel_of(everything("qualification")) as channel:
        await topology.declare(channel, [subscription(Rules(departements=("95",)))])
        await channel.queue_delete("qualification.95")
        await channel.queue_delete("qualification.95.dead")
        with pytest.raises(aiormq.exceptions.ChannelAccessRefused):
            await topology.declare(channel, [Subscription("qualification.anybody", ())])


async def test_only_intake_answers_forms(everything: Url) -> None:
    async with channel_of(everything("intake")) as channel:
        await publish(names.exchange_of("intake"), "forms.request_refused.95", user_id="intake")(channel)
    async with channel_of(everything("notifications")) as channel:
        with pytest.raises(aiormq.exceptions.ChannelAccessRefused):
            await publish(names.exchange_of("notifications"), "forms.request_refused.95")(channel)


async def test_what_is_smuggled_into_ones_own_exchange_goes_on_to_nobody(everything: Url) -> None:
    """A binding into one's own exchange gets round the check of routing keys; the supervisor's binding is another."""
    async with channel_of(everything("supervisor")) as channel:
        for queue in (*SERVICES, names.UNROUTED_QUEUE):
            await purge(queue)(channel)
    async with channel_of(everything("intake")) as channel:
        smuggle = await channel.declare_exchange("intake", "fanout", auto_delete=True)
        await (await channel.get_exchange(names.exchange_of("intake"), ensure=False)).bind(smuggle, "")
        await smuggle.publish(a_fact(), "escalation.decision_made.95", mandatory=True)
    async with channel_of(everything("supervisor")) as channel:
        stray = await (await channel.get_queue(names.UNROUTED_QUEUE)).get(timeout=5)
        assert stray is not None
        assert stray.routing_key == "escalation.decision_made.95"
        await stray.ack()
        for queue in SERVICES:
            assert await (await channel.get_queue(queue)).get(fail=False) is None


async def test_a_service_reads_its_dead_letters_and_who_published_them(everything: Url) -> None:
    async with channel_of(everything("escalation")) as channel:
        await purge("escalation")(channel)
    async with channel_of(everything("intake")) as channel:
        await publish(names.exchange_of("intake"), "intake.message_posted.95", user_id="intake")(channel)
    async with channel_of(everything("escalation")) as channel:
        message = await (await channel.get_queue("escalation")).get(timeout=5)
        assert message is not None
        await message.reject(requeue=False)
        parked = await channel.get_queue("escalation.dead")

        async def buried() -> bool:
            dead = await parked.get(fail=False)
            return dead is not None and dead.user_id == "intake"

        await eventually(buried)


@pytest.mark.parametrize("user", READS_WHAT_NOBODY_LISTENS_TO)
async def test_operators_and_intake_read_what_nobody_listens_to(user: str, everything: Url) -> None:
    async with channel_of(everything(user)) as channel:
        await (await channel.get_queue(names.UNROUTED_QUEUE)).get(fail=False)
