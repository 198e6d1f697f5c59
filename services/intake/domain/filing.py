"""Validate a filed request: support types, fields, programme and dates allowed for each kind of request."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Final, TypeVar

from shared.contracts.forms import FiledRequest
from shared.contracts.vocabulary import FIELDS_OF, SUPPORT_TYPES_OF, Field, Programme, RequestKind, SupportType
from shared.errors import Conflict, FieldError
from shared.french.words import word

YEARS_AHEAD: Final = 10
MOST_AGO: Final = timedelta(days=366)
"""A project may have begun some time ago; a date before that is a slip of the keyboard."""

Value = TypeVar("Value", bound=StrEnum)


class KeyReused(Conflict):
    """The idempotency key was used before, with another body."""

    code = "idempotency_key_reused"
    title = "The idempotency key was already used with another body"
    sentence = (
        "Cette clé d’idempotence a déjà servi pour une demande différente. "
        "Renvoyez exactement la même demande, ou prenez une nouvelle clé."
    )


def errors_in(filed: FiledRequest, *, today: date) -> Iterator[FieldError]:
    """Yield, field by field, what does not go together; `today` is the date in the département."""
    yield from errors_in_need(filed.kind, filed.support_types, filed.fields, filed.programme)
    if filed.desired_start is not None:
        yield from errors_in_start(filed.desired_start, today=today)


def errors_in_need(
    kind: RequestKind, support_types: Sequence[SupportType], fields: Sequence[Field], programme: Programme | None
) -> Iterator[FieldError]:
    """Yield which support types, fields or programme do not go with this kind of request."""
    yield from _foreign("support_types", "types d’accompagnement", kind, support_types, SUPPORT_TYPES_OF[kind])
    yield from _foreign("fields", "champs d’intervention", kind, fields, FIELDS_OF[kind])
    if kind is RequestKind.PROGRAMME and programme is None:
        yield FieldError("programme", f"Choisissez le programme\u00a0: {_listed(Programme)}.")
    if kind is not RequestKind.PROGRAMME and programme is not None:
        yield FieldError(
            "programme",
            f"Un programme ne se choisit que pour une demande de type «\u00a0{word(RequestKind.PROGRAMME)}\u00a0» "
            f"({RequestKind.PROGRAMME}). Retirez-le, ou changez le type de demande.",
        )


def errors_in_start(desired: date, *, today: date) -> Iterator[FieldError]:
    """Yield why a project cannot start on that day."""
    if desired < today - MOST_AGO:
        yield FieldError(
            "desired_start",
            "Cette date est passée depuis plus d’un an. Indiquez une date plus récente, ou laissez le champ vide.",
        )
    elif desired.year > today.year + YEARS_AHEAD:
        yield FieldError(
            "desired_start", f"Cette date est trop lointaine. Indiquez une date dans les {YEARS_AHEAD} ans à venir."
        )


def without_duplicates(values: Iterable[Value]) -> tuple[Value, ...]:
    """Return each value once, in the order given."""
    return tuple(dict.fromkeys(values))


def _foreign(
    field: str, name: str, kind: RequestKind, given: Sequence[Value], allowed: Iterable[Value]
) -> Iterator[FieldError]:
    """Name what does not belong to this kind, and what does."""
    possible = [value for value in type(given[0]) if value in set(allowed)] if given else []
    wrong = [value for value in without_duplicates(given) if value not in possible]
    if not wrong:
        return
    named = ", ".join(f"«\u00a0{word(value)}\u00a0» ({value})" for value in wrong)
    if possible:
        yield FieldError(
            field,
            f"Pour une demande de type «\u00a0{word(kind)}\u00a0», {named} ne fait pas partie des {name} possibles. "
            f"Choisissez parmi\u00a0: {_listed(possible)}.",
        )
    else:
        yield FieldError(
            field,
            f"Une demande de type «\u00a0{word(kind)}\u00a0» ne comporte pas de {name}\u00a0: retirez {named}.",
        )


def _listed(values: Iterable[StrEnum]) -> str:
    return ", ".join(f"{word(value)} ({value})" for value in values)
