"""Limit the amount of text that one side may write about a request (`Allowance`)."""

from datetime import datetime
from typing import Final

from shared.allowance import Allowance
from shared.db import Transaction

_A_DAY: Final = 86_400
"""Seconds."""


async def find_room(tx: Transaction, allowance: Allowance, texts: str, *about: object, text: str, at: datetime) -> None:
    """Refuse (`TooManyTexts`, `TooMuchWritten`) one text more.

    Args:
        tx: the transaction that has locked what the text is about.
        allowance: how much may be written.
        texts: SQL that gives what was written before, as (at, text); its first argument is `$2`.
        about: the arguments of that SQL.
        text: what is to be written.
        at: when.
    """
    written = await tx.fetchrow(
        f"""
        WITH written AS ({texts})
        SELECT count(*)::bigint AS texts,
               coalesce(sum(length(text)), 0)::bigint AS characters,
               count(*) FILTER (WHERE at > $1::timestamptz - interval '1 day')::bigint AS today,
               ceil(extract(epoch FROM (array_agg(at ORDER BY at DESC))[{allowance.texts_a_day}] - $1))::bigint
                   + {_A_DAY} AS wait
        FROM written
        """,  # noqa: S608 - the query is a constant of the service
        at,
        *about,
    )
    if written is None:
        raise LookupError("a count gives a row")
    allowance.require_room(
        texts=written["texts"],
        characters=written["characters"] + len(text),
        today=written["today"],
        wait=written["wait"] or 0,
    )
