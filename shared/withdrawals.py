"""Requests to withdraw and their answers as rows of `withdrawal_request`, in each service that may own a request.

One transaction at a time decides who owns a request: consumers hold its lock (ADR 30), people that of its case.
"""

from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from shared.contracts.intake import RequestWithdrawn
from shared.contracts.withdrawal import Withdrawal, WithdrawalAnswer
from shared.db import Transaction

Answer = Literal["accepted", "declined"]

MOST_ANSWERED: Final = 20
"""Answers that a transfer carries."""


async def add(tx: Transaction, fact: RequestWithdrawn) -> None:
    """Store a request to withdraw, unless its answer came first: then complete that row."""
    await tx.execute(
        """
        INSERT INTO withdrawal_request (request_id, at, motive)
        VALUES ($1, $2, $3)
        ON CONFLICT (request_id, at) DO UPDATE SET motive = EXCLUDED.motive
        """,
        fact.request_id,
        fact.at,
        fact.motive,
    )


async def add_answer(tx: Transaction, request_id: UUID, at: datetime, answer: Answer) -> None:
    """Store the answer to the request to withdraw of the moment `at`; it may come before the request itself."""
    await tx.execute(
        """
        INSERT INTO withdrawal_request (request_id, at, answer)
        VALUES ($1, $2, $3)
        ON CONFLICT (request_id, at) DO UPDATE SET answer = EXCLUDED.answer
        """,
        request_id,
        at,
        answer,
    )


async def pending(tx: Transaction, request_id: UUID) -> list[Withdrawal]:
    """Return the requests to withdraw without an answer, oldest first."""
    rows = await tx.fetch(
        """
        SELECT at, motive
        FROM withdrawal_request
        WHERE request_id = $1
          AND motive IS NOT NULL
          AND answer IS NULL
        ORDER BY at
        """,
        request_id,
    )
    return [Withdrawal(row["at"], row["motive"]) for row in rows]


async def answered(tx: Transaction, request_id: UUID) -> tuple[datetime, ...]:
    """Return the moments of the latest requests to withdraw that were answered, newest first.

    An applicant asks again only once the last one was answered, so that an older one cannot wait behind these.
    """
    rows = await tx.fetch(
        """
        SELECT at
        FROM withdrawal_request
        WHERE request_id = $1
          AND answer IS NOT NULL
        ORDER BY at DESC
        LIMIT $2
        """,
        request_id,
        MOST_ANSWERED,
    )
    return tuple(row["at"] for row in rows)


async def note_answer(tx: Transaction, fact: WithdrawalAnswer, answer: Answer) -> None:
    """Store an answer, ours or another owner's."""
    await add_answer(tx, fact.request_id, fact.withdrawn_at, answer)
