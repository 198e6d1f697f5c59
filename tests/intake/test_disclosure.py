"""What is published leaves every small group several possible sizes, to whoever puts all of it together."""

import random
from collections import Counter
from collections.abc import Sequence

import pytest

from services.intake.domain.disclosure import (
    LEFT,
    STEP,
    WIDE_STEP,
    Exact,
    Tables,
    is_group,
    publish,
    published,
    round_down,
    rounded_cents,
)
from tests.intake.attacker import Attacker

KINDS = ["tailored_support", "territorial_project", "territorial_pact", "programme"]
OUTCOMES = ["pending", "local", "programme", "refused", "national_pending", "granted", "national_refused", "withdrawn"]
ENDS = set(OUTCOMES) - {"pending", "national_pending"}

FOUND_HARD = [63, 83, 523, 590, 1050]
"""Histories that earlier rules did not bear."""


class History:
    """Random requests of a small country, month after month, and a snapshot at the end of each."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 - a test's data
        self.regions = {
            f"r{region}": [f"r{region}d{one}" for one in range(chance.choice([1, 1, 2, 3, 5, 8]))]
            for region in range(chance.choice([1, 2, 3, 6]))
        }
        self.region_of = {code: region for region, codes in self.regions.items() for code in codes}
        weights = [chance.random() ** 2 + 0.02 for _ in self.region_of]
        requests: list[dict[str, str]] = []
        self.truth: list[Exact] = []
        self.read: list[Tables] = []
        for month in range(chance.choice([1, 2, 3, 4])):
            for _ in range(chance.choice([0, 1, 2, 3, 4, 8, 20, 60]) if month else chance.choice([3, 8, 20, 40, 80])):
                (code,) = chance.choices(list(self.region_of), weights)
                (kind,) = chance.choices(KINDS, [6, 2, 1, 1])
                requests.append({"departement": code, "kind": kind, "month": f"m{month}", "outcome": "pending"})
            for request in requests:
                if request["outcome"] not in ENDS and chance.random() < 0.4:
                    request["outcome"] = chance.choice(OUTCOMES)
            exact = Exact(
                kinds=_count(requests, "kind", KINDS),
                months=_count(requests, "month", [f"m{one}" for one in range(month + 2)]),
                outcomes=_count(requests, "outcome", OUTCOMES),
                departements=_count(requests, "departement", list(self.region_of)),
            )
            self.truth.append(exact)
            self.read.append(publish(exact, self.region_of, self.read))


def _count(requests: Sequence[dict[str, str]], by: str, names: Sequence[str]) -> dict[str, int]:
    counts = Counter(request[by] for request in requests)
    return {name: counts[name] for name in names}


@pytest.mark.parametrize("insider", [False, True])
def test_linear_programming_never_narrows_a_small_group_to_less_than_three_sizes(*, insider: bool) -> None:
    narrow = []
    for seed in [*range(12), *FOUND_HARD]:
        history = History(seed)
        attacker = Attacker(history.truth, history.read, history.regions, insider=insider)
        for what, size, least, most in attacker.small_groups():
            assert least <= size <= most, "the attacker starts from what is true"
            if most - least + 1 < LEFT:
                narrow.append((seed, what, size, least, most))
    assert narrow == []


def test_within_one_snapshot_a_small_group_may_have_any_of_five_sizes() -> None:
    for seed in range(12):
        history = History(seed)
        attacker = Attacker(history.truth[:1], history.read[:1], history.regions, insider=True)
        for what, _, least, most in attacker.small_groups():
            assert most - least + 1 >= STEP, (seed, what)


def test_no_published_number_is_more_than_the_truth() -> None:
    for seed in range(40):
        history = History(seed)
        for exact, tables in zip(history.truth, history.read, strict=True):
            assert tables.total <= sum(exact.kinds.values())
            for table in ("kinds", "months", "outcomes", "departements"):
                for name, shown in getattr(tables, table).items():
                    assert shown <= getattr(exact, table)[name]
                    assert shown % STEP == 0


def test_a_large_country_is_published_to_the_last_step() -> None:
    chance = random.Random(4)  # noqa: S311 - a test's data
    departements = {f"{number:02}": chance.randrange(60) for number in range(1, 96)}
    total = sum(departements.values())
    exact = Exact(
        kinds={"a": total - 300, "b": 300},
        months={"2026-01": 1000, "2026-02": total - 1000},
        outcomes={"local": 500, "granted": total - 500},
        departements=departements,
    )
    tables = publish(exact, {code: code[0] for code in departements})
    assert tables.total == round_down(total, WIDE_STEP)
    assert tables.departements == {code: round_down(n, STEP) for code, n in departements.items() if n}
    assert all(
        shown == round_down(sum(n for code, n in departements.items() if code[0] == region), WIDE_STEP)
        for region, shown in tables.regions.items()
    )


def test_a_month_that_is_over_stays_as_it_was_published() -> None:
    first = Exact({"a": 14}, {"2026-01": 14, "2026-02": 0}, {"local": 14}, {"95": 14})
    then = Exact({"a": 40}, {"2026-01": 14, "2026-02": 26, "2026-03": 0}, {"local": 40}, {"95": 40})
    tables = publish(first, {"95": "11"})
    assert publish(then, {"95": "11"}, [tables]).months["2026-01"] == tables.months["2026-01"]


def test_a_growth_that_would_tell_who_filed_is_published_later() -> None:
    """Eight départements pass a step while the country grew by eight: each had four requests, and filed one."""
    region_of = {f"{number:02}": f"r{number:02}" for number in range(16)}

    def of(*counts: int) -> Exact:
        total = sum(counts)
        return Exact({"k": total}, {"m0": total}, {"o": total}, dict(zip(region_of, counts, strict=True)))

    others = (1,) * 8
    before = publish(of(*(4,) * 8, *others), region_of)
    assert publish(of(*(5,) * 8, *others), region_of, [before]) == before
    assert publish(of(*(6,) * 8, *others), region_of, [before]).departements["00"] == 5


@pytest.mark.parametrize(
    ("changes", "enters"),
    [
        ({}, False),
        (dict.fromkeys("abcd", 10), False),
        (dict.fromkeys("abcde", 10), True),
        ({**dict.fromkeys("abcd", 10), "e": 0}, False),
        ({**dict.fromkeys("abcd", 10), "e": 41}, False),
        ({**dict.fromkeys("abcd", 10), "e": -40}, True),
    ],
)
def test_sums_change_by_several_applicants_of_whom_none_dominates(changes: dict[str, int], *, enters: bool) -> None:
    assert is_group(changes) == enters


def test_sums_of_money_keep_two_digits_and_zero_is_like_too_few() -> None:
    assert rounded_cents(1_289_567_89) == 1_200_000_00
    assert rounded_cents(5) == 5
    assert published({"a": 0, "b": 5}) == {"a": None, "b": 5}
