"""Whatever happens in whatever order, each mail and each event reaches whom it is for, as often as we know of."""

import contextlib
import dataclasses
import ipaddress
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from services.notifications.adapters.webhook_dispatcher import WebhookDispatcher
from services.notifications.domain.webhooks import Secrets, State
from services.notifications.usecases.parts import Parts
from services.notifications.usecases.resend import resend
from services.notifications.usecases.send import OutgoingMail, begin, content_offered
from services.notifications.usecases.subscriptions import Replay, Subscribe, replay, resume, subscribe, suspend
from services.notifications.usecases.webhooks import next_event
from shared import clock
from shared.commands import NoBody, Nothing
from shared.db import Database
from shared.errors import Conflict
from shared.identity.model import Agent, Role
from tests.notifications.conftest import MailServer, People, World, a_mail_sender, acting, many_messages
from tests.notifications.partner import Partner, a_partner

SECRETS = Secrets("w" * 32)
STEPS = 60


async def changed(database: Database, sql: str) -> None:
    async with database.transaction() as tx:
        await tx.execute(sql)


@pytest.mark.parametrize("seed", range(3))
async def test_each_mail_is_sent_or_refused_and_twice_only_where_an_answer_was_missing(
    seed: int, database: Database, world: World, parts: Parts, mail_server: MailServer, people: People
) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same lives each time
    mail_sender = a_mail_sender(database, parts, mail_server.port)
    operator = await people.agent(Role.OPERATOR)
    await world.filed()

    async def somebody_writes() -> None:
        await world.consume(*many_messages(1))

    async def the_server_changes_its_mood() -> None:
        mail_server.dies = chance.choice(["", "", "before", "after", "recipient"])
        mail_server.to_content = chance.choice(["", "", "451 4.3.0 later", "550 5.7.1 not wanted"])

    async def a_sender_dies() -> None:
        async with database.transaction() as tx:
            mail = await begin(tx, at=clock.now(), parts=parts)
        if isinstance(mail, OutgoingMail) and chance.random() < 0.5:
            async with database.transaction() as tx:
                await content_offered(tx, mail.attempt_id, at=clock.now())

    async def its_lease_is_over() -> None:
        await changed(database, "UPDATE delivery SET lease_until = now() WHERE status = 'sending'")
        await mail_sender.settle_lost()

    async def time_passes() -> None:
        await changed(database, "UPDATE delivery SET next_attempt_at = now() WHERE status = 'queued'")

    async def somebody_sends_one_again() -> None:
        ids = await database.fetch("SELECT id FROM delivery ORDER BY id")
        again = chance.choice(ids)["id"]
        with contextlib.suppress(Conflict):
            async with database.transaction() as tx:
                await resend(acting(tx, operator, parts), again, NoBody())

    steps: list[Callable[[], Awaitable[object]]] = [
        somebody_writes,
        the_server_changes_its_mood,
        mail_sender.send_next,
        mail_sender.send_next,
        a_sender_dies,
        its_lease_is_over,
        time_passes,
        somebody_sends_one_again,
    ]
    for _ in range(STEPS):
        await chance.choice(steps)()
    mail_server.dies = mail_server.to_content = ""
    await its_lease_is_over()
    await time_passes()
    while await mail_sender.send_next():
        pass
    await see_that_no_mail_left_oftener_than_is_known(database, mail_server)


async def see_that_no_mail_left_oftener_than_is_known(database: Database, mail_server: MailServer) -> None:
    accepted = Counter(mail["Message-ID"] for mail in mail_server.accepted)
    rounds = await database.fetch(
        """
        SELECT d.id, d.status, a.round, count(*) FILTER (WHERE a.result = 'uncertain') AS unanswered,
               count(*) FILTER (WHERE a.result = 'sent') AS sent
        FROM delivery d
        JOIN delivery_attempt a ON a.delivery_id = d.id
        GROUP BY d.id, d.status, a.round
        """
    )
    for row in rounds:
        times = accepted.pop(f"<{row['id']}.{row['round']}@cousu.test>", 0)
        assert row["sent"] <= 1
        assert row["sent"] <= times <= row["sent"] + row["unanswered"]
    assert not accepted, "nothing was sent that is not on record"
    left = await database.fetch("SELECT DISTINCT status FROM delivery")
    assert {row["status"] for row in left} <= {"sent", "failed", "uncertain"}
    sent = await database.fetchval("SELECT count(*) FROM delivery WHERE status = 'sent'")
    told = await database.fetchval("SELECT count(*) FROM journal WHERE type = 'notifications.delivery_succeeded.v1'")
    assert told >= sent


@dataclasses.dataclass(slots=True)
class Expectation:
    """Which position a partner may be given next."""

    position: int = 0
    seen: int = 0

    def check(self, partner: Partner) -> None:
        """See that what came since is what was due."""
        for event in partner.events[self.seen :]:
            assert event["position"] == self.position + 1
            if partner.answer.startswith("2"):
                self.position += 1
        self.seen = len(partner.bodies)


@pytest.mark.parametrize("seed", range(3))
async def test_a_partner_is_given_each_event_in_its_turn(
    seed: int, database: Database, world: World, parts: Parts, people: People
) -> None:
    chance = random.Random(seed)  # noqa: S311 - as above
    here = dataclasses.replace(parts, secrets=SECRETS, networks=(ipaddress.ip_network("127.0.0.0/8"),))
    dispatcher = WebhookDispatcher(database, here, SECRETS)
    operator = await people.agent(Role.OPERATOR)
    due = Expectation()
    async with a_partner() as partner:
        webhook_id = await subscribed(database, here, operator, partner)
        await world.filed()

        async def somebody_writes() -> None:
            await world.consume(*many_messages(1))
            await dispatcher.number()

        async def the_partner_changes_his_mood() -> None:
            partner.answer = chance.choice(["204 No Content", "204 No Content", "500 Oops", "410 Gone"])

        async def a_dispatcher_dies() -> None:
            async with database.transaction() as tx:
                await next_event(tx, at=clock.now(), secrets=SECRETS)

        async def time_passes() -> None:
            await changed(database, "UPDATE webhook SET lease_until = NULL, next_attempt_at = now()")

        async def an_operator_moves_it() -> None:
            newest = await database.fetchval("SELECT coalesce(max(position), 0) FROM partner_event")
            start = chance.randint(0, newest)
            async with database.transaction() as tx:
                await replay(acting(tx, operator), webhook_id, Replay(position=start))
            due.position = start

        async def an_operator_suspends_or_resumes() -> None:
            state = await database.fetchval("SELECT state FROM webhook")
            act = suspend if state == State.ACTIVE else resume
            async with database.transaction() as tx:
                await act(acting(tx, operator), webhook_id, Nothing())

        steps: list[Callable[[], Awaitable[object]]] = [
            somebody_writes,
            the_partner_changes_his_mood,
            dispatcher.deliver_next,
            dispatcher.deliver_next,
            a_dispatcher_dies,
            time_passes,
            an_operator_moves_it,
            an_operator_suspends_or_resumes,
        ]
        for _ in range(STEPS):
            await chance.choice(steps)()
            due.check(partner)
        partner.answer = "204 No Content"
        await dispatcher.number()
        async with database.transaction() as tx:
            await resume(acting(tx, operator), webhook_id, Nothing())
        while await dispatcher.deliver_next():
            due.check(partner)
        assert due.position == await database.fetchval("SELECT max(position) FROM partner_event")
        assert due.position == await database.fetchval("SELECT position FROM webhook")


async def subscribed(database: Database, parts: Parts, by: Agent, partner: Partner) -> UUID:
    async with database.transaction() as tx:
        wish = Subscribe(name="Partenaire", url=partner.url)
        return await subscribe(acting(tx, by, parts), wish)
