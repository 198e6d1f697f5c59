"""A message that kills its consumer, in real processes: it is put out of the way, and no healthy one suffers."""

from collections.abc import Callable

import pytest

from shared.db import Database
from tests.conftest import FreshDatabase
from tests.faults.poison.trial import HANDLING, READING, Trial
from tests.shared.messaging.conftest import database, fresh

__all__ = ["database", "fresh"]

CRASHES = 14
"""Eleven until the poison is out of the way, and three more because somebody puts it back."""


@pytest.mark.faults
@pytest.mark.parametrize("where", [HANDLING, READING])
async def test_one_poison_among_a_hundred_is_out_of_the_way_and_no_healthy_message_is_touched(
    database: Database,
    fresh: FreshDatabase,
    broker_url: Callable[[str], str],
    where: str,
) -> None:
    report = await Trial(database, fresh.app_url, broker_url, where).run(CRASHES)
    assert report.well, report
    assert report.crashes == CRASHES
