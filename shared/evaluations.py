"""Queries on evaluations by applicants: the latest answers, their averages, and averages by group.

Each service says in SQL which answers are meant and what is known beside them; the statements on them stand here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel

from shared.contracts.vocabulary import EvaluationRound, Field, Programme
from shared.db import Reader, Row

By = TypeVar("By", bound=StrEnum)


class AnswerRow(BaseModel):
    """What an applicant said: figures from 1 (not at all) to 5 (entirely); `cost_cents` in euro cents."""

    request_id: UUID
    number: str
    departement: str
    applicant_name: str
    round: EvaluationRound
    fields: list[Field]
    programme: Programme | None
    need_met: int
    progress: int
    satisfaction: int
    impact: str | None
    comment: str | None
    submitted_at: datetime
    cost_cents: int | None


class Averages(BaseModel):
    """The averages of the answers, None while there are none."""

    count: int
    need_met: float | None
    progress: float | None
    satisfaction: float | None


class Group(Averages):
    """The averages of the answers that share a value, and what their help cost together, in euro cents."""

    value: str
    cost_cents: int


@dataclass(frozen=True, slots=True)
class Summed:
    """The averages of some answers, and what their help cost together, in euro cents."""

    averages: Averages
    cost_cents: int


GroupOf = TypeVar("GroupOf", bound=Group)

_AVERAGES: Final = """
    count(*)::int AS count, avg(need_met)::float AS need_met, avg(progress)::float AS progress,
    avg(satisfaction)::float AS satisfaction
"""


@dataclass(frozen=True, slots=True)
class Answers(Generic[By]):
    """The SQL of one service.

    `judged` is a `WITH` clause that ends in the relation `judged`: a row for each answer, with `request_id`,
    `submitted_at`, `cost_cents`, the figures, and `columns`. `values` gives the values of an answer by dimension, as an
    array: an answer counts for each of them.
    """

    judged: str
    columns: str
    values: Mapping[By, str]

    async def latest(self, reader: Reader, arguments: Sequence[Any], *, limit: int, offset: int) -> list[Row]:
        """Return answers, the latest first."""
        return await reader.fetch(
            f"""
            {self.judged}
            SELECT {self.columns}
            FROM judged
            ORDER BY submitted_at DESC, request_id
            LIMIT ${len(arguments) + 1} OFFSET ${len(arguments) + 2}
            """,  # noqa: S608 - built from constants of the services
            *arguments,
            limit,
            offset,
        )

    async def averages(self, reader: Reader, arguments: Sequence[Any]) -> Averages:
        """Return the number of answers and their averages."""
        row = await reader.fetchrow(
            f"{self.judged} SELECT {_AVERAGES} FROM judged",  # noqa: S608 - built from constants of the services
            *arguments,
        )
        return Averages.model_validate(dict(row or {}))

    async def grouped(self, reader: Reader, by: By, arguments: Sequence[Any], group: type[GroupOf]) -> list[GroupOf]:
        """Return the averages by a dimension, the most answers first.

        What a request cost counts once in a group, however often its applicant answered.
        """
        rows = await reader.fetch(
            f"""
            {self.judged}, valued AS (
                SELECT value, judged.*,
                       row_number() OVER (PARTITION BY value, request_id ORDER BY submitted_at) = 1 AS first
                FROM judged, unnest({self.values[by]}) AS value
                WHERE value IS NOT NULL
            )
            SELECT value, {_AVERAGES}, coalesce(sum(cost_cents) FILTER (WHERE first), 0)::bigint AS cost_cents
            FROM valued
            GROUP BY value
            ORDER BY count DESC, value
            """,  # noqa: S608 - built from constants of the services
            *arguments,
        )
        return [group.model_validate(dict(row)) for row in rows]

    async def summed(self, reader: Reader, arguments: Sequence[Any], *, without: By | None = None) -> Summed:
        """Return the averages and the cost of all answers, or of those that have no value in a dimension."""
        none = f"cardinality(array_remove({self.values[without]}, NULL)) = 0" if without else "true"
        row = await reader.fetchrow(
            f"""
            {self.judged}, kept AS (
                SELECT judged.*, row_number() OVER (PARTITION BY request_id ORDER BY submitted_at) = 1 AS first
                FROM judged
                WHERE coalesce({none}, true)
            )
            SELECT {_AVERAGES}, coalesce(sum(cost_cents) FILTER (WHERE first), 0)::bigint AS cost_cents
            FROM kept
            """,  # noqa: S608 - built from constants of the services
            *arguments,
        )
        found = dict(row or {})
        return Summed(cost_cents=found.pop("cost_cents"), averages=Averages.model_validate(found))
