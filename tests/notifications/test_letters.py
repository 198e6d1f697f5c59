"""Mails carry what they announce: the acknowledgement, and each answer of the département as a letter."""

import dataclasses
import io
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from pypdf import PdfReader

from services.notifications.adapters import mail_sender as module
from services.notifications.handlers import handlers
from services.notifications.rendering import examples
from services.notifications.usecases.parts import Parts
from shared.contracts import intake, qualification
from shared.db import Database
from shared.identity.model import Role
from shared.messaging.inbox.inbox import Inbox
from tests.notifications.conftest import Client, MailServer, People, World, a_mail_sender

REFUSED = examples.example_of(qualification.RequestRefused)
SUBMITTED = examples.example_of(intake.RequestSubmitted)
REGISTERED = examples.example_of(qualification.RequestRegistered)


@pytest.fixture
def attaching(parts: Parts) -> Parts:
    """What writes mails with their letters, as a deployment does unless it says otherwise."""
    return dataclasses.replace(parts, attaches_letters=True)


@pytest.fixture
def lives(database: Database, attaching: Parts) -> World:
    """Let events arrive, of which mails with letters are made."""
    return World(database, Inbox(database, handlers(attaching)))


async def mailed(database: Database, parts: Parts, server: MailServer, template: str) -> EmailMessage:
    """Send what waits, and give the mail to the applicant that a template made."""
    sender = a_mail_sender(database, parts, server.port)
    while await sender.send_next():
        pass
    subject = await database.fetchval(
        "SELECT subject FROM delivery WHERE template = $1 AND audience = 'applicant'", template
    )
    (mail,) = [mail for mail in server.accepted if mail["Subject"] == subject]
    return mail


def attached(mail: EmailMessage) -> tuple[str, str]:
    """Give the name and the words of the one PDF that a mail carries."""
    (file,) = mail.iter_attachments()
    assert file.get_content_type() == "application/pdf"
    content: Any = file.get_content()
    reader = PdfReader(io.BytesIO(content))
    assert reader.root_object["/MarkInfo"]["/Marked"]  # type: ignore[index] # a dictionary of the PDF
    return file.get_filename() or "", " ".join(" ".join(page.extract_text() for page in reader.pages).split())


async def test_the_acknowledgement_is_attached_without_what_a_stranger_may_have_typed(
    lives: World, database: Database, attaching: Parts, mail_server: MailServer
) -> None:
    await lives.filed()
    mail = await mailed(database, attaching, mail_server, "request_submitted")
    name, words = attached(mail)
    assert isinstance(SUBMITTED, intake.RequestSubmitted)
    request = SUBMITTED.request
    assert name == f"accuse-de-reception-{request.number}.pdf"
    for said in (request.number, "Commune d’exemple", "Revitalisation commerciale", "anct95@val-doise.gouv.fr"):
        assert said in words, said
    for typed in (request.title, request.description, request.contact.name, request.contact.email):
        assert typed not in words, typed
    body = mail.get_body(("plain",))
    assert body is not None
    assert "Cet accusé de réception est joint, en PDF." in body.get_content()
    assert mail.get_body(("html",)) is not None


async def test_an_answer_is_attached_as_the_letter_that_the_page_gives(
    lives: World, database: Database, attaching: Parts, mail_server: MailServer
) -> None:
    await lives.filed()
    await lives.consume(REFUSED)
    name, words = attached(await mailed(database, attaching, mail_server, "request_refused"))
    assert isinstance(REFUSED, qualification.RequestRefused)
    assert REFUSED.act is not None
    assert name.startswith(f"reponse-{examples.NUMBER}-")
    for said in (REFUSED.act.author, REFUSED.act.quality, examples.KNOWN.title, "tribunal administratif"):
        assert said in words.replace("\u00a0", " "), said


async def test_without_attachments_a_mail_leads_to_the_page(
    world: World, database: Database, parts: Parts, mail_server: MailServer
) -> None:
    await world.filed()
    mail = await mailed(database, parts, mail_server, "request_submitted")
    assert list(mail.iter_attachments()) == []
    body = mail.get_body(("plain",))
    assert body is not None
    assert "en PDF sur la page de suivi" in body.get_content()


async def test_a_mail_whose_letter_cannot_be_made_leaves_without_it(
    lives: World,
    database: Database,
    attaching: Parts,
    mail_server: MailServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def fails(_: object) -> bytes:
        raise ValueError("no font")

    monkeypatch.setattr(module, "letter_pdf", fails)
    await lives.filed()
    assert list((await mailed(database, attaching, mail_server, "request_submitted")).iter_attachments()) == []


@pytest.mark.parametrize(("later", "mails"), [(timedelta(minutes=5), 0), (timedelta(hours=2), 1)])
async def test_a_registration_that_follows_the_filing_at_once_makes_no_second_mail(
    world: World, database: Database, later: timedelta, mails: int
) -> None:
    await world.filed()
    await world.consume(REGISTERED.model_copy(update={"at": SUBMITTED.at + later}))
    made = await database.fetchval("SELECT count(*) FROM delivery WHERE template = 'request_registered'")
    assert made == mails


async def test_the_page_of_a_mail_names_the_letter_that_it_carries(
    lives: World, database: Database, client: Client, people: People
) -> None:
    await lives.filed()
    delivery_id = await database.fetchval("SELECT id FROM delivery WHERE audience = 'applicant'")
    await people.enters(client, Role.SAT_AGENT, "95")
    assert f"accuse-de-reception-{examples.NUMBER}.pdf" in (await client.get(f"/messages/{delivery_id}")).text
