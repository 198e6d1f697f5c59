"""Partners' programs are told what happens: signed, in order, at least once, from any position, nothing personal."""

import asyncio
import base64
import dataclasses
import hashlib
import hmac
import ipaddress
import json
import time
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from services.notifications.adapters.webhook_dispatcher import IDLE, WebhookDispatcher
from services.notifications.domain.webhooks import FACTS, Result, Secrets, signature, webhook_payload
from services.notifications.rendering import examples
from services.notifications.store.webhooks import note_partner_event, number_partner_events
from services.notifications.usecases.parts import Parts
from services.notifications.usecases.subscriptions import (
    NoWebhooksHere,
    Replay,
    Subscribe,
    end,
    renew_secret,
    replay,
    resume,
    send_test,
    subscribe,
    suspend,
)
from services.notifications.usecases.webhooks import Receipt, next_event, record_attempt
from shared import clock
from shared.commands import NoBody, Nothing
from shared.contracts import escalation, intake, qualification
from shared.db import Database, Transaction
from shared.errors import IllegalMove, Invalid, NotFound, Refusal
from shared.identity.model import Agent, Role
from tests.notifications.conftest import People, World, acting, many_messages
from tests.notifications.partner import Partner, a_partner
from tests.polling import eventually
from tests.wrong_clock import WRONG, set_clock

SECRETS = Secrets("w" * 32)


@pytest.fixture
async def partner() -> AsyncIterator[Partner]:
    """A partner's program on this machine."""
    async with a_partner() as listening:
        yield listening


@pytest.fixture
def local_parts(parts: Parts) -> Parts:
    """What writes mails, where partners on this machine may be called."""
    return dataclasses.replace(parts, secrets=SECRETS, networks=(ipaddress.ip_network("127.0.0.0/8"),))


@pytest.fixture
def dispatcher(database: Database, local_parts: Parts) -> WebhookDispatcher:
    """Who gives events to partners, one at each `deliver_next`."""
    return WebhookDispatcher(database, local_parts, SECRETS)


@pytest.fixture
async def operator(people: People) -> Agent:
    """Who conducts subscriptions."""
    return await people.agent(Role.OPERATOR)


async def subscribed(database: Database, parts: Parts, by: Agent, wish: Subscribe) -> tuple[UUID, str]:
    """Subscribe a partner; give the subscription's id and its secret."""
    async with database.transaction() as tx:
        webhook_id = await subscribe(acting(tx, by, parts), wish)
    assert parts.secrets is not None
    return webhook_id, parts.secrets.of(webhook_id, 1)


async def all_given(dispatcher: WebhookDispatcher) -> None:
    """Give partners all that is due."""
    await dispatcher.number()
    while await dispatcher.deliver_next():
        pass


async def until(condition: Callable[[], object]) -> None:
    """Return as soon as the condition holds."""

    async def holds() -> bool:
        return bool(condition())

    await eventually(holds, within=60)


async def let_the_pause_pass(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute("UPDATE webhook SET next_attempt_at = now() - interval '1 second'")


async def column(database: Database, name: str) -> object:
    return await database.fetchval(f"SELECT {name} FROM webhook")


async def test_a_partner_is_told_what_happens_next_in_order_and_can_prove_by_whom(
    database: Database,
    world: World,
    local_parts: Parts,
    dispatcher: WebhookDispatcher,
    operator: Agent,
    partner: Partner,
) -> None:
    await world.filed()
    await dispatcher.number()
    _, secret = await subscribed(database, local_parts, operator, Subscribe(name="Région", url=partner.url))
    ids = await world.consume(*many_messages(3))
    await all_given(dispatcher)
    assert [event["id"] for event in partner.events] == [str(each) for each in ids]
    assert [event["position"] for event in partner.events] == [2, 3, 4]
    assert partner.events[0] | {"time": ""} == {
        "id": str(ids[0]),
        "type": "intake.message_posted.v1",
        "source": "/intake",
        "time": "",
        "request_id": str(examples.REQUEST_ID),
        "number": examples.NUMBER,
        "departement": "95",
        "data": {},
        "position": 2,
    }
    sent = partner.headers[0]
    assert sent[""] == "POST /evenements?de=cousu-main HTTP/1.1"
    assert sent["host"] == f"127.0.0.1:{partner.port}"
    signed = f"{ids[0]}.{sent['webhook-timestamp']}.".encode() + partner.bodies[0]
    key = base64.b64decode(secret.removeprefix("whsec_"))
    proof = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    assert sent["webhook-signature"] == f"v1,{proof}"
    assert sent["webhook-id"] == str(ids[0])


def test_partners_are_told_nothing_that_people_wrote_nor_who_they_are() -> None:
    personal = ("@", "Contact de la commune", "Agent du SAT", "Délégué", "Quatre locaux", "Rouvrir", "compétences")
    for fact in examples.facts():
        if type(fact) in FACTS:
            told = json.dumps(webhook_payload(fact, event_id=examples.OTHER_ID, number=None), ensure_ascii=False)
            assert not [word for word in personal if word in told], fact.wire_type


def test_partners_are_told_which_withdrawal_was_answered_and_how() -> None:
    accepted, declined = (
        webhook_payload(examples.example_of(kind), event_id=examples.OTHER_ID, number=None)
        for kind in (escalation.WithdrawalAccepted, escalation.WithdrawalDeclined)
    )
    at = examples.AT.isoformat().replace("+00:00", "Z")
    assert accepted["data"] == {"withdrawn_at": at, "void": "granted"}
    assert declined["data"] == {"withdrawn_at": at, "state": "mobilising", "reason": "mobilised"}


async def test_only_what_is_wanted_is_given(
    database: Database,
    world: World,
    local_parts: Parts,
    dispatcher: WebhookDispatcher,
    operator: Agent,
    partner: Partner,
) -> None:
    await subscribed(
        database, local_parts, operator, Subscribe(name="A", url=partner.url, types=["intake.request_submitted.v1"])
    )
    async with a_partner() as elsewhere:
        await subscribed(database, local_parts, operator, Subscribe(name="B", url=elsewhere.url, departements=["78"]))
        await world.filed()
        await world.consume(*many_messages(2))
        await all_given(dispatcher)
        assert partner.types == ["intake.request_submitted.v1"]
        assert elsewhere.calls == 0
    rows = await database.fetch("SELECT position FROM webhook")
    assert {row["position"] for row in rows} <= {1, 3}
    await world.consume(*many_messages(1))
    await dispatcher.number()
    rows = await database.fetch("SELECT position FROM webhook")
    assert {row["position"] for row in rows} == {4}, "who wants nothing of it does not look through it again"


async def test_what_a_partner_does_not_take_is_tried_again_before_anything_else(
    database: Database,
    world: World,
    local_parts: Parts,
    dispatcher: WebhookDispatcher,
    operator: Agent,
    partner: Partner,
) -> None:
    await subscribed(database, local_parts, operator, Subscribe(name="Région", url=partner.url))
    partner.answer, partner.body = "503 Service Unavailable", b"en maintenance, ecrivez a admin@region.test"
    await world.filed()
    await world.consume(*many_messages(1))
    await all_given(dispatcher)
    assert partner.calls == 1
    attempt = await database.fetchrow("SELECT result, status, answer FROM webhook_attempt")
    assert attempt is not None
    assert dict(attempt) == {
        "result": "refused", "status": 503, "answer": "503 en maintenance, ecrivez a …",
    }  # fmt: skip
    partner.answer, partner.body, partner.extra = "200 OK", b"", ""
    await let_the_pause_pass(database)
    await all_given(dispatcher)
    assert partner.types == ["intake.request_submitted.v1", "intake.request_submitted.v1", "intake.message_posted.v1"]
    assert await column(database, "failures") == 0


async def test_a_partner_who_asks_to_wait_is_waited_for(
    database: Database,
    world: World,
    local_parts: Parts,
    dispatcher: WebhookDispatcher,
    operator: Agent,
    partner: Partner,
) -> None:
    await subscribed(database, local_parts, operator, Subscribe(name="Région", url=partner.url))
    partner.answer, partner.extra = "429 Too Many Requests", "Retry-After: 3600\r\n"
    await world.filed()
    await all_given(dispatcher)
    assert await column(database, "next_attempt_at > now() + interval '55 minutes'")


@pytest.mark.parametrize("gone", [True, False])
async def test_a_partner_who_takes_nothing_for_two_days_or_is_gone_is_suspended_and_the_operator_is_told(
    database: Database,
    world: World,
    local_parts: Parts,
    dispatcher: WebhookDispatcher,
    operator: Agent,
    partner: Partner,
    *,
    gone: bool,
) -> None:
    webhook_id, _ = await subscribed(database, local_parts, operator, Subscribe(name="Région", url=partner.url))
    partner.answer = "410 Gone" if gone else "500 Oops"
    await world.filed()
    if not gone:
        async with database.transaction() as tx:
            await tx.execute("UPDATE webhook SET failures = 20, failing_since = $1", clock.now() - timedelta(days=2))
    await all_given(dispatcher)
    assert await column(database, "state") == "suspended"
    mail = await database.fetchrow(
        "SELECT recipient, status, subject, text_body FROM delivery WHERE audience = 'operator'"
    )
    assert mail is not None
    assert (mail["recipient"], mail["status"]) == ("exploitant@cousu.test", "queued")
    assert ("ne veut plus" in mail["text_body"]) is gone
    assert f"http://notifications.test/abonnements/{webhook_id}" in mail["text_body"]
    await world.consume(*many_messages(1))
    await all_given(dispatcher)
    assert partner.calls == 1
    partner.answer = "200 OK"
    async with database.transaction() as tx:
        await resume(acting(tx, operator), webhook_id, Nothing())
    await all_given(dispatcher)
    assert partner.types[1:] == ["intake.request_submitted.v1", "intake.message_posted.v1"], "nothing is lost"


@pytest.mark.parametrize("suspended", [False, True])
async def test_a_test_event_is_sent_once_and_changes_nothing_else(
    database: Database,
    world: World,
    local_parts: Parts,
    dispatcher: WebhookDispatcher,
    operator: Agent,
    partner: Partner,
    *,
    suspended: bool,
) -> None:
    webhook_id, secret = await subscribed(database, local_parts, operator, Subscribe(name="Région", url=partner.url))
    await world.filed()
    await dispatcher.number()
    async with database.transaction() as tx:
        if suspended:
            await suspend(acting(tx, operator), webhook_id, Nothing())
        await send_test(acting(tx, operator), webhook_id, Nothing())
        await send_test(acting(tx, operator), webhook_id, Nothing())
    before = await database.fetchrow("SELECT position, state, failures FROM webhook")
    partner.answer = "500 Oops"
    assert await dispatcher.deliver_next()
    assert await database.fetchrow("SELECT position, state, failures FROM webhook") == before
    partner.answer = "204 No Content"
    await all_given(dispatcher)
    told = ["notifications.webhook_test.v1"] + ([] if suspended else ["intake.request_submitted.v1"])
    assert partner.types == told, "asked for twice before it left: sent once"
    test, sent = partner.events[0], partner.headers[0]
    assert (test["request_id"], test["data"], test["position"]) == (None, {}, 0)
    standardwebhooks = signature(secret, test["id"], int(sent["webhook-timestamp"]), partner.bodies[0])
    assert sent["webhook-signature"] == standardwebhooks
    attempt = await database.fetchrow("SELECT test, result FROM webhook_attempt ORDER BY began_at LIMIT 1")
    assert attempt is not None
    assert tuple(attempt) == (True, "refused")
    async with database.transaction() as tx:
        await end(acting(tx, operator), webhook_id, NoBody())
        with pytest.raises(IllegalMove):
            await send_test(acting(tx, operator), webhook_id, Nothing())


async def test_events_are_told_again_from_a_position_or_a_moment(
    database: Database,
    world: World,
    local_parts: Parts,
    dispatcher: WebhookDispatcher,
    operator: Agent,
    partner: Partner,
) -> None:
    webhook_id, _ = await subscribed(database, local_parts, operator, Subscribe(name="Région", url=partner.url))
    ids = await world.consume(examples.example_of(intake.RequestSubmitted), *many_messages(3))
    await all_given(dispatcher)

    async def again(start: Replay) -> list[str]:
        partner.bodies.clear()
        async with database.transaction() as tx:
            await replay(acting(tx, operator), webhook_id, start)
        await all_given(dispatcher)
        return [event["id"] for event in partner.events]

    told = [str(each) for each in ids]
    assert await again(Replay(position=0)) == told
    assert await again(Replay(position=2)) == told[2:]
    assert await again(Replay(position=4)) == []
    noted = await database.fetchval("SELECT noted_at FROM partner_event WHERE position = 4")
    assert await again(Replay(since=noted)) == told[3:]
    for wrong in (Replay(), Replay(position=5), Replay(position=1, since=noted)):
        with pytest.raises(Invalid):
            await again(wrong)


async def test_a_late_answer_does_not_undo_that_all_is_told_again(
    database: Database,
    world: World,
    local_parts: Parts,
    dispatcher: WebhookDispatcher,
    operator: Agent,
    partner: Partner,
) -> None:
    webhook_id, _ = await subscribed(database, local_parts, operator, Subscribe(name="Région", url=partner.url))
    await world.filed()
    await dispatcher.number()
    async with database.transaction() as tx:
        event = await next_event(tx, at=clock.now(), secrets=SECRETS)
    assert event is not None
    async with database.transaction() as tx:
        await replay(acting(tx, operator), webhook_id, Replay(position=0))
        receipt = Receipt(Result.TAKEN, "200")
        await record_attempt(tx, event.attempt_id, receipt, at=clock.now(), chance=0.5, parts=local_parts)
    assert await column(database, "position") == 0


async def test_what_a_dispatcher_left_that_is_gone_is_given_when_its_lease_is_over(
    database: Database,
    world: World,
    local_parts: Parts,
    dispatcher: WebhookDispatcher,
    operator: Agent,
    partner: Partner,
) -> None:
    await subscribed(database, local_parts, operator, Subscribe(name="Région", url=partner.url))
    await world.filed()
    await dispatcher.number()
    async with database.transaction() as tx:
        assert await next_event(tx, at=clock.now(), secrets=SECRETS)
    assert not await dispatcher.deliver_next()
    async with database.transaction() as tx:
        await tx.execute("UPDATE webhook SET lease_until = now()")
    await all_given(dispatcher)
    assert partner.types == ["intake.request_submitted.v1"]
    ends = await database.fetch("SELECT result FROM webhook_attempt ORDER BY began_at")
    assert [row["result"] for row in ends] == [None, "taken"]


async def test_many_dispatchers_give_each_event_once_and_in_order(
    database: Database, world: World, local_parts: Parts, operator: Agent
) -> None:
    async with a_partner() as first, a_partner() as second:
        for number, partner in enumerate((first, second)):
            await subscribed(database, local_parts, operator, Subscribe(name=f"Partenaire {number}", url=partner.url))
        await world.filed()
        await world.consume(*many_messages(10))
        dispatchers = [WebhookDispatcher(database, local_parts, SECRETS) for _ in range(4)]
        await dispatchers[0].number()

        async def work(dispatcher: WebhookDispatcher) -> None:
            for _ in range(40):
                if not await dispatcher.deliver_next():
                    await asyncio.sleep(0.02)

        await asyncio.gather(*(work(dispatcher) for dispatcher in dispatchers))
        for partner in (first, second):
            assert [event["position"] for event in partner.events] == list(range(1, 12))


async def test_dispatchers_run_until_they_are_stopped_and_one_round_gives_the_positions(
    database: Database, world: World, local_parts: Parts, operator: Agent, partner: Partner
) -> None:
    await subscribed(database, local_parts, operator, Subscribe(name="Région", url=partner.url))
    rounds: list[None] = []

    class Counting(WebhookDispatcher):
        async def number(self) -> int:
            rounds.append(None)
            return await super().number()

    async with Counting(database, local_parts, SECRETS, senders=3).lifespan(), asyncio.timeout(30):
        await world.filed()
        while not partner.events:
            await asyncio.sleep(0.02)
        begun, since = len(rounds), time.monotonic()
        while len(rounds) < begun + 3:
            await asyncio.sleep(0.02)
        assert time.monotonic() - since > 1.5 * IDLE, "three dispatchers, and one round of them in each pause"
    assert partner.types == ["intake.request_submitted.v1"]


async def test_partners_that_answer_late_delay_no_other(
    database: Database, world: World, local_parts: Parts, operator: Agent, partner: Partner
) -> None:
    released = asyncio.Event()
    async with a_partner(waits_for=released) as slow, a_partner(waits_for=released) as slower:
        for each in (slow, slower, partner):
            await subscribed(database, local_parts, operator, Subscribe(name="Partenaire", url=each.url))
        await world.filed()
        await world.consume(*many_messages(4))
        async with WebhookDispatcher(database, local_parts, SECRETS).lifespan():
            await until(lambda: slow.calls and slower.calls and len(partner.events) == 5)
            assert (slow.calls, slower.calls) == (1, 1), "one attempt at a time for each partner"
            released.set()
            await until(lambda: len(slow.events) == len(slower.events) == 5)
    for each in (slow, slower, partner):
        assert [event["position"] for event in each.events] == [1, 2, 3, 4, 5]


async def test_no_more_partners_are_served_at_once_than_set(
    database: Database, world: World, local_parts: Parts, operator: Agent, partner: Partner
) -> None:
    partner.waits_for = asyncio.Event()
    for number in range(5):
        await subscribed(database, local_parts, operator, Subscribe(name=f"Partenaire {number}", url=partner.url))
    await world.filed()
    dispatcher = WebhookDispatcher(database, local_parts, SECRETS, senders=3)
    async with dispatcher.lifespan():
        await until(lambda: partner.calls == 3)
        await asyncio.sleep(3 * IDLE)  # several looks for what is due
        assert partner.calls == 3
        partner.waits_for.set()
        await until(lambda: partner.calls == 5)


async def test_what_commits_late_is_not_passed_over(
    database: Database, local_parts: Parts, dispatcher: WebhookDispatcher, operator: Agent, partner: Partner
) -> None:
    await subscribed(database, local_parts, operator, Subscribe(name="Région", url=partner.url))
    early, late = [examples.OTHER_ID, examples.REQUEST_ID]
    body = webhook_payload(examples.example_of(qualification.OutcomeProposed), event_id=early, number=None)

    async def noted(tx: Transaction, event_id: UUID, at: datetime) -> None:
        await note_partner_event(
            tx, event_id, wire_type="x", departement="95", body=body | {"id": str(event_id)}, at=at
        )

    now = clock.now()
    async with database.transaction() as slow:
        await noted(slow, early, now)
        async with database.transaction() as quick:
            await noted(quick, late, now + timedelta(seconds=1))
        await all_given(dispatcher)
    await all_given(dispatcher)
    assert [event["id"] for event in partner.events] == [str(late), str(early)]


async def test_a_second_numberer_gives_nothing_while_the_first_has_not_committed(
    database: Database, world: World
) -> None:
    await world.filed()
    await world.consume(*many_messages(3))
    async with database.transaction() as first, asyncio.timeout(20):
        assert await number_partner_events(first) == 4
        async with database.transaction() as second:
            assert await number_partner_events(second) == 0
    async with database.transaction() as third:
        assert await number_partner_events(third) == 0
    rows = await database.fetch("SELECT position FROM partner_event ORDER BY position")
    assert [row["position"] for row in rows] == [1, 2, 3, 4]


async def test_a_changed_secret_and_the_one_before_both_sign_for_a_day(
    database: Database,
    world: World,
    local_parts: Parts,
    dispatcher: WebhookDispatcher,
    operator: Agent,
    partner: Partner,
) -> None:
    webhook_id, _ = await subscribed(database, local_parts, operator, Subscribe(name="Région", url=partner.url))
    async with database.transaction() as tx:
        await renew_secret(acting(tx, operator, local_parts), webhook_id, Nothing())
    await world.filed()
    await all_given(dispatcher)
    async with database.transaction() as tx:
        await tx.execute("UPDATE webhook SET secret_changed_at = secret_changed_at - interval '25 hours'")
    await world.consume(*many_messages(1))
    await all_given(dispatcher)
    both, one = (headers["webhook-signature"].split() for headers in partner.headers)
    assert len(both) == 2
    assert len(one) == 1


async def test_a_subscription_that_ended_is_given_nothing_and_moves_no_more(
    database: Database,
    world: World,
    local_parts: Parts,
    dispatcher: WebhookDispatcher,
    operator: Agent,
    partner: Partner,
) -> None:
    webhook_id, _ = await subscribed(database, local_parts, operator, Subscribe(name="Région", url=partner.url))
    async with database.transaction() as tx:
        await end(acting(tx, operator), webhook_id, NoBody())
    await world.filed()
    await all_given(dispatcher)
    assert partner.calls == 0
    for move in (suspend, resume, end):
        async with database.transaction() as tx:
            with pytest.raises(IllegalMove):
                await move(acting(tx, operator), webhook_id, NoBody())


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        (Subscribe(name=" ", url="https://exemple.fr"), "name"),
        (Subscribe(name="Région", url="https://10.0.0.1/"), "url"),
        (Subscribe(name="Région", url="https://exemple.fr", types=["intake.unheard_of.v1"]), "types"),
        (Subscribe(name="Région", url="https://exemple.fr", departements=["999"]), "departements"),
    ],
)
async def test_a_wish_that_cannot_be_served_is_refused_by_its_field(
    database: Database, local_parts: Parts, operator: Agent, wish: Subscribe, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await subscribed(database, local_parts, operator, wish)
    assert [error.field for error in refused.value.errors] == [field]


async def test_without_a_key_nobody_subscribes(database: Database, parts: Parts, operator: Agent) -> None:
    with pytest.raises(NoWebhooksHere):
        keyless = dataclasses.replace(parts, secrets=None)
        await subscribed(database, keyless, operator, Subscribe(name="Région", url="https://exemple.fr"))


async def test_who_is_not_an_operator_conducts_nothing(database: Database, local_parts: Parts, people: People) -> None:
    agent = await people.agent(Role.NATIONAL_AGENT)
    with pytest.raises(Refusal, match="forbidden"):
        await subscribed(database, local_parts, agent, Subscribe(name="Région", url="https://exemple.fr"))


async def test_an_operator_of_a_departement_conducts_what_concerns_it_alone(
    database: Database, local_parts: Parts, operator: Agent, people: People
) -> None:
    webhook_id, _ = await subscribed(
        database, local_parts, operator, Subscribe(name="Région", url="https://exemple.fr")
    )
    async with database.transaction() as tx:
        await tx.execute("UPDATE agent SET email = 'autre@cousu.test'")
    local = await people.agent(Role.OPERATOR, "95")
    with pytest.raises(Invalid):
        await subscribed(database, local_parts, local, Subscribe(name="Tout", url="https://exemple.fr"))
    await subscribed(
        database, local_parts, local, Subscribe(name="Le mien", url="https://exemple.fr", departements=["95"])
    )
    async with database.transaction() as tx:
        with pytest.raises(NotFound):
            await end(acting(tx, local), webhook_id, NoBody())


async def test_old_events_are_forgotten_and_positions_go_on(
    database: Database,
    world: World,
    local_parts: Parts,
    dispatcher: WebhookDispatcher,
    operator: Agent,
    partner: Partner,
) -> None:
    await subscribed(database, local_parts, operator, Subscribe(name="Région", url=partner.url))
    await world.filed()
    await world.consume(*many_messages(1))
    await all_given(dispatcher)
    async with database.transaction() as tx:
        await tx.execute("UPDATE partner_event SET noted_at = noted_at - interval '91 days'")
        await tx.execute("UPDATE webhook_attempt SET began_at = began_at - interval '91 days'")
    await dispatcher.sweep()
    assert await database.fetchval("SELECT count(*) FROM webhook_attempt") == 0
    assert await database.fetchval("SELECT array_agg(position) FROM partner_event") == [2]
    await world.consume(*many_messages(1))
    await all_given(dispatcher)
    assert partner.events[-1]["position"] == 3


@WRONG
async def test_a_wrong_clock_of_the_service_forgets_no_event_early(
    database: Database,
    world: World,
    local_parts: Parts,
    dispatcher: WebhookDispatcher,
    operator: Agent,
    partner: Partner,
    monkeypatch: pytest.MonkeyPatch,
    wrong: timedelta,
) -> None:
    await subscribed(database, local_parts, operator, Subscribe(name="Région", url=partner.url))
    await world.filed()
    await dispatcher.number()
    await world.consume(*many_messages(1))
    await dispatcher.number()
    await database.fetch("UPDATE partner_event SET noted_at = now() - interval '80 days'")
    noted = await database.fetchval("SELECT count(*) FROM partner_event")
    set_clock(monkeypatch, wrong)
    await dispatcher.sweep()
    assert noted > 1
    assert await database.fetchval("SELECT count(*) FROM partner_event") == noted
    await all_given(dispatcher)
    assert len(partner.events) == noted
