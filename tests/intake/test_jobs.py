"""What happens by itself: closing after the evaluation, forgetting drafts."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

from services.intake import jobs
from services.intake.consumers import consumers
from services.intake.settings import Settings
from services.intake.usecases.drafts import begin_draft
from services.intake.usecases.follow import close_evaluated
from shared import clock
from shared.clock import new_id
from shared.contracts import notifications
from shared.db import Database
from shared.messaging.inbox import Inbox
from shared.territory.territories import Territories
from tests.intake.conftest import Client, bearer, filed
from tests.intake.facts import Life, Wire, at

MONTH = timedelta(days=30)


async def an_evaluated_request(client: Client, database: Database, territories: Territories) -> dict[str, Any]:
    """A request whose local support was evaluated just now."""
    mine = await filed(client)
    await Inbox(database, consumers(territories)).take([Wire().message(Life(UUID(mine["id"])).supported(1))])
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


async def test_an_evaluation_out_of_its_scale_is_refused(
    client: Client, database: Database, territories: Territories
) -> None:
    mine = await filed(client)
    await Inbox(database, consumers(territories)).take([Wire().message(Life(UUID(mine["id"])).supported(1))])
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
    await jobs.one_round(database, settings)
    assert [row["id"] for row in await database.fetch("SELECT id FROM draft")] == [kept]


async def test_an_applicant_whose_mail_fails_reads_it_on_his_page(
    client: Client, database: Database, territories: Territories
) -> None:
    mine, wire = await filed(client), Wire()
    inbox = Inbox(database, consumers(territories))
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
    await inbox.take([wire.message(agents)])
    assert "ne vous parviennent pas" not in (await client.get(address)).text
    await inbox.take([wire.message(failed)])
    assert "ne vous parviennent pas" in (await client.get(address)).text
    await inbox.take([wire.message(notifications.DeliverySucceeded(**told, at=at(3), audience="applicant"))])
    assert "ne vous parviennent pas" not in (await client.get(address)).text
