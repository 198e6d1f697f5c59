"""Notifications keep the word of their description."""

from shared.db import Database
from shared.identity.model import Role
from tests.notifications.conftest import Client, People, World
from tests.properties.description import Api


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
        known={"delivery_id": [str(row["id"]) for row in await database.fetch("SELECT id FROM delivery")]},
    )
    await api.keeps_its_word()
