"""From where the relay reads its outbox on, so that a look costs what waits and not what was told."""

from collections.abc import Sequence

from shared.db import Row


class OutboxWatermark:
    """Up to which position nothing waits any more, nor ever will.

    While somebody holds an old snapshot of the database open, PostgreSQL keeps what was deleted from the outbox, and a
    query that reads it from its beginning walks over all of that each time. A last position alone would lose an event
    that drew a smaller position and is committed later, so that a position is passed in two looks:

    - `journal.record` has the id of its transaction assigned before it draws its position. The first look has an id of
      its own assigned (`next`) after its snapshot was taken. An event with a smaller position than one that this
      snapshot shows therefore belongs to a transaction with a smaller id than `next`.
    - Once a later snapshot says that no transaction below `next` runs any more (`oldest`), all those events are either
      in the rows that it shows or were rolled back.

    `pg_snapshot_xmax` is no such id: it is one past the highest *completed* one; a running transaction may own it.
    A sequence that hands out numbers in advance (CACHE) would break the first step.
    """

    def __init__(self) -> None:
        self.position = 0
        """Looks begin behind it."""
        self._mark: tuple[int, int] | None = None
        """The `next` of a look, and the last position that it saw; passed once no transaction below `next` runs."""

    def observe(self, rows: Sequence[Row], *, room: int) -> None:
        """Hear what a look found, each row with the `oldest` and `next` of its snapshot; more than `room` may wait."""
        if not rows:
            return
        positions = [row["position"] for row in rows if row["queue"] == ""]  # what is sent again is read by itself
        full = len(positions) >= room
        if self._mark is not None and self._mark[0] <= rows[0]["oldest"]:
            _, last = self._mark
            self.position, self._mark = min(last, positions[-1]) if full else last, None
        if positions and self._mark is None:
            self._mark = (rows[0]["next"], positions[-1])

    def reset(self) -> None:
        """Begin at zero again: something has to be published again, wherever it stands."""
        self.position, self._mark = 0, None
