"""Mails that did not reach anybody are listed, and sent again once, with who and why."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from shared.clock import new_id
from shared.db import Database
from shared.operations import mails, record
from shared.operations.mails import MailUnderWay, NoAddress, NoSuchMail
from shared.operations.reach import Watched
from tests.conftest import FreshDatabase
from tests.shared.operations.test_obstacles import a_mail


@pytest.fixture
async def postman(fresh_database: Callable[[str], Awaitable[FreshDatabase]]) -> AsyncIterator[Watched]:
    """The service that sends mails."""
    database = await Database.connect((await fresh_database("notifications")).app_url, name="test")
    yield Watched("notifications", database, "notifications")
    await database.close()


async def test_what_was_refused_comes_before_what_only_waits_and_what_arrived_is_not_there(postman: Watched) -> None:
    waits = await a_mail(postman.database, new_id(), status="queued", attempts=2)
    refused = await a_mail(postman.database, new_id())
    assert [one.id for one in await mails.list_mails(postman.database)] == [refused, waits]
    assert await mails.list_mails(postman.database, perimeter=["78"]) == []


async def test_a_mail_is_queued_again_once_with_who_and_why(postman: Watched) -> None:
    mail_id = await a_mail(postman.database, new_id())
    again = await mails.resend(postman, mail_id, by="exploitant", why="boîte rouverte")
    assert (again.status, again.reason) == ("queued", None)
    row = await postman.database.fetchrow("SELECT asked_by, next_attempt_at <= now() AS due FROM delivery")
    assert row is not None
    assert (row["asked_by"], row["due"]) == ("exploitant", True)
    [noted] = await record.latest(postman.database, "notifications")
    assert (noted.action, noted.by, noted.why) == ("delivery.resend", "exploitant", "boîte rouverte")
    assert "mairie" not in noted.target, "who acts on what is kept, not the address"


@pytest.mark.parametrize(("status", "attempts"), [("queued", 0), ("sending", 1)])
async def test_a_mail_that_leaves_now_is_left_alone(postman: Watched, status: str, attempts: int) -> None:
    recipient = "a@b.test"
    mail_id = await a_mail(postman.database, new_id(), recipient=recipient)
    async with postman.database.transaction() as tx:
        await tx.execute(
            "UPDATE delivery SET status = $1, attempts = $2, attempt_id = id, lease_until = now()", status, attempts
        )
    with pytest.raises(MailUnderWay):
        await mails.resend(postman, mail_id, by="exploitant", why="essai")
    assert await record.latest(postman.database, "notifications") == []


async def test_a_mail_without_address_is_refused_with_what_to_do(postman: Watched) -> None:
    mail_id = await a_mail(postman.database, new_id(), recipient="")
    with pytest.raises(NoAddress) as refused:
        await mails.resend(postman, mail_id, by="exploitant", why="essai")
    assert "Renseignez-la" in refused.value.detail


async def test_a_mail_of_others_does_not_exist(postman: Watched) -> None:
    mail_id = await a_mail(postman.database, new_id())
    with pytest.raises(NoSuchMail):
        await mails.resend(postman, mail_id, by="exploitant", why="essai", perimeter=["78"])
