"""Notifications keep the word of their description."""

import random

from shared.db import Database
from shared.identity.model import Role
from tests.notifications.conftest import Client, People, World
from tests.properties.description import Api
from tests.properties.pages import Walk


async def test_the_api_answers_as_it_describes(
    client: Client, world: World, people: People, database: Database
) -> None:
    await world.filed()
    api = Api(
        client,
        callers={
            "nobody": {},
            "a stranger": {"Authorization": "Bearer no-token-of-ours"},
            "operator": await people.token(Role.OPERATOR),
            "sat": await people.token(Role.SAT_AGENT, "95"),
            "auditor": await people.token(Role.AUDITOR),
        },
        known={
            "delivery_id": [str(row["id"]) for row in await database.fetch("SELECT id FROM delivery")],
            "webhook_id": [await a_subscription(client, people)],
        },
    )
    await api.keeps_its_word()


async def a_subscription(client: Client, people: People) -> str:
    """Subscribe a partner; give the subscription's id."""
    conducts = await people.token(Role.OPERATOR, "95")
    wish = {"name": "Région", "url": "https://partenaire.example/", "departements": ["95"]}
    return str((await client.post("/api/v1/webhooks", json=wish, headers=conducts)).json()["id"])


async def test_no_page_stumbles_over_what_is_typed(client: Client, world: World, people: People) -> None:
    await world.filed()
    await people.enters(client, Role.OPERATOR)
    await Walk(client, random.Random(95)).through("/", "/preferences", "/modeles", "/abonnements", "/annuaire")  # noqa: S311 - the same each time
