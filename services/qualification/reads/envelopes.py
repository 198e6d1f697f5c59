"""Read model of the yearly envelopes; an envelope without a row has nothing committed."""

from collections.abc import Mapping

from pydantic import BaseModel

from shared.db import Reader


class Envelope(BaseModel):
    """A year's money of one département, or of several together; euro cents."""

    year: int
    amount_cents: int
    committed_cents: int

    @property
    def left_cents(self) -> int:
        """Return what is left of it."""
        return self.amount_cents - self.committed_cents


async def envelope(reader: Reader, whole_cents: Mapping[str, int], *, year: int) -> Envelope:
    """Return what these départements have together. `whole_cents`: each one's envelope before anything is spent."""
    rows = await reader.fetch(
        """
        SELECT departement, amount_cents, committed_cents
        FROM envelope
        WHERE departement = ANY($1) AND year = $2
        """,
        list(whole_cents),
        year,
    )
    known = {row["departement"]: row["amount_cents"] for row in rows}
    return Envelope(
        year=year,
        amount_cents=sum(({**whole_cents, **known}).values()),
        committed_cents=sum(row["committed_cents"] for row in rows),
    )
