"""What happens by itself: asking for evaluations and reminding of them, closing afterwards, forgetting drafts."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import AsyncMock
from uuid import UUID

import pytest

from services.intake import jobs
from services.intake.handlers import handlers
from services.intake.settings import Settings
from services.intake.usecases.drafts import begin_draft
from services.intake.usecases.evaluations import close_evaluated
from shared import clock, db
from shared.clock import new_id
from shared.contracts import notifications
from shared.contracts.vocabulary import LocalEnd
from shared.db import Database
from shared.messaging.inbox.inbox import Inbox
from shared.territory.territories import Territories
from tests.intake.conftest import Client, bearer, filed
from tests.intake.facts import Life, at
from tests.wire import Streams
from tests.wrong_clock import WRONG, set_clock

MONTH = timedelta(days=30)


async def an_evaluated_request(client: Client, database: Database, territories: Territories) -> dict[str, Any]:
    """A request whose local support was evaluated just now."""
    mine = await filed(client)
    life, wire = Life(UUID(mine["id"])), Streams()
    now = int((clock.now() - at(0)).total_seconds() / 60) + 1
    done = [wire.message(life.supported(now)), wire.message(life.work_done(now))]
    await Inbox(database, handlers(territories)).process(done)
    answer = await client.post(
        f"/api/v1/requests/{mine['id']}/evaluation",
        json={"need_met": 5, "progress": 4, "satisfaction": 5},
        headers=bearer(mine["access_token"]),
    )
    assert answer.status_code == 201, answer.text
    assert answer.json()["status"] == "evaluated"
    return mine


async def test_an_evaluated_request_is_closed_after_its_time_and_once(
    client: Client, database: Database, territories: Territories
) -> None:
    mine = await an_evaluated_request(client, database, territories)

    async def round_at(later: timedelta) -> int:
        now = clock.now() + later
        async with database.transaction() as tx:
            return await close_evaluated(tx, evaluated_before=now - MONTH, at=now)

    assert await round_at(timedelta(days=29)) == 0
    assert sorted(await asyncio.gather(*(round_at(timedelta(days=31)) for _ in range(4)))) == [0, 0, 0, 1]
    seen = (await client.get(f"/api/v1/requests/{mine['id']}", headers=bearer(mine["access_token"]))).json()
    assert (seen["status"], seen["team"], seen["expected"]) == ("closed", None, None)
    assert await database.fetchval("SELECT count(*) FROM journal WHERE type = 'intake.request_closed.v1'") == 1


async def jobs_at(database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch, days: int) -> list[str]:
    """Let the jobs run so many days from now; give what they told by then, in order."""
    later = datetime.now(UTC) + timedelta(days=days)
    set_clock(monkeypatch, timedelta(days=days))
    monkeypatch.setattr(db, "now", AsyncMock(return_value=later))
    await jobs.run_once(database, settings)
    rows = await database.fetch(
        """
        SELECT body::jsonb #>> '{data,round}' AS round, body::jsonb #>> '{data,reminder}' AS reminder
        FROM journal
        WHERE type = 'intake.evaluation_awaited.v1'
        ORDER BY position
        """
    )
    return [f"{row['round']} {'reminder' if row['reminder'] == 'true' else 'asked'}" for row in rows]


async def a_completed_request(client: Client, database: Database, territories: Territories) -> dict[str, Any]:
    """A request whose accompaniment ended just now, and whose applicant was asked."""
    mine = await filed(client)
    life, wire = Life(UUID(mine["id"])), Streams()
    now = int((clock.now() - at(0)).total_seconds() / 60) + 1
    facts = [life.completed(now), life.evaluation_asked(now)]
    await Inbox(database, handlers(territories)).process([wire.message(fact) for fact in facts])
    return mine


async def test_somebody_who_does_not_answer_is_reminded_twice_and_asked_again_six_months_later(
    client: Client,
    database: Database,
    settings: Settings,
    territories: Territories,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mine = await a_completed_request(client, database, territories)
    first, again = "completion reminder", "six_months reminder"
    assert await jobs_at(database, settings, monkeypatch, 14) == []
    assert await jobs_at(database, settings, monkeypatch, 16) == [first]
    assert await jobs_at(database, settings, monkeypatch, 17) == [first]
    assert await jobs_at(database, settings, monkeypatch, 31) == [first, first]
    assert await jobs_at(database, settings, monkeypatch, 90) == [first, first]
    asked = [first, first, "six_months asked"]
    assert await jobs_at(database, settings, monkeypatch, 185) == asked
    seen = (await client.get(f"/api/v1/requests/{mine['id']}", headers=bearer(mine["access_token"]))).json()
    assert seen["expected"]["from"] == "applicant"
    assert seen["timeline"][-1]["label"] == "Votre avis est demandé, quelques mois après"
    assert await jobs_at(database, settings, monkeypatch, 201) == [*asked, again]
    assert await jobs_at(database, settings, monkeypatch, 216) == [*asked, again, again]
    assert await jobs_at(database, settings, monkeypatch, 900) == [*asked, again, again]


async def test_each_answer_belongs_to_its_round_and_ends_the_reminders(
    client: Client,
    database: Database,
    settings: Settings,
    territories: Territories,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mine = await a_completed_request(client, database, territories)

    async def answers() -> None:
        told = await client.post(
            f"/api/v1/requests/{mine['id']}/evaluation",
            json={"need_met": 5, "progress": 4, "satisfaction": 5},
            headers=bearer(mine["access_token"]),
        )
        assert told.status_code == 201, told.text

    await answers()
    assert await jobs_at(database, settings, monkeypatch, 100) == []
    assert await jobs_at(database, settings, monkeypatch, 185) == ["six_months asked"]
    await answers()
    assert await jobs_at(database, settings, monkeypatch, 400) == ["six_months asked"]
    rows = await database.fetch("SELECT round FROM evaluation ORDER BY at")
    assert [row["round"] for row in rows] == ["completion", "six_months"]
    told = await database.fetch(
        "SELECT body::jsonb #>> '{data,round}' AS round FROM journal "
        "WHERE type = 'intake.evaluation_submitted.v1' ORDER BY position"
    )
    assert [row["round"] for row in told] == ["completion", "six_months"]


async def test_a_local_answer_is_asked_about_once_its_work_is_done_and_months_later(
    client: Client,
    database: Database,
    settings: Settings,
    territories: Territories,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mine = await filed(client)
    now = int((clock.now() - at(0)).total_seconds() / 60) + 1
    life, wire, inbox = Life(UUID(mine["id"])), Streams(), Inbox(database, handlers(territories))
    await inbox.process([wire.message(life.supported(now)), wire.message(life.work_started(now, alone=True))])
    assert await jobs_at(database, settings, monkeypatch, 185) == []
    await inbox.process([wire.message(life.work_done(now))])
    assert await jobs_at(database, settings, monkeypatch, 16) == ["completion reminder"]
    assert await jobs_at(database, settings, monkeypatch, 185) == ["completion reminder", "six_months asked"]


async def test_nobody_asks_about_local_work_that_ended_without_a_result(
    client: Client,
    database: Database,
    settings: Settings,
    territories: Territories,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mine = await filed(client)
    now = int((clock.now() - at(0)).total_seconds() / 60) + 1
    life, wire = Life(UUID(mine["id"])), Streams()
    facts = [life.accepted(now), life.work_started(now), life.work_stopped(now, LocalEnd.APPLICANT_GAVE_UP)]
    await Inbox(database, handlers(territories)).process([wire.message(fact) for fact in facts])
    assert await jobs_at(database, settings, monkeypatch, 185) == []


async def test_what_was_withdrawn_or_is_examined_again_is_not_asked_about(
    client: Client,
    database: Database,
    settings: Settings,
    territories: Territories,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mine = await filed(client)
    life, wire = Life(UUID(mine["id"])), Streams()
    now = int((clock.now() - at(0)).total_seconds() / 60) + 1
    facts = [life.accepted(now), life.declined(now + 1)]
    await Inbox(database, handlers(territories)).process([wire.message(fact) for fact in facts])
    assert await jobs_at(database, settings, monkeypatch, 185) == []


async def test_an_evaluation_out_of_its_scale_is_refused(
    client: Client, database: Database, territories: Territories
) -> None:
    mine = await filed(client)
    await Inbox(database, handlers(territories)).process([Streams().message(Life(UUID(mine["id"])).supported(1))])
    answer = await client.post(
        f"/api/v1/requests/{mine['id']}/evaluation",
        json={"need_met": 6, "progress": 0, "satisfaction": 5},
        headers=bearer(mine["access_token"]),
    )
    assert answer.status_code == 400
    assert {error["field"] for error in answer.json()["errors"]} == {"need_met", "progress"}


async def test_a_draft_left_alone_is_forgotten_and_a_fresh_one_is_not(database: Database, settings: Settings) -> None:
    async with database.transaction() as tx:
        await begin_draft(tx, at=clock.now() - timedelta(days=settings.draft_days + 1))
        kept = await begin_draft(tx, at=clock.now())
    await jobs.run_once(database, settings)
    assert [row["id"] for row in await database.fetch("SELECT id FROM draft")] == [kept]


@WRONG
async def test_a_wrong_clock_of_the_service_makes_nothing_due(
    client: Client,
    database: Database,
    settings: Settings,
    territories: Territories,
    monkeypatch: pytest.MonkeyPatch,
    wrong: timedelta,
) -> None:
    """Neither a reminder after 15 days, nor the end of a draft after 90, nor of a request after 30."""
    await a_completed_request(client, database, territories)
    await an_evaluated_request(client, database, territories)
    async with database.transaction() as tx:
        draft = await begin_draft(tx, at=clock.now() - timedelta(days=settings.draft_days - 1))
    set_clock(monkeypatch, wrong)
    told = await database.fetchval("SELECT count(*) FROM journal")
    await jobs.run_once(database, settings)
    assert await database.fetchval("SELECT count(*) FROM journal") == told
    assert await database.fetchval("SELECT id FROM draft") == draft


async def test_an_applicant_whose_mail_fails_reads_it_on_his_page(
    client: Client, database: Database, territories: Territories
) -> None:
    mine, wire = await filed(client), Streams()
    inbox = Inbox(database, handlers(territories))
    told: dict[str, Any] = {
        "request_id": UUID(mine["id"]),
        "departement": "95",
        "delivery_id": new_id(),
        "event_id": new_id(),
        "template": "acknowledgement",
    }
    failed = notifications.DeliveryFailed(**told, at=at(1), audience="applicant", reason="550 no such user")
    agents = notifications.DeliveryFailed(**told, at=at(2), audience="departement", reason="550 SECRET")
    address = f"/suivi/{mine['access_token']}"
    await inbox.process([wire.message(agents)])
    assert "ne vous parviennent pas" not in (await client.get(address)).text
    await inbox.process([wire.message(failed)])
    assert "ne vous parviennent pas" in (await client.get(address)).text
    await inbox.process([wire.message(notifications.DeliverySucceeded(**told, at=at(3), audience="applicant"))])
    assert "ne vous parviennent pas" not in (await client.get(address)).text
