"""Events arrive in any order and more than once; each person is owed each mail once."""

from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.notifications.domain.audiences import AUDIENCES, Nobody
from services.notifications.handlers import handlers
from services.notifications.rendering import examples
from services.notifications.replay import TABLES
from services.notifications.usecases.parts import Parts
from services.operations.usecases.replay.comparison import compare
from shared.contracts import escalation, intake, notifications, qualification
from shared.contracts.fact import Fact
from shared.contracts.vocabulary import Programme
from shared.db import Database
from shared.identity.model import Role
from shared.messaging.inbox.inbox import Inbox
from tests.conftest import FreshDatabase
from tests.notifications.conftest import People, World, statuses
from tests.wire import Streams


async def recipients(database: Database, template: str) -> list[str]:
    rows = await database.fetch("SELECT recipient FROM delivery WHERE template = $1 ORDER BY recipient", template)
    return [row["recipient"] for row in rows]


async def test_a_filed_request_is_acknowledged_and_announced(world: World, database: Database) -> None:
    await world.filed()
    assert await recipients(database, "request_submitted") == ["contact@commune.test"]
    assert await recipients(database, "new_request") == ["anct95@val-doise.gouv.fr"]


async def test_the_same_event_twice_owes_nothing_more(world: World, database: Database) -> None:
    (event_id,) = await world.consume(examples.example_of(intake.RequestSubmitted))
    world.streams = Streams()
    await world.consume(examples.example_of(intake.RequestSubmitted), ids=[event_id])
    assert len(await statuses(database)) == 2


async def test_an_event_of_an_unknown_request_waits_and_heals_by_itself(world: World, database: Database) -> None:
    await world.consume(examples.example_of(qualification.MessagePosted))
    assert await world.held() == ["RequestNotKnownYet: request_not_known_yet"]
    assert await statuses(database) == []
    await world.filed()
    await world.heal()
    assert await world.held() == []
    assert await recipients(database, "message_posted") == ["contact@commune.test"]


@pytest.mark.parametrize(
    "fact", [fact for fact in examples.facts() if type(fact) not in notifications.FACTS], ids=lambda f: f.wire_type
)
async def test_every_fact_of_the_others_owes_the_mails_of_the_table(
    world: World, database: Database, fact: Fact
) -> None:
    if not isinstance(fact, intake.RequestSubmitted):
        await world.filed()
    (event_id,) = await world.consume(fact)
    assert await world.held() == []
    mails = AUDIENCES[type(fact)]
    assert not isinstance(mails, Nobody)
    owed = await database.fetch("SELECT audience, template, status FROM delivery WHERE event_id = $1", event_id)
    wanted = {(mail.audience, mail.template) for mail in mails if mail.when(fact, False)}
    assert {(row["audience"], row["template"]) for row in owed} == wanted
    assert {row["status"] for row in owed} <= {"queued"}


async def test_a_team_without_a_known_mailbox_is_a_visible_failure(world: World, database: Database) -> None:
    await world.filed()
    directed = examples.example_of(qualification.DirectedToProgramme)
    assert isinstance(directed, qualification.DirectedToProgramme)
    await world.consume(directed.model_copy(update={"programme": Programme.RURALITES}))
    row = await database.fetchrow("SELECT recipient, status, reason FROM delivery WHERE audience = 'programme'")
    assert row is not None
    assert (row["recipient"], row["status"]) == ("", "failed")
    assert "Aucune adresse" in row["reason"]
    assert await database.fetchval("SELECT type FROM journal") == "notifications.delivery_failed.v1"


async def test_a_provider_whose_catalogue_address_is_none_is_told_to_the_departement(
    world: World, database: Database
) -> None:
    await world.filed()
    oriented = examples.example_of(qualification.OrientedLocally)
    assert isinstance(oriented, qualification.OrientedLocally)
    nowhere = oriented.provider.model_copy(update={"email": "à demander\r\nBcc: x@y.test"})
    await world.consume(oriented.model_copy(update={"provider": nowhere}))
    assert await recipients(database, "orientation_asked") == [""]
    assert await recipients(database, "delivery_problem") == ["anct95@val-doise.gouv.fr"]


async def test_a_departement_s_address_is_learned_from_what_it_tells(world: World, database: Database) -> None:
    submitted = examples.example_of(intake.RequestSubmitted).model_copy(update={"departement": "78"})
    registered = examples.example_of(qualification.RequestRegistered)
    assert isinstance(registered, qualification.RequestRegistered)
    service = qualification.Service(name="SAT des Yvelines", email="sat78@cousu.test")
    await world.consume(submitted)
    assert await recipients(database, "new_request") == [""]
    await world.consume(registered.model_copy(update={"departement": "78", "service": service}))
    await world.consume(examples.example_of(intake.InformationProvided).model_copy(update={"departement": "78"}))
    assert await recipients(database, "information_provided") == ["sat78@cousu.test"]
    text = await database.fetchval("SELECT text_body FROM delivery WHERE template = 'request_registered'")
    assert "SAT des Yvelines" in text


async def test_a_new_tracking_link_is_the_one_that_is_sent(world: World, database: Database) -> None:
    await world.filed()
    await world.consume(examples.example_of(intake.TrackingLinkReplaced))
    assert await database.fetchval("SELECT link_generation FROM known_request") == 2


async def test_no_secret_link_is_kept(world: World, database: Database) -> None:
    await world.filed()
    await world.consume(examples.example_of(qualification.OrientedLocally))
    kept = await database.fetchval("SELECT string_agg(text_body || html_body, '') FROM delivery")
    assert "/suivi/" not in kept
    assert "/orientations/" not in kept


async def test_the_national_team_hears_of_a_withdrawal_after_an_escalation(world: World, database: Database) -> None:
    await world.filed()
    await world.consume(examples.example_of(qualification.RequestEscalated))
    await world.consume(examples.example_of(qualification.WithdrawalAccepted))
    assert await recipients(database, "withdrawn_for_team") == ["anct95@val-doise.gouv.fr", "national@cousu.test"]


@pytest.mark.parametrize(
    ("accepted", "late"),
    [
        (escalation.WithdrawalAccepted, qualification.DirectedToProgramme),
        (escalation.WithdrawalAccepted, qualification.RequestEscalated),
        (qualification.WithdrawalAccepted, qualification.RequestTransferred),
        (qualification.WithdrawalAccepted, escalation.EscalationReturned),
        (qualification.WithdrawalAccepted, escalation.WithdrawalDeclined),
    ],
    ids=lambda kind: kind.wire_type,
)
async def test_a_step_that_arrives_after_the_accepted_withdrawal_makes_no_mail_and_no_notice(
    world: World, database: Database, accepted: type[Fact], late: type[Fact]
) -> None:
    await world.filed()
    await world.consume(examples.example_of(accepted))
    before = await statuses(database)
    await world.consume(examples.example_of(late))
    assert await world.held() == []
    assert await statuses(database) == before
    assert await database.fetchval("SELECT withdrawn_at FROM known_request") == examples.AT


async def test_a_rebuilt_database_agrees_whichever_of_two_streams_arrived_first(
    parts: Parts, fresh_database: Callable[[str], Awaitable[FreshDatabase]]
) -> None:
    filed, escalated, accepted = uuid4(), uuid4(), uuid4()
    arrivals: tuple[tuple[type[Fact], UUID], ...] = (
        (qualification.RequestEscalated, escalated),
        (escalation.WithdrawalAccepted, accepted),
    )
    urls = []
    for order in (arrivals, arrivals[::-1]):
        fresh = await fresh_database("notifications")
        urls.append(fresh.owner_url)
        database = await Database.connect(fresh.app_url, name="notifications")
        world = World(database, Inbox(database, handlers(parts)))
        await world.consume(examples.example_of(intake.RequestSubmitted), ids=[filed])
        for kind, event_id in order:
            await world.consume(examples.example_of(kind), ids=[event_id])
        owed = await recipients(database, "request_escalated")
        assert bool(owed) == (order is arrivals)
        await database.close()
    here, there = [await asyncpg.connect(url) for url in urls]
    for table in TABLES:
        if table.name in {"known_request", "delivery"}:
            async with here.transaction(), there.transaction():
                found = await compare(here, there, table, moving=())
            assert found.alike
            assert found.differences == []
    await here.close()
    await there.close()


async def test_what_people_wrote_is_mailed_after_an_accepted_withdrawal_too(world: World, database: Database) -> None:
    await world.filed()
    await world.consume(examples.example_of(escalation.WithdrawalAccepted))
    await world.consume(examples.example_of(qualification.MessagePosted))
    await world.consume(examples.example_of(intake.TrackingLinkReplaced))
    assert await recipients(database, "message_posted") == ["contact@commune.test"]
    assert await recipients(database, "tracking_link_replaced") == ["contact@commune.test"]


async def test_an_agent_who_asked_for_copies_gets_them_in_his_departement_only(
    world: World, database: Database, people: People
) -> None:
    for departement in ("95", "78"):
        agent = await people.agent(Role.SAT_AGENT, departement)
        async with database.transaction() as tx:
            await tx.execute(
                """
                INSERT INTO preference (holder, audience, template, cadence, hour, weekday, changed_by, changed_at)
                VALUES ($1, 'departement', '*', 'instant', 8, 0, $2, now())
                """,
                f"agent:{agent.id}",
                agent.id,
            )
    await world.filed()
    assert await recipients(database, "new_request") == ["anct95@val-doise.gouv.fr", "sat-agent95@cousu.test"]


async def test_facts_that_concern_nobody_do_not_wait_for_a_request(world: World) -> None:
    milestone = escalation.MilestonePlanned(
        request_id=uuid4(), departement="95", at=examples.AT, milestone_id=uuid4(), title="Étude", due_on=examples.DUE
    )
    await world.consume(milestone)
    assert await world.held() == []
