"""One seeded bug is noticed; all of them: `make teeth`."""

import pytest

from tests.faults.light.stage import Stage
from tests.faults.teeth import bugs
from tests.faults.teeth.drills import DRILLS
from tests.faults.teeth.trial import Ending, attempt

pytestmark = pytest.mark.faults


async def test_an_event_that_is_recorded_outside_its_transaction_is_noticed(stage: Stage) -> None:
    bug = bugs.named("journal_outside_the_transaction")
    outcome = await attempt(stage, DRILLS[bug.drill], bug.name)
    assert outcome.ending is Ending.BROKEN, outcome.first
