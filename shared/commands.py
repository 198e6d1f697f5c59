"""Commands: base class of the input of actions, the same for the form of a page and for the body of an API call."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from shared.french.amounts import NotAnAmount, cents_typed
from shared.masking import hidden_everywhere

TYPED: Final = {"typed": True}
"""The validation context of what people typed into a form."""

_REORDERING: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")


class Command(BaseModel):
    """Base of commands. Unknown members are refused, and text that PostgreSQL cannot store; secret links are masked."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _storable(cls, data: Any) -> Any:
        return without_secrets(data)


class Nothing(Command):
    """The command of an action that needs no further information; a call may have an empty object as its body."""


class NoBody(Nothing):
    """The command of an action whose call has no body."""


def without_secrets(value: Any) -> Any:
    """Mask every secret link in what was sent; refuses text that cannot be stored (`PydanticCustomError`)."""
    refuse_unstorable_text(value)
    return hidden_everywhere(value)


def refuse_unstorable_text(value: Any) -> None:
    """Refuse text that PostgreSQL cannot store, wherever it is in the value: NUL, lone surrogates."""
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
            raise PydanticCustomError("unstorable_text", "text that cannot be stored")
    elif isinstance(value, Mapping):
        for name, item in value.items():
            refuse_unstorable_text(name)
            refuse_unstorable_text(item)
    elif isinstance(value, list | tuple):
        for item in value:
            refuse_unstorable_text(item)


def _as_it_reads(text: str) -> str:
    if _REORDERING.search(text):
        raise PydanticCustomError(
            "reordered_text",
            "Ce texte contient des caractères invisibles qui en inversent la lecture. "
            "Effacez le passage collé et tapez-le au clavier.",
        )
    return text


AS_IT_READS: Final = AfterValidator(_as_it_reads)
"""For a text of an official document: bidirectional controls would show its letters in another order than it has."""


def plain_number(typed: str) -> str | None:
    """Return a number as people type it, `25 000,50`, in plain digits; None for anything else, such as `1e6`."""
    plain = "".join(typed.split()).replace(",", ".")
    return plain if _NUMBER.fullmatch(plain) else None


def cents_of(typed: object) -> object:
    """Read an amount as people type it, `25 000,50 €`, into cents; anything but text is returned as it is."""
    if not isinstance(typed, str):
        return typed
    try:
        return cents_typed(typed)
    except NotAnAmount as wrong:
        raise PydanticCustomError("amount", "{sentence}", {"sentence": str(wrong)}) from None


def _cents_if_typed(value: object, info: ValidationInfo) -> object:
    return cents_of(value) if info.context == TYPED else value


Amount = Annotated[int, BeforeValidator(_cents_if_typed)]
"""Euro cents: programs send them as an integer, people type euros."""


def _lines_if_typed(value: object, info: ValidationInfo) -> object:
    if info.context == TYPED and isinstance(value, list):
        return [line.strip() for text in value for line in str(text).splitlines() if line.strip()]
    return [value] if isinstance(value, str) else value


LINES: Final = BeforeValidator(_lines_if_typed)
"""For a list of texts: programs may send one text for a list of one, people type one item a line."""
