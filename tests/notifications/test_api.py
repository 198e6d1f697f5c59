"""Deliveries, templates and preferences by program."""

from uuid import uuid4

import pytest

from services.notifications.adapters.mail_sender import MailSender
from services.notifications.rendering import examples
from shared.contracts import qualification
from shared.db import Database
from shared.identity.model import Role
from tests.notifications.conftest import Client, MailServer, People, World

LIST = "/api/v1/deliveries"


async def test_without_a_token_nothing_is_shown(client: Client) -> None:
    for path in (LIST, f"{LIST}/{uuid4()}", "/api/v1/preferences", "/api/v1/templates"):
        answer = await client.get(path)
        assert answer.status_code == 401
        assert answer.headers["content-type"].startswith("application/problem+json")


async def test_deliveries_are_listed_newest_first_and_filtered(
    client: Client, world: World, people: People, mail_sender: MailSender
) -> None:
    event_id = await world.filed()
    await mail_sender.send_next()
    operator = await people.token(Role.OPERATOR)
    page = (await client.get(LIST, headers=operator)).json()
    assert (page["total"], page["page"], len(page["items"])) == (2, 1, 2)
    first = next(item for item in page["items"] if item["status"] == "sent")
    assert first["event_id"] == str(event_id)
    assert first["event_type"] == "intake.request_submitted.v1"
    assert first["number"] == examples.NUMBER
    assert first["recipient"]
    assert [attempt["result"] for attempt in first["attempts"]] == ["sent"]
    for filters, total in (
        ({"request_id": str(examples.REQUEST_ID)}, 2),
        ({"request_id": str(uuid4())}, 0),
        ({"status": "queued"}, 1),
        ({"audience": "applicant"}, 1),
        ({"q": "ACCUSÉ"}, 1),
        ({"q": examples.NUMBER}, 2),
        ({"q": "%"}, 0),
    ):
        assert (await client.get(LIST, params=filters, headers=operator)).json()["total"] == total, filters


@pytest.mark.parametrize("filters", [{"status": "lost"}, {"request_id": "42"}, {"per_page": "201"}, {"audience": "x"}])
async def test_filters_that_mean_nothing_are_refused(client: Client, people: People, filters: dict[str, str]) -> None:
    answer = await client.get(LIST, params=filters, headers=await people.token(Role.OPERATOR))
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == list(filters)


async def test_an_agent_sees_and_resends_only_what_is_his_departement_s(
    client: Client, world: World, people: People, database: Database
) -> None:
    await world.filed()
    delivery_id = await database.fetchval("SELECT id FROM delivery LIMIT 1")
    stranger = await people.token(Role.SAT_AGENT, "78")
    assert (await client.get(LIST, headers=stranger)).json()["total"] == 0
    assert (await client.get(f"{LIST}/{delivery_id}", headers=stranger)).status_code == 404
    assert (await client.post(f"{LIST}/{delivery_id}/resend", headers=stranger)).status_code == 404
    own = await people.token(Role.DELEGATE, "95")
    assert (await client.get(LIST, headers=own)).json()["total"] == 2
    assert (await client.get(f"{LIST}/{delivery_id}", headers=own)).status_code == 200


async def test_the_mail_is_shown_without_its_secret_link(
    client: Client, world: World, people: People, database: Database
) -> None:
    await world.filed()
    delivery_id = await database.fetchval("SELECT id FROM delivery WHERE audience = 'applicant'")
    shown = (await client.get(f"{LIST}/{delivery_id}", headers=await people.token(Role.SAT_AGENT, "95"))).json()
    assert "masque" in shown["text"]
    assert "/suivi/" not in shown["text"] + shown["html"]


async def test_a_mail_that_is_about_to_leave_is_not_sent_again(
    client: Client, world: World, people: People, database: Database
) -> None:
    await world.filed()
    delivery_id = await database.fetchval("SELECT id FROM delivery LIMIT 1")
    answer = await client.post(f"{LIST}/{delivery_id}/resend", headers=await people.token(Role.OPERATOR))
    assert answer.status_code == 409
    assert (answer.json()["state"], answer.json()["allowed_actions"]) == ("queued", [])


async def test_a_sent_mail_is_sent_again_on_request_and_who_asked_is_kept(
    client: Client, world: World, people: People, database: Database, mail_sender: MailSender, mail_server: MailServer
) -> None:
    await world.filed()
    while await mail_sender.send_next():
        pass
    delivery_id = await database.fetchval("SELECT id FROM delivery WHERE audience = 'applicant'")
    agent = await people.token(Role.SAT_AGENT, "95")
    answer = await client.post(f"{LIST}/{delivery_id}/resend", headers=agent, json={})
    assert answer.status_code == 200
    assert answer.json()["status"] == "queued"
    assert answer.json()["allowed_actions"] == ["resend"]
    await mail_sender.send_next()
    shown = (await client.get(f"{LIST}/{delivery_id}", headers=agent)).json()
    assert [attempt["by"] for attempt in shown["attempts"]] == [None, "Agent sat_agent 95 <sat-agent95@cousu.test>"]
    ids = [mail["Message-ID"] for mail in mail_server.accepted if mail["To"] == "contact@commune.test"]
    assert len(set(ids)) == 2


async def test_an_uncertain_mail_keeps_its_identity_when_it_is_sent_again(
    client: Client, world: World, people: People, database: Database, mail_sender: MailSender, mail_server: MailServer
) -> None:
    await world.filed()
    mail_server.dies = "after"
    while await mail_sender.send_next():
        pass
    mail_server.dies = ""
    async with database.transaction() as tx:
        await tx.execute("UPDATE delivery SET status = 'uncertain', next_attempt_at = NULL")
    delivery_id = await database.fetchval("SELECT id FROM delivery WHERE audience = 'applicant'")
    answer = await client.post(f"{LIST}/{delivery_id}/resend", headers=await people.token(Role.OPERATOR))
    assert answer.status_code == 200
    await mail_sender.send_next()
    ids = [mail["Message-ID"] for mail in mail_server.accepted if mail["To"] == "contact@commune.test"]
    assert len(ids) == 2
    assert len(set(ids)) == 1


async def test_an_auditor_reads_and_does_nothing(
    client: Client, world: World, people: People, mail_sender: MailSender
) -> None:
    await world.filed()
    await mail_sender.send_next()
    auditor = await people.token(Role.AUDITOR)
    items = (await client.get(LIST, params={"status": "sent"}, headers=auditor)).json()["items"]
    assert items[0]["allowed_actions"] == []
    assert (await client.post(f"{LIST}/{items[0]['id']}/resend", headers=auditor)).status_code == 403


async def test_a_mail_without_address_goes_once_the_mailbox_is_known(
    client: Client, world: World, people: People, database: Database
) -> None:
    submitted = examples.example_of(qualification.RequestRegistered)
    assert isinstance(submitted, qualification.RequestRegistered)
    filed = examples.facts()[0].model_copy(update={"departement": "78"})
    await world.consume(filed)
    delivery_id = await database.fetchval("SELECT id FROM delivery WHERE audience = 'departement'")
    agent = await people.token(Role.SAT_AGENT, "78")
    answer = await client.post(f"{LIST}/{delivery_id}/resend", headers=agent)
    assert (answer.status_code, answer.json()["code"]) == (409, "no_address")
    service = qualification.Service(name="SAT des Yvelines", email="sat78@cousu.test")
    await world.consume(submitted.model_copy(update={"departement": "78", "service": service}))
    answer = await client.post(f"{LIST}/{delivery_id}/resend", headers=agent)
    assert (answer.status_code, answer.json()["recipient"]) == (200, "sat78@cousu.test")


async def test_templates_are_listed_and_shown_with_an_example(client: Client, people: People) -> None:
    agent = await people.token(Role.NATIONAL_AGENT)
    whole, beyond = [
        (await client.get("/api/v1/templates", headers=agent, params={"per_page": 200, "page": page})).json()
        for page in (1, 2)
    ]
    assert whole["total"] == len(whole["items"]) > 30
    assert (beyond["items"], beyond["page"]) == ([], 2)
    one = (await client.get("/api/v1/templates/decision_made", headers=agent)).json()
    assert "Décision n°" in one["text"]
    assert one["html"].startswith("<!DOCTYPE html>")
    assert (await client.get("/api/v1/templates/nothing", headers=agent)).status_code == 404
    assert (await client.get("/api/v1/templates/..%2F..%2Fsettings", headers=agent)).status_code == 404


async def test_preferences_are_shown_and_kept(client: Client, people: People) -> None:
    agent = await people.token(Role.SAT_AGENT, "95")
    shown = (await client.get("/api/v1/preferences", headers=agent)).json()["items"]
    assert [(item["destination"], item["scope"], item["cadence"]) for item in shown] == [
        ("mailbox", "95", "instant"),
        ("personal", None, "never"),
    ]
    new = {"items": [{"audience": "departement", "cadence": "weekly", "weekday": 4, "hour": 17}]}
    answer = await client.put("/api/v1/preferences", headers=agent, json=new)
    assert answer.status_code == 200
    assert answer.json()["items"][0]["cadence"] == "weekly"
    assert (answer.json()["items"][0]["weekday"], answer.json()["items"][0]["hour"]) == (4, 17)


@pytest.mark.parametrize(
    ("choice", "status"),
    [
        ({"audience": "national", "cadence": "daily"}, 403),
        ({"audience": "applicant", "cadence": "daily"}, 403),
        ({"audience": "departement", "cadence": "monthly"}, 400),
        ({"audience": "departement", "cadence": "daily", "hour": 24}, 400),
        ({"audience": "departement", "cadence": "daily", "scope": "78"}, 404),
        ({"audience": "departement", "cadence": "never"}, 400),
    ],
)
async def test_preferences_that_are_not_one_s_own_are_refused(
    client: Client, people: People, choice: dict[str, object], status: int
) -> None:
    agent = await people.token(Role.SAT_AGENT, "95")
    answer = await client.put("/api/v1/preferences", headers=agent, json={"items": [choice]})
    assert answer.status_code == status


async def test_the_service_describes_itself(client: Client) -> None:
    assert (await client.get("/asyncapi")).json()["asyncapi"].startswith("3.")
    paths = (await client.get("/api/v1/openapi.json")).json()["paths"]
    assert any(path.endswith("/deliveries/{delivery_id}/resend") for path in paths)
