"""What became of the requests, as one partition of all of them; what it cost, and what their applicants say of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.intake.domain.disclosure import FEWEST, Counts, rounded, rounded_cents
from shared.contracts.vocabulary import ApplicantKind
from shared.db import Reader, Row

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

_WITHIN: Final = """
    $1::text IS NULL
    OR ($1 = 'commune' AND (body #>> '{applicant,code}' = ANY($2) OR body #> '{applicant,communes}' ?| $2))
    OR ($1 = 'epci' AND (body #>> '{applicant,code}' = ANY($2) OR body #>> '{applicant,epci}' = ANY($2)))
    OR ($1 = 'departement' AND departement = ANY($2))
    OR ($1 = 'region' AND body #>> '{applicant,region}' = ANY($2))
"""
"""Requests of a territory: its own, and those of territories that lie in it; all of them without one."""


_APPLICANT: Final = "coalesce(nullif(body #>> '{applicant,code}', ''), body #>> '{applicant,name}')"
"""Who asks: several requests of one applicant are no group."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """What was granted, in euro cents: by the committee, and by the départements on their own envelopes.

    None where fewer than five applicants were granted something.
    """

    national_granted_cents: int | None
    local_support_cents: int | None


@dataclass(frozen=True, slots=True)
class Opinions:
    """What applicants say of what came of it: means from 1 to 5, None where fewer than five of them have."""

    answers: int | None
    need_met: float | None
    progress: float | None
    satisfaction: float | None


@dataclass(frozen=True, slots=True)
class Results:
    """The results of the requests of a territory, or of all; counts are rounded, None below the fewest."""

    requests: int | None
    outcomes: Counts
    amounts: Amounts
    opinions: Opinions


async def results(reader: Reader, kind: ApplicantKind | None = None, codes: Sequence[str] = ()) -> Results:
    """Give what became of the requests of territories of a kind together, or of all requests without a kind."""
    counts = await outcomes_of(reader, kind, codes)
    return Results(
        requests=rounded(sum(counts.values())),
        outcomes={outcome: rounded(counts.get(outcome, 0)) for outcome in OUTCOMES},
        amounts=await _amounts(reader, kind, codes),
        opinions=await _opinions(reader, kind, codes),
    )


async def outcomes_of(reader: Reader, kind: ApplicantKind | None = None, codes: Sequence[str] = ()) -> dict[str, int]:
    """Count exactly, which is not to be published, by what became of the requests."""
    rows = await reader.fetch(
        f"SELECT {_OUTCOME} AS outcome, count(*)::int AS requests FROM request WHERE {_WITHIN} GROUP BY 1",  # noqa: S608 - constants
        kind,
        list(codes),
    )
    return {row["outcome"]: row["requests"] for row in rows}


async def _amounts(reader: Reader, kind: ApplicantKind | None, codes: Sequence[str]) -> Amounts:
    rows = await reader.fetch(
        f"""
        SELECT decision ->> 'team' AS team, count(DISTINCT {_APPLICANT})::int AS applicants,
            sum((decision ->> 'amount_cents')::bigint)::bigint AS cents
        FROM request
        WHERE ({_WITHIN})
            AND decision ->> 'outcome' IN ('granted', 'granted_with_reserve', 'supported_locally')
        GROUP BY 1
        """,  # noqa: S608 - built from constants
        kind,
        list(codes),
    )
    cents = {row["team"]: rounded_cents(row["cents"] or 0, of=row["applicants"]) for row in rows}
    return Amounts(cents.get("national"), cents.get("departement"))


async def _opinions(reader: Reader, kind: ApplicantKind | None, codes: Sequence[str]) -> Opinions:
    row = await reader.fetchrow(
        f"""
        SELECT count(*)::int AS answers, count(DISTINCT {_APPLICANT})::int AS applicants,
            round(avg(need_met), 1)::float AS need_met,
            round(avg(progress), 1)::float AS progress, round(avg(satisfaction), 1)::float AS satisfaction
        FROM evaluation
        JOIN request ON request.id = evaluation.request_id
        WHERE {_WITHIN}
        """,  # noqa: S608 - built from constants
        kind,
        list(codes),
    )
    return _told(row) if row and row["applicants"] >= FEWEST else Opinions(None, None, None, None)


def _told(row: Row) -> Opinions:
    return Opinions(rounded(row["answers"]), row["need_met"], row["progress"], row["satisfaction"])
