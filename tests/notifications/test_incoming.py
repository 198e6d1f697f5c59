"""What comes back to a mail: answers reach the case once, returns are shown on it, machines are passed over."""

import asyncio
import smtplib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from email.message import EmailMessage
from email.policy import SMTP
from html import escape
from ipaddress import IPv4Network
from textwrap import dedent
from typing import Any
from uuid import UUID, uuid4

import aiosmtplib
import pytest
from litestar import Litestar

from services.notifications.adapters.inbound_mail import LARGEST_MAIL, InboundMail
from services.notifications.adapters.mail_reader import MailReader, MailUnreadableError
from services.notifications.adapters.mail_sender import MailSender
from services.notifications.domain.return_addresses import Purpose, ReturnAddresses
from services.notifications.main import application, parts_of
from services.notifications.rendering import examples
from services.notifications.settings import InboundMailAddress, Settings
from services.notifications.usecases.parts import Parts
from shared.allowance import Allowance
from shared.contracts import intake, qualification
from shared.db import Database
from shared.identity.model import Role
from tests.notifications.conftest import DATABASE, Client, MailServer, People, World, statuses
from tests.notifications.test_pages import hidden

RETURNS = ReturnAddresses("reponses.test", "r" * 32)


@pytest.fixture(scope="module")
def settings(settings: Settings) -> Settings:
    """Settings of a service that mail comes back to."""
    way_back = {"reply_domain": RETURNS.domain, "reply_key": RETURNS.key, "inbound_mail": "smtp://127.0.0.1:1"}
    return Settings.model_validate(settings.model_dump() | way_back)


@pytest.fixture(scope="module")
def parts(settings: Settings) -> Parts:
    """What writes mails that can be answered."""
    return parts_of(settings)


@pytest.fixture(scope="module")
def app(settings: Settings, parts: Parts) -> Litestar:
    """The service that mail comes back to."""
    return application(settings, DATABASE, parts, describe=dict)


@dataclass(slots=True)
class InboundClient:
    """A mail server that delivers to `InboundMail`."""

    port: int
    database: Database

    async def mail_to(self, audience: str) -> UUID:
        """Give the id of the mail that was owed to an audience."""
        found: UUID = await self.database.fetchval("SELECT id FROM delivery WHERE audience = $1", audience)
        return found

    async def is_given(
        self, message: EmailMessage | bytes, *, to: str, return_path: str = "contact@commune.test"
    ) -> str:
        """Deliver a mail; return the last answer."""
        content = message if isinstance(message, bytes) else message.as_bytes()
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=self.port, start_tls=False)
        try:
            async with client:
                await client.mail(return_path)
                await client.rcpt(to)
                answer = await client.data(content)
        except aiosmtplib.SMTPResponseException as refused:
            return f"{refused.code} {refused.message}"
        return f"{answer.code} {answer.message}"

    async def replies(self) -> list[dict[str, Any]]:
        """Give what was told of answers."""
        rows = await self.database.fetch(
            "SELECT body::jsonb -> 'data' AS data FROM journal WHERE type = 'notifications.reply_received.v1'"
        )
        return [row["data"] for row in rows]


@pytest.fixture
async def inbound(
    database: Database, parts: Parts, free_ports: Callable[[int], list[int]]
) -> AsyncIterator[InboundClient]:
    """Return a mail server beside an `InboundMail` that listens."""
    assert parts.returns is not None
    (port,) = free_ports(1)
    async with InboundMail(database, parts, parts.returns).listening(InboundMailAddress("smtp", "127.0.0.1", port)):
        yield InboundClient(port, database)


def a_reply(text: str = "Mardi nous convient.", **headers: str) -> EmailMessage:
    message = EmailMessage()
    given = {
        "From": "Contact <contact@commune.test>",
        "Subject": "Re: 95-2027-000123",
        "Message-ID": f"<{uuid4()}@commune.test>",
    }
    for name, value in (given | {name.replace("_", "-"): value for name, value in headers.items()}).items():
        message[name] = value
    message.set_content(text)
    return message


def a_report(action: str = "failed", status: str = "5.1.1", said: str = "550 5.1.1 unknown user") -> bytes:
    return dedent(f"""\
        From: MAILER-DAEMON@commune.test
        To: someone@reponses.test
        Subject: Undelivered Mail Returned to Sender
        Message-ID: <{uuid4()}@commune.test>
        Auto-Submitted: auto-replied
        MIME-Version: 1.0
        Content-Type: multipart/report; report-type=delivery-status; boundary="b"

        --b
        Content-Type: text/plain

        I am sorry.
        --b
        Content-Type: message/delivery-status

        Reporting-MTA: dns; mx.commune.test

        Final-Recipient: rfc822; contact@commune.test
        Action: {action}
        Status: {status}
        Diagnostic-Code: smtp; {said}

        --b--
        """).encode()


async def test_an_answer_is_told_as_what_was_written_above_the_mail(world: World, inbound: InboundClient) -> None:
    await world.filed()
    mail = await inbound.mail_to("applicant")
    text = await inbound.database.fetchval("SELECT text_body FROM delivery WHERE id = $1", mail)
    quoted = "\n".join(f"> {line}" for line in text.splitlines())
    reply = a_reply(f"Mardi nous convient.\n\nLa mairie\n\nLe 12 janv. 2027 à 14:05, Cousu-main a écrit :\n{quoted}\n")
    assert await inbound.is_given(reply, to=RETURNS.of("reponse", mail)) == "250 2.0.0 OK"
    (told,) = await inbound.replies()
    assert told["text"] == "Mardi nous convient.\n\nLa mairie"
    assert (told["request_id"], told["audience"]) == (str(examples.REQUEST_ID), "applicant")


async def test_an_answer_that_is_given_twice_is_told_once(world: World, inbound: InboundClient) -> None:
    await world.filed()
    reply, address = a_reply(), RETURNS.of("reponse", await inbound.mail_to("applicant"))
    for _ in range(2):
        assert (await inbound.is_given(reply, to=address)).startswith("250")
    assert len(await inbound.replies()) == 1


async def test_who_answers_from_another_address_is_named(world: World, inbound: InboundClient) -> None:
    await world.filed()
    reply = a_reply(From="Le maire <maire@commune.test>")
    await inbound.is_given(reply, to=RETURNS.of("reponse", await inbound.mail_to("applicant")))
    assert (await inbound.replies())[0]["text"].endswith("(Réponse envoyée par maire@commune.test)")


async def mail_that_quotes(
    world: World, inbound: InboundClient, mail_sender: MailSender, mail_server: MailServer
) -> EmailMessage:
    """Let the applicant be written to; give the mail, with their secret link in it, as they received it."""
    await world.filed()
    await world.consume(examples.example_of(qualification.MessagePosted))
    while await mail_sender.send_next():
        pass
    mail = await inbound.database.fetchrow(
        "SELECT id, text_body FROM delivery WHERE template = 'message_posted' AND audience = 'applicant'"
    )
    assert mail is not None
    assert "\n> " in mail["text_body"]
    sent = [one for one in mail_server.accepted if one["Reply-To"] == RETURNS.of("reponse", mail["id"])]
    assert len(sent) == 1
    return sent[0]


def body_of(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    content: str = part.get_content()
    return content


HEADERS = "De : Cousu-main <a@b.test>\nEnvoyé : lundi 30 novembre 2026 00:29\nÀ : Jeanne\nObjet : Un message\n\n"


async def test_outlook_s_reply_keeps_nothing_of_a_mail_that_quotes(
    world: World, inbound: InboundClient, mail_sender: MailSender, mail_server: MailServer
) -> None:
    mail = await mail_that_quotes(world, inbound, mail_sender, mail_server)
    text, page = body_of(mail, "plain"), body_of(mail, "html")
    assert "/suivi/" in text
    await inbound.is_given(a_reply(f"Mardi nous convient.\n\n{HEADERS}{text}"), to=mail["Reply-To"])
    quoted = escape(HEADERS).replace("\n", "<br>")
    web = a_reply(Subject=f"RE: {mail['Subject']}")
    web.set_content(f"<div>Mardi <b>nous</b> convient.</div><hr><div>{quoted}</div>{page}", subtype="html")
    await inbound.is_given(web, to=mail["Reply-To"])
    assert [told["text"] for told in await inbound.replies()] == ["Mardi nous convient."] * 2


async def test_a_secret_link_that_stays_in_a_reply_is_masked_before_it_is_stored(
    world: World, inbound: InboundClient, mail_sender: MailSender, mail_server: MailServer
) -> None:
    mail = await mail_that_quotes(world, inbound, mail_sender, mail_server)
    lines = body_of(mail, "plain").splitlines()
    between = "\n".join(f"> {line}" + ("\nOui, à 14 h." if not line else "") for line in lines)
    link = next(line for line in lines if "/suivi/" in line)
    for text in (f"Le 30/11/2026, Cousu-main a écrit :\n{between}", f"Sans votre ligne.\n{link}\n{mail['Reply-To']}"):
        assert (await inbound.is_given(a_reply(text), to=mail["Reply-To"])).startswith("250")
    told = [one["text"] for one in await inbound.replies()]
    assert "Oui, à 14 h." in told[0]
    kept = "\n".join([*told, str(await inbound.database.fetch("SELECT body FROM journal"))])
    kept += str(await inbound.database.fetch("SELECT text_body, html_body FROM delivery"))
    assert kept.count("[lien personnel masqué]") > 2
    assert link.rpartition("/")[2] not in kept
    assert mail["Reply-To"].partition("@")[0] not in kept


async def test_a_page_without_text_and_its_files_are_read_too(world: World, inbound: InboundClient) -> None:
    await world.filed()
    reply = a_reply()
    reply.set_content("<style>p{}</style><p>Mardi&nbsp;convient,<br>merci.</p><div>La mairie</div>", subtype="html")
    reply.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="plan.pdf")
    await inbound.is_given(reply, to=RETURNS.of("reponse", await inbound.mail_to("applicant")))
    text = (await inbound.replies())[0]["text"]
    assert text == "Mardi convient,\nmerci.\n\nLa mairie\n\n(Fichiers restés dans le courriel\u00a0: plan.pdf)"


@pytest.mark.parametrize(
    "address",
    [
        "reponse+aaaa@reponses.test",
        RETURNS.of("reponse", uuid4()).replace("@", "a@"),
        RETURNS.of("rebond", uuid4()).replace("rebond", "reponse"),
        ReturnAddresses("reponses.test", "x" * 32).of("reponse", uuid4()),
        "contact@reponses.test",
    ],
    ids=["invented", "altered", "of a return", "with another key", "of a person"],
)
async def test_an_address_that_we_did_not_make_is_unknown(world: World, inbound: InboundClient, address: str) -> None:
    await world.filed()
    assert (await inbound.is_given(a_reply(), to=address)).startswith("550 5.1.1")


async def test_an_address_survives_a_server_that_writes_it_in_capitals(world: World, inbound: InboundClient) -> None:
    await world.filed()
    address = RETURNS.of("reponse", await inbound.mail_to("applicant")).upper()
    assert (await inbound.is_given(a_reply(), to=address)).startswith("250")
    assert len(await inbound.replies()) == 1


@pytest.mark.parametrize(
    ("headers", "return_path"),
    [
        ({"Auto_Submitted": "auto-replied"}, "contact@commune.test"),
        ({"Auto_Submitted": "auto-generated; owner-email=x"}, "contact@commune.test"),
        ({"Precedence": "bulk"}, "contact@commune.test"),
        ({"X_Autoreply": "yes"}, "contact@commune.test"),
        ({"List_Id": "<elus.commune.test>"}, "contact@commune.test"),
        ({}, ""),
    ],
)
@pytest.mark.parametrize("purpose", ["reponse", "rebond"])
async def test_what_no_person_wrote_is_taken_and_passed_over(
    world: World, inbound: InboundClient, headers: dict[str, str], return_path: str, purpose: Purpose
) -> None:
    await world.filed()
    mail = await inbound.mail_to("applicant")
    answer = await inbound.is_given(a_reply(**headers), to=RETURNS.of(purpose, mail), return_path=return_path)
    assert answer.startswith("250")
    assert await inbound.replies() == []
    assert await inbound.database.fetchval("SELECT kind FROM incoming_mail") == "automatic"


async def test_our_own_mail_that_comes_round_is_passed_over(
    world: World, inbound: InboundClient, mail_sender: MailSender, mail_server: MailServer
) -> None:
    await world.filed()
    while await mail_sender.send_next():
        pass
    ours = next(mail for mail in mail_server.accepted if mail["To"] == "contact@commune.test")
    assert (await inbound.is_given(ours, to=ours["Reply-To"])).startswith("250")
    assert await inbound.replies() == []


async def test_what_is_refused_says_why_and_changes_nothing(world: World, inbound: InboundClient) -> None:
    await world.filed()
    to = RETURNS.of("reponse", await inbound.mail_to("applicant"))
    round_and_round = a_reply()
    for hop in range(31):
        round_and_round["Received"] = f"from mx{hop}.test"
    assert "too long" in await inbound.is_given(a_reply("a" * 10_001), to=to)
    assert "no text" in await inbound.is_given(a_reply("\n"), to=to)
    assert (await inbound.is_given(round_and_round, to=to)).startswith("554 5.4.6")
    assert (await inbound.is_given(a_reply(("b" * 900 + "\n") * (LARGEST_MAIL // 900)), to=to)).startswith("552")
    to_an_agent = RETURNS.of("reponse", await inbound.mail_to("departement"))
    assert (await inbound.is_given(a_reply(), to=to_an_agent)).startswith("554 5.7.1")
    assert (await inbound.is_given(a_reply(), to=RETURNS.of("reponse", uuid4()))).startswith("550")
    assert await inbound.database.fetchval("SELECT count(*) FROM incoming_mail") == 0


async def test_a_mail_of_too_many_lines_is_refused_whole_and_the_next_one_is_taken(
    world: World, inbound: InboundClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.notifications.adapters.inbound_mail.MOST_LINES", 2_000)
    await world.filed()
    to = RETURNS.of("reponse", await inbound.mail_to("applicant"))
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=inbound.port, start_tls=False)
    async with client:
        for lines in ("\n" * 5_000, "\n" * 3_000 + "b" * 5_000 + "\n" + "QUIT\n" * 500):
            await client.mail("contact@commune.test")
            await client.rcpt(to)
            with pytest.raises(aiosmtplib.SMTPDataError, match="too many lines") as refused:
                await client.data(a_reply().as_bytes() + lines.encode())
            assert refused.value.code == 552
        await client.mail("contact@commune.test")
        await client.rcpt(to)
        assert (await client.data(a_reply("Mardi\n" * 1_000).as_bytes()))[0] == 250
    assert [reply["text"].count("Mardi") for reply in await inbound.replies()] == [1_000]


async def test_a_few_mails_arrive_at_the_same_time_and_the_others_later(
    world: World, inbound: InboundClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.notifications.adapters.inbound_mail.MOST_ARRIVING", 1)
    await world.filed()
    to = RETURNS.of("reponse", await inbound.mail_to("applicant"))
    reader, writer = await asyncio.open_connection("127.0.0.1", inbound.port)
    await reader.readline()
    for command in ("HELO mx.test", "MAIL FROM:<contact@commune.test>", f"RCPT TO:<{to}>", "DATA"):
        writer.write(f"{command}\r\n".encode())
        answer = await reader.readline()
    assert answer.startswith(b"354")
    assert (await inbound.is_given(a_reply(), to=to)).startswith("451")
    writer.write(a_reply("Jeudi nous convient.").as_bytes(policy=SMTP) + b".\r\n")
    assert (await reader.readline()).startswith(b"250")
    writer.close()
    await writer.wait_closed()
    assert (await inbound.is_given(a_reply(), to=to)).startswith("250")
    assert [reply["text"] for reply in await inbound.replies()] == ["Jeudi nous convient.", "Mardi nous convient."]


async def test_one_mail_is_not_answered_without_end(
    world: World, inbound: InboundClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.notifications.usecases.receive.MOST_A_DAY", 2)
    await world.filed()
    to = RETURNS.of("reponse", await inbound.mail_to("applicant"))
    answers = [await inbound.is_given(a_reply(f"Message {n}"), to=to) for n in range(3)]
    assert [answer[:3] for answer in answers] == ["250", "250", "554"]
    assert len(await inbound.replies()) == 2


async def test_rubbish_does_not_break_the_door(world: World, inbound: InboundClient) -> None:
    await world.filed()
    to = RETURNS.of("reponse", await inbound.mail_to("applicant"))
    unknown = b"From: a@b.test\r\nContent-Type: text/plain; charset=nonsense\r\n\r\nBonjour \xe9"
    for rubbish in (b"\xff\xfe\x00", b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n", unknown):
        assert (await inbound.is_given(rubbish, to=to))[:3] in {"250", "554"}
    assert (await inbound.is_given(a_reply(), to=to)).startswith("250")
    assert "Mardi nous convient." in [told["text"] for told in await inbound.replies()]


LINE = "-\r\n"


def nested(parts: int, lines: int) -> bytes:
    """Give a mail of parts within parts, the last of which is long."""
    within = "".join(
        f"Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n--{boundary}\r\n"
        for boundary in (f"{n:06}{'x' * 40}" for n in range(parts))
    )
    return f"Message-ID: <hostile@b.test>\r\n{within}\r\n{LINE * lines}".encode()


@pytest.mark.parametrize("hostile", [nested(60, 500_000), nested(5_000, 1)], ids=["long", "deep"])
async def test_a_hostile_mail_is_refused_and_others_are_taken_meanwhile(
    world: World, inbound: InboundClient, hostile: bytes
) -> None:
    await world.filed()
    to = RETURNS.of("reponse", await inbound.mail_to("applicant"))
    refused, taken = await asyncio.gather(inbound.is_given(hostile, to=to), inbound.is_given(a_reply(), to=to))
    assert refused.startswith("55")
    assert taken == "250 2.0.0 OK"
    assert [told["text"] for told in await inbound.replies()] == ["Mardi nous convient."]


async def test_the_process_of_a_mail_that_takes_too_long_is_ended() -> None:
    with pytest.raises(MailUnreadableError):
        await MailReader(within=0.001).read(a_reply().as_bytes(), return_path="contact@commune.test")


async def test_a_server_that_is_not_named_may_not_deliver(
    world: World, database: Database, parts: Parts, free_ports: Callable[[int], list[int]]
) -> None:
    await world.filed()
    assert parts.returns is not None
    (port,) = free_ports(1)
    elsewhere = InboundMail(database, parts, parts.returns, [IPv4Network("192.0.2.0/24")])
    async with elsewhere.listening(InboundMailAddress("smtp", "127.0.0.1", port)):
        closed = InboundClient(port, database)
        to = RETURNS.of("reponse", await closed.mail_to("applicant"))
        assert (await closed.is_given(a_reply(), to=to)).startswith("550 5.7.1")


async def test_a_provider_s_answer_is_mailed_to_the_departement(world: World, inbound: InboundClient) -> None:
    await world.filed()
    await world.consume(examples.example_of(qualification.OrientedLocally))
    await inbound.is_given(a_reply(), to=RETURNS.of("reponse", await inbound.mail_to("provider")))
    assert ("departement", "provider_reply", "queued") in await statuses(inbound.database)


async def test_an_invited_colleague_answers_until_his_invitation_is_taken_back(
    world: World, inbound: InboundClient
) -> None:
    invited = examples.example_of(intake.ColleagueInvited)
    assert isinstance(invited, intake.ColleagueInvited)
    await world.filed()
    await world.consume(invited, examples.example_of(qualification.MessagePosted))
    mail = await inbound.database.fetchval(
        "SELECT id FROM delivery WHERE holder LIKE 'follower:%' AND template = 'message_posted'"
    )
    to = RETURNS.of("reponse", mail)
    assert (await inbound.is_given(a_reply(), to=to)).startswith("250")
    (told,) = await inbound.replies()
    assert told["colleague_id"] == str(invited.colleague_id)
    removed = intake.ColleagueRemoved(
        request_id=invited.request_id,
        departement=invited.departement,
        at=invited.at,
        colleague_id=invited.colleague_id,
    )
    await world.consume(removed)
    assert (await inbound.is_given(a_reply("Encore moi."), to=to)).startswith("554 5.7.1")
    assert len(await inbound.replies()) == 1


async def test_people_outside_may_answer_and_every_mail_says_where_it_is_returned_to(
    world: World, inbound: InboundClient, mail_sender: MailSender, mail_server: MailServer
) -> None:
    await world.filed()
    while await mail_sender.send_next():
        pass
    sent = {mail["To"]: mail for mail in mail_server.accepted}
    applicant, departement = await inbound.mail_to("applicant"), await inbound.mail_to("departement")
    assert sent["contact@commune.test"]["Reply-To"] == RETURNS.of("reponse", applicant)
    assert sent["anct95@val-doise.gouv.fr"]["Reply-To"] is None
    assert set(mail_server.return_paths) == {RETURNS.of("rebond", applicant), RETURNS.of("rebond", departement)}
    text = sent["contact@commune.test"].get_body(("plain",))
    assert text is not None
    assert text.get_content().startswith("Pour répondre, écrivez au-dessus de cette ligne.")


async def returned(world: World, inbound: InboundClient, mail_sender: MailSender, report: bytes) -> UUID:
    """Let the acknowledgement be sent, and a report of it come back."""
    await world.filed()
    while await mail_sender.send_next():
        pass
    mail = await inbound.mail_to("applicant")
    assert (await inbound.is_given(report, to=RETURNS.of("rebond", mail), return_path="")).startswith("250")
    return mail


async def test_a_mail_that_comes_back_has_failed_and_its_address_is_flagged(
    world: World, inbound: InboundClient, mail_sender: MailSender, database: Database
) -> None:
    mail = await returned(world, inbound, mail_sender, a_report())
    row = await database.fetchrow("SELECT status, reason, sent_at FROM delivery WHERE id = $1", mail)
    assert row is not None
    assert (row["status"], row["reason"]) == ("failed", "550 5.1.1 unknown user")
    assert row["sent_at"] is not None
    assert await database.fetchval("SELECT address FROM bad_address") == "contact@commune.test"
    told = await database.fetchval(
        "SELECT body::jsonb -> 'data' FROM journal WHERE type = 'notifications.delivery_failed.v1'"
    )
    assert told["takes_no_mail"] is True
    problem = await database.fetchval("SELECT text_body FROM delivery WHERE template = 'delivery_problem'")
    assert "ne reçoit plus de courrier" in problem


async def test_a_report_that_is_given_twice_counts_once(
    world: World, inbound: InboundClient, mail_sender: MailSender, database: Database
) -> None:
    report = a_report()
    mail = await returned(world, inbound, mail_sender, report)
    await inbound.is_given(report, to=RETURNS.of("rebond", mail), return_path="")
    assert await database.fetchval("SELECT count(*) FROM delivery_attempt WHERE result = 'returned'") == 1
    assert await database.fetchval("SELECT count(*) FROM delivery WHERE template = 'delivery_problem'") == 1


@pytest.mark.parametrize(
    ("report", "status", "flagged"),
    [
        (a_report("delayed", "4.4.1", "connection timed out"), "sent", 0),
        (a_report("failed", "4.4.7", "delivery time expired"), "failed", 0),
        (a_report("failed", "5.7.1", "550 5.7.1 blocked by policy"), "failed", 0),
        (a_report("failed", "5.1.2", ""), "failed", 1),
        (a_report("delivered", "2.0.0", ""), "sent", 0),
    ],
)
async def test_only_what_is_given_up_has_failed_and_only_an_address_that_is_none_is_flagged(
    world: World,
    inbound: InboundClient,
    mail_sender: MailSender,
    database: Database,
    report: bytes,
    status: str,
    flagged: int,
) -> None:
    mail = await returned(world, inbound, mail_sender, report)
    assert await database.fetchval("SELECT status FROM delivery WHERE id = $1", mail) == status
    assert await database.fetchval("SELECT count(*) FROM bad_address") == flagged


async def test_a_refusal_at_the_door_of_the_recipient_flags_the_address_too(
    world: World, mail_sender: MailSender, mail_server: MailServer, database: Database
) -> None:
    await world.filed()
    mail_server.to_recipient = "550 5.1.1 unknown"
    await mail_sender.send_next()
    assert await database.fetchval("SELECT count(*) FROM bad_address") == 1


async def test_the_departement_sees_the_flag_and_takes_it_away(
    client: Client, people: People, world: World, inbound: InboundClient, mail_sender: MailSender
) -> None:
    mail = await returned(world, inbound, mail_sender, a_report())
    elsewhere = await people.token(Role.SAT_AGENT, "78")
    assert (await client.get("/api/v1/bad-addresses", headers=elsewhere)).json()["items"] == []
    here = await people.token(Role.DELEGATE, "95")
    (flagged,) = (await client.get("/api/v1/bad-addresses", headers=here)).json()["items"]
    assert flagged["address"] == "contact@commune.test"
    refused = await client.post(f"/api/v1/bad-addresses/{flagged['id']}/trusted", headers=elsewhere)
    assert refused.status_code == 404
    await people.enters(client, Role.SAT_AGENT, "95")
    page = (await client.get(f"/messages/{mail}")).text
    assert "Cette adresse ne reçoit plus de courrier" in page
    assert "Renvoyé par le serveur du destinataire" in page
    form = {"_csrf_token": hidden(page, "_csrf_token")}
    answer = await client.post(f"/messages/{mail}/adresse/{flagged['id']}", data=form)
    assert answer.status_code == 303
    assert "Cette adresse ne reçoit plus" not in (await client.get(f"/messages/{mail}")).text


async def test_while_the_database_is_away_the_other_server_keeps_the_mail(
    world: World, inbound: InboundClient, database: Database
) -> None:
    await world.filed()
    to = RETURNS.of("reponse", await inbound.mail_to("applicant"))
    await database.close()
    assert (await inbound.is_given(a_reply(), to=to)).startswith("451")


async def test_the_door_speaks_lmtp_too(
    world: World, database: Database, parts: Parts, free_ports: Callable[[int], list[int]]
) -> None:
    await world.filed()
    assert parts.returns is not None
    (port,) = free_ports(1)
    to = RETURNS.of("reponse", await database.fetchval("SELECT id FROM delivery WHERE audience = 'applicant'"))
    async with InboundMail(database, parts, parts.returns).listening(InboundMailAddress("lmtp", "127.0.0.1", port)):

        def give() -> tuple[int, bytes]:
            with smtplib.LMTP("127.0.0.1", port, local_hostname="mx.test") as client:
                client.ehlo()
                client.mail("contact@commune.test")
                assert client.rcpt(to)[0] == 250
                assert client.rcpt(to)[0] == 452
                return client.data(a_reply().as_bytes())

        assert (await asyncio.to_thread(give))[0] == 250
    assert await database.fetchval("SELECT count(*) FROM incoming_mail WHERE kind = 'reply'") == 1


@pytest.mark.parametrize("allowance", [Allowance(texts=2), Allowance(texts_a_day=2)], ids=["in all", "in a day"])
async def test_a_request_takes_so_many_replies_and_sends_the_others_back(
    world: World, database: Database, parts: Parts, free_ports: Callable[[int], list[int]], allowance: Allowance
) -> None:
    assert parts.returns is not None
    (port,) = free_ports(1)
    room = InboundMail(database, replace(parts, allowance=allowance), parts.returns)
    async with room.listening(InboundMailAddress("smtp", "127.0.0.1", port)):
        inbound = InboundClient(port, database)
        await world.filed()
        to = RETURNS.of("reponse", await inbound.mail_to("applicant"))
        first, *others = [a_reply(f"Message {n}") for n in range(3)]
        answers = [await inbound.is_given(one, to=to) for one in (first, *others)]
        assert [answer[:3] for answer in answers] == ["250", "250", "554"]
        assert "Too many replies about one request" in answers[-1]
        assert (await inbound.is_given(first, to=to)).startswith("250"), "what was taken is not sent back"
        assert [told["text"] for told in await inbound.replies()] == ["Message 0", "Message 1"]
