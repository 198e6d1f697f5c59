"""Colleagues whom the applicant invited get their mails too, each with their own link, as long as they are invited."""

from uuid import UUID

from services.notifications.adapters.mail_sender import MailSender
from services.notifications.rendering import examples
from shared.contracts import intake, qualification
from shared.db import Database
from shared.links import Links
from tests.notifications.conftest import MailServer, World

DIRECTION = UUID(int=7)
FINANCES = UUID(int=8)


def invited(colleague_id: UUID, name: str, email: str) -> intake.ColleagueInvited:
    example = examples.example_of(intake.ColleagueInvited)
    assert isinstance(example, intake.ColleagueInvited)
    return example.model_copy(update={"colleague_id": colleague_id, "name": name, "email": email})


def removed(colleague_id: UUID) -> intake.ColleagueRemoved:
    fact = examples.example_of(intake.ColleagueInvited)
    return intake.ColleagueRemoved(request_id=fact.request_id, departement="95", at=fact.at, colleague_id=colleague_id)


async def recipients(database: Database, template: str) -> list[str]:
    rows = await database.fetch("SELECT recipient FROM delivery WHERE template = $1 ORDER BY recipient", template)
    return [row["recipient"] for row in rows]


async def test_an_invitation_is_mailed_to_the_colleague_alone_with_his_own_link(
    world: World, database: Database, mail_sender: MailSender, mail_server: MailServer
) -> None:
    await world.filed()
    await world.consume(invited(DIRECTION, "Dominique Petit", "direction@commune.test"))
    await world.consume(invited(FINANCES, "Sam Roux", "finances@commune.test"))
    assert await recipients(database, "colleague_invited") == ["direction@commune.test", "finances@commune.test"]
    while await mail_sender.send_next():
        pass
    mails = {mail["To"]: str(mail.get_body(("plain",))) for mail in mail_server.accepted}
    token = Links("t" * 32, "colleague").token(DIRECTION)
    assert f"http://intake.test/suivi/{token}" in mails["direction@commune.test"]
    assert "contact@commune.test vous invite" in mails["direction@commune.test"].replace("=\n", "")
    assert not [to for to, text in mails.items() if token in text and to != "direction@commune.test"]
    kept = await database.fetch("SELECT text_body || html_body AS body FROM delivery")
    assert not [row for row in kept if token in row["body"]]


async def test_colleagues_follow_with_the_contact_until_they_are_removed(world: World, database: Database) -> None:
    await world.filed()
    await world.consume(invited(DIRECTION, "Dominique Petit", "direction@commune.test"))
    await world.consume(examples.example_of(qualification.MessagePosted))
    assert await recipients(database, "message_posted") == ["contact@commune.test", "direction@commune.test"]
    await world.consume(removed(DIRECTION))
    assert await world.held() == []
    await world.consume(examples.example_of(qualification.RequestRefused))
    assert await recipients(database, "request_refused") == ["contact@commune.test"]


async def test_a_new_link_goes_to_the_contact_alone(world: World, database: Database) -> None:
    await world.filed()
    await world.consume(invited(DIRECTION, "Dominique Petit", "direction@commune.test"))
    await world.consume(examples.example_of(intake.TrackingLinkReplaced))
    assert await recipients(database, "tracking_link_replaced") == ["contact@commune.test"]


async def test_a_colleague_who_cannot_be_reached_is_told_to_intake_and_no_trouble_of_the_departement(
    world: World, database: Database, mail_sender: MailSender, mail_server: MailServer
) -> None:
    await world.filed()
    while await mail_sender.send_next():
        pass
    mail_server.to_recipient = "550 no such user"
    await world.consume(invited(DIRECTION, "Dominique Petit", "direction@commune.test"))
    await mail_sender.send_next()
    told = await database.fetchval("SELECT body::jsonb->'data' FROM journal WHERE type LIKE '%delivery_failed%'")
    assert (told["audience"], told["colleague_id"]) == ("applicant", str(DIRECTION))
    assert await recipients(database, "delivery_problem") == []
