"""Secret links lead where they were made for, and no other text leads anywhere."""

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.links import Links

TRACKING = Links("k" * 32, "tracking")


@given(st.uuids(), st.integers(min_value=1, max_value=65_535))
def test_a_token_gives_back_its_target_and_generation(target: object, generation: int) -> None:
    token = TRACKING.token(target, generation)  # type: ignore[arg-type] # hypothesis gives UUIDs
    assert TRACKING.read(token) == (target, generation)


def test_a_token_needs_no_quoting_in_an_address() -> None:
    token = TRACKING.token(uuid4())
    assert token.replace("-", "").replace("_", "").isalnum()
    assert len(token) < 60


@pytest.mark.parametrize("other", [Links("x" * 32, "tracking"), Links("k" * 32, "orientation")])
def test_another_key_or_purpose_does_not_read_it(other: Links) -> None:
    assert other.read(TRACKING.token(uuid4())) is None


@given(st.text(max_size=80))
def test_any_other_text_leads_nowhere(text: str) -> None:
    assert TRACKING.read(text) is None


def test_one_changed_letter_leads_nowhere() -> None:
    token = TRACKING.token(uuid4())
    for place in range(len(token) - 1):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert TRACKING.read(changed) is None
