"""From where the relay reads its outbox on, so that a look costs what waits and not what was told."""

from collections.abc import Sequence

from shared.db import Row


class Reach:
    """Up to which position nothing waits any more, nor ever will.

    While somebody holds an old snapshot of the database open, PostgreSQL keeps what was taken out of the outbox, and
    who reads it from its beginning walks over all of that with each look. A last position alone would lose whoever
    drew a smaller one and commits later. PostgreSQL says when that cannot be any more: `journal.record` is given the
    number of its transaction before it draws its position, so that whoever drew a smaller one than what a look saw
    stands below the transactions that the look's snapshot calls `next`; once no such one runs (`oldest`), a look has
    seen what it left. A sequence that hands out numbers in advance (CACHE) would break that.
    """

    def __init__(self) -> None:
        self.after = 0
        """Looks begin behind it."""
        self._mark: tuple[int, int] | None = None
        """The `next` of a look, and the last position that it saw: passed once nobody from before it runs."""

    def looked(self, rows: Sequence[Row], *, room: int) -> None:
        """Hear what a look found, each row with the `oldest` and `next` of its snapshot; more than `room` may wait."""
        if not rows:
            return
        positions = [row["position"] for row in rows if row["queue"] == ""]  # what is sent again is read by itself
        full = len(positions) >= room
        if self._mark is not None and self._mark[0] <= rows[0]["oldest"]:
            _, last = self._mark
            self.after, self._mark = min(last, positions[-1]) if full else last, None
        if positions and self._mark is None:
            self._mark = (rows[0]["next"], positions[-1])

    def failed(self) -> None:
        """Hear that something has to be told again: it waits once more, wherever it stands."""
        self.after, self._mark = 0, None
