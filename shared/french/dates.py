"""French formatting of days and moments, in the time zone of a département."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from shared.french.numbers import NOTHING, SPACE, plural_fr

PARIS: Final = ZoneInfo("Europe/Paris")
OVERSEAS: Final[Mapping[str, ZoneInfo]] = {
    "971": ZoneInfo("America/Guadeloupe"),
    "972": ZoneInfo("America/Martinique"),
    "973": ZoneInfo("America/Cayenne"),
    "974": ZoneInfo("Indian/Reunion"),
    "975": ZoneInfo("America/Miquelon"),
    "976": ZoneInfo("Indian/Mayotte"),
    "977": ZoneInfo("America/St_Barthelemy"),
    "978": ZoneInfo("America/Marigot"),
    "984": ZoneInfo("Indian/Kerguelen"),
    "986": ZoneInfo("Pacific/Wallis"),
    "987": ZoneInfo("Pacific/Tahiti"),
    "988": ZoneInfo("Pacific/Noumea"),
    "989": ZoneInfo("Etc/GMT+8"),  # Clipperton has no time zone name of its own; its time is UTC-8
}

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400

WEEKDAYS: Final = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_MONTHS: Final = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)


def zone_of(departement: str | None) -> ZoneInfo:
    """Return the time zone of a département by its code; Paris when there is none or it is not overseas."""
    return OVERSEAS.get(departement or "", PARIS)


def _day(value: date, zone: str | None = None) -> date:
    """Return the calendar day of a moment where the reader lives. A naive moment is refused."""
    if not isinstance(value, datetime):
        return value
    if value.tzinfo is None:
        raise ValueError("A moment without a time zone cannot be shown")
    return value.astimezone(zone_of(zone)).date()


def date_fr(value: date | None, zone: str | None = None) -> str:
    """Write a day in full: “mardi 12 janvier 2027”, “vendredi 1er janvier 2027”."""
    if value is None:
        return NOTHING
    day = _day(value, zone)
    number = "1er" if day.day == 1 else str(day.day)
    return f"{WEEKDAYS[day.weekday()]} {number}{SPACE}{_MONTHS[day.month - 1]} {day.year}"


def datetime_fr(value: datetime | None, zone: str | None = None) -> str:
    """Write a moment in full: “mardi 12 janvier 2027 à 14 h 05”, Paris time or that of a département."""
    if value is None:
        return NOTHING
    day = date_fr(value, zone)
    there = value.astimezone(zone_of(zone))
    return f"{day} à {there.hour}{SPACE}h{SPACE}{there.minute:02d}"


def short_date_fr(value: date | None, zone: str | None = None) -> str:
    """Write a day for a narrow column: “12/01/2027”."""
    if value is None:
        return NOTHING
    day = _day(value, zone)
    return f"{day.day:02d}/{day.month:02d}/{day.year:04d}"


def relative_days_fr(value: date | None, today: date) -> str:
    """Return how far a day is from today: “dans 3 jours”, “demain”, “hier”, “il y a 2 jours”."""
    if value is None:
        return NOTHING
    days = days_until(value, today)
    near = {-1: "hier", 0: "aujourd’hui", 1: "demain"}
    if days in near:
        return near[days]
    return f"dans {plural_fr(days, 'jour')}" if days > 0 else f"il y a {plural_fr(-days, 'jour')}"


def duration_fr(seconds: float) -> str:
    """Write a duration in its largest unit: “3 j”, “2 h”, “10 min”, “5 s”."""
    for unit, sign in ((_DAY, "j"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= unit:
            return f"{seconds // unit:.0f}{SPACE}{sign}"
    return f"{seconds:.0f}{SPACE}s"


def days_until(value: date, today: date) -> int:
    """Count the days from today to that day; negative when it is past."""
    return (_day(value) - _day(today)).days
