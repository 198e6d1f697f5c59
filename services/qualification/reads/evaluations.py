"""Read applicants' evaluations with the answer and the cost of each, and their averages by group."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from services.qualification.domain.moves import State
from services.qualification.reads.timeline import detail_of
from shared.contracts import BY_TYPE, escalation
from shared.contracts.vocabulary import EvaluationRound, Field
from shared.db import Reader
from shared.evaluations import AnswerRow, Answers, Averages
from shared.evaluations import Group as GroupOfAnswers


class Dimension(StrEnum):
    """By what answers are grouped; `territory` is the intercommunalité, or the applicant where it has none."""

    ANSWER = "answer"
    TERRITORY = "territory"
    FIELD = "field"
    PROGRAMME = "programme"
    PROVIDER = "provider"
    ROUND = "round"


class Evaluation(AnswerRow):
    """What an applicant said, with what the département answered.

    `answer` is where the case stands: what the département answered. `decision` is the committee's, in words, of what
    was escalated. `cost_cents` is what the département paid, in euro cents.
    """

    title: str
    answer: State
    provider: str | None
    decision: str | None


class Group(GroupOfAnswers):
    """The averages of the answers that share a value, and what was paid for them; `name` is its French word."""

    name: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose evaluations are meant, and which; None narrows nothing."""

    perimeter: Sequence[str] | None
    departement: str | None = None
    round: EvaluationRound | None = None
    field: Field | None = None

    @property
    def arguments(self) -> tuple[Any, ...]:
        """Return them as the statements below take them."""
        return (
            self.perimeter,
            self.departement,
            self.round,
            self.field,
            [escalation.DecisionMade.wire_type, escalation.DecisionCorrected.wire_type],
        )


_JUDGED: Final = """
    WITH judged AS (
        SELECT e.request_id, e.departement, c.number, c.request ->> 'title' AS title,
               c.request #>> '{applicant,name}' AS applicant_name, c.territory, c.state AS answer,
               ARRAY(SELECT jsonb_array_elements_text(c.request -> 'fields')) AS fields,
               CASE WHEN c.state = 'directed_to_programme' THEN c.proposal ->> 'programme' END AS programme,
               CASE WHEN c.state = 'oriented_locally' THEN helped.name END AS provider,
               decided.type AS decided_by, decided.fact AS decision,
               spent.cents AS cost_cents,
               e.round, e.need_met, e.progress, e.satisfaction, e.impact, e.comment, e.submitted_at
        FROM evaluation AS e
        JOIN case_file AS c ON c.request_id = e.request_id AND c.departement = e.departement
        LEFT JOIN LATERAL (
            SELECT o.provider ->> 'name' AS name
            FROM orientation AS o
            WHERE o.request_id = e.request_id AND o.departement = e.departement
            ORDER BY o.opened_at DESC
            LIMIT 1
        ) AS helped ON true
        LEFT JOIN LATERAL (
            SELECT s.type, s.fact
            FROM case_step AS s
            WHERE s.request_id = e.request_id AND s.departement = e.departement AND s.type = ANY($5)
              AND c.state = 'escalated' AND s.fact IS NOT NULL
            ORDER BY s.at DESC
            LIMIT 1
        ) AS decided ON true
        LEFT JOIN LATERAL (
            SELECT sum(p.amount_cents)::bigint AS cents
            FROM envelope_commitment AS p
            WHERE p.request_id = e.request_id AND p.departement = e.departement AND p.released_at IS NULL
        ) AS spent ON true
        WHERE ($1::text[] IS NULL OR e.departement = ANY($1))
          AND ($2::text IS NULL OR e.departement = $2)
          AND ($3::text IS NULL OR e.round = $3)
          AND ($4::text IS NULL OR c.request -> 'fields' ? $4)
    )
"""
"""The answers that are asked for, beside what is known of their cases."""

_ANSWERS: Final = Answers(
    _JUDGED,
    columns="""
        request_id, departement, number, title, applicant_name, round, answer, fields, programme, provider, decided_by,
        decision, cost_cents, need_met, progress, satisfaction, impact, comment, submitted_at
    """,
    values={
        Dimension.ANSWER: "ARRAY[answer]",
        Dimension.TERRITORY: "ARRAY[territory]",
        Dimension.FIELD: "fields",
        Dimension.PROGRAMME: "ARRAY[programme]",
        Dimension.PROVIDER: "ARRAY[provider]",
        Dimension.ROUND: "ARRAY[round]",
    },
)


async def evaluations(reader: Reader, scope: Scope, *, limit: int, offset: int) -> list[Evaluation]:
    """Return answers, the latest first."""
    rows = await _ANSWERS.latest(reader, scope.arguments, limit=limit, offset=offset)
    return [Evaluation(**{**row, "decision": _decision(row["decided_by"], row["decision"])}) for row in rows]


async def averages(reader: Reader, scope: Scope) -> Averages:
    """Return the number of answers and their averages."""
    return await _ANSWERS.averages(reader, scope.arguments)


async def grouped(reader: Reader, by: Dimension, scope: Scope) -> list[Group]:
    """Return the averages by a dimension, the most answers first; the caller finds the `name` of each group."""
    return await _ANSWERS.grouped(reader, by, scope.arguments, Group)


def _decision(wire_type: str | None, members: dict[str, Any] | None) -> str | None:
    """Return the committee's decision in words."""
    return detail_of(BY_TYPE[wire_type].model_validate(members)) if wire_type else None
