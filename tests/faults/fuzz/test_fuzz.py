"""Some thousand wrong messages: every service reads each or refuses it, and each ends where somebody finds it."""

import random
from collections.abc import Awaitable, Callable

import pytest

from shared.db import Database
from shared.messaging.handlers import EventHandlers
from tests.faults.fuzz.__main__ import UNTOUCHED, bodies
from tests.faults.fuzz.fates import hear_all, take_all
from tests.faults.fuzz.listeners import listeners

SEED = 20261125


@pytest.fixture(scope="module")
def heard_by() -> dict[str, EventHandlers]:
    """What each service does about what it hears."""
    return listeners()


def test_no_service_stumbles_over_what_it_reads(heard_by: dict[str, EventHandlers]) -> None:
    some = bodies(1_500, random.Random(SEED))  # noqa: S311 - the same each time
    counted, crashed = hear_all(list(heard_by.values()), some)
    assert not crashed, crashed[0]
    assert counted.total() == 1_500 * len(heard_by)
    assert len(counted) == 3, "some were read, some not, and some were nobody's business"


@pytest.mark.parametrize("service", ["intake", "qualification", "escalation", "notifications"])
async def test_each_message_ends_where_somebody_finds_it(
    service: str, heard_by: dict[str, EventHandlers], database_url: Callable[[str], Awaitable[str]]
) -> None:
    chance = random.Random(SEED)  # noqa: S311 - the same each time
    database = await Database.connect(await database_url(service), name="test")
    some = bodies(1_200, chance, without=service, untouched=UNTOUCHED)
    fates = await take_all(database, heard_by[service], some, chance)
    await database.close()
    assert not fates.lost
    assert fates.messages == len(some)
    assert {"applied", "known", "waiting", "quarantined"} <= set(fates.counted)
