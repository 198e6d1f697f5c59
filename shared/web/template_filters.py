"""Jinja filters and functions of all templates: French formatting, page addresses, values and errors of form fields."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from itertools import chain
from typing import Any, Final, Protocol
from urllib.parse import urlencode

from jinja2 import Environment

from shared.french import words
from shared.french.dates import date_fr, datetime_fr, days_until, relative_days_fr, short_date_fr
from shared.french.numbers import euros, euros_typed, file_size_fr, number_fr, percent_fr, plural_fr
from shared.web import page_words


def iso(value: date | None) -> str:
    """Write a day or a moment for programs: `<time datetime>`, the value of a date field."""
    return "" if value is None else value.isoformat()


class _Query(Protocol):
    """The parameters of an address, as Litestar stores them."""

    def multi_items(self) -> Iterable[tuple[str, Any]]:
        """Return every name and value, repeated names included."""
        ...


class _Asked(Protocol):
    """What is needed of a request."""

    @property
    def query_params(self) -> _Query:
        """The parameters of the address."""
        ...


def address_with(request: _Asked, **changes: object) -> str:
    """Return this page's address with its filters unchanged and some changed; `None` removes one, blanks go."""
    unchanged = ((name, value) for name, value in request.query_params.multi_items() if name not in changes)
    given = ((name, value) for name, value in changes.items() if value is not None)
    return "?" + urlencode([(name, str(value)) for name, value in chain(unchanged, given) if str(value)])


def asked(request: _Asked, name: str) -> str:
    """Return one parameter of this page's address, or nothing."""
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
    "team_word": words.team_word,
}

FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    **FILTERS,
    "days_until": days_until,
    "address_with": address_with,
    "asked": asked,
    "value_of": value_of,
    "error_of": error_of,
    "errors_of": errors_of,
    "entry_word": page_words.entry_word,
    "alert_word": page_words.alert_word,
    "error_words": page_words.error_words,
}


def install(environment: Environment) -> None:
    """Add to a Jinja environment the filters, and the functions that the components call."""
    environment.filters.update(FILTERS)
    environment.globals.update(FUNCTIONS)
