"""What an applicant sees is what was told, also where the clock went back."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest

from services.intake.handlers import handlers
from services.intake.usecases.evaluations import close_evaluated
from shared import clock
from shared.clock import new_id
from shared.db import Database
from shared.territory.territories import Territories
from tests.intake.conftest import Client, bearer, filed
from tests.intake.facts import START, Life
from tests.intake.test_documents import PDF, join
from tests.rebuilt import BEHIND, FreshDatabases, Overheard, assert_it_shows_what_was_told, moments_told
from tests.wire import Streams
from tests.wrong_clock import set_clock


async def test_a_request_is_rebuilt_alike_though_the_clock_went_back_while_it_lived(
    client: Client,
    database: Database,
    territories: Territories,
    database_url: Callable[[str], Awaitable[str]],
    fresh_database: FreshDatabases,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    others = await Database.connect(await database_url("shared"), name="others")
    inbox, wire = Overheard(database, handlers(territories), others), Streams()
    mine = await filed(client)
    life = Life(UUID(mine["id"]))
    set_clock(monkeypatch, -BEHIND)

    def minutes() -> int:
        """By the clock of the others, which is right."""
        return (datetime.now(UTC) + timedelta(minutes=1) - START) // timedelta(minutes=1)

    async def does(action: str, body: dict[str, object]) -> None:
        answer = await client.post(
            f"/api/v1/requests/{mine['id']}/{action}", json=body, headers=bearer(mine["access_token"])
        )
        assert answer.status_code in {200, 201}, answer.text

    await does("messages", {"text": "Bonjour"})
    await inbox.process([wire.message(fact) for fact in (life.registered(minutes()), life.examined(minutes() + 1))])
    await inbox.process([wire.message(life.asked(minutes() + 2))])
    await does("information", {"text": "Le plan est joint."})
    joined = await join(client, mine, PDF)
    assert joined.status_code == 201, joined.text
    milestone = new_id()
    await inbox.process([wire.message(life.accompanied(minutes() + 3))])
    await inbox.process([wire.message(life.milestone_planned(minutes() + 4, milestone))])
    await does("progress", {"text": "Avance.", "percent": 40, "milestone_id": str(milestone)})
    await inbox.process([wire.message(life.milestone_reached(minutes() + 5, milestone))])
    await inbox.process(
        [wire.message(life.completed(minutes() + 6)), wire.message(life.evaluation_asked(minutes() + 6))]
    )
    await does("evaluation", {"need_met": 5, "progress": 4, "satisfaction": 5})
    await does("evaluation", {"need_met": 4, "progress": 4, "satisfaction": 5})
    async with database.transaction() as tx:
        assert await close_evaluated(tx, evaluated_before=datetime.now(UTC) + timedelta(days=1), at=clock.now()) == 1
    told = await moments_told(database)
    assert len(told) == 8
    assert all(before < after for before, after in pairwise(told))
    await assert_it_shows_what_was_told("intake", {"intake": database, "others": others}, fresh_database, rows=21)
    await others.close()
