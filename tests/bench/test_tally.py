"""What was measured is not measured twice, and ratios are made within a round."""

from pathlib import Path

from tests.bench.report import words
from tests.bench.tally import Figures, Line, Tally, ratios


def a_line(what: str, number: int, figures: Figures) -> Line:
    return Line("hop", what, "saturation", number, figures, 0.1, "2026-11-25T06:00:00+00:00", "abc")


def test_a_run_goes_on_where_it_was_broken_off(tmp_path: Path) -> None:
    book = tmp_path / "build" / "bench.jsonl"
    Tally(book).write(a_line("ours", 0, {"per_second": 2.0}))
    again = Tally(book)
    assert again.has("hop", "ours", "saturation", 0)
    assert not again.has("hop", "ours", "saturation", 1)
    assert again.good("hop", "ours", "saturation") == [{"per_second": 2.0}]


def test_what_failed_is_in_the_book_and_in_no_figure_and_is_tried_again(tmp_path: Path) -> None:
    book = tmp_path / "book"
    Tally(book).write(a_line("ours", 0, {"failed": "no answer"}))
    again = Tally(book)
    assert [line.figures for line in again.lines] == [{"failed": "no answer"}]
    assert again.good("hop", "ours", "saturation") == []
    assert not again.has("hop", "ours", "saturation", 0)
    again.write(a_line("ours", 0, {"per_second": 2.0}))
    for tally in (again, Tally(book)):
        assert tally.has("hop", "ours", "saturation", 0)
        assert tally.all("hop", "ours", "saturation") == [{"per_second": 2.0}]


def test_a_ratio_is_made_within_a_round_and_a_failed_round_makes_none() -> None:
    ours: list[Figures] = [{"per_second": 4.0}, {"per_second": 9.0}, {"per_second": 6.0}]
    theirs: list[Figures] = [{"per_second": 2.0}, {"failed": "no answer"}, {"per_second": 2.0}]
    assert ratios(ours, theirs, "per_second") == [2.0, 3.0]


def test_a_figure_is_told_with_its_span() -> None:
    assert words.spread([3.0, 1.0, 2.0], 1) == "2.0 (1.0–3.0)"
    assert words.spread([12345.0]) == "12\u202f345"
    assert words.spread([]) == words.NOT_MEASURED
    assert words.grouped("10000000 events before 2026") == "10\u202f000\u202f000 events before 2026"
