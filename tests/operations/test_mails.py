"""Mails that did not reach anybody are listed, and sent again once, with who and why."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import httpx2
import pytest
from litestar import Litestar
from pydantic import SecretStr

from services.operations.adapters.broker import Broker
from services.operations.adapters.connections import Connections, Watched
from services.operations.main import application
from services.operations.reads import mails
from services.operations.reads.mails import NoSuchMail
from services.operations.reads.status import status
from services.operations.settings import OperationsSettings
from services.operations.store import record
from services.operations.usecases import resend_mails
from services.operations.usecases.resend_mails import MailUnderWay, NoAddress, NoneRefused
from shared import clock
from shared.clock import new_id
from shared.db import Database
from shared.identity.model import Role
from tests.conftest import FreshDatabase
from tests.operations.conftest import PUBLIC_URL
from tests.operations.test_obstacles import a_mail
from tests.operations.test_pages import fields_of

Enter = Callable[..., Awaitable[httpx2.AsyncClient]]


@pytest.fixture
async def mail_service(fresh_database: Callable[[str], Awaitable[FreshDatabase]]) -> AsyncIterator[Watched]:
    """The service that sends mails."""
    database = await Database.connect((await fresh_database("notifications")).app_url, name="test")
    yield Watched("notifications", database, "notifications")
    await database.close()


@pytest.fixture
def page(mail_service: Watched, own_database: Database) -> Litestar:
    """The operator's page over that service alone."""

    async def provide_connections() -> Connections:
        return Connections({"notifications": mail_service}, Broker("amqp://nobody@127.0.0.1:1/"))

    return application(
        OperationsSettings(
            database_url=SecretStr("postgresql://unused"),
            port=8999,
            public_url=PUBLIC_URL,
            secret_key=SecretStr("0123456789abcdef" * 4),
        ),
        own_database,
        provide_connections,
    )


async def test_what_was_refused_comes_before_what_only_waits_and_what_arrived_is_not_there(
    mail_service: Watched,
) -> None:
    waits = await a_mail(mail_service.database, new_id(), status="queued", attempts=2)
    refused = await a_mail(mail_service.database, new_id())
    assert [one.id for one in await mails.list_mails(mail_service.database)] == [refused, waits]
    assert await mails.list_mails(mail_service.database, perimeter=["78"]) == []


async def test_a_mail_is_queued_again_once_with_who_and_why(mail_service: Watched) -> None:
    mail_id = await a_mail(mail_service.database, new_id())
    again = await resend_mails.resend(mail_service, mail_id, by="exploitant", why="boîte rouverte")
    assert (again.status, again.reason) == ("queued", None)
    row = await mail_service.database.fetchrow("SELECT asked_by, next_attempt_at <= now() AS due FROM delivery")
    assert row is not None
    assert (row["asked_by"], row["due"]) == ("exploitant", True)
    [noted] = await record.latest(mail_service.database, "notifications")
    assert (noted.action, noted.by, noted.why) == ("delivery.resend", "exploitant", "boîte rouverte")
    assert "mairie" not in noted.target, "who acts on what is kept, not the address"


@pytest.mark.parametrize(("status", "attempts"), [("queued", 0), ("sending", 1)])
async def test_a_mail_that_leaves_now_is_left_alone(mail_service: Watched, status: str, attempts: int) -> None:
    recipient = "a@b.test"
    mail_id = await a_mail(mail_service.database, new_id(), recipient=recipient)
    async with mail_service.database.transaction() as tx:
        await tx.execute(
            "UPDATE delivery SET status = $1, attempts = $2, attempt_id = id, lease_until = now()", status, attempts
        )
    with pytest.raises(MailUnderWay):
        await resend_mails.resend(mail_service, mail_id, by="exploitant", why="essai")
    assert await record.latest(mail_service.database, "notifications") == []


async def test_a_mail_without_address_is_refused_with_what_to_do(mail_service: Watched) -> None:
    mail_id = await a_mail(mail_service.database, new_id(), recipient="")
    with pytest.raises(NoAddress) as refused:
        await resend_mails.resend(mail_service, mail_id, by="exploitant", why="essai")
    assert "Renseignez-la" in refused.value.detail


async def test_all_that_a_server_refused_with_the_same_words_is_queued_again_at_once(mail_service: Watched) -> None:
    relay = "550 5.7.1 relay\n access denied"
    refused = [await a_mail(mail_service.database, new_id(), reason=relay) for _ in range(3)]
    await a_mail(mail_service.database, new_id(), reason=relay, departement="78")
    await a_mail(mail_service.database, new_id(), recipient="", reason=relay)
    wrong = await a_mail(mail_service.database, new_id())
    [most, other] = await mails.answers(mail_service.database, perimeter=["95"])
    assert (most.words, most.mails, other.mails) == ("550 5.7.1 relay access denied", 3, 1)
    count = await resend_mails.resend_answered(
        mail_service, most.words, by="exploitant", why="relais réparé", perimeter=["95"]
    )
    assert count == 3
    rows = await mail_service.database.fetch(
        "SELECT id FROM delivery WHERE status = 'queued' AND asked_by = 'exploitant'"
    )
    assert {row["id"] for row in rows} == set(refused)
    assert (await mails.show(mail_service.database, wrong)).status == "failed"
    [noted] = await record.latest(mail_service.database, "notifications")
    assert (noted.action, noted.target) == ("delivery.resend", "3 mails: 550 5.7.1 relay access denied")
    with pytest.raises(NoneRefused):
        await resend_mails.resend_answered(mail_service, most.words, by="exploitant", why="encore", perimeter=["95"])


async def test_after_a_repair_all_of_them_are_sent_again_from_the_page_with_a_motive(
    mail_service: Watched, enter: Enter
) -> None:
    for _ in range(2):
        await a_mail(mail_service.database, new_id(), reason="550 5.7.1 relay access denied")
    browse = await enter()
    page = await browse.get("/courriels")
    assert "550 5.7.1 relay access denied (2\u00a0courriels)" in page.text
    sent = fields_of(page) | {"words": "550 5.7.1 relay access denied"}
    without = await browse.post("/courriels", data=sent | {"why": ""})
    assert without.status_code == 400
    assert "Donnez le motif" in without.text
    answer = await browse.post("/courriels", data=sent | {"why": "Relais réparé"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/courriels")
    assert "2\u00a0courriels remis en file." in (await browse.get("/courriels")).text
    gone = await browse.post("/courriels", data=sent | {"why": "Relais réparé encore"})
    assert gone.status_code == 404
    assert "Plus aucun courriel refusé ne porte cette réponse" in gone.text


async def test_programs_send_again_what_was_refused_in_their_perimeter_and_give_a_motive(
    mail_service: Watched, browse: httpx2.AsyncClient, bearer: Callable[..., Awaitable[dict[str, str]]]
) -> None:
    words, address = "550 5.7.1 relay access denied", "/api/v1/deliveries/resend-refused"
    for departement in ("95", "95", "78"):
        await a_mail(mail_service.database, new_id(), reason=words, departement=departement)
    headers = await bearer(Role.OPERATOR, "95")
    without = await browse.post(address, headers=headers, json={"words": words, "why": " "})
    assert without.status_code == 400
    answer = await browse.post(address, headers=headers, json={"words": words, "why": "Relais réparé"})
    assert (answer.status_code, answer.json()) == (200, {"resent": 2})
    gone = await browse.post(address, headers=headers, json={"words": words, "why": "encore"})
    assert (gone.status_code, gone.json()["code"]) == (404, "none_refused")


async def test_more_than_ten_refusals_in_an_hour_need_a_hand_and_fewer_are_worth_a_look(
    mail_service: Watched, enter: Enter
) -> None:
    for _ in range(10):
        await a_mail(mail_service.database, new_id())
        await a_mail(mail_service.database, new_id(), recipient="")
    browse = await enter()
    few = (await browse.get("/")).text
    await a_mail(mail_service.database, new_id())
    many = (await browse.get("/")).text
    assert ["dont plus de dix refusés dans l’heure" in seen for seen in (few, many)] == [False, True]
    connections = Connections({"notifications": mail_service}, Broker("amqp://nobody@127.0.0.1:1/"))
    [concern] = [one for one in (await status(connections, at=clock.now())).concerns if one.what == "mail_failed"]
    assert (concern.count, concern.urgent) == (21, True)


async def test_a_subscription_suspended_after_failures_needs_a_hand_and_one_suspended_by_hand_does_not(
    mail_service: Watched, enter: Enter
) -> None:
    who = await mail_service.database.fetchval(
        """
        INSERT INTO agent (id, email, name, roles, created_at)
        VALUES ($1, 'e@cousu.test', 'E', '{operator}', now())
        RETURNING id
        """,
        new_id(),
    )
    for gave_up in (None, clock.now() - timedelta(hours=3)):
        await mail_service.database.fetch(
            """
            INSERT INTO webhook (id, name, url, position, state, suspended_because, secret_changed_at, next_attempt_at,
                                 created_by, created_at, gave_up_at)
            VALUES ($1, 'Région', 'https://partenaire.example', 0, 'suspended', 'Dit pourquoi', now(), now(), $2, now(),
                    $3)
            """,
            new_id(),
            who,
            gave_up,
        )
    connections = Connections({"notifications": mail_service}, Broker("amqp://nobody@127.0.0.1:1/"))
    [concern] = [one for one in (await status(connections, at=clock.now())).concerns if one.what == "webhook_suspended"]
    assert (concern.count, concern.urgent, round(concern.seconds / 3600)) == (1, True, 3)
    assert "abonnement suspendu après deux jours d’échecs, depuis" in (await (await enter()).get("/")).text


async def test_an_auditor_reads_what_servers_said_and_sends_nothing_again(mail_service: Watched, enter: Enter) -> None:
    for _ in range(2):
        await a_mail(mail_service.database, new_id())
    assert "Renvoyer tous ces courriels" not in (await (await enter(Role.AUDITOR)).get("/courriels")).text


async def test_a_mail_of_others_does_not_exist(mail_service: Watched) -> None:
    mail_id = await a_mail(mail_service.database, new_id())
    with pytest.raises(NoSuchMail):
        await resend_mails.resend(mail_service, mail_id, by="exploitant", why="essai", perimeter=["78"])
