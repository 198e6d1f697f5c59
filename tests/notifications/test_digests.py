"""Agents may want their mails gathered; the applicant never waits."""

import asyncio
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from services.notifications.adapters.mail_sender import MailSender
from services.notifications.domain.preferences import Cadence
from services.notifications.rendering import examples
from services.notifications.usecases.digests import gather_digests
from services.notifications.usecases.parts import Parts
from services.notifications.usecases.preferences import Choice, Choose, NotYourMail, choose
from shared import clock
from shared.contracts import escalation, intake, qualification
from shared.db import Database
from shared.errors import Invalid, NotFound
from shared.identity.model import Role
from tests.notifications.conftest import MailServer, People, World, acting
from tests.wrong_clock import WRONG, set_clock


async def a_daily_mailbox(database: Database, people: People) -> None:
    agent = await people.agent(Role.SAT_AGENT, "95")
    async with database.transaction() as tx:
        await choose(acting(tx, agent), Choose(items=[Choice(audience="departement", cadence=Cadence.DAILY)]))


async def gathered(database: Database, parts: Parts) -> int:
    """Let the time of the digest come."""
    async with database.transaction() as tx:
        return await gather_digests(tx, at=clock.now() + timedelta(days=1), parts=parts)


async def test_a_day_s_mails_leave_in_one_while_the_applicant_is_told_at_once(
    world: World, database: Database, parts: Parts, mail_sender: MailSender, people: People, mail_server: MailServer
) -> None:
    await a_daily_mailbox(database, people)
    await world.filed()
    await world.consume(examples.example_of(intake.MessagePosted), examples.example_of(intake.InformationProvided))
    while await mail_sender.send_next():
        pass
    assert [mail["To"] for mail in mail_server.accepted] == ["contact@commune.test"]
    assert await gathered(database, parts) == 1
    assert await gathered(database, parts) == 0
    async with database.transaction() as tx:
        await tx.execute("UPDATE delivery SET next_attempt_at = now() WHERE template = 'digest'")
    assert await mail_sender.send_next()
    assert not await mail_sender.send_next()
    digest = mail_server.accepted[-1]
    assert digest["To"] == "anct95@val-doise.gouv.fr"
    assert digest["Subject"] == "3 nouvelles sur vos demandes"
    text = digest.get_body(("plain",))
    assert text is not None
    assert text.get_content().count(examples.NUMBER) == 3
    assert await database.fetchval("SELECT count(*) FROM delivery WHERE status <> 'sent'") == 0
    told = await database.fetch("SELECT body::jsonb -> 'data' ->> 'template' AS template FROM journal")
    assert sorted(row["template"] for row in told) == [
        "applicant_message",
        "information_provided",
        "new_request",
        "request_submitted",
    ]


async def test_a_digest_that_fails_is_told_for_each_mail_in_it(
    world: World, database: Database, parts: Parts, mail_sender: MailSender, people: People, mail_server: MailServer
) -> None:
    await a_daily_mailbox(database, people)
    await world.filed()
    await mail_sender.send_next()
    await gathered(database, parts)
    mail_server.to_recipient = "550 5.1.1 unknown"
    async with database.transaction() as tx:
        await tx.execute("UPDATE delivery SET next_attempt_at = now() WHERE template = 'digest'")
    await mail_sender.send_next()
    rows = await database.fetch("SELECT template, status FROM delivery WHERE audience = 'departement'")
    assert {(row["template"], row["status"]) for row in rows} == {("new_request", "failed"), ("digest", "failed")}


async def test_one_template_may_have_a_rhythm_of_its_own(world: World, database: Database, people: People) -> None:
    agent = await people.agent(Role.SAT_AGENT, "95")
    choices = [
        Choice(audience="departement", cadence=Cadence.WEEKLY),
        Choice(audience="departement", cadence=Cadence.INSTANT, template="applicant_message"),
    ]
    async with database.transaction() as tx:
        await choose(acting(tx, agent), Choose(items=choices))
    await world.filed()
    await world.consume(examples.example_of(intake.MessagePosted))
    rows = await database.fetch("SELECT template, cadence FROM delivery WHERE audience = 'departement'")
    assert {(row["template"], row["cadence"]) for row in rows} == {
        ("new_request", "weekly"),
        ("applicant_message", "instant"),
    }


@pytest.mark.parametrize(
    ("choice", "refusal"),
    [
        (Choice(audience="national", cadence=Cadence.DAILY), NotYourMail),
        (Choice(audience="departement", cadence=Cadence.NEVER), Invalid),
        (Choice(audience="departement", cadence=Cadence.DAILY, template="request_submitted"), Invalid),
        (Choice(audience="departement", cadence=Cadence.DAILY, scope="78"), NotFound),
    ],
)
async def test_choices_that_are_not_one_s_own_are_refused(
    database: Database, people: People, choice: Choice, refusal: type[Exception]
) -> None:
    agent = await people.agent(Role.SAT_AGENT, "95")
    with pytest.raises(refusal):
        async with database.transaction() as tx:
            await choose(acting(tx, agent), Choose(items=[choice]))


async def test_several_copies_make_one_digest(world: World, database: Database, parts: Parts, people: People) -> None:
    await a_daily_mailbox(database, people)
    await world.filed()
    made = await asyncio.gather(*(gathered(database, parts) for _ in range(6)))
    assert sum(made) == 1
    assert await database.fetchval("SELECT count(*) FROM delivery WHERE template = 'digest'") == 1


async def test_a_reminder_waits_for_the_morning_unless_the_team_wants_it_at_once(
    world: World, database: Database, people: People
) -> None:
    soon = examples.example_of(qualification.StageDueSoon)
    await world.filed()
    await world.consume(soon)
    agent = await people.agent(Role.SAT_AGENT, "95")
    async with database.transaction() as tx:
        await choose(acting(tx, agent), Choose(items=[Choice(audience="departement", cadence=Cadence.INSTANT)]))
    await world.consume(soon)
    rows = await database.fetch("SELECT cadence FROM delivery WHERE template = 'stage_due_soon' ORDER BY created_at")
    assert [row["cadence"] for row in rows] == ["daily", "instant"]


@pytest.mark.parametrize(("departement", "zone"), [("95", "Europe/Paris"), ("974", "Indian/Reunion")])
async def test_a_digest_leaves_by_the_departement_s_clock_and_the_national_one_by_that_of_paris(
    world: World, database: Database, people: People, departement: str, zone: str
) -> None:
    local, national = await people.agent(Role.SAT_AGENT, departement), await people.agent(Role.NATIONAL_AGENT)
    for agent, audience in ((local, "departement"), (national, "national")):
        async with database.transaction() as tx:
            choice = Choice(audience=audience, cadence=Cadence.DAILY, destination="personal", hour=7)
            await choose(acting(tx, agent), Choose(items=[choice]))
    await world.consume(examples.example_of(intake.RequestSubmitted).model_copy(update={"departement": departement}))
    await world.consume(examples.example_of(escalation.EscalationReceived))
    rows = await database.fetch("SELECT audience, next_attempt_at FROM delivery WHERE cadence = 'daily'")
    due = {row["audience"]: row["next_attempt_at"] for row in rows}
    assert due["departement"].astimezone(ZoneInfo(zone)).hour == 7
    assert due["national"].astimezone(ZoneInfo("Europe/Paris")).hour == 7


@WRONG
async def test_a_wrong_clock_of_the_service_makes_no_digest_early_and_no_mail_late(
    world: World,
    database: Database,
    mail_sender: MailSender,
    people: People,
    mail_server: MailServer,
    monkeypatch: pytest.MonkeyPatch,
    wrong: timedelta,
) -> None:
    await a_daily_mailbox(database, people)
    set_clock(monkeypatch, wrong)
    await world.filed()
    assert await mail_sender.gather_digests() == 0
    while await mail_sender.send_next():
        pass
    assert [mail["To"] for mail in mail_server.accepted] == ["contact@commune.test"]
    due = await database.fetchval("SELECT next_attempt_at - now() FROM delivery WHERE status = 'queued'")
    assert timedelta() < due <= timedelta(days=1, hours=1)
