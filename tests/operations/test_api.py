"""The operators' API: the same as the page, for programs."""

from collections.abc import Awaitable, Callable

import httpx2
import pytest

from services.operations.reads import quarantine
from services.operations.store import record
from shared.clock import new_id
from shared.identity.model import Role
from shared.messaging.inbox import resubmitted
from shared.messaging.inbox.message import Message
from shared.messaging.names import UNROUTED_QUEUE
from tests.operations.conftest import Scene
from tests.operations.test_journals import told
from tests.operations.trouble import (
    a_dead_letter,
    a_held_stream,
    an_unreadable_message,
    depth,
    publish,
)
from tests.polling import eventually
from tests.shared.messaging.conftest import a_message
from tests.wire import wire

Bearer = Callable[..., Awaitable[dict[str, str]]]

LOOKS = ["status", "held", "waiting", "quarantine", "dead/escalation", "unrouted", "operations"]
ACTIONS = ["held/escalation/retry", "held/escalation/skip", "dead/escalation/drain", "unrouted/replay"]


async def test_without_a_token_nothing_is_told(browse: httpx2.AsyncClient) -> None:
    for call in LOOKS:
        assert (await browse.get(f"/api/v1/{call}")).status_code == 401, call
    for call in ACTIONS:
        assert (await browse.post(f"/api/v1/{call}", json={"why": "essai"})).status_code == 401, call


async def test_another_role_is_refused(browse: httpx2.AsyncClient, bearer: Bearer) -> None:
    headers = await bearer(Role.DELEGATE)
    for call in LOOKS:
        assert (await browse.get(f"/api/v1/{call}", headers=headers)).status_code == 403, call
    for call in ACTIONS:
        assert (await browse.post(f"/api/v1/{call}", headers=headers, json={"why": "essai"})).status_code == 403, call


async def test_an_auditor_looks_and_may_do_nothing(scene: Scene, browse: httpx2.AsyncClient, bearer: Bearer) -> None:
    one = await a_held_stream(scene.inbox, scene.broken, scene.escalation)
    headers = await bearer(Role.AUDITOR)
    [item] = (await browse.get("/api/v1/held", headers=headers)).json()["items"]
    assert item["allowed_actions"] == []
    body = {"event_id": one.event_id, "why": "essai"}
    answer = await browse.post("/api/v1/held/escalation/skip", headers=headers, json=body)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_a_held_event_is_listed_and_tried_again(scene: Scene, browse: httpx2.AsyncClient, bearer: Bearer) -> None:
    one = await a_held_stream(scene.inbox, scene.broken, scene.escalation, given_up=True)
    headers = await bearer()
    listed = (await browse.get("/api/v1/held?service=escalation", headers=headers)).json()
    assert (listed["total"], listed["page"], listed["away"]) == (1, 1, [])
    assert listed["items"][0]["event_id"] == one.event_id
    assert listed["items"][0]["allowed_actions"] == ["retry", "skip"]

    body = {"event_id": one.event_id, "why": "corrigé"}
    answer = await browse.post("/api/v1/held/escalation/retry", headers=headers, json=body)
    assert answer.status_code == 200
    assert answer.json()["next_attempt_at"] is not None
    scene.broken.texts.clear()
    await scene.inbox.retry_held()
    assert scene.broken.applied == ["first", "second", "third"]

    gone = await browse.post("/api/v1/held/escalation/skip", headers=headers, json=body)
    assert (gone.status_code, gone.json()["code"]) == (404, "not_held")


async def test_a_missing_event_is_listed(scene: Scene, browse: httpx2.AsyncClient, bearer: Bearer) -> None:
    await scene.inbox.process([Message(wire(a_message(new_id()), 2), "intake.message_posted.95")])
    listed = (await browse.get("/api/v1/waiting", headers=await bearer())).json()
    assert (listed["total"], listed["away"]) == (1, [])
    assert (listed["items"][0]["service"], listed["items"][0]["missing"]) == ("escalation", 1)


async def test_an_action_needs_a_motive(scene: Scene, browse: httpx2.AsyncClient, bearer: Bearer) -> None:
    one = await a_held_stream(scene.inbox, scene.broken, scene.escalation)
    headers = await bearer()
    for body in ({"event_id": one.event_id}, {"event_id": one.event_id, "why": "  "}):
        answer = await browse.post("/api/v1/held/escalation/skip", headers=headers, json=body)
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["field"] == "why"


async def test_a_quarantined_message_is_shown_and_settled_once(
    scene: Scene, browse: httpx2.AsyncClient, bearer: Bearer
) -> None:
    await an_unreadable_message(scene.inbox)
    headers = await bearer()
    [item] = (await browse.get("/api/v1/quarantine", headers=headers)).json()["items"]
    assert item["allowed_actions"] == ["replay", "discard"]
    address = f"/api/v1/quarantine/escalation/{item['id']}"
    assert (await browse.get(address, headers=headers)).json()["body"] == "not an envelope"

    first = await browse.post(f"{address}/replay", headers=headers, json={"why": "mise à jour"})
    assert (first.status_code, first.json()["settlement"], first.json()["allowed_actions"]) == (200, "replayed", [])
    second = await browse.post(f"{address}/discard", headers=headers, json={"why": "encore"})
    assert (second.status_code, second.json()["code"]) == (409, "already_settled")
    assert len(await resubmitted.following(scene.escalation)) == 1
    settled = (await browse.get("/api/v1/quarantine?settled=true", headers=headers)).json()
    assert settled["items"][0]["settled_by"] == "operator@cousu.test"


@pytest.mark.parametrize("name", ["%C3%8A", "x%00", "x" * 256, "nothing"])
async def test_a_queue_that_cannot_exist_is_not_found(
    scene: Scene,  # noqa: ARG001 - a broker that answers
    browse: httpx2.AsyncClient,
    bearer: Bearer,
    name: str,
) -> None:
    answer = await browse.get(f"/api/v1/dead/{name}", headers=await bearer())
    assert (answer.status_code, answer.json()["code"]) == (404, "no_such_queue")


async def test_dead_letters_and_undelivered_are_sent_where_they_belong(
    scene: Scene, browse: httpx2.AsyncClient, bearer: Bearer
) -> None:
    await a_dead_letter(scene, "escalation", b"dead")
    await told(scene.intake, a_message(new_id(), "lost"))
    [row] = await scene.intake.fetch("SELECT body FROM journal")
    await scene.channel.queue_delete("escalation", if_unused=False, if_empty=False)
    for body in (b"lost", row["body"].encode()):
        await publish(scene.channel, body, "intake.lost.95")

    async def parked() -> bool:
        return await depth(scene.channel, UNROUTED_QUEUE) == 2

    await eventually(parked)
    headers = await bearer()
    assert (await browse.get("/api/v1/dead/escalation", headers=headers)).json()["total"] == 1
    drained = await browse.post("/api/v1/dead/escalation/drain", headers=headers, json={"why": "corrigé"})
    assert drained.json() == {"queue": "escalation", "moved": 1}
    assert (await browse.get("/api/v1/unrouted", headers=headers)).json()["items"][0]["type"] is None
    replayed = await browse.post("/api/v1/unrouted/replay", headers=headers, json={"why": "essai"})
    assert replayed.json() == {"moved": 1, "came_back": 1}
    done = (await browse.get("/api/v1/operations", headers=headers)).json()["items"]
    acts = {(one["action"], one["by"]) for one in done if one["service"] != "operations"}
    assert acts == {("dead.drain", "operator@cousu.test"), ("unrouted.replay", "operator@cousu.test")}
    rights = {(one["action"], one["by"]) for one in done if one["service"] == "operations"}
    assert rights == {("agent.add", "test"), ("agent.token", "test")}


async def test_events_of_a_journal_are_told_again(scene: Scene, browse: httpx2.AsyncClient, bearer: Bearer) -> None:
    await told(scene.intake, a_message(new_id(), "first"))
    await scene.intake.fetch("DELETE FROM outbox RETURNING position")
    headers = await bearer()
    asked = {"source": "/intake", "since": "2026-01-01T00:00:00Z", "queue": "escalation", "why": "file perdue"}
    answer = await browse.post("/api/v1/events/resend", headers=headers, json=asked)
    assert (answer.status_code, answer.json()["events"]) == (200, 1)
    refused = await browse.post("/api/v1/events/resend", headers=headers, json={**asked, "source": "/intake/x"})
    assert (refused.status_code, refused.json()["code"]) == (404, "nothing_to_resend")
    naive = await browse.post("/api/v1/events/resend", headers=headers, json={**asked, "since": "2026-01-01T00:00"})
    assert naive.status_code == 400
    acts = (await browse.get("/api/v1/operations", headers=headers)).json()["items"]
    [done] = [one for one in acts if one["service"] != "operations"]
    assert (done["action"], done["by"], done["why"]) == ("events.resend", "operator@cousu.test", "file perdue")


async def test_a_damaged_message_may_only_be_discarded(
    scene: Scene, browse: httpx2.AsyncClient, bearer: Bearer
) -> None:
    await scene.inbox.process([Message(wire(a_message(new_id()), 1), "intake.message_posted.95", damaged=True)])
    headers = await bearer()
    [item] = (await browse.get("/api/v1/quarantine", headers=headers)).json()["items"]
    assert (item["damaged"], item["allowed_actions"]) == (True, ["discard"])
    address = f"/api/v1/quarantine/escalation/{item['id']}"
    refused = await browse.post(f"{address}/replay", headers=headers, json={"why": "essai"})
    assert (refused.status_code, refused.json()["code"]) == (409, "message_damaged")


@pytest.mark.parametrize("call", ["held/nobody/retry", "quarantine/nobody/{id}/discard", "dead/nobody/drain"])
async def test_what_is_not_there_is_not_found(browse: httpx2.AsyncClient, bearer: Bearer, call: str) -> None:
    body = {"why": "essai"} | ({"event_id": "x"} if call.startswith("held") else {})
    answer = await browse.post(f"/api/v1/{call.format(id=new_id())}", headers=await bearer(), json=body)
    assert answer.status_code == 404


async def test_the_description_of_the_api_names_every_action(browse: httpx2.AsyncClient) -> None:
    described = (await browse.get("/api/v1/openapi.json")).json()["paths"]
    for call in ("held/{service}/skip", "unrouted/replay", "requests/{reference}/events", "status"):
        assert f"/api/v1/{call}" in described


async def test_what_the_page_did_is_what_the_command_line_reads(
    scene: Scene, browse: httpx2.AsyncClient, bearer: Bearer
) -> None:
    await an_unreadable_message(scene.inbox)
    [one] = await quarantine.list_quarantined(scene.escalation, "escalation")
    address = f"/api/v1/quarantine/escalation/{one.id}/discard"
    await browse.post(address, headers=await bearer(), json={"why": "illisible"})
    [done] = await record.latest(scene.escalation, "escalation")
    assert (done.action, done.why) == ("quarantine.discard", "illisible")
