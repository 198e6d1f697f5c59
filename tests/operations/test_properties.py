"""The operators' API keeps the word of its description, whatever is held, unreadable, dead or parked."""

import random
from collections.abc import Awaitable, Callable

import httpx2

from shared.identity.model import Role
from tests.operations.conftest import Scene
from tests.operations.trouble import a_held_stream, an_unreadable_message
from tests.properties.description import Api
from tests.properties.pages import Walk


async def test_the_api_answers_as_it_describes(
    scene: Scene, browse: httpx2.AsyncClient, bearer: Callable[..., Awaitable[dict[str, str]]]
) -> None:
    await an_unreadable_message(scene.inbox)
    await a_held_stream(scene.inbox, scene.broken, scene.escalation)
    quarantined = await scene.escalation.fetch("SELECT id FROM quarantine")
    api = Api(
        browse,
        callers={
            "nobody": {},
            "a stranger": {"Authorization": "Bearer no-token-of-ours"},
            "operator": await bearer(),
            "auditor": await bearer(Role.AUDITOR),
            "delegate": await bearer(Role.DELEGATE),
        },
        known={
            "service": ["escalation", "intake"],
            "queue": ["escalation", "intake"],
            "message_id": [str(row["id"]) for row in quarantined],
        },
    )
    await api.keeps_its_word()


async def test_no_page_stumbles_over_what_is_typed(
    scene: Scene, enter: Callable[..., Awaitable[httpx2.AsyncClient]]
) -> None:
    await an_unreadable_message(scene.inbox)
    await a_held_stream(scene.inbox, scene.broken, scene.escalation)
    walk = Walk(await enter(), random.Random(95))  # noqa: S311 - the same each time
    await walk.through("/retenues", "/quarantaine", "/demandes", "/")
