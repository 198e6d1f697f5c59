"""Lookups for handlers: an official territory by kind and code, and today's date in Paris."""

from datetime import date

from shared import clock
from shared.contracts.vocabulary import ApplicantKind
from shared.errors import NotFound
from shared.french.dates import PARIS
from shared.territory.model import Territory
from shared.territory.territories import Territories


def official_place(territories: Territories, kind: str, code: str) -> Territory:
    """Return an official territory by kind and code; refuses (`NotFound`) what is none."""
    if kind not in {one.value for one in ApplicantKind}:
        raise NotFound
    territory = territories.find(kind, code)
    if territory is None:
        raise NotFound
    return territory


def today() -> date:
    """Return the day in Paris, by which periods of programmes count."""
    return clock.now().astimezone(PARIS).date()
