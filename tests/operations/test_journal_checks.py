"""Journals are verified from the page and by the API: in the background, and what is wrong is named."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
from prometheus_client import REGISTRY

from services.operations.adapters.connections import Connections, Watched
from services.operations.usecases.journal_checks import Checks
from shared.clock import new_id
from shared.db import Database
from tests.operations.conftest import Scene
from tests.operations.test_journals import spoil, told
from tests.operations.test_pages import fields_of
from tests.polling import eventually
from tests.shared.messaging.conftest import a_message

Somebody = Callable[..., Awaitable[Any]]


async def test_a_changed_event_is_named_on_the_page(scene: Scene, enter: Somebody) -> None:
    request_id = new_id()
    for text in ("first", "second"):
        await told(scene.escalation, a_message(request_id, text))
    await spoil(scene, "UPDATE journal SET body = body || ' ' WHERE subject = $1 AND sequence = 2", str(request_id))
    browse = await enter()
    page = await browse.get("/journaux")
    assert "Aucune vérification" in page.text
    answer = await browse.post("/journaux", data=fields_of(page))
    assert answer.headers["location"] == "/journaux"

    async def named() -> bool:
        shown = (await browse.get("/journaux")).text
        return "L’événement n°\u00a02 a été modifié après coup." in shown and "intact" in shown

    await eventually(named)
    assert REGISTRY.get_sample_value("cousu_journal_faults", {"checked": "escalation"}) == 1
    assert REGISTRY.get_sample_value("cousu_journal_faults", {"checked": "intake"}) == 0


async def test_programs_begin_it_and_ask_for_the_result(
    scene: Scene, browse: httpx2.AsyncClient, bearer: Somebody
) -> None:
    await told(scene.intake, a_message(new_id()))
    headers = await bearer()
    begun = await browse.post("/api/v1/journals/verification", headers=headers)
    assert begun.status_code == 202
    assert {item["service"] for item in begun.json()["items"]} == {"intake", "escalation"}

    async def done() -> bool:
        items = (await browse.get("/api/v1/journals", headers=headers)).json()["items"]
        return all(item["state"] == "done" and item["result"]["wrong"] == 0 for item in items)

    await eventually(done)


async def test_a_journal_is_not_read_twice_at_once_and_one_that_is_away_is_said(scene: Scene, free_port: int) -> None:
    away = await Database.connect(f"postgresql://nobody@127.0.0.1:{free_port}/x", name="test", min_size=0)
    connections = Connections(
        {**scene.connections.services, "intake": Watched("intake", away, "intake")}, scene.connections.broker
    )
    checks = Checks()
    first = checks.begin(connections, by="a")
    assert checks.begin(connections, by="b") == first
    await checks.finish()
    assert {check.service: check.state for check in checks.last()} == {"intake": "away", "escalation": "done"}
    await away.close()
