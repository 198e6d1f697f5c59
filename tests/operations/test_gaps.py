"""A gap that no event can fill is closed by an operator, with a motive, and then all is well."""

from collections.abc import Awaitable, Callable
from urllib.parse import quote
from uuid import UUID

import httpx2
import pytest

from services.operations.reads import waiting
from services.operations.reads.status import status
from services.operations.store import record
from shared import clock
from shared.clock import new_id
from shared.identity.model import Role
from shared.messaging.inbox.message import Message
from tests.operations.conftest import Scene
from tests.operations.test_pages import fields_of
from tests.shared.messaging.conftest import a_message
from tests.wire import wire

FAR = 9_000
"""A place that the source will never reach."""

Enter = Callable[..., Awaitable[httpx2.AsyncClient]]
Bearer = Callable[..., Awaitable[dict[str, str]]]


async def a_gap_that_nothing_fills(scene: Scene) -> waiting.Gap:
    body = wire(a_message(new_id(), "lies"), FAR)
    await scene.inbox.process([Message(body, "intake.message_posted.95")])
    gaps = await waiting.list_gaps(scene.escalation, "escalation")
    return next(gap for gap in gaps if (gap.missing, gap.first) == (1, FAR))


async def gaps_told(scene: Scene) -> list[str]:
    return [
        one.what for one in (await status(scene.connections, at=clock.now())).concerns if one.what.startswith("gap")
    ]


async def test_the_page_closes_a_gap_that_no_event_can_fill(scene: Scene, enter: Enter) -> None:
    gap = await a_gap_that_nothing_fills(scene)
    assert await gaps_told(scene) == ["gap_young"]
    browse = await enter()
    address = f"/retenues/escalation/attente?source={quote(gap.source)}&demande={gap.subject}"
    assert address.replace("&", "&amp;") in (await browse.get("/retenues")).text.replace("%2F", "/")
    page = await browse.get(address)
    assert f"n°\u00a01 à {FAR - 1}" in page.text
    sent = {**fields_of(page), "why": "numéro inventé"}
    refused = await browse.post(address, data=sent)
    assert (refused.status_code, "Confirmez que" in refused.text, "numéro inventé" in refused.text) == (400, True, True)
    done = await browse.post(address, data={**sent, "sure": "true"})
    assert (done.status_code, done.headers["location"]) == (303, "/retenues")
    assert await waiting.list_gaps(scene.escalation, "escalation") == []
    assert await gaps_told(scene) == []
    [row] = await record.latest(scene.escalation, "escalation")
    assert (row.action, row.why) == ("waiting.discard", "numéro inventé")
    assert (await browse.get(address)).status_code == 404
    await scene.inbox.process([Message(wire(a_message(UUID(gap.subject), "true"), 1), "intake.message_posted.95")])
    assert scene.broken.applied == ["true"]


@pytest.mark.parametrize(("role", "departements", "status_code"), [
    (Role.OPERATOR, [], 200), (Role.OPERATOR, ["95"], 200), (Role.OPERATOR, ["78"], 404), (Role.AUDITOR, [], 403),
])  # fmt: skip
async def test_a_program_closes_a_gap_of_its_perimeter(
    scene: Scene,
    browse: httpx2.AsyncClient,
    bearer: Bearer,
    role: Role,
    departements: list[str],
    status_code: int,
) -> None:
    gap = await a_gap_that_nothing_fills(scene)
    order = {"source": gap.source, "subject": gap.subject, "why": "numéro inventé"}
    headers = await bearer(role, *departements)
    answer = await browse.post("/api/v1/waiting/escalation/discard", headers=headers, json=order)
    assert answer.status_code == status_code
    left = await waiting.list_gaps(scene.escalation, "escalation")
    assert (answer.json().get("parked"), len(left)) == ((1, 0) if status_code == 200 else (None, 1))
