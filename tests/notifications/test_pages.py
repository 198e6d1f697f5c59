"""Pages: what agents see of messages, and what one click does."""

import re

from services.notifications.adapters.mail_sender import MailSender
from services.notifications.rendering import examples
from shared.contracts import intake
from shared.db import Database
from shared.identity.model import Role
from tests.notifications.conftest import Client, MailServer, People, World


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, name
    return found[1]


async def test_visitors_are_led_to_sign_in(client: Client) -> None:
    answer = await client.get("/")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/connexion")


async def test_the_list_shows_the_departement_s_messages_and_keeps_filters_in_the_address(
    client: Client, people: People, world: World
) -> None:
    await people.enters(client, Role.SAT_AGENT, "95")
    empty = await client.get("/")
    assert "dès le premier événement" in empty.text
    await world.filed()
    page = await client.get("/")
    assert page.status_code == 200
    assert "Accusé de réception" in page.text
    assert "En attente\u00a0: 2" in page.text
    filtered = await client.get("/", params={"audience": "applicant", "status": "queued", "q": examples.NUMBER})
    assert "Nouvelle demande de" not in filtered.text
    assert "Accusé de réception" in filtered.text


async def test_another_departement_s_message_does_not_exist(
    client: Client, people: People, world: World, database: Database
) -> None:
    await world.filed()
    delivery_id = await database.fetchval("SELECT id FROM delivery LIMIT 1")
    await people.enters(client, Role.SAT_AGENT, "78")
    for path in (f"/messages/{delivery_id}", f"/messages/{delivery_id}/apercu"):
        assert (await client.get(path)).status_code == 404


async def test_a_message_is_shown_as_it_was_sent_without_its_secret_link(
    client: Client, people: People, world: World, database: Database, mail_sender: MailSender
) -> None:
    await world.filed()
    while await mail_sender.send_next():
        pass
    delivery_id = await database.fetchval("SELECT id FROM delivery WHERE audience = 'applicant'")
    await people.enters(client, Role.SAT_AGENT, "95")
    page = await client.get(f"/messages/{delivery_id}")
    assert "Ce qui se passe ensuite" in page.text
    assert "masqué ici" in page.text
    assert "/suivi/" not in page.text
    assert "250 2.0.0 accepted as 42" in page.text
    assert f'href="http://qualification.test/demandes/{examples.REQUEST_ID}"' in page.text
    mail = await client.get(f"/messages/{delivery_id}/apercu")
    assert "sandbox" in mail.headers["content-security-policy"]
    assert "script-src" not in mail.headers["content-security-policy"]


async def test_a_double_click_sends_again_once(
    client: Client, people: People, world: World, database: Database, mail_sender: MailSender, mail_server: MailServer
) -> None:
    await world.filed()
    while await mail_sender.send_next():
        pass
    delivery_id = await database.fetchval("SELECT id FROM delivery WHERE audience = 'applicant'")
    await people.enters(client, Role.SAT_AGENT, "95")
    page = (await client.get(f"/messages/{delivery_id}")).text
    assert "Renvoyer quand même" in page
    form = {name: hidden(page, name) for name in ("_csrf_token", "_form_key")}
    for _ in range(2):
        answer = await client.post(f"/messages/{delivery_id}/renvoi", data=form)
        assert answer.status_code == 303
    while await mail_sender.send_next():
        pass
    assert [mail["To"] for mail in mail_server.accepted].count("contact@commune.test") == 2


async def test_a_message_that_cannot_be_sent_again_says_why(
    client: Client, people: People, world: World, database: Database
) -> None:
    await world.filed()
    delivery_id = await database.fetchval("SELECT id FROM delivery LIMIT 1")
    await people.enters(client, Role.SAT_AGENT, "95")
    page = (await client.get("/preferences")).text
    answer = await client.post(f"/messages/{delivery_id}/renvoi", data={"_csrf_token": hidden(page, "_csrf_token")})
    assert answer.status_code == 409
    assert "n’a pas été renvoyé" in answer.text


async def test_a_template_is_shown_about_a_real_request_of_one_s_perimeter(
    client: Client, people: People, world: World
) -> None:
    await people.enters(client, Role.SAT_AGENT, "95")
    example = examples.example_of(intake.RequestSubmitted)
    assert isinstance(example, intake.RequestSubmitted)
    real = example.request.model_copy(update={"number": "95-2027-000777", "title": "Une halle couverte"})
    await world.consume(example.model_copy(update={"request": real}))
    page = (await client.get("/modeles/decision_made", params={"demande": "95-2027-000777", "exemple": 3})).text
    assert "Une halle couverte" in page
    assert "Vous pouvez contester cette décision" in page, "the example of a refusal"
    mail = await client.get("/modeles/decision_made/apercu", params={"demande": "95-2027-000777", "exemple": 3})
    assert "Une halle couverte" in mail.text
    assert "ne porte le numéro" in (await client.get("/modeles/decision_made?demande=78-2027-000001")).text
    assert (await client.get("/modeles/decision_made?exemple=99")).status_code == 404
    assert "/messages/" in (await client.get("/modeles/request_submitted")).text


async def test_templates_are_shown_with_examples(client: Client, people: People) -> None:
    await people.enters(client, Role.NATIONAL_AGENT)
    listed = await client.get("/modeles")
    for name in re.findall(r'href="/modeles/(\w+)"', listed.text):
        assert (await client.get(f"/modeles/{name}")).status_code == 200
        assert (await client.get(f"/modeles/{name}/apercu")).status_code == 200
    assert (await client.get("/modeles/rien")).status_code == 404


async def test_preferences_are_kept_and_shown_again(client: Client, people: People, database: Database) -> None:
    await people.enters(client, Role.SAT_AGENT, "95")
    page = (await client.get("/preferences")).text
    form = {name: hidden(page, name) for name in ("_csrf_token", "_form_key")}
    for number, destination, scope in ((0, "mailbox", "95"), (1, "personal", "")):
        form |= {
            f"items.{number}.audience": "departement",
            f"items.{number}.destination": destination,
            f"items.{number}.scope": scope,
            f"items.{number}.template": "*",
            f"items.{number}.cadence": "daily",
            f"items.{number}.hour": "9",
            f"items.{number}.weekday": "2",
        }
    form |= {"exception.place": "0", "exception.template": "new_request", "exception.cadence": "instant"}
    answer = await client.post("/preferences", data=form)
    assert answer.status_code == 303
    rows = await database.fetch("SELECT split_part(holder, ':', 1) AS kind, template, cadence FROM preference")
    assert {tuple(row) for row in rows} == {
        ("mailbox", "*", "daily"),
        ("agent", "*", "daily"),
        ("mailbox", "new_request", "instant"),
    }
    again = (await client.get("/preferences")).text
    assert "Vos préférences sont enregistrées" in again
    assert "Boîte du service – Service du département (95) – Demande déposée" in again


async def test_a_wrong_preference_keeps_what_was_chosen(client: Client, people: People) -> None:
    await people.enters(client, Role.SAT_AGENT, "95")
    page = (await client.get("/preferences")).text
    form = {
        "_csrf_token": hidden(page, "_csrf_token"),
        "items.0.audience": "departement",
        "items.0.destination": "mailbox",
        "items.0.scope": "95",
        "items.0.template": "*",
        "items.0.cadence": "daily",
        "items.0.hour": "25",
    }
    answer = await client.post("/preferences", data=form)
    assert answer.status_code == 400
    assert re.search(r'<option value="daily" selected>', answer.text)
