"""Storage of the message parts that a dossier refers to, until that dossier is consumed (ADR 28).

Such a service has the table `exchange_part` and consumes a subclass of `ExchangesPart` by `store_part`.
"""

from shared.contracts.qualification import Dossier, DossierMessage, DossierStep, ExchangesPart
from shared.db import Transaction
from shared.errors import WaitsForAnother


class ExchangesMissing(WaitsForAnother):  # names what is missing; never shown to people, only to the operator
    """A dossier refers to parts that have not arrived: its event is held until they do."""


async def store_part(tx: Transaction, fact: ExchangesPart) -> None:
    """Store a part until its dossier is consumed."""
    await tx.execute(
        """
        INSERT INTO exchange_part (exchange_id, part, request_id, at, messages, history)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT DO NOTHING
        """,
        fact.exchange_id,
        fact.part,
        fact.request_id,
        fact.at,
        [message.model_dump(mode="json") for message in fact.messages],
        [step.model_dump(mode="json") for step in fact.history],
    )


async def complete(tx: Transaction, dossier: Dossier) -> Dossier:
    """Return the dossier with what it refers to, which is removed from the parts; refuses with `ExchangesMissing`.

    A dossier that carries its messages itself, as those published before November 2026 do, comes back as it is.
    """
    wanted = dossier.exchanges
    if wanted is None:
        return dossier
    rows = await tx.fetch(
        """
        WITH taken AS (
            DELETE FROM exchange_part
            WHERE exchange_id = $1
            RETURNING part, messages, history
        )
        SELECT messages, history
        FROM taken
        ORDER BY part
        """,
        wanted.id,
    )
    if len(rows) < wanted.parts:
        raise ExchangesMissing(f"{len(rows)} of {wanted.parts} parts of the exchanges {wanted.id} are here")
    messages = [DossierMessage.model_validate(message) for row in rows for message in row["messages"]]
    steps = [DossierStep.model_validate(step) for row in rows for step in row["history"]]
    return dossier.model_copy(
        update={"messages": (*dossier.messages, *messages), "history": (*steps, *dossier.history), "exchanges": None}
    )
