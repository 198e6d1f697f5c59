"""Figures of the dashboard: what comes in, what waits and for how long, delays of stages, and outcomes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from pydantic import BaseModel

from services.qualification.domain.moves import State
from services.qualification.reads.envelopes import Envelope
from shared.contracts import escalation, qualification
from shared.contracts.vocabulary import Field
from shared.db import Reader

AGES: Final = (15, 31, 91)
"""Days at which a case passes into the next class of age."""

IN_HAND: Final = (State.REGISTERED, State.UNDER_EXAMINATION, State.AWAITING_INFORMATION, State.PROPOSED)
LOCAL: Final = (State.ORIENTED_LOCALLY, State.SUPPORTED_LOCALLY)
ANSWERED: Final = (*LOCAL, State.DIRECTED_TO_PROGRAMME, State.ESCALATED, State.REFUSED, State.TRANSFERRED)

_ANSWERS: Final = [
    fact.wire_type
    for fact in (
        qualification.OrientedLocally,
        qualification.SupportedLocally,
        qualification.DirectedToProgramme,
        qualification.RequestEscalated,
        qualification.RequestRefused,
        qualification.RequestTransferred,
    )
]


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose cases are counted, and since when they came; None: all that the caller sees."""

    perimeter: Sequence[str] | None
    departement: str | None
    since: date

    @property
    def arguments(self) -> tuple[Sequence[str] | None, str | None, date]:
        """Return them as the statements below take them."""
        return self.perimeter, self.departement, self.since


class Month(BaseModel):
    """How many requests came in a month."""

    month: date
    cases: int


class Stock(BaseModel):
    """How many cases wait in a state, by age: under 15 days, 15 to 30, 31 to 90, more."""

    state: State
    ages: tuple[int, int, int, int]

    @property
    def cases(self) -> int:
        """How many in all."""
        return sum(self.ages)


class Delay(BaseModel):
    """How long a stage took, in calendar days, over the cases that went through it.

    `stage` is one of `Stage` or of `LocalStage`.
    """

    stage: str
    cases: int
    median_days: float
    p90_days: float


class Share(BaseModel):
    """Of the requests that came, how many were answered, and how many of these locally."""

    cases: int
    answered: int
    local: int

    @property
    def local_share(self) -> float | None:
        """Return what part of the answers was local; None without any."""
        return self.local / self.answered if self.answered else None


class FieldShare(Share):
    """The same for one field."""

    field: Field


class TerritoryShare(Share):
    """The same for one intercommunalité, or for an applicant that belongs to none; the caller finds its `name`."""

    code: str
    name: str = ""


class Dashboard(BaseModel):
    """All of it."""

    since: date
    inflow: list[Month]
    stock: list[Stock]
    delays: list[Delay]
    total: Share
    outcomes: dict[State, int]
    fields: list[FieldShare]
    territories: list[TerritoryShare]
    envelope: Envelope | None = None
    """This year's money of the départements that are counted, which the caller finds; None where all are."""


_SEEN = "($1::text[] IS NULL OR c.departement = ANY($1)) AND ($2::text IS NULL OR c.departement = $2)"
_PARIS = "AT TIME ZONE 'Europe/Paris'"
_SINCE = f"c.opened_at >= $3::date::timestamp {_PARIS}"
_SHARE = """
    count(*) AS cases,
    count(*) FILTER (WHERE c.state = ANY($4)) AS answered,
    count(*) FILTER (WHERE c.state = ANY($5)) AS local
"""


async def dashboard(reader: Reader, scope: Scope, *, today: date) -> Dashboard:
    """Count everything; the stock is that of today, whenever it came."""
    outcomes = await _outcomes(reader, scope)
    return Dashboard(
        since=scope.since,
        inflow=await _inflow(reader, scope, today),
        stock=await _stock(reader, scope, today),
        delays=await _delays(reader, scope),
        total=Share(
            cases=sum(outcomes.values()),
            answered=sum(outcomes.get(state, 0) for state in ANSWERED),
            local=sum(outcomes.get(state, 0) for state in LOCAL),
        ),
        outcomes={state: outcomes[state] for state in ANSWERED if state in outcomes},
        fields=await _fields(reader, scope),
        territories=await _territories(reader, scope),
    )


async def _inflow(reader: Reader, scope: Scope, today: date) -> list[Month]:
    """Count what came, month by month, those without any among them."""
    rows = await reader.fetch(
        f"""
        WITH came AS (
            SELECT date_trunc('month', c.opened_at {_PARIS}) AS month, count(*) AS cases
            FROM case_file AS c
            WHERE {_SEEN}
              AND {_SINCE}
            GROUP BY 1
        )
        SELECT m.month::date AS month, coalesce(came.cases, 0) AS cases
        FROM generate_series(date_trunc('month', $3::date::timestamp), $4::date, interval '1 month') AS m (month)
        LEFT JOIN came USING (month)
        ORDER BY m.month
        """,
        *scope.arguments,
        today,
    )
    return [Month(**dict(row)) for row in rows]


async def _stock(reader: Reader, scope: Scope, today: date) -> list[Stock]:
    """Count what waits in the département's hands, by state and age."""
    rows = await reader.fetch(
        f"""
        SELECT c.state, width_bucket($4::date - (c.opened_at {_PARIS})::date, $5::integer[]) AS age, count(*) AS cases
        FROM case_file AS c
        WHERE {_SEEN}
          AND c.state = ANY($3)
        GROUP BY c.state, age
        """,
        scope.perimeter,
        scope.departement,
        [state.value for state in IN_HAND],
        today,
        list(AGES),
    )
    found = {(row["state"], row["age"]): row["cases"] for row in rows}
    return [
        Stock(state=state, ages=tuple(found.get((state.value, age), 0) for age in range(len(AGES) + 1)))
        for state in IN_HAND
    ]


async def _delays(reader: Reader, scope: Scope) -> list[Delay]:
    """Measure the stages that each case went through, from one step of its timeline to the next."""
    rows = await reader.fetch(
        f"""
        WITH passed AS (
            SELECT c.opened_at,
                   min(s.at) FILTER (WHERE s.type = $4) AS examined_at,
                   min(s.at) FILTER (WHERE s.type = ANY($5)) AS answered_at,
                   min(s.at) FILTER (WHERE s.type = $6) AS escalated_at,
                   max(s.at) FILTER (WHERE s.type = $7) AS decided_at,
                   max(s.at) FILTER (WHERE s.type = ANY($8)) AS granted_at,
                   max(s.at) FILTER (WHERE s.type = $9) AS started_at,
                   max(s.at) FILTER (WHERE s.type = $10) AS completed_at
            FROM case_file AS c
            JOIN case_step AS s
                ON s.request_id = c.request_id AND s.departement = c.departement AND s.at >= c.opened_at
            WHERE {_SEEN}
              AND {_SINCE}
              AND (s.type = ANY($5) OR s.type = ANY($8) OR s.type IN ($4, $6, $7, $9, $10))
            GROUP BY c.request_id, c.departement
        ), took AS (
            SELECT t.stage, t.place, t.time
            FROM passed AS p
            CROSS JOIN LATERAL (VALUES
                ('start_examination', 1, p.examined_at - p.opened_at),
                ('qualify', 2, p.answered_at - p.examined_at),
                ('committee', 4, p.decided_at - p.escalated_at),
                ('local_start', 5, p.started_at - p.granted_at),
                ('local_work', 6, p.completed_at - p.started_at)
            ) AS t (stage, place, time)
            UNION ALL
            SELECT 'provider_answer', 3, o.answered_at - o.opened_at
            FROM orientation AS o
            JOIN case_file AS c ON c.request_id = o.request_id AND c.departement = o.departement
            WHERE {_SEEN}
              AND {_SINCE}
              AND o.state IN ('accepted', 'declined', 'silent', 'ended')
        )
        SELECT stage,
               count(*) AS cases,
               percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY extract(epoch FROM time) / 86400.0) AS days
        FROM took
        WHERE time >= interval '0'
        GROUP BY stage, place
        ORDER BY place
        """,
        *scope.arguments,
        qualification.ExaminationStarted.wire_type,
        _ANSWERS,
        qualification.RequestEscalated.wire_type,
        escalation.DecisionMade.wire_type,
        [qualification.SupportedLocally.wire_type, qualification.OrientationAccepted.wire_type],
        qualification.LocalWorkStarted.wire_type,
        qualification.LocalWorkCompleted.wire_type,
    )
    return [
        Delay(stage=row["stage"], cases=row["cases"], median_days=row["days"][0], p90_days=row["days"][1])
        for row in rows
    ]


async def _outcomes(reader: Reader, scope: Scope) -> dict[State, int]:
    """Count what came by the state it is in now."""
    rows = await reader.fetch(
        f"""
        SELECT c.state, count(*) AS cases
        FROM case_file AS c
        WHERE {_SEEN}
          AND {_SINCE}
        GROUP BY c.state
        """,
        *scope.arguments,
    )
    return {State(row["state"]): row["cases"] for row in rows}


async def _fields(reader: Reader, scope: Scope) -> list[FieldShare]:
    """Count by field, the most asked for first; a request may have several."""
    rows = await reader.fetch(
        f"""
        SELECT f.field, {_SHARE}
        FROM case_file AS c
        CROSS JOIN LATERAL jsonb_array_elements_text(c.fields) AS f (field)
        WHERE {_SEEN}
          AND {_SINCE}
        GROUP BY f.field
        ORDER BY cases DESC, f.field
        """,
        *scope.arguments,
        list(ANSWERED),
        list(LOCAL),
    )
    return [FieldShare(**dict(row)) for row in rows]


async def _territories(reader: Reader, scope: Scope) -> list[TerritoryShare]:
    """Count by intercommunalité, by applicant where there is none, the most active first."""
    rows = await reader.fetch(
        f"""
        SELECT c.territory AS code, {_SHARE}
        FROM case_file AS c
        WHERE {_SEEN}
          AND {_SINCE}
          AND c.territory IS NOT NULL
        GROUP BY c.territory
        ORDER BY cases DESC, code
        """,
        *scope.arguments,
        list(ANSWERED),
        list(LOCAL),
    )
    return [TerritoryShare(**dict(row)) for row in rows]
