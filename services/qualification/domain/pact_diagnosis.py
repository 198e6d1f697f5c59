"""The shared diagnosis of a pact: strengths, weaknesses and figures."""

from typing import Annotated

from pydantic import BeforeValidator
from pydantic import Field as Bounds

from services.qualification.domain.inputs import Lines, Short
from shared.commands import Command


def _written(value: object) -> object:
    """Take a figure for the text that it is shown as."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


class Indicator(Command):
    """A figure of the diagnosis, as people write it, and where it comes from."""

    name: Short
    value: Annotated[Short, BeforeValidator(_written)]
    source: Short | None = None


class Diagnosis(Command):
    """What the parties find together about their territory."""

    strengths: Lines = Bounds(default_factory=list)
    weaknesses: Lines = Bounds(default_factory=list)
    indicators: list[Indicator] = Bounds(default_factory=list, max_length=50)
