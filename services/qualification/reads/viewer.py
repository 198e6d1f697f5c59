"""The agent for whom reads are made: their perimeter, their roles and their day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from services.qualification.domain.people import Official


@dataclass(frozen=True, slots=True)
class Viewer:
    """An agent: the départements that they see (None: all), their roles, and the day that it is for them."""

    perimeter: Sequence[str] | None
    who: Official
    today: date
