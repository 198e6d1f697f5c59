"""What is published tells no small group, also to somebody who knows the rules, the total, and subtracts."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping

import pytest

from services.intake.domain.disclosure import Counts, protect, rounded, rounded_cents, share, told

Table = tuple[int, ...]


def tables(groups: int, total: int) -> Iterator[Table]:
    """Give all ways in which a total parts into so many groups."""
    if groups == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in tables(groups - 1, total - first):
            yield (first, *rest)


def rounded_parts(counts: Mapping[str, int]) -> Counts:
    return {name: rounded(count) for name, count in counts.items()}


@pytest.mark.parametrize("publish", [protect, rounded_parts])
@pytest.mark.parametrize("groups", [2, 3, 4])
def test_a_group_of_one_to_three_is_never_computed_from_a_table_and_its_total(
    publish: Callable[[Mapping[str, int]], Counts], groups: int
) -> None:
    for total in range(5, 26):
        alike: dict[tuple[int | None, ...], list[Table]] = defaultdict(list)
        for table in tables(groups, total):
            published = publish({str(place): count for place, count in enumerate(table)})
            alike[tuple(published.values())].append(table)
        for shown, possible in alike.items():
            for place in (place for place, count in enumerate(shown) if count is None):
                values = {table[place] for table in possible}
                assert len(values) > 1 or values <= {0, 4} or min(values) >= 5, (shown, possible)


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ({}, {}),
        ({"a": 1, "b": 2}, {"a": None, "b": None}),
        ({"a": 5, "b": 9}, {"a": 5, "b": 9}),
        ({"a": 7, "b": 0, "c": 0}, {"a": 7, "b": None, "c": None}),
        ({"a": 7, "b": 1, "c": 0}, {"a": None, "b": None, "c": None}),
        ({"a": 9, "b": 1, "c": 1, "d": 8}, {"a": 9, "b": None, "c": None, "d": None}),
        ({"a": 4, "b": 4, "c": 30}, {"a": None, "b": None, "c": 30}),
    ],
)
def test_small_groups_are_not_given_back_by_a_subtraction(counts: dict[str, int], shown: Counts) -> None:
    assert protect(counts) == shown


@pytest.mark.parametrize(("count", "near"), [(0, None), (4, None), (5, 5), (7, 5), (8, 10), (12, 10), (13, 15)])
def test_a_count_is_rounded_to_five_and_a_small_one_is_not_told(count: int, near: int | None) -> None:
    assert rounded(count) == near


def test_groups_that_are_too_small_are_not_named() -> None:
    assert told({"95": 12, "78": 4, "971": 5}) == {"95": 10, "971": 5}


def test_the_difference_of_two_counts_never_tells_a_small_group_exactly() -> None:
    """Whatever pair of counts is told, groups of other sizes may stand between them."""
    possible: dict[tuple[int | None, int | None], set[int]] = defaultdict(set)
    for count in range(5, 60):
        for between in range(30):
            possible[rounded(count), rounded(count + between)].add(between)
    assert all(len(sizes) > 1 for (smaller, larger), sizes in possible.items() if smaller and larger and larger < 40)


@pytest.mark.parametrize(
    ("part", "whole", "said"), [(4, 40, None), (20, 31, 0.667), (12, 13, 0.667), (40, 40, 1.0), (0, 0, None)]
)
def test_a_share_tells_no_more_than_the_rounded_numbers(part: int, whole: int, said: float | None) -> None:
    assert share(part, whole) == said


def test_amounts_of_a_few_are_not_told_and_others_have_two_digits() -> None:
    assert rounded_cents(1_234_567_89, of=4) is None
    assert rounded_cents(1_234_567_89, of=5) == 1_200_000_00
    assert rounded_cents(96_400_00, of=9) == 96_000_00
    assert rounded_cents(0, of=9) == 0
