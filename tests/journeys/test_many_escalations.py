"""The demonstration that loads many escalations: each comes as far as it should, and loading again adds nothing."""

from collections import Counter

import pytest

from deploy.local.demo.projects import SHARES, Reach
from tests.journeys.steps import People
from tests.system import System

pytestmark = pytest.mark.journey

NUMBER = 20
ENDS = {
    Reach.RECEIVED: "received",
    Reach.ASKED: "awaiting_departement",
    Reach.ADMISSIBLE: "admissible",
    Reach.SCHEDULED: "scheduled",
    Reach.DEFERRED: "deferred",
    Reach.SENT_BACK: "returned",
    Reach.REFUSED: "refused",
    Reach.GRANTED: "granted",
    Reach.WITH_RESERVE: "granted_with_reserve",
    Reach.MOBILISING: "mobilising",
    Reach.ACCOMPANIED: "accompanied",
    Reach.COMPLETED: "completed",
}


def test_twenty_escalations_come_as_far_as_they_should_and_are_loaded_once(system: System, agent: People) -> None:
    def states() -> Counter[str]:
        return Counter(item["state"] for item in agent("national").at.get("/escalations", per_page=200)["items"])

    before = states()
    system.command("demo", "escalations", "--number", str(NUMBER), "--seed", "20", within=180)
    loaded = states() - before
    assert loaded == Counter({ENDS[reach]: share for reach, share in SHARES.items()})
    system.command("demo", "escalations", "--number", str(NUMBER), "--seed", "20", within=180)
    assert states() - before == loaded
