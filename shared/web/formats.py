"""How a value is shown to a French reader: dates, amounts, numbers, plurals; what components ask of forms."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from itertools import chain
from typing import Any, Final, Protocol
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from jinja2 import Environment

from shared import words

NARROW: Final = "\u202f"
"""Narrow no-break space: between thousands, before “ %”, “;”, “?”."""
SPACE: Final = "\u00a0"
"""No-break space: between a number and its unit."""
NOTHING: Final = "—"
"""What stands where there is no value."""
MINUS: Final = "\u2212"

PARIS: Final = ZoneInfo("Europe/Paris")
OVERSEAS: Final[Mapping[str, ZoneInfo]] = {
    "971": ZoneInfo("America/Guadeloupe"),
    "972": ZoneInfo("America/Martinique"),
    "973": ZoneInfo("America/Cayenne"),
    "974": ZoneInfo("Indian/Reunion"),
    "975": ZoneInfo("America/Miquelon"),
    "976": ZoneInfo("Indian/Mayotte"),
    "977": ZoneInfo("America/Guadeloupe"),
    "978": ZoneInfo("America/Guadeloupe"),
    "986": ZoneInfo("Pacific/Wallis"),
    "987": ZoneInfo("Pacific/Tahiti"),
    "988": ZoneInfo("Pacific/Noumea"),
}

_DAYS: Final = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
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
_CENTS: Final = 100
_KIBI: Final = 1024

Number = int | float | Decimal


def zone_of(departement: str | None) -> tzinfo:
    """Give the time zone of a département by its code; Paris when there is none or it is not overseas."""
    return OVERSEAS.get(departement or "", PARIS)


def _day(value: date, zone: str | None = None) -> date:
    """Give the calendar day of a moment where the reader lives. A naive moment is refused."""
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
    return f"{_DAYS[day.weekday()]} {number}{SPACE}{_MONTHS[day.month - 1]} {day.year}"


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


def iso(value: date | None) -> str:
    """Write a day or a moment for programs: `<time datetime>`, the value of a date field."""
    return "" if value is None else value.isoformat()


def number_fr(value: Number | None, decimals: int | None = None) -> str:
    """Write a number the French way: “12 345,5”. `decimals` fixes how many; without it, those that it has."""
    if value is None:
        return NOTHING
    exact = Decimal(str(value))
    if decimals is not None:
        exact = exact.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    written = f"{abs(exact):,f}"
    whole, _, rest = written.partition(".")
    if decimals is None:
        rest = rest.rstrip("0")
    sign = MINUS if exact < 0 else ""
    return sign + whole.replace(",", NARROW) + (f",{rest}" if rest else "")


def euros(cents: int | None) -> str:
    """Write an amount given in cents: “25 000 €”, with its cents only when there are some: “1 234,50 €”."""
    if cents is None:
        return NOTHING
    amount = Decimal(cents) / _CENTS
    return f"{number_fr(amount, 0 if cents % _CENTS == 0 else 2)}{SPACE}€"


def euros_typed(cents: int | None) -> str:
    """Write cents as one would type them in an amount field: “25000” or “1234,50”."""
    if cents is None:
        return ""
    whole, rest = divmod(cents, _CENTS)
    return f"{whole},{rest:02d}" if rest else str(whole)


def percent_fr(share: Number | None, decimals: int = 0) -> str:
    """Write a share (0.25) as “25 %”."""
    if share is None:
        return NOTHING
    return f"{number_fr(Decimal(str(share)) * 100, decimals)}{NARROW}%"


def plural_fr(count: int | None, one: str, many: str | None = None) -> str:
    """Write a count and its noun: “1 demande”, “2 demandes”. French counts zero as singular: “0 demande”."""
    if count is None:
        return NOTHING
    noun = one if abs(count) < 2 else many or f"{one}s"  # noqa: PLR2004 - the French plural begins at two
    return f"{number_fr(count)}{SPACE}{noun}"


def relative_days_fr(value: date | None, today: date) -> str:
    """Say how far a day is from today: “dans 3 jours”, “demain”, “hier”, “il y a 2 jours”."""
    if value is None:
        return NOTHING
    days = days_until(value, today)
    near = {-1: "hier", 0: "aujourd’hui", 1: "demain"}
    if days in near:
        return near[days]
    return f"dans {plural_fr(days, 'jour')}" if days > 0 else f"il y a {plural_fr(-days, 'jour')}"


def days_until(value: date, today: date) -> int:
    """Count the days from today to that day; negative when it is past."""
    return (_day(value) - _day(today)).days


def file_size_fr(size: int | None) -> str:
    """Write a size given in bytes: “512 octets”, “820 Ko”, “1,2 Mo”."""
    if size is None:
        return NOTHING
    if size < _KIBI:
        return plural_fr(size, "octet")
    if size < _KIBI * _KIBI:
        return f"{number_fr(Decimal(size) / _KIBI, 0)}{SPACE}Ko"
    return f"{number_fr(Decimal(size) / (_KIBI * _KIBI), 1)}{SPACE}Mo"


def team_word(team: str) -> str:
    """Name a team by its wire value; what is in words already stays."""
    return next((word for value, word in words.TEAM.items() if value == team), team)


class _Query(Protocol):
    """The parameters of an address, as the web framework keeps them."""

    def multi_items(self) -> Iterable[tuple[str, Any]]:
        """Give every name and value, repeated names included."""
        ...


class _Asked(Protocol):
    """What is needed of a request."""

    @property
    def query_params(self) -> _Query:
        """The parameters of the address."""
        ...


def address_with(request: _Asked, **changes: object) -> str:
    """Give this page's address with its filters kept and some changed; `None` removes one, blanks go."""
    kept = ((name, value) for name, value in request.query_params.multi_items() if name not in changes)
    given = ((name, value) for name, value in changes.items() if value is not None)
    return "?" + urlencode([(name, str(value)) for name, value in chain(kept, given) if str(value)])


def asked(request: _Asked, name: str) -> str:
    """Give one parameter of this page's address, or nothing."""
    return next((str(value) for key, value in request.query_params.multi_items() if key == name), "")


def value_of(values: object, name: str) -> object:
    """Find what a field holds, in a mapping or an object; an empty string when it holds nothing."""
    found = values.get(name) if isinstance(values, Mapping) else getattr(values, name, None)
    return "" if found is None else found


def error_of(errors: object, name: str) -> str | None:
    """Find what is said of a field, in a mapping or a list of `FieldError`; several sentences stand one a line."""
    return "\n".join(message for field, message in errors_of(errors) if field == name) or None


def errors_of(errors: object) -> list[tuple[str, str]]:
    """List every field with its sentence, in the order given."""
    if not errors:
        return []
    if isinstance(errors, Mapping):
        return [(str(field), str(message)) for field, message in errors.items()]
    if isinstance(errors, Iterable):
        return [(str(field), str(message)) for field, message in errors]
    raise TypeError("Errors are a mapping, or pairs of a field and its sentence")


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "date_fr": date_fr,
    "datetime_fr": datetime_fr,
    "short_date_fr": short_date_fr,
    "iso": iso,
    "number_fr": number_fr,
    "euros": euros,
    "percent_fr": percent_fr,
    "plural_fr": plural_fr,
    "relative_days_fr": relative_days_fr,
    "file_size_fr": file_size_fr,
    "euros_typed": euros_typed,
    "word": words.word,
    "state_word": words.state_word,
    "event_word": words.event_word,
    "team_word": team_word,
}

FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    **FILTERS,
    "days_until": days_until,
    "address_with": address_with,
    "asked": asked,
    "value_of": value_of,
    "error_of": error_of,
    "errors_of": errors_of,
}


def install(environment: Environment) -> None:
    """Teach an environment the filters, and the functions that the components call."""
    environment.filters.update(FILTERS)
    environment.globals.update(FUNCTIONS)
