"""The book of the long run is read as it was written, and says what is left to do."""

from pathlib import Path

from tests.faults import tally
from tests.faults.clients import Ledger
from tests.faults.harness import Plan, Report
from tests.faults.mayhem import Fault
from tests.faults.verdict import Verdict


def test_a_piece_is_read_as_it_was_written_and_counts_towards_the_targets(tmp_path: Path) -> None:
    book = tmp_path / "tally.jsonl"
    log = [
        Fault(1.0, "cut", "intake"),
        Fault(2.0, "kill_database", "postgres"),
        Fault(3.0, "cut", "intake", missed=True),
    ]
    wrong = ["stuck: a mail", "noticed: by somebody"]
    report = Report(Plan(7, 60.0, ("cut",)), log, Ledger(), Verdict(wrong=wrong), 1.0, 60.0)
    epoch = tally.Epoch.of(report)
    epoch.write(book)
    assert tally.read(book) == [epoch]
    assert epoch.faults == {"cut": 1, "kill_database": 1}
    assert epoch.missed == {"cut": 1}
    assert epoch.wrong == {"stuck": 1, "other": 1}
    assert tally.left(tally.read(book)) == {"all": 9_998, "kill_database": 999, "wipe_broker": 20}
    assert "**0, 0, 0, 1**; 1" in tally.table(tally.read(book))
