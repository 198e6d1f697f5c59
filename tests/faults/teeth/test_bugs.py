"""The table of seeded bugs still fits the code; that each is caught takes an hour: `python -m tests.faults.teeth`."""

from pathlib import Path

import pytest

from tests.faults.teeth.bug import ROOT, Bug, Edit, Misfit
from tests.faults.teeth.bugs import BUGS
from tests.faults.teeth.drills import DRILLS


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_it_alters_what_stands_there_exactly_once(bug: Bug, tmp_path: Path) -> None:
    for edit in bug.edits:
        copy = tmp_path / edit.file
        if not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text((ROOT / edit.file).read_text())
        edit.apply(tmp_path)
        assert copy.read_text() != (ROOT / edit.file).read_text()


def test_there_are_forty_or_more_each_with_a_name_of_its_own_and_a_drill_that_exists() -> None:
    assert len({bug.name for bug in BUGS}) == len(BUGS) >= 40
    assert {bug.drill for bug in BUGS} <= DRILLS.keys()


@pytest.mark.parametrize("before", ["not there", "a = 1\n"])
def test_a_text_that_is_not_there_once_is_refused(before: str, tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("a = 1\na = 1\n")
    with pytest.raises(Misfit):
        Edit("one.py", before, "a = 2\n").apply(tmp_path)


def test_what_is_no_python_once_altered_is_refused(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("a = 1\n")
    with pytest.raises(Misfit):
        Edit("one.py", "1", "(").apply(tmp_path)


def test_an_edit_leaves_the_file_alone_to_which_it_is_a_link(tmp_path: Path) -> None:
    true, link = tmp_path / "true.py", tmp_path / "link.py"
    true.write_text("a = 1\n")
    link.hardlink_to(true)
    Edit("link.py", "1", "2").apply(tmp_path)
    assert true.read_text() == "a = 1\n"
