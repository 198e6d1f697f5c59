"""What keeps a request from going on: the cause is named, what is away is never taken for well, each has its French."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import asyncpg
import pytest

from services.operations.adapters.connections import Connections, Watched
from services.operations.domain.obstacles import Cause, Obstacle, What
from services.operations.reads import journals
from services.operations.reads.awaited import Awaited, awaited
from services.operations.reads.obstacles import obstacles
from shared import clock
from shared.clock import new_id
from shared.db import Database
from shared.messaging import journal
from shared.messaging.inbox.message import Message
from shared.messaging.names import LEADER_LOCK
from tests.conftest import FreshDatabase
from tests.operations.conftest import Scene
from tests.operations.test_journals import hear_all, told
from tests.operations.trouble import publish
from tests.shared.messaging.conftest import a_message

Fresh = Callable[[str], Awaitable[FreshDatabase]]
MINUTE = timedelta(minutes=1)


async def keeping(connections: Connections, request_id: UUID, after: timedelta = MINUTE) -> list[Obstacle]:
    """Look as an operator does who comes so long afterwards."""
    trail = await journals.trail(connections, str(request_id))
    return await obstacles(connections, trail, at=clock.now() + after)


async def sent(scene: Scene) -> None:
    """Do as if the broker had confirmed everything."""
    async with scene.intake.transaction() as tx:
        await tx.execute("DELETE FROM outbox")


@pytest.fixture
async def with_mails(scene: Scene, fresh_database: Fresh) -> AsyncIterator[Connections]:
    """The scene with the service that sends mails."""
    database = await Database.connect((await fresh_database("notifications")).app_url, name="test")
    services = {**scene.connections.services, "notifications": Watched("notifications", database, "notifications")}
    yield replace(scene.connections, services=services)
    await database.close()


async def test_nothing_keeps_a_request_whose_events_were_applied_or_are_just_on_their_way(scene: Scene) -> None:
    request_id = new_id()
    await told(scene.intake, a_message(request_id, "Bonjour"))
    assert await keeping(scene.connections, request_id, timedelta(0)) == []
    await sent(scene)
    await hear_all(scene)
    assert await keeping(scene.connections, request_id) == []


async def test_a_held_event_says_why_and_when_it_is_tried_next_and_hides_what_waits_behind_it(scene: Scene) -> None:
    request_id = new_id()
    scene.broken.texts.add("first")
    for text in ("first", "second"):
        await told(scene.intake, a_message(request_id, text))
    await sent(scene)
    await hear_all(scene)
    [one] = await keeping(scene.connections, request_id)
    assert (one.what, one.where, one.events, one.attempts) == ("held", "escalation", 2, 1)
    assert one.reason == "RuntimeError: cannot be applied yet"
    assert one.next_attempt_at is not None


async def test_an_event_that_nobody_sends_says_whether_there_is_a_relay(scene: Scene) -> None:
    request_id = new_id()
    await told(scene.intake, a_message(request_id, "Bonjour"))
    [one] = await keeping(scene.connections, request_id)
    assert (one.what, one.where, one.cause) == ("unsent", "intake", "no_relay")
    for name, cause in (("intake", "not_taken"), ("", "no_relay")):
        settings = {"application_name": name}
        leader = await asyncpg.connect(scene.urls["intake"].app_url, server_settings=settings)
        await leader.fetchval("SELECT pg_advisory_lock($1)", LEADER_LOCK)
        [one] = await keeping(scene.connections, request_id)
        await leader.close()
        assert one.cause == cause, "a session that is not the service's holds the lock, and sends nothing"


async def test_an_event_that_does_not_come_says_that_nobody_listens(scene: Scene) -> None:
    request_id = new_id()
    await told(scene.intake, a_message(request_id, "Bonjour"))
    await sent(scene)
    [one] = await keeping(scene.connections, request_id)
    assert (one.what, one.where, one.cause, one.queue) == ("missing", "escalation", "no_consumer", "escalation")


async def test_a_service_whose_database_refuses_is_never_taken_for_one_where_all_is_well(scene: Scene) -> None:
    request_id = new_id()
    await told(scene.intake, a_message(request_id, "Bonjour"))
    await sent(scene)
    owner = await asyncpg.connect(scene.urls["escalation"].owner_url)
    await owner.execute("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM shared_operators")
    [one] = await keeping(scene.connections, request_id)
    await owner.close()
    assert (one.what, one.where, one.cause) == ("away", "escalation", "database_refuses")


async def test_an_unreadable_message_is_found_by_the_request_that_it_names(scene: Scene) -> None:
    request_id = new_id()
    await told(scene.intake, a_message(request_id, "Bonjour"))
    await sent(scene)
    body = b'{"specversion": "1.0", "subject": "' + str(request_id).encode() + b'"}'
    await scene.inbox.process([Message(body, "intake.message_posted.95")])
    missing, unreadable = await keeping(scene.connections, request_id)
    assert (missing.what, unreadable.what, unreadable.urgent) == ("missing", "unreadable", True)
    await hear_all(scene)
    [unreadable] = await keeping(scene.connections, request_id)
    assert not unreadable.urgent, "the true event came: it keeps nothing any more"


async def test_what_found_no_queue_is_looked_for_where_it_is_parked(scene: Scene) -> None:
    request_id = new_id()
    await told(scene.intake, a_message(request_id, "Bonjour"))
    await sent(scene)
    await publish(scene.channel, b"lost", "notifications.delivery_failed.95")
    await scene.channel.queue_delete("escalation")
    [one] = await keeping(scene.connections, request_id)
    assert one.cause == "no_queue"


async def test_a_request_that_nothing_keeps_says_whom_it_waits_for_to_who_may_see_it(scene: Scene) -> None:
    request_id = new_id()
    async with scene.intake.transaction() as tx:
        await tx.execute(
            """
            INSERT INTO request (id, number, filed_departement, departement, departement_at, submitted_at, body, status,
                                 status_at, team, expected)
            VALUES ($1, '95-2026-000001', '95', '95', now(), now(), '{}', 'registered', now(), 'departement', $2)
            """,
            request_id,
            {"team": "departement", "what": "begin_examination", "until": "2026-12-04"},
        )
    found = await awaited(scene.connections, request_id)
    assert found == Awaited(team="departement", what="Commencer l’examen de votre demande.", until=date(2026, 12, 4))
    assert await awaited(scene.connections, request_id, perimeter=["78"]) is None
    assert await awaited(scene.connections, new_id()) is None


async def test_a_mail_that_was_refused_is_told_beside_the_request(with_mails: Connections, scene: Scene) -> None:
    request_id = new_id()
    await told(scene.intake, a_message(request_id, "Bonjour"))
    await sent(scene)
    await hear_all(scene)
    mail_service = with_mails.service("notifications").database
    await a_mail(mail_service, request_id)
    found = {one.what: one for one in await keeping(with_mails, request_id)}
    assert (found[What.MAIL].reason, found[What.MAIL].attempts, found[What.MAIL].urgent) == (
        "550 no such user",
        3,
        True,
    )


async def a_mail(
    database: Database, request_id: UUID, *, recipient: str = "mairie@magny.test", **changes: object
) -> UUID:
    """A mail that the mail server refused."""
    mail_id = new_id()
    values = {"status": "failed", "attempts": 3, "reason": "550 no such user", "departement": "95"} | changes
    async with database.transaction() as tx:
        await tx.execute(
            """
            INSERT INTO delivery (
                id, event_id, event_type, event_at, request_id, number, departement, audience, template, holder,
                recipient, subject, text_body, html_body, link_kind, link_target, thread_id, cadence, status, attempts,
                tried_since, reason, created_at)
            VALUES ($1, $1, 'qualification.request_registered.v1', now(), $2, '95-2026-000001', $7, 'applicant',
                    'registered', 'contact', $3, 'Votre demande', '', '', '', '', $1, 'instant', $4, $5,
                    now() - interval '5 minutes', $6, now())
            """,
            mail_id,
            request_id,
            recipient,
            values["status"],
            values["attempts"],
            values["reason"],
            values["departement"],
        )
    return mail_id


@pytest.mark.parametrize("what", list(What))
@pytest.mark.parametrize("cause", [None, *Cause])
def test_every_obstacle_is_said_in_french_with_what_follows_and_what_to_do(what: What, cause: Cause | None) -> None:
    obstacle = Obstacle(what=what, where="escalation", cause=cause, ref="1", event_id="2", queue="escalation")
    assert obstacle.place == "Équipe nationale"
    said = obstacle.french
    assert min(len(said.sentence), len(said.follows), len(said.remedy)) > 5
    assert "{" not in f"{said.sentence}{said.page}{obstacle.english}"


async def test_the_page_says_first_what_keeps_the_request(
    scene: Scene, enter: Callable[..., Awaitable[object]]
) -> None:
    request_id = new_id()
    scene.broken.texts.add("first")
    async with scene.intake.transaction() as tx:
        await journal.record(tx, a_message(request_id, "first"))
    await sent(scene)
    await hear_all(scene)
    browse = await enter()
    shown = (await browse.get(f"/demandes/{request_id}")).text  # type: ignore[attr-defined] # a browser
    assert "Le programme du service a échoué sur cet événement." in shown
    assert "cannot be applied yet" in shown
    assert "/conduite#cousudemanderetenue" in shown
