"""The relay begins a look where nothing can wait any more, and never further on."""

from shared.db import Row
from shared.messaging.outbox_watermark import OutboxWatermark

ROOM = 3


def found(*positions: int, oldest: int, following: int, queue: str = "") -> list[Row]:
    """Give what a look finds: no transaction below `oldest` runs, and the look's own id is `following`."""
    return [{"position": one, "queue": queue, "oldest": oldest, "next": following} for one in positions]  # type: ignore[misc] # reads as a row does


def test_a_look_begins_behind_what_was_seen_once_no_transaction_from_before_it_runs() -> None:
    reach = OutboxWatermark()
    reach.observe(found(1, 2, oldest=10, following=12), room=ROOM)
    assert reach.position == 0
    reach.observe(found(3, oldest=11, following=13), room=ROOM)
    assert reach.position == 0  # transaction 11 may still commit a position below 2
    reach.observe(found(4, oldest=12, following=14), room=ROOM)
    assert reach.position == 2


def test_a_transaction_that_runs_with_the_highest_id_is_not_passed() -> None:
    """Transaction 12 began last and draws position 1; 11 draws position 2 and commits first."""
    reach = OutboxWatermark()
    reach.observe(found(2, oldest=12, following=13), room=ROOM)
    reach.observe(found(3, oldest=12, following=15), room=ROOM)
    assert reach.position == 0
    reach.observe(found(1, oldest=15, following=16), room=ROOM)
    assert reach.position == 2


def test_a_look_without_room_for_all_is_not_passed() -> None:
    reach = OutboxWatermark()
    reach.observe(found(7, 8, 9, oldest=10, following=12), room=ROOM)
    reach.observe(found(2, 3, 4, oldest=12, following=12), room=ROOM)  # committed meanwhile; more of them may wait
    assert reach.position == 4
    reach.observe(found(5, oldest=12, following=12), room=ROOM)
    assert reach.position == 4


def test_what_is_sent_again_moves_nothing() -> None:
    reach = OutboxWatermark()
    for _ in range(2):
        reach.observe(found(9, oldest=10, following=10, queue="escalation"), room=ROOM)
    assert reach.position == 0


def test_after_a_failure_everything_is_looked_at_again() -> None:
    reach = OutboxWatermark()
    for position in (1, 2, 3):
        reach.observe(found(position, oldest=10, following=10), room=ROOM)
    assert reach.position == 2
    reach.reset()
    assert reach.position == 0
    reach.observe([], room=ROOM)
    assert reach.position == 0


def test_while_a_transaction_stays_open_looks_begin_before_it_and_go_on_once_it_has_ended() -> None:
    reach = OutboxWatermark()
    for position in range(1, 50):
        reach.observe(found(position, oldest=10, following=10 + position), room=ROOM)
        assert reach.position == 0
    for position in (50, 51):
        reach.observe(found(position, oldest=100, following=100), room=ROOM)
    assert reach.position == 50
