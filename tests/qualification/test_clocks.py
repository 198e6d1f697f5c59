"""What happens because time passes, and what two people do at the same time."""

import asyncio
from datetime import timedelta

import pytest

from services.qualification.domain.rules import Rules
from services.qualification.jobs import look_once, running
from services.qualification.usecases.deadlines import publish_late_stages
from services.qualification.usecases.orienting import give_up_silent
from shared import clock
from shared.contracts import escalation
from shared.contracts.vocabulary import Role
from shared.db import Database
from shared.messaging.inbox.inbox import Inbox
from tests.polling import eventually
from tests.qualification.acting import CAUE, ESCALATION, ORIENTATION, answered, done, proposed, told
from tests.qualification.conftest import Program, Programs
from tests.qualification.life import NATIONAL, Life, in_days, long_ago
from tests.wrong_clock import WRONG, set_clock


async def test_a_late_stage_is_told_once_even_by_several_copies(inbox: Inbox, database: Database, rules: Rules) -> None:
    life = Life(inbox)
    await life.submitted(at=long_ago())
    await asyncio.gather(*(look_once(database, rules) for _ in range(3)))
    assert (await told(database, life)).count("stage_overdue") == 1


async def test_each_stage_is_told_by_itself(sat: Program, inbox: Inbox, database: Database, rules: Rules) -> None:
    life = Life(inbox)
    await life.submitted(at=long_ago())
    await look_once(database, rules)
    await done(sat, life, "examination")
    async with database.transaction() as tx:
        assert await publish_late_stages(tx, at=clock.now()) == 0
    async with database.transaction() as tx:
        assert await publish_late_stages(tx, at=clock.now() + timedelta(days=60)) == 1
    assert (await sat.get("/cases", params={"overdue": "true"})).json()["total"] == 0


async def test_late_cases_come_first_and_are_filtered(sat: Program, inbox: Inbox) -> None:
    on_time, late = Life(inbox), Life(inbox)
    await on_time.submitted()
    await late.submitted(at=long_ago(), number="95-2026-000002")
    found = (await sat.get("/cases")).json()["items"]
    assert [item["overdue"] for item in found] == [True, False]
    assert (await sat.get("/cases", params={"overdue": "true"})).json()["total"] == 1
    assert (await sat.get("/cases", params={"overdue": "false"})).json()["total"] == 1


async def test_the_clock_stands_still_while_the_applicant_must_answer(
    sat: Program, life: Life, database: Database
) -> None:
    await done(sat, life, "examination")
    shown = await done(sat, life, "information-request", {"items": ["Un plan"], "until": in_days(5).isoformat()})
    assert shown["deadlines"][0]["suspended"] is True
    async with database.transaction() as tx:
        assert await publish_late_stages(tx, at=clock.now() + timedelta(days=90)) == 0


async def test_a_silent_provider_gives_the_case_back(
    sat: Program, delegate: Program, life: Life, database: Database, rules: Rules
) -> None:
    await answered(sat, delegate, life, ORIENTATION)
    async with database.transaction() as tx:
        assert await give_up_silent(tx, at=clock.now(), rules=rules) == 0
    later = clock.now() + timedelta(days=40)

    async def look() -> int:
        async with database.transaction() as tx:
            return await give_up_silent(tx, at=later, rules=rules)

    assert sorted(await asyncio.gather(look(), look())) == [0, 1]
    shown = (await sat.get(f"/cases/{life.request_id}")).json()
    assert shown["state"] == "under_examination"
    assert shown["orientations"][0]["state"] == "silent"
    body = await database.fetchval("SELECT body::jsonb -> 'data' FROM journal WHERE type LIKE '%declined%'")
    assert body["silent"] is True


async def test_the_clocks_run_with_the_application(inbox: Inbox, database: Database, rules: Rules) -> None:
    life = Life(inbox)
    await life.submitted(at=long_ago())

    async def is_told() -> bool:
        return "stage_overdue" in await told(database, life)

    async with running(database, rules, every=0.05):
        await eventually(is_told)


async def test_two_validations_at_once_decide_once(
    sat: Program, delegate: Program, program: Programs, life: Life, database: Database
) -> None:
    other = await program("autre95", Role.DELEGATE, "95")
    await proposed(sat, life, ORIENTATION)
    path = f"/cases/{life.request_id}/validation"
    answers = await asyncio.gather(delegate.post(path), other.post(path))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert (await told(database, life)).count("oriented_locally") == 1


async def test_an_envelope_is_never_spent_twice(
    sat: Program, delegate: Program, inbox: Inbox, database: Database
) -> None:
    lives = []
    support = {
        "outcome": "local_support",
        "motive": "Étude.",
        "support_types": ["amo_publique"],
        "amount_cents": 3_000_000,
    }
    for number in range(3):
        lives.append(Life(inbox))
        await lives[-1].submitted(number=f"95-2026-{number + 1:06}")
        await proposed(sat, lives[-1], support)
    answers = await asyncio.gather(*(delegate.post(f"/cases/{life.request_id}/validation") for life in lives))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    assert await database.fetchval("SELECT committed_cents FROM envelope") == 3_000_000


async def test_the_last_place_of_a_provider_is_given_once(
    sat: Program, delegate: Program, inbox: Inbox, database: Database
) -> None:
    await database.fetchval("UPDATE provider SET capacity = 1 WHERE id = $1 RETURNING 1", CAUE.id)
    lives = [Life(inbox), Life(inbox)]
    for number, life in enumerate(lives):
        await life.submitted(number=f"95-2026-{number + 1:06}")
        await proposed(sat, life, ORIENTATION)

    async def both_wait() -> bool:
        return bool(
            await database.fetchval(
                "SELECT count(*) = 2 FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
        )

    async with database.transaction() as tx:
        await tx.execute("SELECT FROM provider WHERE id = $1 FOR UPDATE", CAUE.id)
        asked = [asyncio.create_task(delegate.post(f"/cases/{life.request_id}/validation")) for life in lives]
        await eventually(both_wait)
    answers = await asyncio.gather(*asked)
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert refused.json()["code"] == "provider_full"


async def reminders(database: Database, life: Life) -> list[str]:
    """What was told of clocks that run out soon."""
    return [fact for fact in await told(database, life) if fact.endswith("_due_soon")]


async def test_whoever_is_awaited_is_reminded_once_before_the_last_day(
    sat: Program, delegate: Program, inbox: Inbox, database: Database, rules: Rules
) -> None:
    life = Life(inbox)
    await life.submitted()
    await look_once(database, rules)
    assert await reminders(database, life) == []
    await reach(database, "due_on", rules)
    for _ in range(2):
        await asyncio.gather(*(look_once(database, rules) for _ in range(3)))
    assert await reminders(database, life) == ["stage_due_soon"]
    await proposed(sat, life, ORIENTATION)
    await done(delegate, life, "validation")
    await reach(database, "due_on", rules)
    await look_once(database, rules)
    assert await reminders(database, life) == ["stage_due_soon", "orientation_due_soon"]


async def test_the_applicant_is_reminded_of_what_he_was_asked_and_the_departement_is_not(
    sat: Program, inbox: Inbox, database: Database, rules: Rules
) -> None:
    life = Life(inbox)
    await life.submitted()
    await done(sat, life, "examination")
    await done(sat, life, "information-request", {"items": ["Le plan"], "until": str(in_days(40))})
    await reach(database, "answer_until", rules)
    await look_once(database, rules)
    assert await reminders(database, life) == ["information_due_soon"]


async def test_the_departement_is_reminded_of_a_question_of_the_national_team_until_it_answers(
    sat: Program, delegate: Program, life: Life, database: Database, rules: Rules
) -> None:
    await answered(sat, delegate, life, ESCALATION)
    soon = rules.soon(clock.now())
    for until in (soon + timedelta(days=1), soon):  # the first is not near yet; a new question takes its place
        await life.tell(
            escalation.InformationRequested(**life.about(), question="Quel calendrier ?", until=until, by=NATIONAL)
        )
        for _ in range(2):
            await look_once(database, rules)
    assert await reminders(database, life) == ["national_question_due_soon"]
    await done(sat, life, "answer", {"text": "De mars à juin."})
    await look_once(database, rules)
    assert await reminders(database, life) == ["national_question_due_soon"]


async def test_a_clock_that_has_already_run_out_is_late_and_reminds_nobody(
    inbox: Inbox, database: Database, rules: Rules
) -> None:
    life = Life(inbox)
    await life.submitted(at=long_ago())
    await look_once(database, rules)
    assert await reminders(database, life) == []
    assert (await told(database, life)).count("stage_overdue") == 1


async def reach(database: Database, clock_of_case: str, rules: Rules) -> None:
    """Let time pass until the last day of a clock is near: the day comes closer instead."""
    await database.fetchval(f"UPDATE case_file SET {clock_of_case} = $1 RETURNING 1", rules.soon(clock.now()))


@WRONG
async def test_a_wrong_clock_of_the_service_makes_nothing_due(
    sat: Program,
    delegate: Program,
    inbox: Inbox,
    database: Database,
    rules: Rules,
    monkeypatch: pytest.MonkeyPatch,
    wrong: timedelta,
) -> None:
    """Neither a stage late, nor a provider silent, nor a reminder."""
    on_time, with_a_provider = Life(inbox), Life(inbox)
    await on_time.submitted()
    await with_a_provider.submitted(number="95-2026-000002")
    await answered(sat, delegate, with_a_provider, ORIENTATION)
    before = [await told(database, life) for life in (on_time, with_a_provider)]
    set_clock(monkeypatch, wrong)
    await look_once(database, rules)
    assert [await told(database, life) for life in (on_time, with_a_provider)] == before
