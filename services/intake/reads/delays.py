"""Statistics of the time that requests take from their filing to each step."""

from dataclasses import dataclass
from typing import Final

from shared.db import Reader

FEWEST_DELAYS: Final = 10
"""A delay is published once so many requests have reached the step."""

_DELAYS: Final = """
    WITH reached AS (
        SELECT step.request_id,
               CASE
                   WHEN step.type = 'qualification.request_registered.v1' THEN 'registration'
                   WHEN step.type = 'qualification.examination_started.v1' THEN 'examination'
                   WHEN step.type = 'escalation.decision_made.v1' THEN 'committee_decision'
                   WHEN step.type = 'escalation.accompaniment_completed.v1' THEN 'completion'
                   WHEN step.type = 'qualification.local_work_started.v1' THEN 'local_start'
                   WHEN step.type = 'qualification.local_work_completed.v1' THEN 'local_completion'
                   ELSE 'first_answer'
               END AS step,
               min(step.at) AS at
        FROM step
        WHERE step.type IN (
            'qualification.request_registered.v1', 'qualification.examination_started.v1',
            'escalation.decision_made.v1', 'escalation.accompaniment_completed.v1',
            'qualification.local_work_started.v1', 'qualification.local_work_completed.v1',
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
           round(percentile_cont(0.5) WITHIN GROUP (ORDER BY days))::int AS median,
           round(percentile_cont(0.9) WITHIN GROUP (ORDER BY days))::int AS p90
    FROM taken
    GROUP BY step
    HAVING count(*) >= $1
"""

DELAY_STEPS: Final = (
    "registration",
    "examination",
    "first_answer",
    "local_start",
    "local_completion",
    "committee_decision",
    "completion",
)


@dataclass(frozen=True, slots=True)
class Delay:
    """Whole days from the filing to a step: median and 90th percentile; None while too few requests reached it."""

    step: str
    median_days: int | None
    p90_days: int | None


async def delays(reader: Reader) -> tuple[Delay, ...]:
    """Return the delay of each step."""
    found = {row["step"]: row for row in await reader.fetch(_DELAYS, FEWEST_DELAYS)}
    return tuple(
        Delay(step, row["median"], row["p90"]) if (row := found.get(step)) else Delay(step, None, None)
        for step in DELAY_STEPS
    )
