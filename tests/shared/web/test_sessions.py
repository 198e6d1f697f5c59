"""What is over is forgotten by PostgreSQL's clock, so that a wrong clock of the service signs nobody out."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from litestar import Litestar

from shared.db import Database
from shared.web import sessions
from tests.polling import eventually
from tests.wrong_clock import WRONG, set_clock


@WRONG
async def test_a_wrong_clock_of_the_service_ends_no_session_early_and_leaves_none_that_is_over(
    make_application: Callable[..., Litestar], database: Database, monkeypatch: pytest.MonkeyPatch, wrong: timedelta
) -> None:
    now = datetime.now(UTC)
    async with database.transaction() as tx:
        for key, began in (("open", now), ("over", now - timedelta(days=2))):
            expires_at = began + timedelta(days=1)
            await sessions.create(tx, key, agent=None, data={"key": key}, at=began, expires_at=expires_at)
    set_clock(monkeypatch, wrong)

    async def swept() -> bool:
        return bool(await database.fetchval("SELECT count(*) < 2 FROM web_session"))

    async with make_application().lifespan():
        await eventually(swept)
    assert [row["data"]["key"] for row in await database.fetch("SELECT data FROM web_session")] == ["open"]
