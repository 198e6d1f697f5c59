"""Read applicants' evaluations with the decision and the cost of each, and their averages by group."""

from enum import StrEnum
from typing import Any, Final

from pydantic import BaseModel

from services.escalation.domain.perimeter import Perimeter
from shared.contracts.vocabulary import CommitteeOutcome, EvaluationRound, Field, Programme
from shared.db import Reader
from shared.evaluations import AnswerRow, Answers, Averages, Group, Summed


class Dimension(StrEnum):
    """By what answers are grouped."""

    ROUND = "round"
    REGION = "region"
    DEPARTEMENT = "departement"
    FIELD = "field"
    PROGRAMME = "programme"
    PROVIDER = "provider"


class Evaluation(AnswerRow):
    """What an applicant said, with the committee's decision; amounts in euro cents.

    `providers` helped: the resources mobilised, or the local provider. `cost_cents` is what was delivered for it on
    a national envelope, or what the département gave.
    """

    providers: list[str]
    decision_number: str | None
    decision_outcome: CommitteeOutcome | None
    granted_cents: int | None


class Narrowed(BaseModel):
    """Which answers are meant; None narrows nothing."""

    departement: str | None = None
    programme: Programme | None = None
    field: Field | None = None
    provider: str | None = None
    round: EvaluationRound | None = None


_JUDGED: Final = """
    WITH whole AS (
        SELECT evaluation.request_id, evaluation.number, evaluation.departement, evaluation.applicant_name,
            evaluation.round, evaluation.fields, coalesce(evaluation.programme, followed.programme) AS programme,
            evaluation.need_met, evaluation.progress, evaluation.satisfaction, evaluation.impact, evaluation.comment,
            evaluation.submitted_at, followed.region,
            coalesce(means.resources, array_remove(ARRAY[followed.provider], NULL)) AS providers,
            decided.number AS decision_number, decided.outcome AS decision_outcome,
            decided.amount_cents AS granted_cents,
            coalesce(means.cents, followed.local_support_cents) AS cost_cents
        FROM evaluation
        LEFT JOIN followed ON followed.request_id = evaluation.request_id
        LEFT JOIN LATERAL (
            SELECT decision.number, decision.outcome, decision.amount_cents
            FROM decision
            WHERE decision.request_id = evaluation.request_id
                AND decision.outcome <> 'deferred'
                AND decision.replaced_by IS NULL
            ORDER BY decision.recorded_at DESC
            LIMIT 1
        ) AS decided ON true
        LEFT JOIN LATERAL (
            SELECT sum(mobilisation.delivered_cents)::bigint AS cents,
                array_agg(DISTINCT mobilisation.resource) AS resources
            FROM mobilisation
            WHERE mobilisation.request_id = evaluation.request_id AND mobilisation.state <> 'declined'
        ) AS means ON true
    ), judged AS (
        SELECT *
        FROM whole
        WHERE ($1::text[] IS NULL OR departement = ANY($1))
            AND ($2::text[] IS NULL OR programme = ANY($2))
            AND ($3::text IS NULL OR departement = $3)
            AND ($4::text IS NULL OR programme = $4)
            AND ($5::text IS NULL OR $5 = ANY(fields))
            AND ($6::text IS NULL OR $6 = ANY(providers))
            AND ($7::text IS NULL OR round = $7)
    )
"""
"""Answers beside what is known of their requests; then those of the perimeter that are asked for."""

_ANSWERS: Final = Answers(
    _JUDGED,
    columns="""
        request_id, number, departement, applicant_name, round, fields, programme, providers, need_met, progress,
        satisfaction, impact, comment, submitted_at, decision_number, decision_outcome, granted_cents, cost_cents
    """,
    values={
        Dimension.ROUND: "ARRAY[round]",
        Dimension.REGION: "ARRAY[region]",
        Dimension.DEPARTEMENT: "ARRAY[departement]",
        Dimension.FIELD: "fields",
        Dimension.PROGRAMME: "ARRAY[programme]",
        Dimension.PROVIDER: "providers",
    },
)


def _asked(narrowed: Narrowed, perimeter: Perimeter) -> tuple[Any, ...]:
    return (
        perimeter.departements,
        perimeter.programmes,
        narrowed.departement,
        narrowed.programme,
        narrowed.field,
        narrowed.provider,
        narrowed.round,
    )


async def evaluations(
    reader: Reader, narrowed: Narrowed, *, perimeter: Perimeter, limit: int, offset: int
) -> list[Evaluation]:
    """Return answers, the latest first."""
    rows = await _ANSWERS.latest(reader, _asked(narrowed, perimeter), limit=limit, offset=offset)
    return [Evaluation.model_validate(dict(row)) for row in rows]


async def averages(reader: Reader, narrowed: Narrowed, *, perimeter: Perimeter) -> Averages:
    """Return the number of answers and their averages."""
    return await _ANSWERS.averages(reader, _asked(narrowed, perimeter))


async def grouped(reader: Reader, by: Dimension, narrowed: Narrowed, *, perimeter: Perimeter) -> list[Group]:
    """Return the averages by a dimension, the most answers first."""
    return await _ANSWERS.grouped(reader, by, _asked(narrowed, perimeter), Group)


async def summed(
    reader: Reader, narrowed: Narrowed, *, perimeter: Perimeter, without: Dimension | None = None
) -> Summed:
    """Return the averages and the cost of all answers, or of those that have no value in a dimension."""
    return await _ANSWERS.summed(reader, _asked(narrowed, perimeter), without=without)
