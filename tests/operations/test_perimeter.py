"""A départemental operator sees and mends their part: what is another's is not there."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import httpx2
import pytest

from services.operations.reads import quarantine
from services.operations.reads.held import Held
from shared.clock import new_id
from shared.identity.model import Role
from shared.messaging.inbox.message import Message
from tests.operations.conftest import Scene
from tests.operations.test_journals import told
from tests.operations.test_pages import fields_of
from tests.operations.trouble import a_dead_letter, a_held_stream, an_unreadable_message
from tests.shared.messaging.conftest import a_message
from tests.wire import wire

Somebody = Callable[..., Awaitable[Any]]


@pytest.fixture
async def held(scene: Scene) -> Held:
    """Trouble of each kind, all of it of the Val-d'Oise (95)."""
    one = await a_held_stream(scene.inbox, scene.broken, scene.escalation, given_up=True)
    await an_unreadable_message(scene.inbox)
    await scene.inbox.process([Message(wire(a_message(new_id()), 4), "intake.message_posted.95")])
    await told(scene.intake, a_message(UUID(one.subject), "first"))
    return one


async def ask(browse: httpx2.AsyncClient, headers: dict[str, str], path: str) -> Any:
    answer = await browse.get(f"/api/v1/{path}", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize(("departement", "seen"), [("95", 1), ("78", 0)])
async def test_an_operator_of_a_departement_is_shown_what_is_of_it(
    held: Held, browse: httpx2.AsyncClient, bearer: Somebody, departement: str, seen: int
) -> None:
    headers = await bearer(Role.OPERATOR, departement)
    status = await ask(browse, headers, "status")
    [here] = [one["figures"] for one in status["services"] if one["name"] == "escalation"]
    [intake] = [one["figures"] for one in status["services"] if one["name"] == "intake"]
    assert (here["held"], here["held_given_up"], here["gaps"], here["quarantine"]) == (seen,) * 4
    assert intake["outbox"] == seen
    assert len(status["behind"]) == 0
    for path in ("held", "waiting", "quarantine"):
        assert (await ask(browse, headers, path))["total"] == seen, path
    answer = await browse.get(f"/api/v1/requests/{held.subject}/events", headers=headers)
    assert answer.status_code == (200 if seen else 404)


async def test_what_is_of_another_departement_cannot_be_touched(
    scene: Scene, held: Held, browse: httpx2.AsyncClient, bearer: Somebody
) -> None:
    [unreadable] = await quarantine.list_quarantined(scene.escalation, "escalation")
    headers = await bearer(Role.OPERATOR, "78")
    why = {"why": "essai"}
    for path, body in (
        ("held/escalation/retry", {**why, "event_id": held.event_id}),
        ("held/escalation/skip", {**why, "event_id": held.event_id}),
        (f"quarantine/escalation/{unreadable.id}/replay", why),
        (f"quarantine/escalation/{unreadable.id}/discard", why),
        ("dead/escalation/drain", why),
        ("unrouted/replay", why),
        ("journals/verification", {}),
        ("events/resend", {**why, "source": "/intake", "request": held.subject}),
    ):
        answer = await browse.post(f"/api/v1/{path}", headers=headers, json=body)
        assert answer.status_code == 404, (path, answer.text)
    for path in (f"quarantine/escalation/{unreadable.id}", "dead/escalation", "unrouted", "journals"):
        assert (await browse.get(f"/api/v1/{path}", headers=headers)).status_code == 404, path
    assert await scene.escalation.fetchval("SELECT count(*) FROM operation") == 0
    assert await scene.intake.fetchval("SELECT count(*) FROM outbox") == 1


async def test_a_whole_source_is_sent_again_only_by_who_sees_all_of_it(
    held: Held, browse: httpx2.AsyncClient, bearer: Somebody
) -> None:
    body = {"source": "/intake", "why": "essai"}
    answer = await browse.post("/api/v1/events/resend", headers=await bearer(Role.OPERATOR, "95"), json=body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "request")
    assert held


async def test_the_pages_show_and_do_no_more_than_the_api(scene: Scene, held: Held, enter: Somebody) -> None:
    [unreadable] = await quarantine.list_quarantined(scene.escalation, "escalation")
    await a_dead_letter(scene, "escalation", b"dead")
    browse = await enter(Role.OPERATOR, "78")
    for address in ("/", "/retenues", "/quarantaine", "/actions"):
        shown = await browse.get(address)
        assert shown.status_code == 200
        assert held.event_id not in shown.text, address
        assert str(unreadable.id) not in shown.text, address
    assert "escalation.dead" not in (await browse.get("/")).text
    for address in (
        f"/retenues/escalation?evenement={held.event_id}",
        f"/quarantaine/escalation/{unreadable.id}",
        f"/demandes/{held.subject}",
        "/files/escalation.dead",
        "/files/unrouted",
        "/journaux",
    ):
        assert (await browse.get(address)).status_code == 404, address
    fields = fields_of(await browse.get("/demandes"))
    for address, sent in (
        ("/retenues/escalation", {"event_id": held.event_id, "action": "skip"}),
        (f"/quarantaine/escalation/{unreadable.id}", {"action": "discard"}),
        (f"/demandes/{held.subject}", {"source": "/intake"}),
        ("/files/escalation.dead", {}),
    ):
        await browse.post(address, data={**fields, **sent, "why": "essai"})
    assert await scene.escalation.fetchval("SELECT count(*) FROM operation") == 0
    assert await scene.intake.fetchval("SELECT count(*) FROM operation") == 0


async def test_an_operator_of_a_departement_mends_his_own(scene: Scene, held: Held, enter: Somebody) -> None:
    scene.broken.texts.clear()
    browse = await enter(Role.OPERATOR, "95")
    page = await browse.get(f"/retenues/escalation?evenement={held.event_id}")
    answer = await browse.post("/retenues/escalation", data={**fields_of(page), "action": "retry", "why": "corrigé"})
    assert answer.status_code == 303
    await scene.inbox.retry_held()
    assert scene.broken.applied == ["first", "second", "third"]
    assert "corrigé" in (await browse.get("/actions")).text
