"""Who dies where next: evenly, and honest about what was not reached."""

import random
from collections import Counter

from tests.faults.kills.dealer import HAND, HITS, PATIENCE, Dealer


def a_dealer(count: int, *, quiet: int = 0, points: str = "*") -> Dealer:
    dealer = Dealer(random.Random(7), points=points)  # noqa: S311 - a seed that can be given again
    for n in range(count):
        dealer.learn("intake", f"point {n}", quiet=n < quiet)
    return dealer


def test_all_points_get_their_turn_evenly_and_at_each_of_their_hits() -> None:
    dealer, hits = a_dealer(20), Counter[int]()
    for _ in range(20 * HITS):
        hand = dealer.hand("intake", 0.0)
        point = min(hand)
        hits[hand[point]] += 1
        dealer.reached("intake", point)
    assert max(dealer.killed.values()) - min(dealer.killed.values()) <= 2
    assert set(hits) == set(range(1, HITS + 1))


def test_a_start_is_not_killed_more_often_than_the_rest() -> None:
    dealer = a_dealer(10, quiet=5)
    for _ in range(100):
        hand = dealer.hand("intake", 0.0)
        starting = [point for point in hand if int(point.split()[1]) < 5]
        dealer.reached("intake", starting[0] if starting else min(hand))
    at_start = sum(count for (_, point), count in dealer.killed.items() if int(point.split()[1]) < 5)
    assert 45 <= at_start <= 55


def test_a_point_that_is_not_reached_is_taken_back_and_counted() -> None:
    dealer = a_dealer(HAND + 1)
    first = dealer.hand("intake", 0.0)
    assert not dealer.overdue("intake", PATIENCE - 1)
    assert dealer.overdue("intake", PATIENCE + 1)
    second = dealer.hand("intake", PATIENCE + 1)
    assert set(second) - set(first), "the one that waited has its turn"
    assert dealer.not_reached.total() == HAND
    assert not dealer.killed


def test_a_hit_that_was_passed_counts_for_the_next_life_too() -> None:
    dealer = a_dealer(1)
    for _ in range(2):
        dealer.hand("intake", 0.0)
        dealer.reached("intake", "point 0")
    assert dealer.hand("intake", 0.0) == {"point 0": 3}
    dealer.passed("intake", "point 0")
    assert dealer.hand("intake", 0.0) == {"point 0": 2}


def test_only_points_that_were_chosen_are_dealt() -> None:
    dealer = a_dealer(10, points="* 3,* 5")
    assert set(dealer.hand("intake", 0.0)) == {"point 3", "point 5"}


def test_a_run_that_goes_on_lets_the_others_go_first() -> None:
    dealer = a_dealer(HAND + 2)
    dealer.remember({("intake", "point 0"): 4, ("intake", "point 1"): 4})
    assert not {"point 0", "point 1"} & dealer.hand("intake", 0.0).keys()


def test_a_service_that_began_before_any_point_was_known_is_overdue_once_there_is_one() -> None:
    dealer = a_dealer(0)
    assert dealer.hand("intake", 0.0) == {}
    assert not dealer.overdue("intake", 1.0)
    dealer.learn("intake", "point", quiet=False)
    assert dealer.overdue("intake", 1.0)
    assert dealer.hand("intake", 1.0)
    assert not dealer.overdue("intake", 2.0)
