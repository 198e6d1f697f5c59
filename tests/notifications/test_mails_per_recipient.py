"""A stranger fills nobody's mailbox: acknowledgements and invitations above the limit wait, all other mails leave."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from services.notifications.adapters.mail_sender import MailSender
from services.notifications.rendering import examples
from services.notifications.usecases.parts import Parts
from shared.contracts import intake, qualification
from shared.db import Database
from shared.limits import Rate, RateLimits
from tests.notifications.conftest import MailServer, World, a_mail_sender

VICTIM = "victime@commune.test"


@pytest.fixture
def mail_sender(database: Database, parts: Parts, mail_server: MailServer) -> MailSender:
    """Who sends three such mails a day to one recipient."""
    limited = replace(parts, mails_per_recipient=Rate.parse("3/d"), counts=RateLimits("k" * 32))
    return a_mail_sender(database, limited, mail_server.port)


async def bombed(world: World, times: int) -> list[UUID]:
    """A stranger files so many requests with the victim as their contact."""
    example = examples.example_of(intake.RequestSubmitted)
    assert isinstance(example, intake.RequestSubmitted)
    contact = example.request.contact.model_copy(update={"email": VICTIM})
    request = example.request.model_copy(update={"contact": contact})
    ids = [uuid4() for _ in range(times)]
    for one in ids:
        await world.consume(example.model_copy(update={"request_id": one, "request": request}))
    return ids


async def send_all(mail_sender: MailSender) -> None:
    """Send what is due."""
    while await mail_sender.send_next():
        pass


def to_victim(mail_server: MailServer) -> list[str]:
    """The subjects of what reached the victim."""
    return [mail["Subject"] for mail in mail_server.accepted if mail["To"] == VICTIM]


async def test_acknowledgements_above_the_limit_wait_and_leave_the_next_day(
    world: World, database: Database, mail_sender: MailSender, mail_server: MailServer
) -> None:
    await bombed(world, 8)
    await send_all(mail_sender)
    assert len(to_victim(mail_server)) == 3
    waiting = await database.fetch(
        "SELECT attempts, attempt_id, lease_until, next_attempt_at > now() + interval '23 hours' AS later, reason, "
        "tried_since > now() AS quiet FROM delivery WHERE recipient = $1 AND status = 'queued'",
        VICTIM,
    )
    assert len(waiting) == 5, "none is lost"
    assert {
        (row["attempts"], row["attempt_id"], row["lease_until"], row["later"], row["quiet"]) for row in waiting
    } == {(0, None, None, True, True)}
    assert "partira plus tard" in waiting[0]["reason"]
    sent = await database.fetchval(
        "SELECT count(*) FROM delivery_attempt a JOIN delivery d ON d.id = a.delivery_id WHERE d.recipient = $1", VICTIM
    )
    assert sent == 3, "what waits was not attempted"
    async with database.transaction() as tx:
        await tx.execute("UPDATE rate_limit SET ends_at = now()")
        await tx.execute("UPDATE delivery SET next_attempt_at = now() WHERE status = 'queued'")
    await send_all(mail_sender)
    assert len(to_victim(mail_server)) == 6


async def test_what_agents_write_is_never_held_back(
    world: World, mail_sender: MailSender, mail_server: MailServer
) -> None:
    (first, *_) = await bombed(world, 5)
    asked = examples.example_of(qualification.InformationRequested)
    refused = examples.example_of(qualification.RequestRefused)
    await world.consume(*(one.model_copy(update={"request_id": first}) for one in (asked, refused)))
    await send_all(mail_sender)
    subjects = to_victim(mail_server)
    assert len(subjects) == 3 + 2
    assert sum("Accusé de réception" in one for one in subjects) == 3


async def test_others_are_not_held_back_and_a_retry_is_not_counted_again(
    world: World, database: Database, mail_sender: MailSender, mail_server: MailServer
) -> None:
    mail_server.to_recipient = "451 4.3.0 try later"
    await bombed(world, 3)
    for _ in range(3):
        await send_all(mail_sender)
        async with database.transaction() as tx:
            await tx.execute("UPDATE delivery SET next_attempt_at = now() WHERE status = 'queued'")
    mail_server.to_recipient = ""
    await world.filed()
    await send_all(mail_sender)
    assert len(to_victim(mail_server)) == 3
    assert "contact@commune.test" in {mail["To"] for mail in mail_server.accepted}


async def test_what_somebody_asks_to_be_sent_again_is_sent(
    world: World, database: Database, mail_sender: MailSender, mail_server: MailServer
) -> None:
    await bombed(world, 4)
    await send_all(mail_sender)
    async with database.transaction() as tx:
        await tx.execute(
            "UPDATE delivery SET next_attempt_at = now(), asked_by = 'C. Martin' "
            "WHERE recipient = $1 AND status = 'queued'",
            VICTIM,
        )
    await send_all(mail_sender)
    assert len(to_victim(mail_server)) == 4
