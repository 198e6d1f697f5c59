"""Operators conduct partners' subscriptions from pages and by program; what they typed is never lost."""

import re

import pytest

from services.notifications.domain.webhooks import Secrets
from shared.db import Database
from shared.identity.model import Role
from tests.notifications.conftest import Client, People, World
from tests.notifications.test_pages import hidden

SECRETS = Secrets("w" * 32)
WISH = {"name": "Région Île-de-France", "url": "https://partenaire.example/evenements"}


async def test_a_program_subscribes_looks_suspends_replays_and_ends(
    client: Client, people: People, world: World, database: Database
) -> None:
    headers = await people.token(Role.OPERATOR)
    made = await client.post("/api/v1/webhooks", json=WISH, headers=headers)
    assert made.status_code == 201
    secret = made.json()["secret"]
    where = f"/api/v1/webhooks/{made.json()['id']}"
    await world.filed()
    shown = (await client.get(where, headers=headers)).json()
    assert "secret" not in shown
    assert (shown["state"], shown["position"], shown["behind"]) == ("active", 0, 0), "it has no position yet"
    suspended = (await client.post(f"{where}/suspension", json={}, headers=headers)).json()
    assert suspended["state"] == "suspended"
    assert "suspend" not in suspended["allowed_actions"]
    again = await client.post(f"{where}/suspension", json={}, headers=headers)
    assert (again.status_code, again.json()["code"]) == (409, "illegal_move")
    assert (await client.post(f"{where}/replay", json={"position": 7}, headers=headers)).status_code == 400
    assert (await client.post(f"{where}/replay", json={"position": 0}, headers=headers)).json()["state"] == "active"
    assert (await client.post(f"{where}/secret", json={}, headers=headers)).json()["secret"] != secret
    ended = (await client.delete(where, headers=headers)).json()
    assert (ended["state"], ended["allowed_actions"]) == ("ended", [])
    assert await database.fetchval("SELECT count(*) FROM webhook") == 1


async def test_an_operator_asks_for_a_test_event_by_page_and_by_program(
    client: Client, people: People, database: Database
) -> None:
    headers = await people.token(Role.OPERATOR)
    made = (await client.post("/api/v1/webhooks", json=WISH, headers=headers)).json()
    assert "send_test" in made["allowed_actions"]
    assert (await client.post(f"/api/v1/webhooks/{made['id']}/test", json={}, headers=headers)).status_code == 202
    assert await database.fetchval("SELECT count(*) FROM webhook_test") == 1
    await people.enters(client, Role.OPERATOR)
    csrf = hidden((await client.get(f"/abonnements/{made['id']}")).text, "_csrf_token")
    sent = await client.post(f"/abonnements/{made['id']}/essai", data={"_csrf_token": csrf})
    assert sent.status_code == 303
    assert "Un événement d’essai part maintenant" in (await client.get(sent.headers["location"])).text
    assert await database.fetchval("SELECT count(*) FROM webhook_test") == 1


async def test_an_auditor_looks_and_others_do_not(client: Client, people: People) -> None:
    auditor, national = await people.token(Role.AUDITOR), await people.token(Role.NATIONAL_AGENT)
    assert (await client.get("/api/v1/webhooks", headers=auditor)).status_code == 200
    assert (await client.post("/api/v1/webhooks", json=WISH, headers=auditor)).status_code == 403
    for path in ("/webhooks", "/partner-events"):
        assert (await client.get(f"/api/v1{path}", headers=national)).status_code == 403


async def test_the_events_that_may_be_told_are_shown_with_their_position(
    client: Client, people: People, world: World, database: Database
) -> None:
    await world.filed()
    async with database.transaction() as tx:
        await tx.execute("UPDATE partner_event SET position = 1")
    headers = await people.token(Role.OPERATOR)
    (item,) = (await client.get("/api/v1/partner-events", headers=headers)).json()["items"]
    assert (item["position"], item["event"]["type"]) == (1, "intake.request_submitted.v1")
    elsewhere = await people.token(Role.OPERATOR, "78")
    assert (await client.get("/api/v1/partner-events", headers=elsewhere)).json()["total"] == 0


async def test_an_operator_opens_a_subscription_shows_its_secret_and_ends_it(client: Client, people: People) -> None:
    await people.enters(client, Role.OPERATOR)
    assert "Aucun abonnement" in (await client.get("/abonnements")).text
    form = (await client.get("/abonnements/nouveau")).text
    csrf = {"_csrf_token": hidden(form, "_csrf_token")}
    chosen = {"departements": "95, 2a", "intake": "intake.request_submitted.v1"}
    made = await client.post("/abonnements/nouveau", data=csrf | WISH | chosen)
    assert made.status_code == 303
    where = made.headers["location"]
    page = (await client.get(where)).text
    assert "2A, 95" in page
    assert "whsec_" not in page
    shown = (await client.post(f"{where}/secret/lecture", data=csrf)).text
    assert re.search(r"<code>whsec_[\w+/]+=</code>", shown)
    for action, said in (("suspension", "Suspendu"), ("reprise", "En service"), ("fin", "Terminé")):
        assert (await client.post(f"{where}/{action}", data=csrf)).status_code == 303
        assert said in (await client.get(where)).text
    assert (await client.post(f"{where}/autre-chose", data=csrf)).status_code == 404


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"url": "https://192.168.0.1/"}, "mène à un réseau"),
        ({"departements": "Val-d’Oise"}, "Donnez des codes de départements"),
        ({"name": ""}, "obligatoire"),
    ],
)
async def test_a_form_that_is_refused_keeps_what_was_typed(
    client: Client, people: People, typed: dict[str, str], said: str
) -> None:
    await people.enters(client, Role.OPERATOR)
    csrf = hidden((await client.get("/abonnements/nouveau")).text, "_csrf_token")
    sent = WISH | {"_csrf_token": csrf, "qualification": "qualification.request_escalated.v1"} | typed
    refused = await client.post("/abonnements/nouveau", data=sent)
    assert refused.status_code == 400
    assert said in refused.text
    assert re.search(r'value="qualification.request_escalated.v1"\s+checked', refused.text)
    for name in ("name", "url"):
        assert sent[name] in refused.text
