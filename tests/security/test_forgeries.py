"""What whoever has the password of one account publishes in the name of another, on the running broker.

Each forgery is refused by the broker, or stands in quarantine with its reason, has no effect, and alarms. True events
take effect as if nothing had been.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final
from uuid import uuid4

import aio_pika
import aiormq.exceptions
import pytest
from aio_pika.abc import AbstractChannel
from aiormq.abc import FieldTable
from yarl import URL

from shared import clock
from tests.actors import HTTP, Agent, Applicant, Caller, Json, eventually
from tests.journeys.strangers import ForeignForm
from tests.steps import a_qualified_case, a_request, evidence
from tests.system import System

pytestmark = pytest.mark.journey

Attempt = Callable[[AbstractChannel], Awaitable[object]]
Quarantined = Callable[..., dict[str, list[tuple[str, str]]]]
"""Gives by service the reason and the account of each message that was put aside."""

KEY: Final = "escalation.decision_made.95"


class Attacker:
    """Somebody who has the password of an account of the broker."""

    def __init__(self, system: System, user: str) -> None:
        passwords = json.loads((system.folder / "rabbitmq" / "passwords.json").read_text())
        self._url = str(URL(system.endpoints["amqp"]).with_user(user).with_password(passwords[user]))

    def tries(self, attempt: Attempt) -> str:
        """Try something over a channel of its own; give the name of what it was refused with."""

        async def tried() -> str:
            async with asyncio.timeout(30), await aio_pika.connect(self._url) as connection:
                try:
                    await attempt(await connection.channel(on_return_raises=True))
                except aiormq.exceptions.ChannelClosed as refused:
                    return type(refused).__name__
                return ""

        with ThreadPoolExecutor(1) as pool:
            return pool.submit(asyncio.run, tried()).result(timeout=60)

    def publishes(self, exchange: str, key: str, body: bytes, **properties: Any) -> str:
        """Publish to an exchange; give what it was refused with."""
        return self.tries(to(exchange, key, body, **properties))


def to(exchange: str, key: str, body: bytes, **properties: Any) -> Attempt:
    async def publish(channel: AbstractChannel) -> None:
        there = await channel.get_exchange(exchange, ensure=False) if exchange else channel.default_exchange
        await there.publish(aio_pika.Message(body, delivery_mode=2, **properties), key)

    return publish


def through_an_exchange_bound_to_the_shared_one(body: bytes) -> Attempt:
    async def smuggle(channel: AbstractChannel) -> None:
        own = await channel.declare_exchange("intake", "fanout", auto_delete=True)
        await (await channel.get_exchange("cousumain", ensure=False)).bind(own, "")
        await own.publish(aio_pika.Message(body), KEY)

    return smuggle


def through_an_alternate_exchange(body: bytes) -> Attempt:
    async def smuggle(channel: AbstractChannel) -> None:
        own = await channel.declare_exchange("intake.dead", "topic", arguments={"alternate-exchange": "cousumain"})
        await own.publish(aio_pika.Message(body), KEY)

    return smuggle


def through_dead_letters(_: bytes) -> Attempt:
    arguments: FieldTable = {
        "x-dead-letter-exchange": "cousumain",
        "x-dead-letter-routing-key": KEY,
        "x-message-ttl": 1,
    }
    return lambda channel: channel.declare_queue("intake.dlx", durable=True, arguments=arguments)


def an_event(source: str, wire_type: str, subject: str, data: Json, departement: str = "95") -> bytes:
    """The first event of a stream, with all that a listener looks at."""
    event = {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": source,
        "type": wire_type,
        "subject": subject,
        "time": clock.now().isoformat(),
        "sequence": 1,
        "departement": departement,
        "correlationid": str(uuid4()),
        "data": data,
    }
    return json.dumps(event).encode()


def a_decision(request_id: str) -> bytes:
    """The committee grants 999 000 euros, as it never did."""
    decision = {
        "id": str(uuid4()),
        "number": "DEC-95-2026-99999",
        "outcome": "granted",
        "motive": "Accordé (faux).",
        "support_types": ["amo_publique"],
        "amount_cents": 99_900_000,
        "decided_on": "2026-11-29",
        "session_id": str(uuid4()),
        "signed_by": {"role": "committee_secretary", "name": "Faussaire"},
        "signatory": "Le préfet",
    }
    data = {"request_id": request_id, "departement": "95", "at": clock.now().isoformat(), "decision": decision}
    return an_event("/escalation", "escalation.decision_made.v1", request_id, data)


def a_refusal(request_id: str, source: str, *, subject: str = "") -> bytes:
    data = {
        "request_id": request_id,
        "departement": "95",
        "at": clock.now().isoformat(),
        "motive": "Refus du 78",
        "appeal": "Recours",
        "by": {"role": "delegate", "name": "Faux"},
    }
    return an_event(source, "qualification.request_refused.v1", subject or request_id, data)


@pytest.fixture(scope="module")
def operator(system: System) -> Caller:
    return Caller(system.endpoints["operations"], system.token("operations", "exploitant@cousu.test"))


@pytest.fixture
def quarantined(operator: Caller) -> Iterator[Quarantined]:
    """Wait until something stands in quarantine at each service; what came is discarded after the test."""

    def listed() -> list[Json]:
        items: list[Json] = operator.get("/quarantine")["items"]
        return items

    before = {one["id"] for one in listed()}

    def reasons(*services: str) -> dict[str, list[tuple[str, str]]]:
        def came() -> Json:
            found: dict[str, list[tuple[str, str]]] = {}
            for one in listed():
                if one["id"] not in before:
                    found.setdefault(one["service"], []).append((one["reason"], one["user_id"]))
            return found

        return eventually(came, lambda found: set(services) <= set(found))

    yield reasons
    for one in listed():
        if one["id"] not in before:
            operator.post(f"/quarantine/{one['service']}/{one['id']}/discard", {"why": "essai de falsification"})


def forged(system: System, service: str) -> float:
    """Read how many forged messages a service has refused, as Prometheus does."""
    lines = HTTP.get(f"{system.endpoints[service]}/metrics").text.splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith("cousu_messages_forged_total{"))


def is_untouched(system: System, applicant: Applicant, status: str) -> None:
    """Nothing happened to a request: its page, its events, and no mail that tells of a decision."""
    seen = applicant.sees()
    assert (seen["status"], seen["decision"]) == (status, None)
    assert [mail["subject"] for mail in system.mails(seen["number"]) if "écision" in mail["subject"]] == []


def test_the_account_of_the_public_service_forges_no_decision_and_swallows_no_event(
    system: System, agent: Callable[[str], Agent], operator: Caller, quarantined: Quarantined
) -> None:
    applicant = a_qualified_case(system, agent)
    attacker, body = Attacker(system, "intake"), a_decision(applicant.id)
    before = forged(system, "notifications")
    hidden = {"headers": {"CC": [KEY]}}
    refused = {
        "straight": attacker.publishes("cousumain", KEY, body),
        "to its own exchange": attacker.publishes("cousumain.intake", KEY, body),
        "by CC": attacker.publishes("cousumain.intake", "intake.x.95", body, **hidden),
        "by BCC": attacker.publishes("cousumain.intake", "intake.x.95", body, headers={"BCC": [KEY]}),
        "to a queue": attacker.publishes("", "notifications", body),
        "to the dead letters": attacker.publishes("cousumain.dead", "notifications", body),
        "to what nobody listens to": attacker.publishes("cousumain.unrouted", KEY, body),
        "exchange to exchange": attacker.tries(through_an_exchange_bound_to_the_shared_one(body)),
        "alternate exchange": attacker.tries(through_an_alternate_exchange(body)),
        "dead-letter exchange": attacker.tries(through_dead_letters(body)),
    }
    assert set(refused.values()) == {"ChannelAccessRefused"}, refused
    as_another = attacker.publishes("cousumain.resend", "notifications", body, user_id="escalation")
    assert as_another == "ChannelPreconditionFailed"

    for queue in ("intake", "notifications", "qualification"):
        assert attacker.publishes("cousumain.resend", queue, body, user_id="intake") == ""
    came = quarantined("intake", "notifications", "qualification")
    assert {pair for pairs in came.values() for pair in pairs} == {("forged_source", "intake")}
    assert forged(system, "notifications") > before
    concerns = operator.get("/status")["concerns"]
    assert {"notifications", "qualification"} <= {one["where"] for one in concerns if one["urgent"]}
    is_untouched(system, applicant, "under_examination")

    proposal = {"outcome": "escalation", "motive": "Offre insuffisante.", **evidence(agent, applicant)}
    agent("sat95").does(applicant.id, "proposal", **proposal)
    agent("delegue95").does(applicant.id, "validation")
    agent("national").waits_for(applicant.id, "received")
    eventually(applicant.sees, lambda seen: seen["status"] == "received")
    verified = json.loads(system.command("journal", "verify", "--json"))
    assert [fault for one in verified for fault in one["faults"]] == []


def test_the_account_of_a_form_decides_nothing(system: System, quarantined: Quarantined) -> None:
    applicant = a_request(system)
    eventually(applicant.sees, lambda seen: seen["status"] == "registered")
    form, other = ForeignForm.added(system), ForeignForm.added(system)
    form.publishes(
        a_decision(applicant.id),
        a_refusal(applicant.id, "/qualification/95"),
        a_refusal(applicant.id, f"/forms/{form.name}"),
        json.dumps(form.event(source=f"/forms/{other.name}")).encode(),
        json.dumps(form.event(source="/intake")).encode(),
    )
    form.publishes(json.dumps(form.event()).encode(), user_id=None)

    def all_of_them() -> Json:
        return {"came": quarantined("intake")["intake"]}

    came = eventually(all_of_them, lambda found: len(found["came"]) == 6)["came"]
    account = form.account
    assert sorted(came) == sorted([*[("forged_source", account)] * 4, ("forged_type", account), ("forged_source", "")])
    is_untouched(system, applicant, "registered")
    for one in (form, other):
        system.command("form", "remove", one.name)


def test_a_departement_speaks_for_no_other_and_an_event_for_one_request(
    system: System, quarantined: Quarantined
) -> None:
    applicant = a_request(system)
    eventually(applicant.sees, lambda seen: seen["status"] == "registered")
    attacker, rogue = Attacker(system, "qualification"), Attacker(system, "supervisor")
    key = "qualification.request_refused.95"
    by_the_78 = a_refusal(applicant.id, "/qualification/78")
    of_another_subject = a_refusal(applicant.id, "/qualification/95", subject=str(uuid4()))
    assert attacker.publishes("cousumain.qualification", key, by_the_78, user_id="qualification") == ""
    assert attacker.publishes("cousumain.qualification", key, of_another_subject, user_id="qualification") == ""
    assert rogue.publishes("cousumain", key, a_refusal(applicant.id, "/qualification/95"), user_id="supervisor") == ""

    def all_of_them() -> Json:
        return {"came": quarantined("intake", "notifications")["intake"]}

    came = eventually(all_of_them, lambda found: len(found["came"]) == 3)["came"]
    assert sorted(came) == [
        ("forged_departement", "qualification"),
        ("forged_source", "supervisor"),
        ("forged_subject", "qualification"),
    ]
    is_untouched(system, applicant, "registered")


def test_nobody_asks_for_the_queue_of_another_or_tells_of_its_streams(
    system: System, operator: Caller, quarantined: Quarantined
) -> None:
    attacker = Attacker(system, "intake")
    asks = {"source": "/escalation", "subject": str(uuid4()), "first": 1, "last": 500, "queue": "notifications"}
    tells = {"source": "/escalation", "heads": [[str(uuid4()), 10**15]]}
    for what, data in (("events_missing", asks), ("stream_heads", tells)):
        wire_type = f"intake.{what}.v1"
        body = json.loads(an_event("/intake", wire_type, "x", data))
        del body["sequence"], body["subject"]
        sent = {"type": wire_type, "user_id": "intake"}
        assert attacker.publishes("cousumain.intake", f"intake.{what}.95", json.dumps(body).encode(), **sent) == ""
    came = quarantined("escalation", "notifications", "qualification")
    assert {pair for pairs in came.values() for pair in pairs} == {("forged_source", "intake")}
    assert [one for one in operator.get("/waiting")["items"] if one["source"] == "/escalation"] == []
