"""Many unreadable messages and held streams are decided by their cause, with one motive."""

import re
from collections.abc import Awaitable, Callable

import httpx2
import pytest

from services.operations.reads import causes, held, quarantine
from services.operations.reads.causes import NoSuchCause
from services.operations.store import record
from services.operations.usecases import settle_causes
from services.operations.usecases.settle_causes import Decision
from shared import db
from shared.clock import new_id
from shared.identity.model import Role
from shared.messaging.inbox.message import Message
from tests.operations.conftest import Scene
from tests.operations.test_pages import fields_of
from tests.operations.trouble import a_held_stream, an_unreadable_message
from tests.polling import eventually
from tests.shared.messaging.conftest import a_message
from tests.wire import wire

Enter = Callable[..., Awaitable[httpx2.AsyncClient]]
Bearer = Callable[..., Awaitable[dict[str, str]]]


async def garbage(scene: Scene, *, count: int) -> None:
    """Let so many messages of one cause come, with bytes and reasons that differ, and one of another cause."""
    messages = [Message(b" " * number + b"no json", "intake.message_posted.95") for number in range(count)]
    await scene.inbox.process(messages)
    await scene.inbox.process([Message(b'{"specversion": "0.3"}', "intake.message_posted.95")])


async def the_large_one(scene: Scene) -> causes.Cause:
    return (await causes.list_causes(scene.escalation, "escalation"))[0]


async def decided(scene: Scene, settlement: settle_causes.Settlement) -> Decision:
    return Decision(settlement, "exploitant", "le partenaire a corrigé", await db.now(scene.escalation))


async def test_messages_are_grouped_by_what_is_wrong_with_them_and_previewed(scene: Scene) -> None:
    await garbage(scene, count=12)
    await scene.inbox.process([Message(wire(a_message(new_id()), 1), "intake.message_posted.95", damaged=True)])
    large, *small = await causes.list_causes(scene.escalation, "escalation")
    assert large.messages == 12
    assert large.reason.startswith("body: Invalid JSON")
    assert "…" in large.reason, "the column differs"
    assert sorted((one.messages, one.damaged) for one in small) == [(1, False), (1, True)]
    shown = await causes.preview(scene.escalation, "escalation", large.key)
    assert len(shown) == causes.PREVIEWED
    assert await quarantine.count(scene.escalation) == [14]


async def test_all_messages_of_a_cause_are_put_away_in_batches_and_the_others_stay(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settle_causes, "BATCH", 5)
    await garbage(scene, count=12)
    cause = await the_large_one(scene)
    watched = scene.connections.service("escalation")
    done = await settle_causes.settle(watched, cause.key, await decided(scene, "discarded"))
    assert (done.settled, done.left) == (12, 0)
    assert await quarantine.count(scene.escalation) == [1]
    assert await quarantine.count(scene.escalation, settled=True) == [12]
    rows = await record.latest(scene.escalation, "escalation")
    assert [row.target.split()[0] for row in rows] == ["2", "5", "5"]
    assert {(row.action, row.by, row.why) for row in rows} == {
        ("quarantine.discard_all", "exploitant", "le partenaire a corrigé")
    }
    with pytest.raises(NoSuchCause):
        await settle_causes.settle(watched, cause.key, await decided(scene, "discarded"))


async def test_one_order_is_bounded_and_says_what_is_left(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settle_causes, "BATCH", 4)
    monkeypatch.setattr(settle_causes, "MOST", 8)
    await garbage(scene, count=12)
    cause, watched = await the_large_one(scene), scene.connections.service("escalation")
    done = await settle_causes.settle(watched, cause.key, await decided(scene, "replayed"))
    assert (done.settled, done.left) == (8, 4)
    assert (
        await scene.escalation.fetchval("SELECT count(*) FROM quarantine WHERE settlement = 'replayed' AND NOT taken")
        == 8
    )


async def test_what_was_sent_again_and_is_unreadable_still_is_not_sent_by_the_same_decision(scene: Scene) -> None:
    await garbage(scene, count=3)
    cause, watched = await the_large_one(scene), scene.connections.service("escalation")
    decision = await decided(scene, "replayed")
    await settle_causes.settle(watched, cause.key, decision)
    await garbage(scene, count=3)
    again = await the_large_one(scene)
    assert (again.key, again.messages) == (cause.key, 3)
    done = await settle_causes.settle(watched, cause.key, decision)
    assert (done.settled, done.left) == (0, 0)


async def test_the_page_decides_about_all_messages_of_a_cause(scene: Scene, enter: Enter) -> None:
    await garbage(scene, count=12)
    browse = await enter()
    cause = await the_large_one(scene)
    address = f"/quarantaine/escalation/cause/{cause.key}"
    listed = (await browse.get("/quarantaine")).text
    assert address in listed
    assert "son contenu n’est pas du JSON" in listed
    assert "L’enveloppe du message n’est pas celle de nos services" in listed
    page = await browse.get(address)
    assert len(re.findall(r'<a\s+href="/quarantaine/escalation/', page.text)) == causes.PREVIEWED
    sent = {**fields_of(page), "action": "discard"}
    refused = await browse.post(address, data={**sent, "why": ""})
    assert (refused.status_code, "Donnez le motif" in refused.text) == (400, True)
    await an_unreadable_message(scene.inbox, b" " * 20 + b"came meanwhile")
    done = await browse.post(address, data={**sent, "why": "inventés"})
    assert done.headers["location"] == "/quarantaine"
    assert "12\u00a0messages écartés" in (await browse.get("/quarantaine")).text
    left = await causes.list_causes(scene.escalation, "escalation")
    assert [one.messages for one in left] == [1, 1], "what came after the page was shown waits"
    assert "messages d’une cause écartés" in (await browse.get("/actions")).text


async def test_a_program_decides_about_all_messages_of_a_cause(
    scene: Scene, browse: httpx2.AsyncClient, bearer: Bearer
) -> None:
    await garbage(scene, count=12)
    headers = await bearer()
    large = (await browse.get("/api/v1/quarantine/causes", headers=headers)).json()["items"][0]
    assert (large["messages"], len(large["preview"])) == (12, 10)
    assert large["allowed_actions"] == ["replay", "discard"]
    where = f"/api/v1/quarantine/escalation/causes/{large['key']}"
    answer = await browse.post(f"{where}/replay", headers=headers, json={"why": "mise à jour"})
    assert answer.json() == {"settled": 12, "left": 0}
    assert (
        await scene.escalation.fetchval("SELECT count(*) FROM quarantine WHERE settlement = 'replayed' AND NOT taken")
        == 12
    )
    again = await browse.post(f"{where}/discard", headers=headers, json={"why": "encore"})
    assert (again.status_code, again.json()["code"]) == (404, "no_such_cause")
    assert (await browse.post(f"{where}/burn", headers=headers, json={"why": "encore"})).status_code in {400, 404}


async def test_lists_count_all_there_is_whatever_they_show(
    scene: Scene, browse: httpx2.AsyncClient, bearer: Bearer
) -> None:
    await garbage(scene, count=12)
    headers = await bearer()
    page = (await browse.get("/api/v1/quarantine?page=3&per_page=5", headers=headers)).json()
    assert (page["total"], len(page["items"])) == (13, 3)


@pytest.mark.parametrize("departements", [[], ["78"]])
async def test_who_may_not_decides_nothing(
    scene: Scene, browse: httpx2.AsyncClient, bearer: Bearer, departements: list[str]
) -> None:
    await garbage(scene, count=2)
    cause = await the_large_one(scene)
    headers = await bearer(Role.OPERATOR if departements else Role.AUDITOR, *departements)
    items = (await browse.get("/api/v1/quarantine/causes", headers=headers)).json()["items"]
    assert [one["allowed_actions"] for one in items] == ([] if departements else [[], []])
    where = f"/api/v1/quarantine/escalation/causes/{cause.key}/discard"
    status = (await browse.post(where, headers=headers, json={"why": "x"})).status_code
    assert status == (404 if departements else 403)
    retry = await browse.post("/api/v1/held/escalation/retry-all", headers=headers, json={"why": "x"})
    assert retry.status_code == (404 if departements else 403)


async def test_the_page_tries_all_held_streams_of_a_group_again(scene: Scene, enter: Enter) -> None:
    for _ in range(2):
        await a_held_stream(scene.inbox, scene.broken, scene.escalation, given_up=True)
    browse = await enter()
    page = await browse.get("/retenues")
    assert "(2\u00a0demandes)" in page.text
    chosen = {**fields_of(page), "group": "escalation failed intake.message_posted.v1"}
    assert (await browse.post("/retenues", data={**chosen, "why": " "})).status_code == 400
    assert (await browse.post("/retenues", data={**chosen, "group": "x", "why": "y"})).status_code == 400
    scene.broken.texts.clear()
    done = await browse.post("/retenues", data={**chosen, "why": "corrigé"})
    assert done.status_code == 303
    assert "Nouvel essai de 2\u00a0demandes retenues" in (await browse.get("/retenues")).text

    async def applied() -> bool:
        await scene.inbox.retry_held()
        return await held.count(scene.escalation) == [0]

    await eventually(applied)


async def test_a_program_tries_all_held_streams_again(scene: Scene, browse: httpx2.AsyncClient, bearer: Bearer) -> None:
    await a_held_stream(scene.inbox, scene.broken, scene.escalation, given_up=True)
    order = {"why": "corrigé", "code": "failed"}
    answer = await browse.post("/api/v1/held/escalation/retry-all", headers=await bearer(), json=order)
    assert answer.json() == {"service": "escalation", "retried": 1}


async def test_a_held_streams_page_says_its_code(scene: Scene, enter: Enter) -> None:
    one = await a_held_stream(scene.inbox, scene.broken, scene.escalation)
    await scene.escalation.fetch("UPDATE inbox_held SET code = 'forked', next_attempt_at = NULL")
    page = (await (await enter()).get(f"/retenues/escalation?evenement={one.event_id}")).text
    assert "histoire divergente (forked)" in page
