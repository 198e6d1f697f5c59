"""French messages for validation errors of pydantic and of Litestar's parameters."""

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, Final, Literal, get_args, get_origin

from shared.errors import FieldError
from shared.french.lists import either

SENTENCES: Final[Mapping[str, str]] = {
    "missing": "Ce champ est obligatoire.",
    "missing_argument": "Ce champ est obligatoire.",
    "extra_forbidden": "Ce champ n’est pas attendu.",
    "string_type": "Un texte est attendu.",
    "string_too_short": "Au moins {min_length} caractère(s) sont attendus.",
    "string_too_long": "Au plus {max_length} caractères sont acceptés.",
    "string_pattern_mismatch": "Ce texte n’a pas la forme attendue.",
    "unstorable_text": "Ce texte contient un caractère qui ne peut pas être enregistré.",
    "int_type": "Un nombre entier est attendu.",
    "int_parsing": "Un nombre entier est attendu.",
    "int_from_float": "Un nombre entier est attendu, sans décimale.",
    "int_parsing_size": "Ce nombre est trop grand.",
    "float_type": "Un nombre est attendu.",
    "float_parsing": "Un nombre est attendu.",
    "finite_number": "Un nombre est attendu.",
    "decimal_type": "Un nombre est attendu.",
    "decimal_parsing": "Un nombre est attendu.",
    "decimal_max_places": "Au plus {decimal_places} décimale(s) sont acceptées.",
    "decimal_max_digits": "Au plus {max_digits} chiffres sont acceptés.",
    "bool_type": "Oui ou non est attendu (vrai ou faux).",
    "bool_parsing": "Oui ou non est attendu (vrai ou faux).",
    "greater_than": "La valeur doit être supérieure à {gt}.",
    "greater_than_equal": "La valeur doit être au moins {ge}.",
    "less_than": "La valeur doit être inférieure à {lt}.",
    "less_than_equal": "La valeur doit être au plus {le}.",
    "multiple_of": "La valeur doit être un multiple de {multiple_of}.",
    "literal_error": "Valeur non autorisée. Valeurs possibles : {expected}.",
    "enum": "Valeur non autorisée. Valeurs possibles : {expected}.",
    "union_tag_invalid": "Valeur non autorisée. Valeurs possibles : {expected_tags}.",
    "union_tag_not_found": "Précisez le champ {discriminator}.",
    "list_type": "Une liste est attendue.",
    "set_type": "Une liste est attendue.",
    "frozen_set_type": "Une liste est attendue.",
    "tuple_type": "Une liste est attendue.",
    "too_short": "Au moins {min_length} élément(s) sont attendus.",
    "too_long": "Au plus {max_length} éléments sont acceptés.",
    "dict_type": "Un objet est attendu.",
    "model_type": "Un objet est attendu.",
    "model_attributes_type": "Un objet est attendu.",
    "date_type": "Une date est attendue, comme 2027-01-12.",
    "date_parsing": "Cette date n’existe pas ou n’a pas la forme attendue, comme 2027-01-12.",
    "date_from_datetime_parsing": "Cette date n’existe pas ou n’a pas la forme attendue, comme 2027-01-12.",
    "date_from_datetime_inexact": "Une date sans heure est attendue, comme 2027-01-12.",
    "date_past": "Cette date doit être passée.",
    "date_future": "Cette date doit être à venir.",
    "datetime_type": "Une date et une heure sont attendues, comme 2027-01-12T14:05:00+01:00.",
    "datetime_parsing": "Cette date n’existe pas ou n’a pas la forme attendue, comme 2027-01-12T14:05:00+01:00.",
    "datetime_from_date_parsing": "Une date et une heure sont attendues, comme 2027-01-12T14:05:00+01:00.",
    "timezone_aware": "Précisez le décalage horaire, comme +01:00.",
    "time_parsing": "Une heure est attendue, comme 14:05.",
    "uuid_type": "Un identifiant (UUID) est attendu.",
    "uuid_parsing": "Un identifiant (UUID) est attendu.",
    "url_parsing": "Une adresse web complète est attendue, comme https://exemple.fr.",
    "json_invalid": "Le contenu n’est pas du JSON valide.",
}
"""Kind of error, as pydantic names it → sentence; facts in braces come from pydantic."""

OTHERWISE: Final = "Cette valeur n’est pas acceptée."
EMAIL: Final = "Donnez une adresse électronique complète, comme nom@exemple.fr."

_MESSAGES: Final = (
    (re.compile(r"^Missing required "), "Ce paramètre est obligatoire."),
    (re.compile(r"^Object missing required field"), "Ce champ est obligatoire."),
    (re.compile(r"^Expected `int` >= (-?\d+)"), "La valeur doit être au moins {0}."),
    (re.compile(r"^Expected `int` <= (-?\d+)"), "La valeur doit être au plus {0}."),
    (re.compile(r"^Expected `str` of length >= (\d+)"), "Au moins {0} caractère(s) sont attendus."),
    (re.compile(r"^Expected `str` of length <= (\d+)"), "Au plus {0} caractères sont acceptés."),
    (re.compile(r"^Expected `int(?: \| null)?`"), "Un nombre entier est attendu."),
    (re.compile(r"^Expected `float(?: \| null)?`"), "Un nombre est attendu."),
    (re.compile(r"^Expected `bool(?: \| null)?`"), "Oui ou non est attendu (true ou false)."),
    (re.compile(r"^Invalid enum value"), "Valeur non autorisée."),
    (re.compile(r"^(Invalid UUID|badly formed hexadecimal)"), "Un identifiant (UUID) est attendu."),
    (re.compile(r"^(Invalid|Expected) .*(date|RFC3339)"), "Une date est attendue, comme 2027-01-12."),
)
"""Litestar's English message for a parameter → French sentence."""


def field_errors(errors: Iterable[Mapping[str, Any]]) -> list[FieldError]:
    """Return pydantic's errors in French, each with the dotted path of its field."""
    return [FieldError(_path(error.get("loc", ())), _sentence(error)) for error in errors]


def choices_of(annotation: Any) -> list[str]:
    """Return the values of a `Literal`, an enumeration, or a union of them; empty for other types."""
    if get_origin(annotation) is Literal:
        return [str(value) for value in get_args(annotation)]
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return [str(member.value) for member in annotation]
    return [choice for branch in get_args(annotation) for choice in choices_of(branch)]


def parameter_error(field: str, message: str, allowed: Sequence[str] = ()) -> FieldError:
    """Return Litestar's error about a parameter of the address in French."""
    if not field and (named := re.search(r"parameter '([^']+)'", message)):
        field = named[1]
    if allowed and message.startswith("Invalid enum value"):
        return FieldError(field, SENTENCES["enum"].format(expected=either(allowed)))
    for pattern, sentence in _MESSAGES:
        if found := pattern.match(message):
            return FieldError(field, sentence.format(*found.groups()))
    return FieldError(field, OTHERWISE)


def _path(places: Iterable[object]) -> str:
    return ".".join(str(place) for place in places if not _is_marker(str(place)))


def _is_marker(place: str) -> bool:
    """Recognise pydantic's own words in a path, such as the branch of a union, from names of fields."""
    return place.startswith("function-") or "[" in place or place in {"int", "str", "float", "bool"}


def _sentence(error: Mapping[str, Any]) -> str:
    kind = str(error["type"])
    facts = {name: _in_french(value) for name, value in (error.get("ctx") or {}).items()}
    if kind == "value_error":
        if "email" in str(error.get("msg", "")):
            return EMAIL
        return _own_words(error) or OTHERWISE
    if kind == "string_too_short" and facts.get("min_length") == "1":
        return SENTENCES["missing"]
    if kind in SENTENCES:
        return SENTENCES[kind].format_map(_Facts(facts))
    return _own_words(error) or OTHERWISE


def _own_words(error: Mapping[str, Any]) -> str | None:
    """Return the sentence of a validator of ours, which says it in French already and ends with a full stop."""
    words = str(error.get("msg", "")).removeprefix("Value error, ")
    return words if words.endswith(".") else None


def _in_french(value: object) -> str:
    return str(value).replace("'", "").replace(" or ", " ou ")


class _Facts(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "…"
