"""Evaluations as they are asked for, by people and programs alike: which, and compared by what."""

from typing import Annotated, Final

from litestar.di import NamedDependency
from litestar.params import QueryParameter

from services.qualification.domain.moves import State
from services.qualification.reads.evaluations import Dimension, Group, Scope, grouped
from services.qualification.web.context import Parts
from services.qualification.web.figures import named
from shared.contracts.vocabulary import EvaluationRound, Field, Programme
from shared.db import Reader
from shared.french import words
from shared.identity.model import Agent

DIMENSIONS: Final = {
    Dimension.ANSWER: "Réponse",
    Dimension.TERRITORY: "Territoire",
    Dimension.FIELD: "Thématique",
    Dimension.PROGRAMME: "Programme",
    Dimension.PROVIDER: "Acteur local",
    Dimension.ROUND: "Moment",
}


async def provide_scope(
    agent: NamedDependency[Agent],
    departement: Annotated[str, QueryParameter(description="Code of a département", max_length=3)] = "",
    in_round: Annotated[str, QueryParameter(name="round", description="completion or six_months")] = "",
    field: Annotated[str, QueryParameter(description="A field of the request")] = "",
) -> Scope:
    """Dependency `narrowed`, within the agent's perimeter; values that no list has narrow nothing."""
    return Scope(
        agent.perimeter,
        departement.strip().upper() or None,
        next((one for one in EvaluationRound if one == in_round), None),
        next((one for one in Field if one == field), None),
    )


async def compared(reader: Reader, by: Dimension, scope: Scope, parts: Parts) -> list[Group]:
    """Give the means by a dimension, each group with its words."""
    groups = await grouped(reader, by, scope)
    for group in groups:
        group.name = _words(by, group.value, parts)
    return groups


def _words(by: Dimension, value: str, parts: Parts) -> str:
    match by:
        case Dimension.ANSWER:
            return words.state_word(State(value))
        case Dimension.TERRITORY:
            return named(value, parts)
        case Dimension.FIELD:
            return words.word(Field(value))
        case Dimension.PROGRAMME:
            return words.word(Programme(value))
        case Dimension.ROUND:
            return words.word(EvaluationRound(value))
        case Dimension.PROVIDER:
            return value
