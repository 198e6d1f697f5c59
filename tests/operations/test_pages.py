"""The operator's page: who may open it, what it says, and what its forms do."""

import re
from collections.abc import Awaitable, Callable
from urllib.parse import quote

import httpx2
import pytest

from services.operations.reads import quarantine
from services.operations.store import record
from services.operations.usecases import retry_held
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

Enter = Callable[..., Awaitable[httpx2.AsyncClient]]


def fields_of(page: httpx2.Response) -> dict[str, str]:
    """Read the hidden fields of the page's main form."""
    form = page.text.rsplit("<main", 1)[1]
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))


PAGES = ["/", "/retenues", "/quarantaine", "/files/unrouted", "/demandes", "/journaux", "/actions", "/conduite"]


async def test_nobody_sees_anything_before_he_signed_in(browse: httpx2.AsyncClient) -> None:
    for address in PAGES:
        answer = await browse.get(address)
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/connexion"), address


async def test_an_agent_of_another_role_is_refused(enter: Enter) -> None:
    browse = await enter(Role.DELEGATE)
    for address in PAGES:
        assert (await browse.get(address)).status_code == 403, address


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.AUDITOR])
async def test_operators_and_auditors_see_every_page(enter: Enter, role: Role) -> None:
    browse = await enter(role)
    for address in PAGES:
        answer = await browse.get(address)
        assert answer.status_code == 200, (address, answer.text)


async def test_an_auditor_sees_but_does_not_act(scene: Scene, enter: Enter) -> None:
    one = await a_held_stream(scene.inbox, scene.broken, scene.escalation)
    browse = await enter(Role.AUDITOR)
    shown = await browse.get(f"/retenues/escalation?evenement={one.event_id}")
    assert "Essayer à nouveau" not in shown.text
    answer = await browse.post(
        "/retenues/escalation",
        data={**fields_of(await browse.get("/")), "event_id": one.event_id, "action": "skip", "why": "essai"},
    )
    assert answer.status_code == 403
    assert await record.latest(scene.escalation, "escalation") == []


async def test_the_overview_names_what_needs_a_hand_and_leads_there(scene: Scene, enter: Enter) -> None:
    await a_held_stream(scene.inbox, scene.broken, scene.escalation, given_up=True)
    shown = (await (await enter()).get("/")).text
    assert "Une intervention est nécessaire" in shown
    assert 'href="/retenues"' in shown
    assert "Équipe nationale" in shown


async def test_a_held_event_is_tried_again_with_a_motive(scene: Scene, enter: Enter) -> None:
    one = await a_held_stream(scene.inbox, scene.broken, scene.escalation, given_up=True)
    scene.broken.texts.clear()
    browse = await enter()
    page = await browse.get(f"/retenues/escalation?evenement={one.event_id}")
    sent = {**fields_of(page), "action": "retry", "why": "corrigé"}
    answer = await browse.post("/retenues/escalation", data=sent)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/demandes/{one.subject}")
    assert "nouvel essai dans la seconde" in (await browse.get("/retenues")).text
    await scene.inbox.retry_held()
    assert scene.broken.applied == ["first", "second", "third"]
    [done] = await record.latest(scene.escalation, "escalation")
    assert (done.action, done.by, done.why) == ("held.retry", "operator@cousu.test", "corrigé")


async def test_a_motive_is_asked_for_and_what_was_typed_stays(scene: Scene, enter: Enter) -> None:
    one = await a_held_stream(scene.inbox, scene.broken, scene.escalation)
    browse = await enter()
    page = await browse.get(f"/retenues/escalation?evenement={one.event_id}")
    for why, said in (("", "Donnez le motif"), ("x" * 501, "x" * 501)):
        answer = await browse.post("/retenues/escalation", data={**fields_of(page), "action": "skip", "why": why})
        assert answer.status_code == 400
        assert said in answer.text
    assert await record.latest(scene.escalation, "escalation") == []


async def test_an_event_is_left_aside_only_by_whoever_confirms_it(scene: Scene, enter: Enter) -> None:
    one = await a_held_stream(scene.inbox, scene.broken, scene.escalation)
    browse = await enter()
    page = await browse.get(f"/retenues/escalation?evenement={one.event_id}")
    sent = {**fields_of(page), "action": "skip", "why": "sans effet"}
    answer = await browse.post("/retenues/escalation", data=sent)
    assert answer.status_code == 400
    assert "Confirmez" in answer.text
    assert "sans effet</textarea>" in answer.text
    assert await record.latest(scene.escalation, "escalation") == []


async def test_after_an_action_the_way_of_the_request_shows_what_comes_of_it(scene: Scene, enter: Enter) -> None:
    one = await a_held_stream(scene.inbox, scene.broken, scene.escalation)
    browse = await enter()
    sent = fields_of(await browse.get(f"/retenues/escalation?evenement={one.event_id}"))
    answer = await browse.post("/retenues/escalation", data={**sent, "action": "retry", "why": "essai"})
    assert answer.headers["location"] == f"/demandes/{one.subject}"


async def test_a_double_click_acts_once(scene: Scene, enter: Enter) -> None:
    one = await a_held_stream(scene.inbox, scene.broken, scene.escalation)
    browse = await enter()
    sent = {
        **fields_of(await browse.get(f"/retenues/escalation?evenement={one.event_id}")),
        "action": "skip",
        "why": "sans effet",
        "sure": "true",
    }
    answers = [await browse.post("/retenues/escalation", data=sent) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert len(await record.latest(scene.escalation, "escalation")) == 1


async def test_whoever_comes_after_somebody_else_is_told_and_led_to_the_request(scene: Scene, enter: Enter) -> None:
    one = await a_held_stream(scene.inbox, scene.broken, scene.escalation)
    browse = await enter()
    sent = fields_of(await browse.get(f"/retenues/escalation?evenement={one.event_id}"))
    await retry_held.skip(scene.connections.service("escalation"), one.event_id, by="un collègue", why="sans effet")
    answer = await browse.post("/retenues/escalation", data={**sent, "action": "retry", "why": "essai"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/demandes/{one.subject}")
    assert "ne retient plus rien" in (await browse.get("/retenues")).text


async def test_an_unreadable_message_is_shown_escaped_and_sent_again(scene: Scene, enter: Enter) -> None:
    await an_unreadable_message(scene.inbox, b"<script>alert(1)</script>")
    [one] = await quarantine.list_quarantined(scene.escalation, "escalation")
    browse = await enter()
    assert f"/quarantaine/escalation/{one.id}" in (await browse.get("/quarantaine")).text
    page = await browse.get(f"/quarantaine/escalation/{one.id}")
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert" in page.text
    answer = await browse.post(
        f"/quarantaine/escalation/{one.id}", data={**fields_of(page), "action": "replay", "why": "mise à jour"}
    )
    assert answer.headers["location"] == "/quarantaine"
    [(_, message)] = await resubmitted.following(scene.escalation)
    assert message.body == b"<script>alert(1)</script>"
    assert "renvoyé" in (await browse.get("/quarantaine?etat=traites")).text


async def test_a_damaged_message_can_only_be_put_away(scene: Scene, enter: Enter) -> None:
    await scene.inbox.process([Message(wire(a_message(new_id()), 1), "intake.message_posted.95", damaged=True)])
    [one] = await quarantine.list_quarantined(scene.escalation, "escalation")
    browse = await enter()
    address = f"/quarantaine/escalation/{one.id}"
    page = await browse.get(address)
    assert "redemandé automatiquement" in page.text
    assert "Renvoyer au service" not in page.text
    answer = await browse.post(address, data={**fields_of(page), "action": "replay", "why": "tout de même"})
    assert answer.status_code == 409
    assert "abîmé en route" in answer.text
    answer = await browse.post(address, data={**fields_of(page), "action": "discard", "why": "abîmé"})
    assert answer.status_code == 303


async def test_a_requests_events_are_sent_again_to_the_service_that_was_chosen(scene: Scene, enter: Enter) -> None:
    request_id = new_id()
    for text in ("first", "second"):
        await told(scene.intake, a_message(request_id, text))
    await scene.intake.fetch("DELETE FROM outbox RETURNING position")
    browse = await enter()
    page = await browse.get(f"/demandes/{request_id}")
    sent = {**fields_of(page), "source": "/intake", "queue": "escalation", "why": "file vidée"}
    answer = await browse.post(f"/demandes/{request_id}", data=sent)
    assert answer.status_code == 303
    assert await scene.intake.fetchval("SELECT count(*) FROM outbox WHERE queue = 'escalation'") == 2
    assert "2\u00a0événements sont renvoyés" in (await browse.get(f"/demandes/{request_id}")).text
    assert "file vidée" in (await browse.get("/actions")).text


async def test_a_resend_without_a_motive_is_refused_and_keeps_what_was_chosen(scene: Scene, enter: Enter) -> None:
    request_id = new_id()
    await told(scene.intake, a_message(request_id, "first"))
    await scene.intake.fetch("DELETE FROM outbox RETURNING position")
    browse = await enter()
    page = await browse.get(f"/demandes/{request_id}")
    sent = {**fields_of(page), "source": "/intake", "queue": "escalation", "why": " "}
    answer = await browse.post(f"/demandes/{request_id}", data=sent)
    assert answer.status_code == 400
    assert "Donnez le motif" in answer.text
    assert '<option value="escalation" selected>' in answer.text
    assert await scene.intake.fetchval("SELECT count(*) FROM outbox") == 0


async def test_an_auditor_sees_a_request_and_sends_nothing_again(scene: Scene, enter: Enter) -> None:
    request_id = new_id()
    await told(scene.intake, a_message(request_id, "first"))
    browse = await enter(Role.AUDITOR)
    page = await browse.get(f"/demandes/{request_id}")
    assert "Renvoyer les événements" not in page.text
    answer = await browse.post(f"/demandes/{request_id}", data={"source": "/intake", "why": "essai"})
    assert answer.status_code == 403


async def test_dead_letters_are_sent_back(scene: Scene, enter: Enter) -> None:
    await a_dead_letter(scene, "escalation", wire(a_message(new_id()), 1))
    browse = await enter()
    page = await browse.get("/files/escalation.dead")
    assert "Message du demandeur" in page.text
    answer = await browse.post("/files/escalation.dead", data={**fields_of(page), "why": "corrigé"})
    assert answer.status_code == 303
    assert len(await resubmitted.following(scene.escalation)) == 1
    assert "1\u00a0message remis en file" in (await browse.get("/files/escalation.dead")).text


async def test_undelivered_are_published_again(scene: Scene, enter: Enter) -> None:
    await publish(scene.channel, b"lost", "notifications.delivery_failed.95")

    async def parked() -> bool:
        return await depth(scene.channel, UNROUTED_QUEUE) == 1

    await eventually(parked)
    browse = await enter()
    page = await browse.get("/files/unrouted")
    assert "notifications.delivery_failed.95" in page.text
    await browse.post("/files/unrouted", data={**fields_of(page), "why": "la file existe"})
    assert "1 toujours sans destinataire" in (await browse.get("/files/unrouted")).text


async def test_only_parking_queues_can_be_opened(enter: Enter) -> None:
    browse = await enter()
    assert (await browse.get("/files/escalation")).status_code == 404


async def test_a_request_that_nobody_told_about_is_not_found(enter: Enter) -> None:
    browse = await enter()
    for reference in (str(new_id()), "95-2026-000123"):
        assert (await browse.get(f"/demandes/{reference}")).status_code == 404
    unreadable = await browse.get(f"/demandes/{quote('n’importe quoi')}")
    assert unreadable.status_code == 400
    assert "95-2026-000123" in unreadable.text


async def test_the_search_leads_to_the_request(enter: Enter) -> None:
    answer = await (await enter()).get("/demandes?numero=+95-2026-000123+")
    assert answer.headers["location"] == "/demandes/95-2026-000123"


async def test_actions_are_listed_with_who_and_why(scene: Scene, enter: Enter) -> None:
    one = await a_held_stream(scene.inbox, scene.broken, scene.escalation)
    await retry_held.retry(scene.connections.service("escalation"), one.event_id, by="exploitant", why="base réparée")
    shown = (await (await enter()).get("/actions")).text
    assert "base réparée" in shown
    assert "nouvel essai" in shown


async def test_the_runbook_has_no_link_that_leads_nowhere(enter: Enter) -> None:
    browse = await enter()
    page = (await browse.get("/conduite")).text.rsplit("<main", 1)[1]
    ids = set(re.findall(r'id="([^"]+)"', page))
    links = re.findall(r'<a href="([^"]+)"', page)
    assert len(links) > 10
    assert [link for link in links if link.startswith("#") and link[1:] not in ids] == []
    assert [link for link in links if ".md" in link] == []
    assert "(lesquels)" in page


async def test_actions_are_found_by_their_words_and_taken_home(scene: Scene, enter: Enter) -> None:
    for why in ("panne 100%", "mise à jour"):
        one = await a_held_stream(scene.inbox, scene.broken, scene.escalation)
        await retry_held.retry(scene.connections.service("escalation"), one.event_id, by="astreinte", why=why)
    browse = await enter()
    found = (await browse.get("/actions?q=100%25")).text
    assert ("panne 100%" in found, "mise à jour" in found) == (True, False)
    assert "Aucune action" in (await browse.get("/actions?service=intake")).text
    file = await browse.get("/actions.csv?q=mise")
    assert file.headers["content-type"].startswith("text/csv")
    heading, row = file.content.decode("utf-8-sig").splitlines()
    assert heading == "Quand;Qui;Quoi;Service;Sur quoi;Motif"
    assert row.endswith(";mise à jour")
    assert (await browse.get("/actions?service=nobody")).status_code == 404
