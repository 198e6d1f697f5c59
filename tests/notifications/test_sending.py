"""A mail leaves once: whatever the mail server answers, and whoever dies in the middle."""

import asyncio
import dataclasses
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
import structlog
from prometheus_client import generate_latest

from deploy.local.postgres import LocalPostgres
from services.notifications.adapters.mail_sender import MailSender
from services.notifications.domain.deliveries import MOST_UNANSWERED, TRIED_FOR, Result, Status
from services.notifications.rendering import examples
from services.notifications.settings import MailServerAddress
from services.notifications.usecases import send
from services.notifications.usecases.deliveries import in_time
from services.notifications.usecases.parts import Parts
from services.notifications.usecases.resend import resend
from services.notifications.usecases.send import OutgoingMail, begin
from shared import clock
from shared.commands import NoBody
from shared.contracts import intake, qualification
from shared.db import CONFLICT_ATTEMPTS, Database
from shared.errors import IllegalMove
from shared.identity.model import Role
from shared.messaging import journal
from tests.contracts.examples import EXAMPLES
from tests.notifications.conftest import MailServer, People, World, a_mail_sender, acting, many_messages
from tests.polling import eventually
from tests.rebuilt import moments_told
from tests.wrong_clock import WRONG, set_clock


async def one(database: Database, column: str) -> object:
    """Give one column of the mail to the applicant."""
    return await database.fetchval(f"SELECT {column} FROM delivery WHERE audience = 'applicant'")


async def only_the_applicants(database: Database) -> None:
    """Keep the applicant's mail alone."""
    async with database.transaction() as tx:
        await tx.execute("DELETE FROM delivery WHERE audience <> 'applicant'")


@pytest.fixture
async def owed(world: World, database: Database) -> None:
    """One mail to the applicant, in the queue."""
    await world.filed()
    await only_the_applicants(database)


@pytest.mark.usefixtures("owed")
async def test_an_accepted_mail_is_sent_and_told(
    database: Database, mail_sender: MailSender, mail_server: MailServer
) -> None:
    assert await mail_sender.send_next()
    assert not await mail_sender.send_next()
    (mail,) = mail_server.accepted
    assert mail["To"] == "contact@commune.test"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert str(await one(database, "id")) in mail["Message-ID"]
    text = mail.get_body(("plain",))
    page = mail.get_body(("html",))
    assert text is not None
    assert page is not None
    assert "http://intake.test/suivi/" in text.get_content()
    assert "http://intake.test/suivi/" in page.get_content()
    assert await one(database, "status") == Status.SENT
    assert await database.fetchval("SELECT answer FROM delivery_attempt") == "250 2.0.0 accepted as 42"
    assert await database.fetchval("SELECT type FROM journal") == "notifications.delivery_succeeded.v1"


@pytest.mark.usefixtures("owed")
async def test_a_mail_that_the_server_defers_is_tried_again(
    database: Database, mail_sender: MailSender, mail_server: MailServer
) -> None:
    mail_server.to_recipient = "451 4.3.0 try later"
    await mail_sender.send_next()
    assert await one(database, "status") == Status.QUEUED
    assert await one(database, "next_attempt_at > now()")
    assert await one(database, "reason") == "451 4.3.0 try later"
    mail_server.to_recipient = ""
    async with database.transaction() as tx:
        await tx.execute("UPDATE delivery SET next_attempt_at = now()")
    await mail_sender.send_next()
    assert await one(database, "status") == Status.SENT
    assert await database.fetchval("SELECT count(*) FROM delivery_attempt") == 2


@pytest.mark.usefixtures("owed")
async def test_a_mail_deferred_for_two_days_has_failed(
    database: Database, mail_sender: MailSender, mail_server: MailServer
) -> None:
    mail_server.to_content = "452 4.2.2 mailbox full"
    async with database.transaction() as tx:
        await tx.execute("UPDATE delivery SET attempts = 30, tried_since = $1", clock.now() - timedelta(days=2))
    await mail_sender.send_next()
    assert await one(database, "status") == Status.FAILED


@WRONG
@pytest.mark.usefixtures("owed")
async def test_a_wrong_clock_of_the_service_gives_up_no_mail(
    database: Database,
    mail_sender: MailSender,
    mail_server: MailServer,
    monkeypatch: pytest.MonkeyPatch,
    wrong: timedelta,
) -> None:
    mail_server.to_content = "452 4.2.2 mailbox full"
    set_clock(monkeypatch, wrong)
    assert await mail_sender.send_next()
    assert await one(database, "status") == Status.QUEUED
    assert not await mail_sender.send_next(), "it is not tried again at once"
    pause = await database.fetchval("SELECT next_attempt_at - now() FROM delivery")
    assert timedelta() < pause < timedelta(hours=1)


@pytest.mark.parametrize("where", ["to_recipient", "to_content"])
@pytest.mark.usefixtures("owed")
async def test_a_refused_mail_has_failed_and_the_departement_is_told_without_any_address(
    database: Database, mail_sender: MailSender, mail_server: MailServer, where: str
) -> None:
    setattr(mail_server, where, "550 5.1.1 <contact@commune.test> is unknown here")
    await mail_sender.send_next()
    assert await one(database, "status") == Status.FAILED
    assert await one(database, "reason") == "550 5.1.1 <…> is unknown here"
    told = await database.fetchrow("SELECT type, body FROM journal")
    assert told is not None
    assert told["type"] == "notifications.delivery_failed.v1"
    assert "contact@commune.test" not in told["body"]
    setattr(mail_server, where, "")
    await mail_sender.send_next()
    (mail,) = mail_server.accepted
    assert mail["To"] == "anct95@val-doise.gouv.fr"
    assert "n’a pas pu être remis" in mail["Subject"]


@pytest.mark.parametrize(("when", "copies"), [("before", 1), ("after", 2)])
@pytest.mark.usefixtures("owed")
async def test_a_mail_whose_fate_nobody_knows_goes_again_under_the_same_name(
    database: Database, mail_sender: MailSender, mail_server: MailServer, when: str, copies: int
) -> None:
    mail_server.dies = when
    await mail_sender.send_next()
    assert await one(database, "status") == Status.QUEUED
    assert await database.fetchval("SELECT count(*) FROM journal") == 0
    mail_server.dies = ""
    await let_the_pause_pass(database)
    await mail_sender.send_next()
    assert await one(database, "status") == Status.SENT
    assert len(mail_server.accepted) == copies
    assert len({mail["Message-ID"] for mail in mail_server.accepted}) == 1
    ends = await database.fetch("SELECT result FROM delivery_attempt ORDER BY began_at")
    assert [row["result"] for row in ends] == ["uncertain", "sent"]
    assert await database.fetchval("SELECT count(*) FROM journal") == 1


@pytest.mark.usefixtures("owed")
async def test_a_server_that_never_says_what_became_of_a_mail_is_asked_eight_times_and_then_a_person(
    database: Database, mail_sender: MailSender, mail_server: MailServer
) -> None:
    mail_server.dies = "after"
    for _ in range(MOST_UNANSWERED):
        await let_the_pause_pass(database)
        await mail_sender.send_next()
    assert await one(database, "status") == Status.UNCERTAIN
    assert not await mail_sender.send_next()
    assert len(mail_server.accepted) == MOST_UNANSWERED


@pytest.mark.usefixtures("owed")
async def test_a_mail_that_may_have_left_and_is_deferred_for_two_days_has_not_failed(
    database: Database, mail_sender: MailSender, mail_server: MailServer
) -> None:
    mail_server.dies = "after"
    await mail_sender.send_next()
    mail_server.dies, mail_server.to_content = "", "452 4.2.2 mailbox full"
    async with database.transaction() as tx:
        await tx.execute("UPDATE delivery SET next_attempt_at = now(), tried_since = $1", clock.now() - TRIED_FOR)
        await tx.execute("UPDATE delivery_attempt SET began_at = $1", clock.now() - TRIED_FOR / 2)
    await mail_sender.send_next()
    assert await one(database, "status") == Status.UNCERTAIN
    assert await database.fetchval("SELECT count(*) FROM journal") == 0


@pytest.mark.usefixtures("owed")
async def test_a_late_answer_settles_a_mail_that_waits_to_go_again(
    database: Database, parts: Parts, mail_sender: MailSender, mail_server: MailServer
) -> None:
    mail_server.open.clear()
    slow = asyncio.create_task(a_mail_sender(database, parts, mail_server.port, timeout=60).send_next())
    await until_content_offered(database)
    await let_the_lease_pass(database)
    assert await mail_sender.settle_lost() == 1
    assert await one(database, "status") == Status.QUEUED
    mail_server.open.set()
    await slow
    assert await one(database, "status") == Status.SENT
    await let_the_pause_pass(database)
    assert not await mail_sender.send_next()
    assert len(mail_server.accepted) == 1


@pytest.mark.usefixtures("owed")
async def test_a_connection_lost_before_the_content_is_simply_tried_again(
    database: Database, mail_sender: MailSender, mail_server: MailServer
) -> None:
    mail_server.dies = "recipient"
    await mail_sender.send_next()
    assert await one(database, "status") == Status.QUEUED


async def test_mails_to_one_domain_leave_at_its_pace_and_hold_nobody_else_up(
    world: World, database: Database, parts: Parts, mail_server: MailServer
) -> None:
    await world.filed()
    await world.consume(*many_messages(3))
    paced = dataclasses.replace(parts, per_minute={"val-doise.gouv.fr": 1})
    mail_sender = a_mail_sender(database, paced, mail_server.port)
    while await mail_sender.send_next():
        pass
    assert sorted(mail["To"] for mail in mail_server.accepted) == ["anct95@val-doise.gouv.fr", "contact@commune.test"]
    async with database.transaction() as tx:
        await tx.execute("UPDATE domain_pace SET free_at = now()")
    assert await mail_sender.send_next()
    assert not await mail_sender.send_next()
    assert await database.fetchval("SELECT count(*) FROM delivery WHERE status = 'queued'") == 2


async def test_senders_that_write_to_one_domain_at_once_share_its_pace(
    world: World, database: Database, parts: Parts, mail_server: MailServer
) -> None:
    await world.filed()
    await world.consume(*many_messages(9))
    paced = dataclasses.replace(parts, per_minute={"val-doise.gouv.fr": 60, "*": 0})
    began = await database.fetchval("SELECT now()")
    await asyncio.gather(*(a_mail_sender(database, paced, mail_server.port).send_next() for _ in range(8)))
    to_the_service = len([mail for mail in mail_server.accepted if mail["To"] == "anct95@val-doise.gouv.fr"])
    pause = await database.fetchval("SELECT extract(epoch FROM free_at - $1) FROM domain_pace", began)
    assert to_the_service >= 1
    assert float(pause) >= to_the_service, "each mail pushed the next one a second further"


@pytest.mark.parametrize(
    ("address", "sent_to"),
    [("contact@mairie-évry.test", "contact@xn--mairie-vry-h7a.test"), ("prénom@commune.test", None)],
)
@pytest.mark.usefixtures("owed")
async def test_an_accented_domain_is_reached_and_an_accented_name_is_a_clear_failure(
    database: Database, mail_sender: MailSender, mail_server: MailServer, address: str, sent_to: str | None
) -> None:
    async with database.transaction() as tx:
        await tx.execute("UPDATE delivery SET recipient = $1", address)
    await mail_sender.send_next()
    if sent_to is None:
        assert await one(database, "status") == Status.FAILED
        assert "ne peut pas recevoir" in str(await one(database, "reason"))
    else:
        assert [mail["To"] for mail in mail_server.accepted] == [sent_to]


@pytest.mark.usefixtures("owed")
async def test_a_mail_server_that_is_away_costs_a_delay(database: Database, parts: Parts) -> None:
    await a_mail_sender(database, parts, 1).send_next()
    assert await one(database, "status") == Status.QUEUED
    assert "injoignable" in str(await one(database, "reason"))


@pytest.mark.usefixtures("owed")
async def test_a_sender_that_dies_before_the_content_loses_nothing(
    database: Database, parts: Parts, mail_sender: MailSender, mail_server: MailServer
) -> None:
    hanging = HangingMailSender(database, parts, server=MailServerAddress("smtp://127.0.0.1:1"), sender="x@cousu.test")
    task = asyncio.create_task(hanging.send_next())
    await until_sending(database)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await mail_sender.settle_lost() == 0
    await let_the_lease_pass(database)
    assert await mail_sender.settle_lost() == 1
    assert await one(database, "status") == Status.QUEUED
    async with database.transaction() as tx:
        await tx.execute("UPDATE delivery SET next_attempt_at = now()")
    await mail_sender.send_next()
    assert len(mail_server.accepted) == 1


@pytest.mark.usefixtures("owed")
async def test_a_mail_whose_sender_dies_while_the_server_takes_the_content_goes_again_under_the_same_name(
    database: Database, parts: Parts, mail_sender: MailSender, mail_server: MailServer
) -> None:
    mail_server.open.clear()
    task = asyncio.create_task(a_mail_sender(database, parts, mail_server.port, timeout=60).send_next())
    await until_content_offered(database)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await let_the_lease_pass(database)
    assert await mail_sender.settle_lost() == 1
    assert await database.fetchval("SELECT result FROM delivery_attempt") == Result.UNCERTAIN
    mail_server.open.set()
    await let_the_pause_pass(database)
    assert await mail_sender.send_next()
    assert await one(database, "status") == Status.SENT
    assert len({mail["Message-ID"] for mail in mail_server.accepted}) == 1


@pytest.mark.parametrize(
    "error",
    [
        *(error("as if") for error in (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)),
        asyncpg.UndefinedTableError("as if"),
        asyncpg.ConnectionDoesNotExistError("as if"),
        RuntimeError("as if"),
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.usefixtures("owed")
async def test_an_answer_that_was_heard_is_written_down_whatever_the_database_raises(
    database: Database,
    mail_sender: MailSender,
    mail_server: MailServer,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    errors = [error] * (CONFLICT_ATTEMPTS + 1)
    monkeypatch.setattr("services.notifications.adapters.mail_sender.SETTLE_PAUSE", 0.01)
    ended = send.ended

    async def fails_at_first(*given: Any, **named: Any) -> None:
        await ended(*given, **named)
        if errors:
            raise errors.pop()

    monkeypatch.setattr("services.notifications.adapters.mail_sender.ended", fails_at_first)
    monkeypatch.setattr("services.notifications.adapters.mail_sender.AWAY_PAUSE", 0.01)
    assert await mail_sender.send_next()
    assert not errors
    assert await one(database, "status") == Status.SENT
    assert await database.fetchval("SELECT count(*) FROM journal") == 1
    await let_the_lease_pass(database)
    assert await mail_sender.settle_lost() == 0
    assert not await mail_sender.send_next()
    assert len(mail_server.accepted) == 1


@pytest.mark.usefixtures("owed")
async def test_an_answer_that_cannot_be_written_down_is_given_up_loudly(
    database: Database, mail_sender: MailSender, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: Any, **__: Any) -> None:
        raise asyncpg.UndefinedTableError("as if")

    with monkeypatch.context() as broken, structlog.testing.capture_logs() as logs:
        broken.setattr("services.notifications.adapters.mail_sender.ended", fails)
        broken.setattr("services.notifications.adapters.mail_sender.SETTLE_PAUSE", 0.0)
        assert await mail_sender.send_next()
    (given_up,) = [line for line in logs if line["event"] == "mail_sender.outcome_uncertain"]
    assert (given_up["log_level"], given_up["result"]) == ("error", "sent")
    assert given_up["delivery_id"] == str(await one(database, "id"))
    await let_the_lease_pass(database)
    assert await mail_sender.settle_lost() == 1
    assert await database.fetchval("SELECT result FROM delivery_attempt") == Result.UNCERTAIN
    assert len(mail_server.accepted) == 1


@pytest.mark.parametrize("where", ["", "to_content"])
@pytest.mark.usefixtures("owed")
async def test_what_became_of_a_mail_is_told_after_all_that_is_known_of_its_request(
    database: Database, mail_sender: MailSender, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    known = await database.fetchval("SELECT max(latest) FROM inbox_stream")
    assert known is not None
    set_clock(monkeypatch, -timedelta(hours=5))
    async with database.transaction() as tx:
        await tx.execute("UPDATE inbox_stream SET latest = now()")
        await tx.execute("UPDATE delivery SET next_attempt_at = now() - interval '1 day'")
    if where:
        setattr(mail_server, where, "550 5.1.1 no such mailbox")
    await mail_sender.send_next()
    moments = await moments_told(database)
    latest = await database.fetchval("SELECT max(latest) FROM inbox_stream")
    assert moments
    assert moments[0] > latest


@pytest.mark.usefixtures("owed")
async def test_a_mail_shows_the_moment_that_its_event_tells(
    database: Database, mail_sender: MailSender, mail_server: MailServer
) -> None:
    """Something else is known of the request that happened later: a replay knows the event's moment alone."""
    async with database.transaction() as tx:
        await tx.execute("UPDATE inbox_stream SET latest = now() + interval '1 hour'")
    await mail_sender.send_next()
    assert len(mail_server.accepted) == 1
    assert [await database.fetchval("SELECT sent_at FROM delivery")] == await moments_told(database)


async def _waits_for_a_lock(database: Database) -> bool:
    found = await database.fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    return bool(found)


async def test_two_senders_do_not_tell_of_one_request_backwards(database: Database) -> None:
    """The moment is taken after the stream is locked, also for the first event of a request."""
    request_id, now = uuid4(), clock.now()
    fact = EXAMPLES["notifications.delivery_succeeded.v1"]

    async def told(at: datetime) -> datetime:
        async with database.transaction() as tx:
            moment = await in_time(tx, request_id, at)
            await journal.record(tx, fact.model_copy(update={"request_id": request_id, "at": moment}))
        return moment

    async with database.transaction() as tx:
        first = await in_time(tx, request_id, now)
        second = asyncio.create_task(told(now - timedelta(hours=5)))
        await eventually(lambda: _waits_for_a_lock(database))
        await journal.record(tx, fact.model_copy(update={"request_id": request_id, "at": first}))
    assert await second > first
    assert await moments_told(database) == [first, await second]


@pytest.mark.usefixtures("owed")
async def test_a_mail_that_a_sender_takes_meanwhile_is_not_queued_again(
    database: Database, parts: Parts, people: People
) -> None:
    agent, delivery_id = await people.agent(Role.OPERATOR), UUID(str(await one(database, "id")))
    async with database.transaction() as tx:
        await tx.execute("UPDATE delivery SET attempts = 1, next_attempt_at = now() + interval '1 hour'")

    async def send_again() -> None:
        async with database.transaction() as tx:
            await resend(acting(tx, agent, parts), delivery_id, NoBody())

    async with database.transaction() as sender:
        assert await begin(sender, at=clock.now() + timedelta(hours=2), parts=parts)
        asked = asyncio.create_task(send_again())
        await eventually(lambda: _waits_for_a_lock(database))
    with pytest.raises(IllegalMove):
        await asked
    assert await one(database, "status") == Status.SENDING


@pytest.mark.usefixtures("owed")
async def test_a_sender_that_took_too_long_does_not_offer_the_content(
    database: Database, mail_sender: MailSender, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.notifications.usecases.send.LEASE", timedelta(seconds=-1))
    await mail_sender.send_next()
    assert mail_server.accepted == []
    assert await one(database, "status") == Status.SENDING


async def test_many_senders_send_every_mail_once(
    world: World, database: Database, parts: Parts, mail_server: MailServer
) -> None:
    await world.filed()
    await world.consume(*many_messages(60))
    mail_server.slow = 0.02
    postmen = [a_mail_sender(database, parts, mail_server.port, senders=4) for _ in range(3)]

    async def empty(mail_sender: MailSender) -> None:
        while await mail_sender.send_next():
            pass

    await asyncio.gather(*(empty(mail_sender) for mail_sender in postmen for _ in range(4)))
    assert await database.fetchval("SELECT count(*) FROM delivery WHERE status = 'sent'") == 62
    ids = [mail["Message-ID"] for mail in mail_server.accepted]
    assert len(ids) == len(set(ids)) == 62


async def test_mails_about_one_request_make_one_conversation(
    world: World, mail_sender: MailSender, mail_server: MailServer
) -> None:
    await world.filed()
    await world.consume(*many_messages(1))
    while await mail_sender.send_next():
        pass
    to_departement = [mail for mail in mail_server.accepted if "anct95" in mail["To"]]
    first, second = sorted(to_departement, key=lambda mail: "In-Reply-To" in mail)
    assert second["In-Reply-To"] == second["References"] == first["Message-ID"]


async def test_the_links_that_are_sent_open_what_they_should(
    world: World, parts: Parts, mail_sender: MailSender, mail_server: MailServer
) -> None:
    await world.filed()
    await world.consume(examples.example_of(intake.TrackingLinkReplaced))
    await world.consume(examples.example_of(qualification.OrientedLocally))
    invited = examples.example_of(qualification.PactPartyInvited)
    await world.consume(invited.model_copy(update={"link_generation": 3, "request_id": uuid4()}))
    while await mail_sender.send_next():
        pass
    found: dict[str, set[tuple[UUID, int] | None]] = {"suivi": set(), "orientations": set(), "parties": set()}
    readers = {
        "suivi": parts.links.tracking,
        "orientations": parts.links.orientation,
        "parties": parts.links.pact,
    }
    for mail in mail_server.accepted:
        text = mail.get_body(("plain",))
        assert text is not None
        for kind, token in re.findall(r"/(suivi|orientations|parties)/([\w-]+)", text.get_content()):
            found[kind].add(readers[kind].read(token))
    assert found == {
        "suivi": {(examples.REQUEST_ID, 2)},
        "orientations": {(examples.OTHER_ID, 1)},
        "parties": {(examples.OTHER_ID, 3)},
    }


async def test_senders_run_until_they_are_stopped(
    world: World, database: Database, parts: Parts, mail_server: MailServer
) -> None:
    async with a_mail_sender(database, parts, mail_server.port, senders=2).lifespan():
        await world.filed()
        async with asyncio.timeout(30):
            while len(mail_server.accepted) < 2:
                await asyncio.sleep(0.02)
    assert await database.fetchval("SELECT count(*) FROM delivery WHERE status = 'sending'") == 0


def test_each_end_of_an_attempt_is_counted_from_nothing(database: Database, parts: Parts) -> None:
    a_mail_sender(database, parts, 1)
    told = generate_latest().decode()
    assert all(f'cousu_delivery_attempts_total{{result="{result}"}}' in told for result in Result)


async def test_a_mail_that_is_tried_in_vain_grows_older_in_the_figures(
    world: World, database: Database, parts: Parts, free_ports: Callable[[int], list[int]]
) -> None:
    await world.filed()
    [nobody] = free_ports(1)
    mail_sender = a_mail_sender(database, parts, nobody)
    await mail_sender.send_next()
    async with database.transaction() as tx:
        await tx.execute("UPDATE delivery SET tried_since = now() - interval '20 minutes' WHERE attempts > 0")
    await mail_sender.measure()
    told = re.search(r"^cousu_deliveries_oldest_due_seconds (\S+)", generate_latest().decode(), re.MULTILINE)
    assert told is not None
    assert 1200 <= float(told[1]) < 1260


class HangingMailSender(MailSender):
    """Begins a mail and never goes on: stands for a process that is killed there."""

    async def _attempt(self, _mail: OutgoingMail) -> None:
        await asyncio.sleep(3600)


async def until_sending(database: Database) -> None:
    """Wait for a mail under way."""
    async with asyncio.timeout(30):
        while await one(database, "status") != Status.SENDING:
            await asyncio.sleep(0.01)


async def until_content_offered(database: Database) -> None:
    """Wait until the server is given a content."""
    async with asyncio.timeout(30):
        while not await database.fetchval("SELECT content_at FROM delivery_attempt"):
            await asyncio.sleep(0.01)


@pytest.mark.usefixtures("owed")
async def test_a_sender_whose_clock_is_hours_ahead_holds_a_mail_no_longer_than_any_other(
    database: Database, parts: Parts
) -> None:
    async with database.transaction() as tx:
        assert await begin(tx, at=datetime.now(UTC) + timedelta(hours=10), parts=parts)
    assert await database.fetchval("SELECT lease_until <= now() + interval '5 minutes' FROM delivery")


async def let_the_pause_pass(database: Database) -> None:
    """Pretend that the pause before the next attempt is over."""
    async with database.transaction() as tx:
        await tx.execute("UPDATE delivery SET next_attempt_at = now() WHERE status = 'queued'")


async def let_the_lease_pass(database: Database) -> None:
    """Pretend that the sender's time is over."""
    async with database.transaction() as tx:
        await tx.execute("UPDATE delivery SET lease_until = now() - interval '1 second' WHERE status = 'sending'")


async def test_sending_a_mail_does_not_read_all_that_were_ever_sent(
    world: World, database: Database, parts: Parts, mail_server: MailServer, postgres_server: LocalPostgres
) -> None:
    """Whatever reads the table as a whole takes longer each year."""
    await world.filed()
    url = postgres_server.url(await database.fetchval("SELECT current_database()"))
    owner = await asyncpg.connect(url)
    columns = ", ".join(
        f'"{row["attname"]}"'
        for row in await owner.fetch(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'delivery'::regclass AND attnum > 0"
            " AND attgenerated = '' AND attname NOT IN ('id', 'event_id', 'status', 'sent_at', 'next_attempt_at')"
        )
    )
    await owner.execute(
        f"INSERT INTO delivery (id, event_id, status, sent_at, {columns})"
        f" SELECT gen_random_uuid(), gen_random_uuid(), 'sent', now(), {columns}"
        " FROM delivery, generate_series(1, 3000)"
    )
    await owner.execute("ANALYZE delivery")
    before = await rows_read_as_a_whole(owner)
    one_service = await Database.connect(url, name="notifications", max_size=1)
    mail_sender = a_mail_sender(one_service, parts, mail_server.port)
    while await mail_sender.send_next():
        pass
    await mail_sender.measure()
    await one_service.close()  # which tells PostgreSQL what was read
    assert len(mail_server.accepted) >= 2
    assert await rows_read_as_a_whole(owner) - before < 3000
    await owner.close()


async def rows_read_as_a_whole(connection: "asyncpg.Connection[asyncpg.Record]") -> int:
    """Tell how many rows of deliveries were read by reading from end to end."""
    await connection.execute("SELECT pg_stat_clear_snapshot()")
    return int(await connection.fetchval("SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = 'delivery'"))
