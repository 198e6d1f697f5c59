"""Public figures without personal data: what was asked, where it stands, how long it took."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from services.intake.domain.disclosure import FEWEST, NOTE, Counts, protect, rounded, share, told
from services.intake.reads.outcomes import ANSWERED, LOCAL, Amounts, Opinions, outcomes_of, results
from shared.contracts.vocabulary import RequestKind
from shared.db import Database, Reader


@dataclass(frozen=True, slots=True)
class Delay:
    """Days from the filing to a step: median and 90th percentile, over so many requests."""

    step: str
    requests: int | None
    median_days: float | None
    p90_days: float | None


@dataclass(frozen=True, slots=True)
class Statistics:
    """The public figures at one moment; a null count, or a group that is not named, is too small to be told.

    `answered_locally` are those of `answered` that a local provider or the département helps, as `outcomes` has them.
    """

    at: datetime
    total: int
    outcomes: Counts
    amounts: Amounts
    opinions: Opinions
    by_status: dict[str, int] = field(default_factory=dict)
    by_kind: Counts = field(default_factory=dict)
    by_departement: dict[str, int] = field(default_factory=dict)
    by_month: Counts = field(default_factory=dict)
    answered: int | None = None
    answered_locally: int | None = None
    share_answered_locally: float | None = None
    delays: tuple[Delay, ...] = ()
    note: str = NOTE


_COUNTS: Final = """
    SELECT 'status' AS what, status AS value, count(*)::int AS requests FROM request GROUP BY status
    UNION ALL
    SELECT 'kind', body->>'kind', count(*)::int FROM request GROUP BY body->>'kind'
    UNION ALL
    SELECT 'departement', departement, count(*)::int FROM request GROUP BY departement
    UNION ALL
    SELECT 'month', to_char(listed.month, 'YYYY-MM'), count(request.id)::int
    FROM generate_series(
        (SELECT date_trunc('month', min(submitted_at) AT TIME ZONE 'Europe/Paris') FROM request),
        $1::timestamptz AT TIME ZONE 'Europe/Paris',
        interval '1 month'
    ) AS listed (month)
    LEFT JOIN request ON date_trunc('month', request.submitted_at AT TIME ZONE 'Europe/Paris') = listed.month
    GROUP BY 2
    ORDER BY 1, 2
"""
"""Months without requests are counted too, from the first one on."""

_DELAYS: Final = """
    WITH reached AS (
        SELECT step.request_id,
               CASE
                   WHEN step.type = 'qualification.request_registered.v1' THEN 'registration'
                   WHEN step.type = 'qualification.examination_started.v1' THEN 'examination'
                   WHEN step.type = 'escalation.decision_made.v1' THEN 'committee_decision'
                   WHEN step.type = 'escalation.accompaniment_completed.v1' THEN 'completion'
                   ELSE 'first_answer'
               END AS step,
               min(step.at) AS at
        FROM step
        WHERE step.type IN (
            'qualification.request_registered.v1', 'qualification.examination_started.v1',
            'escalation.decision_made.v1', 'escalation.accompaniment_completed.v1',
            'qualification.oriented_locally.v1', 'qualification.supported_locally.v1',
            'qualification.directed_to_programme.v1', 'qualification.request_escalated.v1',
            'qualification.request_refused.v1'
        )
        GROUP BY 1, 2
    ), taken AS (
        SELECT reached.step, extract(epoch FROM reached.at - request.submitted_at) / 86400 AS days
        FROM reached
        JOIN request ON request.id = reached.request_id
    )
    SELECT step,
           count(*)::int AS requests,
           round(percentile_cont(0.5) WITHIN GROUP (ORDER BY days)::numeric, 1)::float AS median,
           round(percentile_cont(0.9) WITHIN GROUP (ORDER BY days)::numeric, 1)::float AS p90
    FROM taken
    GROUP BY step
"""

DELAY_STEPS: Final = ("registration", "examination", "first_answer", "committee_decision", "completion")


async def statistics(database: Database, *, at: datetime) -> Statistics:
    """Count, and leave out what could identify somebody; everybody may ask, so it is not counted for each."""
    return await database.kept.get("statistics", lambda: _count(database, at))


async def _count(reader: Reader, at: datetime) -> Statistics:
    groups: dict[str, dict[str, int]] = {"status": {}, "kind": {}, "departement": {}, "month": {}}
    for row in await reader.fetch(_COUNTS, at):
        groups[row["what"]][row["value"]] = row["requests"]
    outcomes = await outcomes_of(reader)
    answered, locally = sum(outcomes.get(one, 0) for one in ANSWERED), outcomes.get(LOCAL, 0)
    came_of_it = await results(reader)
    return Statistics(
        at=at,
        total=sum(groups["status"].values()),
        by_status=told(groups["status"]),
        by_kind=protect({**{kind.value: 0 for kind in RequestKind}, **groups["kind"]}),
        by_departement=told(groups["departement"]),
        by_month=protect(groups["month"]),
        answered=rounded(answered),
        answered_locally=rounded(locally),
        share_answered_locally=share(locally, answered),
        delays=await _delays(reader),
        outcomes=came_of_it.outcomes,
        amounts=came_of_it.amounts,
        opinions=came_of_it.opinions,
    )


async def _delays(reader: Reader) -> tuple[Delay, ...]:
    found = {row["step"]: row for row in await reader.fetch(_DELAYS)}
    return tuple(
        Delay(step, rounded(row["requests"]), row["median"], row["p90"])
        if (row := found.get(step)) and row["requests"] >= FEWEST
        else Delay(step, None, None, None)
        for step in DELAY_STEPS
    )
