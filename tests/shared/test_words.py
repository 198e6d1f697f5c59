"""Every wire value that people may read has its French word."""

from enum import StrEnum

import pytest

from shared.contracts import BY_TYPE, vocabulary
from shared.french.words import EVENT, word

ENUMERATIONS = [
    kind
    for kind in vars(vocabulary).values()
    if isinstance(kind, type) and issubclass(kind, StrEnum) and kind is not StrEnum
]
VALUES = [value for kind in ENUMERATIONS for value in kind]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: f"{type(value).__name__}.{value}")
def test_each_value_has_a_french_word(value: StrEnum) -> None:
    assert word(value)
    assert word(value) != value.value


@pytest.mark.parametrize("wire_type", BY_TYPE)
def test_each_event_has_a_french_sentence(wire_type: str) -> None:
    assert EVENT[wire_type]


def test_no_word_is_kept_for_what_does_not_exist() -> None:
    assert set(EVENT) == set(BY_TYPE)
