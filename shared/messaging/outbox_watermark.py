"""The outbox watermark: the position behind which the relay polls, so that a poll reads few deleted rows (tuning)."""

from collections.abc import Sequence

from shared.db import Row


class OutboxWatermark:
    """The last position of the outbox below which no event waits or will appear.

    While an old snapshot of the database is open, PostgreSQL keeps rows that were deleted from the outbox, and a query
    from its beginning reads all of them. The last position seen would lose an event that drew a smaller position and
    commits later; therefore a position is passed in two polls:

    - `journal.record` has the id of its transaction assigned before it draws its position. The first poll has an id of
      its own assigned (`next`) after its snapshot was taken. An event with a smaller position than one that this
      snapshot shows therefore belongs to a transaction with a smaller id than `next`.
    - Once a later snapshot says that no transaction below `next` runs any more (`oldest`), all those events are either
      in the rows that it shows or were rolled back.

    `pg_snapshot_xmax` is no such id: it is one past the highest *completed* one; a running transaction may own it.
    A sequence that hands out numbers in advance (CACHE) would break the first step.
    """

    def __init__(self) -> None:
        self.position = 0
        """Polls begin behind it."""
        self._mark: tuple[int, int] | None = None
        """The `next` of a poll and its last position, which is passed once no transaction below `next` runs."""

    def observe(self, rows: Sequence[Row], *, room: int) -> None:
        """Move with the rows of a poll, each with `oldest` and `next` of its snapshot; `room` rows fill a poll."""
        if not rows:
            return
        positions = [row["position"] for row in rows if row["queue"] == ""]  # resent events are polled separately
        full = len(positions) >= room
        if self._mark is not None and self._mark[0] <= rows[0]["oldest"]:
            _, last = self._mark
            self.position, self._mark = min(last, positions[-1]) if full else last, None
        if positions and self._mark is None:
            self._mark = (rows[0]["next"], positions[-1])

    def reset(self) -> None:
        """Begin at zero again: an event has to be published again, at any position."""
        self.position, self._mark = 0, None
