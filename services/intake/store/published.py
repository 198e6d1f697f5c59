"""The SQL of published snapshots of the public figures, with their amounts and opinions."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from shared.db import Reader, Transaction

APPLICANT: Final = "coalesce(nullif(body #>> '{applicant,code}', ''), body #>> '{applicant,name}')"
"""Who asks: several requests of one applicant are no group."""

_GRANTED: Final = """
    SELECT id AS request_id, decision ->> 'team' AS team, (decision ->> 'amount_cents')::bigint AS cents
    FROM request
    WHERE decision ->> 'outcome' IN ('granted', 'granted_with_reserve', 'supported_locally')
        AND (decision ->> 'amount_cents')::bigint > 0
"""

_CHANGED: Final = f"""
    SELECT request_id, team, coalesce(granted.cents, 0) AS cents, coalesce(published_amount.cents, 0) AS published
    FROM ({_GRANTED}) AS granted
    FULL JOIN published_amount USING (request_id, team)
    WHERE coalesce(granted.cents, 0) <> coalesce(published_amount.cents, 0)
"""


async def is_published(reader: Reader, unit: str, *, at: datetime) -> bool:
    """Return whether there is a snapshot of this month, week or day already."""
    found: bool = await reader.fetchval(
        "SELECT EXISTS (SELECT FROM published_figures WHERE period >= date_trunc($1, $2::timestamptz, 'Europe/Paris'))",
        unit,
        at,
    )
    return found


async def lock_snapshots(tx: Transaction) -> None:
    """Lock out other publishers until the end of the transaction; reads go on."""
    await tx.execute("LOCK TABLE published_figures IN SHARE ROW EXCLUSIVE MODE")


async def add_snapshot(tx: Transaction, unit: str, figures: Mapping[str, Any], *, at: datetime) -> None:
    """Store a snapshot of the period that the moment is in."""
    await tx.execute(
        "INSERT INTO published_figures (period, figures) VALUES (date_trunc($1, $2::timestamptz, 'Europe/Paris'), $3)",
        unit,
        at,
        figures,
    )


async def remove_latest(tx: Transaction) -> None:
    """Delete the latest snapshot, because the next one says the same."""
    await tx.execute("DELETE FROM published_figures WHERE period = (SELECT max(period) FROM published_figures)")


async def changed_amounts(reader: Reader) -> dict[str, dict[str, int]]:
    """Return, by team and applicant, by how much what was granted differs from what the published sums hold."""
    rows = await reader.fetch(
        f"""
        SELECT changed.team, {APPLICANT} AS applicant, sum(changed.cents - changed.published)::bigint AS cents
        FROM ({_CHANGED}) AS changed
        JOIN request ON request.id = changed.request_id
        GROUP BY 1, 2
        """
    )
    changes: dict[str, dict[str, int]] = defaultdict(dict)
    for row in rows:
        changes[row["team"]][row["applicant"]] = row["cents"]
    return changes


async def publish_amounts(tx: Transaction, team: str) -> None:
    """Include what was granted until now in the published sum of a team."""
    await tx.execute(
        f"""
        INSERT INTO published_amount (request_id, team, cents)
        SELECT request_id, team, cents
        FROM ({_CHANGED}) AS changed
        WHERE team = $1
        ON CONFLICT (request_id, team) DO UPDATE SET cents = excluded.cents
        """,
        team,
    )


async def published_amounts(reader: Reader) -> dict[str, int]:
    """Return the sum that is published of each team, not rounded."""
    rows = await reader.fetch("SELECT team, sum(cents)::bigint AS cents FROM published_amount GROUP BY team")
    return {row["team"]: row["cents"] for row in rows}


async def new_evaluations(reader: Reader) -> dict[str, int]:
    """Count, by applicant, the evaluations that the published means do not hold yet, or hold as they were before."""
    rows = await reader.fetch(
        f"""
        SELECT {APPLICANT} AS applicant, count(*)::int AS evaluations
        FROM evaluation
        JOIN request ON request.id = evaluation.request_id
        LEFT JOIN published_evaluation AS published ON published.evaluation_id = evaluation.id
        WHERE published.evaluation_id IS NULL
            OR (published.need_met, published.progress, published.satisfaction)
                <> (evaluation.need_met, evaluation.progress, evaluation.satisfaction)
        GROUP BY 1
        """
    )
    return {row["applicant"]: row["evaluations"] for row in rows}


async def publish_evaluations(tx: Transaction) -> None:
    """Include every evaluation in the published means, as it is now: a later correction is published with others."""
    await tx.execute(
        """
        INSERT INTO published_evaluation (evaluation_id, need_met, progress, satisfaction)
        SELECT id, need_met, progress, satisfaction
        FROM evaluation
        ON CONFLICT (evaluation_id) DO UPDATE SET
            need_met = excluded.need_met,
            progress = excluded.progress,
            satisfaction = excluded.satisfaction
        """
    )


async def means(reader: Reader) -> tuple[int, float | None, float | None, float | None]:
    """Return how many evaluations the published means hold, and the means: need met, progress, satisfaction."""
    (row,) = await reader.fetch(
        """
        SELECT count(*)::int AS answers,
            round(avg(coalesce(published.need_met, evaluation.need_met)), 1)::float AS need_met,
            round(avg(coalesce(published.progress, evaluation.progress)), 1)::float AS progress,
            round(avg(coalesce(published.satisfaction, evaluation.satisfaction)), 1)::float AS satisfaction
        FROM evaluation
        JOIN published_evaluation AS published ON published.evaluation_id = evaluation.id
        """
    )
    return row["answers"], row["need_met"], row["progress"], row["satisfaction"]
