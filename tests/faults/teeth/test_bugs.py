"""The seeded bugs still fit the code; that each is caught takes hours: `python -m tests.faults.teeth`."""

import pytest

from tests.faults.teeth import drills
from tests.faults.teeth.bug import ROOT, Bug
from tests.faults.teeth.bugs import BUGS


@pytest.mark.parametrize("seeded", BUGS, ids=lambda one: one.name)
def test_it_changes_what_stands_there(seeded: Bug) -> None:
    seeded.check()


def test_there_are_sixty_or_more_each_with_a_name_of_its_own_and_a_drill_that_exists() -> None:
    assert len({one.name for one in BUGS}) == len(BUGS) >= 60
    assert {one.drill for one in BUGS} <= drills.DRILLS.keys()


@pytest.mark.parametrize(
    "where",
    sorted(
        {one for drill in drills.DRILLS.values() if isinstance(drill.plan, drills.Tests) for one in drill.plan.where}
    ),
)
def test_the_tests_of_a_drill_exist(where: str) -> None:
    file, _, test = where.partition("::")
    assert f"def {test}" in (ROOT / file).read_text()
