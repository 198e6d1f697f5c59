"""Working-day calendar of each département: public holidays and time zone, for the deadlines of stages.

A working day is a Monday to Friday that is no public holiday there. The holidays are those of the `holidays` library:
Good Friday and 26 December count in Moselle, Bas-Rhin and Haut-Rhin, and each overseas territory has its own.
"""

import re
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from holidays.countries.france import France

from shared.french.dates import zone_of

PARIS: Final = "75"
"""The département by whose holidays and clock national teams and applicants count their days."""

SATURDAY: Final = 5
ONE_DAY: Final = timedelta(days=1)

_DEPARTEMENT: Final = re.compile(r"0[1-9]|1\d|2[1-9AB]|[3-8]\d|9[0-5]|97[1-8]|98[46-9]")

_SUBDIVISIONS: Final = {
    "57": "57",
    "67": "6AE",
    "68": "6AE",
    "971": "971",
    "972": "972",
    "973": "973",
    "974": "974",
    "975": "PM",
    "976": "976",
    "977": "BL",
    "978": "MF",
    "984": "TF",
    "986": "WF",
    "987": "PF",
    "988": "NC",
}

Day = TypeVar("Day", date, datetime)


def time_zone(departement: str) -> ZoneInfo:
    """Return the time zone of a département or overseas collectivité; refuses with ValueError what is none."""
    return zone_of(_checked(departement))


def today(departement: str, at: datetime) -> date:
    """Return the day that it is in that département at a moment."""
    return at.astimezone(time_zone(departement)).date()


def add_working_days(start: Day, days: int, departement: str) -> Day:
    """Return the day that many working days after `start`, which itself never counts; before it, if negative.

    From a Friday, as from the Saturday after, one working day leads to the Monday; no days lead nowhere. A moment must
    be aware; it keeps its time of day as clocks there show it, and comes back in the time zone of the département.
    """
    if isinstance(start, datetime):
        local = _local(start, departement)
        arrival = _walk(local.date(), days, _checked(departement))
        return datetime.combine(arrival, local.timetz()) if days else local
    return _walk(start, days, _checked(departement))


def working_days_between(start: date, end: date, departement: str) -> int:
    """Count the working days after `start` up to and with `end`; negative when `end` lies before.

    The counterpart of `add_working_days`. Of moments (aware) only the day counts that it is there.
    """
    first, last = _local_day(start, departement), _local_day(end, departement)
    code = _checked(departement)
    if first > last:
        return -sum(_is_working(last + number * ONE_DAY, code) for number in range((first - last).days))
    return sum(_is_working(first + number * ONE_DAY, code) for number in range(1, (last - first).days + 1))


def _checked(departement: str) -> str:
    if not _DEPARTEMENT.fullmatch(departement):
        raise ValueError(f"{departement!r} is no code of a département")
    return departement


def _local(moment: datetime, departement: str) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return moment.astimezone(time_zone(departement))


def _local_day(day: date, departement: str) -> date:
    return _local(day, departement).date() if isinstance(day, datetime) else day


def _walk(day: date, days: int, departement: str) -> date:
    step = ONE_DAY if days > 0 else -ONE_DAY
    left = abs(days)
    while left:
        day += step
        left -= _is_working(day, departement)
    return day


def _is_working(day: date, departement: str) -> bool:
    return day.weekday() < SATURDAY and day not in _public_holidays(_SUBDIVISIONS.get(departement), day.year)


@lru_cache(maxsize=256)
def _public_holidays(subdivision: str | None, year: int) -> frozenset[date]:
    return frozenset(France(subdiv=subdivision, years=year))  # type: ignore[no-untyped-call] # its constructor
