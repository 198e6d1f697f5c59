"""Count requests by outcome, exactly, for a snapshot of the public figures."""

from datetime import datetime
from typing import Final

from services.intake.domain.disclosure import Exact
from shared.contracts.vocabulary import RequestKind
from shared.db import Reader

OUTCOMES: Final = (
    "departement_pending",
    "local",
    "programme",
    "departement_refused",
    "national_pending",
    "national_granted",
    "national_refused",
    "withdrawn",
)
"""Each request is in one of them: in whose hands it is, or what was answered."""

LOCAL: Final = "local"
ANSWERED: Final = (LOCAL, "programme", "departement_refused", "national_granted", "national_refused")
"""Which of them are answers."""

_STATUS: Final = "coalesce(withdrawal #>> '{beneath,status}', status)"
"""Where the request stands: one that the applicant asks to withdraw counts as before until its owner has answered."""

_OUTCOME: Final = f"""
    CASE
        WHEN {_STATUS} = 'withdrawn' THEN 'withdrawn'
        WHEN {_STATUS} IN ('escalated', 'received', 'awaiting_departement', 'admissible', 'scheduled', 'deferred')
            THEN 'national_pending'
        WHEN decision ->> 'team' = 'national' AND decision ->> 'outcome' IN ('granted', 'granted_with_reserve')
            THEN 'national_granted'
        WHEN decision ->> 'team' = 'national' AND decision ->> 'outcome' = 'refused' THEN 'national_refused'
        WHEN decision ->> 'outcome' IN ('oriented_locally', 'supported_locally') THEN 'local'
        WHEN decision ->> 'outcome' = 'directed_to_programme' THEN 'programme'
        WHEN decision ->> 'outcome' = 'refused' THEN 'departement_refused'
        ELSE 'departement_pending'
    END
"""

_COUNTED: Final = f"""
    WITH counted AS (
        SELECT body->>'kind' AS kind,
               to_char(submitted_at AT TIME ZONE 'Europe/Paris', 'YYYY-MM') AS month,
               {_OUTCOME} AS outcome,
               departement
        FROM request
    )
    SELECT kind, month, outcome, departement, count(*)::int AS requests
    FROM counted
    GROUP BY GROUPING SETS ((kind), (month), (outcome), (departement))
"""
"""One statement: all tables are of the same requests."""

_MONTHS: Final = """
    SELECT to_char(month, 'YYYY-MM') AS month
    FROM generate_series(
        (SELECT date_trunc('month', least(min(submitted_at), $1) AT TIME ZONE 'Europe/Paris') FROM request),
        $1::timestamptz AT TIME ZONE 'Europe/Paris',
        interval '1 month'
    ) AS listed (month)
    ORDER BY 1
"""
"""The months from the first filing to the current one, those without requests too."""


async def count(reader: Reader, at: datetime) -> Exact:
    """Count the requests by kind, month of filing, outcome and département; these numbers are not to be published."""
    tables: dict[str, dict[str, int]] = {
        "kind": {kind.value: 0 for kind in RequestKind},
        "month": {row["month"]: 0 for row in await reader.fetch(_MONTHS, at)},
        "outcome": dict.fromkeys(OUTCOMES, 0),
        "departement": {},
    }
    for row in await reader.fetch(_COUNTED):
        dimension = next(name for name in tables if row[name] is not None)
        tables[dimension][row[dimension]] = row["requests"]
    return Exact(
        kinds=tables["kind"],
        months=tables["month"],
        outcomes=tables["outcome"],
        departements=tables["departement"],
    )
