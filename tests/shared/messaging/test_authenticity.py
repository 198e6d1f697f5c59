"""A message is believed only if the account that published it, its routing key, its envelope and its data agree."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import aio_pika
import pytest
from prometheus_client import REGISTRY

from shared.clock import new_id
from shared.db import Database
from shared.messaging.accounts import Origins
from shared.messaging.authenticity import Authenticity, Forged, Reason, Sender
from shared.messaging.connection import connect
from shared.messaging.envelope import Envelope
from shared.messaging.inbox.inbox import Inbox
from shared.messaging.inbox.message import Message
from shared.messaging.messenger import Messenger
from shared.messaging.names import EXCHANGE, RESEND_EXCHANGE
from shared.messaging.topology import Subscription
from tests.polling import eventually
from tests.shared.messaging.conftest import NOTING, a_message, effects
from tests.wire import wire

REQUEST = str(new_id())
KEY = "qualification.request_refused.95"


def an_event(**members: Any) -> Envelope:
    """An event of the Val-d'Oise's instance, with members changed."""
    event = {
        "specversion": "1.0",
        "id": str(new_id()),
        "source": "/qualification/95",
        "type": "qualification.request_refused.v1",
        "subject": REQUEST,
        "sequence": 1,
        "departement": "95",
        "data": {"request_id": REQUEST, "departement": "95"},
    }
    return Envelope.read(json.dumps(event | members).encode())


def check(envelope: Envelope, user: str | None = "qualification", key: str = KEY) -> None:
    Authenticity(Origins(), "intake").check(envelope, Sender(user, key))


def why(envelope: Envelope, user: str | None = "qualification", key: str = KEY) -> Reason:
    with pytest.raises(Forged) as refused:
        check(envelope, user, key)
    return refused.value.reason


def transferred(**members: Any) -> Envelope:
    """The event by which the 95 hands a request over to the 78."""
    data = {"request_id": REQUEST, "departement": "78", "from_departement": "95"}
    return an_event(type="qualification.request_transferred.v1", departement="78", data=data, **members)


@pytest.mark.parametrize("user", ["qualification", "qualification.95"])
@pytest.mark.parametrize("key", [KEY, "intake"])
def test_an_event_of_its_own_account_is_believed_also_when_it_is_resent(user: str, key: str) -> None:
    check(an_event(), user, key)


def test_a_departement_that_hands_a_request_over_publishes_to_the_other() -> None:
    check(transferred(), key="qualification.request_transferred.78")


@pytest.mark.parametrize(
    "user", [None, "", "intake", "escalation", "form.ours", "operator", "supervisor", "qualification.78"]
)
def test_an_event_of_another_account_or_of_none_is_forged(user: str | None) -> None:
    assert why(an_event(), user) is Reason.SOURCE


@pytest.mark.parametrize(
    ("envelope", "key", "reason"),
    [
        (an_event(type="escalation.decision_made.v1"), "escalation.decision_made.95", Reason.TYPE),
        (an_event(type="qualificationx.refused.v1"), "qualificationx.refused.95", Reason.TYPE),
        (an_event(type="forms.request_refused.v1"), "forms.request_refused.95", Reason.TYPE),
        (an_event(type="forms.request_filed.v1"), "forms.request_filed.95", Reason.TYPE),
        (an_event(), "qualification.message_posted.95", Reason.ROUTING_KEY),
        (an_event(), "qualification.request_refused.78", Reason.ROUTING_KEY),
        (an_event(), "qualification.request_refused.95.more", Reason.ROUTING_KEY),
        (an_event(), "", Reason.ROUTING_KEY),
        (an_event(), "notifications", Reason.ROUTING_KEY),
        (an_event(subject=str(new_id())), KEY, Reason.SUBJECT),
        (an_event(data={"departement": "95"}), KEY, Reason.SUBJECT),
        (an_event(source="/qualification/78"), KEY, Reason.DEPARTEMENT),
        (an_event(source="/qualification/95/78"), KEY, Reason.DEPARTEMENT),
        (an_event(data={"request_id": REQUEST, "departement": "78"}), KEY, Reason.DEPARTEMENT),
        (an_event(departement=None), KEY, Reason.DEPARTEMENT),
        (transferred(source="/qualification/93"), "qualification.request_transferred.78", Reason.DEPARTEMENT),
    ],
)
def test_an_event_that_contradicts_itself_is_forged(envelope: Envelope, key: str, reason: Reason) -> None:
    assert why(envelope, key=key) is reason


def with_older(*versions: dict[str, Any] | str) -> Envelope:
    """An event of a version that nobody here knows, with an older one inside, which may have its own."""
    data: dict[str, Any] | str = {}
    for number, version in reversed(list(enumerate(versions))):
        also = {"also": {"type": f"qualification.request_refused.v{8 - number}", "data": data}} if data else {}
        data = version | also if isinstance(version, dict) else version
    return an_event(type="qualification.request_refused.v9", data=data)


OURS = {"request_id": REQUEST, "departement": "95"}
ANOTHERS = {"request_id": str(new_id()), "departement": "95"}


@pytest.mark.parametrize(
    ("versions", "reason"),
    [
        ((OURS, ANOTHERS), Reason.SUBJECT),
        ((OURS, {**OURS, "departement": "78"}), Reason.DEPARTEMENT),
        ((OURS, "no object"), Reason.SUBJECT),
        ((OURS, OURS, ANOTHERS), Reason.SUBJECT),
    ],
)
def test_every_version_that_an_event_carries_is_checked(versions: tuple[Any, ...], reason: Reason) -> None:
    """What is inside takes effect where only that version is known: now, or after the next update."""
    believe = partial(Authenticity(Origins(), "intake").check, sender=Sender("qualification.95", KEY))
    NOTING.parse(with_older(*(OURS for _ in versions)).model_dump_json().encode(), believe)
    with pytest.raises(Forged) as refused:
        NOTING.parse(with_older(*versions).model_dump_json().encode(), believe)
    assert refused.value.reason is reason


def test_intake_alone_answers_forms_and_each_form_files_as_itself() -> None:
    answer = an_event(source="/intake", type="forms.request_refused.v1")
    check(answer, "intake", "forms.request_refused.95")
    filed = an_event(source="/forms/ours", type="forms.request_filed.v1", sequence=None, subject=None, departement=None)
    check(filed, "form.ours", "forms.request_filed.95")
    assert why(filed, "form.other", "forms.request_filed.95") is Reason.SOURCE
    decided = an_event(source="/forms/ours", type="escalation.decision_made.v1")
    assert why(decided, "form.ours", "forms.request_filed.95") is Reason.TYPE
    assert why(filed, "form.ours", "forms.request_refused.95") is Reason.ROUTING_KEY


@pytest.mark.parametrize("departement", ["95", None])
@pytest.mark.parametrize("ending", [".95", ".78", ".v1", ""])
def test_a_form_ends_its_routing_key_as_it_likes(ending: str, departement: str | None) -> None:
    filed = an_event(source="/forms/ours", type="forms.request_filed.v1", sequence=None, departement=departement)
    check(filed, "form.ours", f"forms.request_filed{ending}")
    assert Sender(None, f"forms.request_filed{ending}").is_foreign
    assert not Sender(None, "forms.request_filedx").is_foreign


def control(what: str, **said: Any) -> Envelope:
    body = {
        "specversion": "1.0",
        "id": "1",
        "source": "/intake",
        "type": f"intake.{what}.v1",
        "departement": "95",
        "data": said,
    }
    return Envelope.read(json.dumps(body).encode())


@pytest.mark.parametrize(
    "envelope",
    [
        control("events_missing", source="/escalation", queue="intake"),
        control("heads_wanted", queue="intake"),
        control("heads_wanted"),
        control("stream_forked", source="/escalation", queue="intake"),
        control("stream_heads", source="/intake"),
        control("stream_checked", source="/intake", queue="escalation"),
    ],
)
def test_a_service_asks_for_its_own_queue_and_tells_of_its_own_streams(envelope: Envelope) -> None:
    authenticity = Authenticity(Origins(), "escalation")
    key = f"{envelope.type.removesuffix('.v1')}.95"
    authenticity.check_control(envelope, Sender("intake", key))
    for user in (None, "escalation", "form.intake", "supervisor"):
        with pytest.raises(Forged):
            authenticity.check_control(envelope, Sender(user, key))
    with pytest.raises(Forged):
        authenticity.check_control(envelope, Sender("intake", "intake.message_posted.95"))


@pytest.mark.parametrize(
    "envelope",
    [
        control("events_missing", source="/escalation", queue="notifications"),
        control("events_missing", source="/escalation", queue=["intake"]),
        control("heads_wanted", queue="qualification.95"),
        control("stream_forked", source="/escalation", queue="escalation"),
        control("stream_heads", source="/escalation"),
        control("stream_heads"),
        control("alone_heads", source="/qualification/95"),
        control("stream_checked", source="/escalation", queue="intake"),
    ],
)
def test_a_service_asks_for_no_other_queue_and_tells_of_no_other_streams(envelope: Envelope) -> None:
    key = f"{envelope.type.removesuffix('.v1')}.95"
    with pytest.raises(Forged):
        Authenticity(Origins(), "escalation").check_control(envelope, Sender("intake", key))


def counted(reason: str) -> float:
    return REGISTRY.get_sample_value("cousu_messages_forged_total", {"reason": reason}) or 0.0


async def test_who_published_a_forged_event_stands_beside_it_and_each_copy_is_counted(database: Database) -> None:
    inbox = Inbox(database, NOTING, authenticity=Authenticity(Origins(), "escalation"))
    sender = Sender("notifications", "intake.message_posted.95")
    body = wire(a_message(new_id(), "forged"), 1)
    before = counted("forged_source")
    for _ in range(2):
        await inbox.process([Message(body, sender.routing_key, sender=sender)])
    row = await database.fetchrow("SELECT reason, user_id, times FROM quarantine")
    assert row is not None
    assert tuple(row) == ("forged_source", "notifications", 2)
    assert counted("forged_source") == before + 2


async def test_a_listener_believes_what_the_broker_vouches_for_and_nothing_else(
    database: Database, broker_url: Callable[[str], str]
) -> None:
    """A true event takes effect although forgeries of its number came before, by every way that is open."""
    request_id = new_id()
    forged, true = (a_message(request_id, text) for text in ("forged", "true"))
    listens = Messenger(
        database,
        broker_url("escalation"),
        name="escalation",
        subscription=Subscription("escalation", ("intake.#",)),
        handlers=NOTING,
    )

    async def ready() -> bool:
        return await listens.missing() is None

    async def publish(user: str, exchange: str, key: str, body: bytes, **properties: Any) -> None:
        async with await connect(broker_url(user), "tests", within=10) as connection:
            there = await (await connection.channel()).get_exchange(exchange, ensure=False)
            await there.publish(aio_pika.Message(body, delivery_mode=2, **properties), key)

    async def quarantined() -> bool:
        return bool(await database.fetchval("SELECT count(*) = 4 FROM quarantine"))

    async def applied() -> bool:
        return await effects(database, request_id) == ["true"]

    async with listens.lifespan():
        await eventually(ready)
        key = forged.routing_key
        await publish("notifications", RESEND_EXCHANGE, "escalation", wire(forged, 1), user_id="notifications")
        await publish("notifications", RESEND_EXCHANGE, "escalation", wire(forged, 1))
        await publish("supervisor", EXCHANGE, key, wire(forged, 1), user_id="supervisor")
        said = {"source": "/intake", "heads": [[str(request_id), 9]]}
        heads = wire(forged, None, type="intake.stream_heads.v1", data=said)
        await publish("supervisor", EXCHANGE, "intake.stream_heads.95", heads, type="intake.stream_heads.v1")
        await eventually(quarantined)
        await publish("intake", "cousumain.intake", key, wire(true, 1), user_id="intake")
        await eventually(applied)
    reasons = await database.fetch("SELECT DISTINCT reason FROM quarantine")
    assert [row["reason"] for row in reasons] == ["forged_source"]
    assert await database.fetchval("SELECT count(*) FROM inbox_expected") == 0
