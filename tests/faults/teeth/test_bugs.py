"""The table of seeded bugs still fits the code; that each is caught takes an hour: `python -m tests.faults.teeth`."""

import pytest

from tests.faults.kills.graft import changes
from tests.faults.teeth.bug import Bug, Edit, Misfit, bug
from tests.faults.teeth.bugs import BUGS
from tests.faults.teeth.drills import DRILLS


@pytest.mark.parametrize("seeded", BUGS, ids=lambda one: one.name)
def test_it_alters_functions_that_stand_there(seeded: Bug) -> None:
    for file, source in seeded.altered().items():
        assert changes(file, source), f"{file}: no function does anything else than before"


def test_there_are_sixty_or_more_each_with_a_name_of_its_own_and_a_drill_that_exists() -> None:
    assert len({one.name for one in BUGS}) == len(BUGS) >= 60
    assert {one.drill for one in BUGS} <= DRILLS.keys()


@pytest.mark.parametrize("before", ["not there", "a = 1\n"])
def test_a_text_that_is_not_there_once_is_refused(before: str) -> None:
    with pytest.raises(Misfit):
        Edit("one.py", before, "a = 2\n").apply("a = 1\na = 1\n")


def test_what_is_no_python_once_altered_is_refused() -> None:
    with pytest.raises(Misfit):
        bug("one", "", "order", "shared/rounds.py", "import asyncio\n", "import (\n").altered()
