"""The relay begins a look where nothing can wait any more, and never further on."""

from shared.db import Row
from shared.messaging.reach import Reach

ROOM = 3


def found(*positions: int, oldest: int, following: int, queue: str = "") -> list[Row]:
    """Give what a look finds: no transaction below `oldest` runs, and the look's own id is `following`."""
    return [{"position": one, "queue": queue, "oldest": oldest, "next": following} for one in positions]  # type: ignore[misc] # reads as a row does


def test_a_look_begins_behind_what_was_seen_once_no_transaction_from_before_it_runs() -> None:
    reach = Reach()
    reach.looked(found(1, 2, oldest=10, following=12), room=ROOM)
    assert reach.after == 0
    reach.looked(found(3, oldest=11, following=13), room=ROOM)
    assert reach.after == 0  # transaction 11 may still commit a position below 2
    reach.looked(found(4, oldest=12, following=14), room=ROOM)
    assert reach.after == 2


def test_a_transaction_that_runs_with_the_highest_id_is_not_passed() -> None:
    """Transaction 12 began last and draws position 1; 11 draws position 2 and commits first."""
    reach = Reach()
    reach.looked(found(2, oldest=12, following=13), room=ROOM)
    reach.looked(found(3, oldest=12, following=15), room=ROOM)
    assert reach.after == 0
    reach.looked(found(1, oldest=15, following=16), room=ROOM)
    assert reach.after == 2


def test_a_look_without_room_for_all_is_not_passed() -> None:
    reach = Reach()
    reach.looked(found(7, 8, 9, oldest=10, following=12), room=ROOM)
    reach.looked(found(2, 3, 4, oldest=12, following=12), room=ROOM)  # committed meanwhile; more of them may wait
    assert reach.after == 4
    reach.looked(found(5, oldest=12, following=12), room=ROOM)
    assert reach.after == 4


def test_what_is_sent_again_moves_nothing() -> None:
    reach = Reach()
    for _ in range(2):
        reach.looked(found(9, oldest=10, following=10, queue="escalation"), room=ROOM)
    assert reach.after == 0


def test_after_a_failure_everything_is_looked_at_again() -> None:
    reach = Reach()
    for position in (1, 2, 3):
        reach.looked(found(position, oldest=10, following=10), room=ROOM)
    assert reach.after == 2
    reach.failed()
    assert reach.after == 0
    reach.looked([], room=ROOM)
    assert reach.after == 0


def test_while_a_transaction_stays_open_looks_begin_before_it_and_go_on_once_it_has_ended() -> None:
    reach = Reach()
    for position in range(1, 50):
        reach.looked(found(position, oldest=10, following=10 + position), room=ROOM)
        assert reach.after == 0
    for position in (50, 51):
        reach.looked(found(position, oldest=100, following=100), room=ROOM)
    assert reach.after == 50
