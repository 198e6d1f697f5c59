"""What people mean by the amounts that they type, and what they are asked when it may be two things."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.commands import plain_number
from shared.french.amounts import NotAnAmount, cents_typed
from shared.french.numbers import euros, euros_typed


@pytest.mark.parametrize(
    ("typed", "cents"),
    [
        ("25000", 2_500_000),
        ("25.000", 2_500_000),
        ("25 000", 2_500_000),
        ("25\u202f000\u00a0€", 2_500_000),
        ("1.234.567", 123_456_700),
        ("1.234,50", 123_450),
        ("1 234 567,5 euros", 123_456_750),
        ("12.30", 1_230),
        ("25 000.50", 2_500_050),
        ("0,5", 50),
        ("007", 700),
        ("0", 0),
        ("-12,50 EUR", -1_250),
    ],
)
def test_a_dot_or_a_space_before_three_digits_marks_thousands(typed: str, cents: int) -> None:
    assert cents_typed(typed) == cents


@pytest.mark.parametrize("typed", ["25,000", "1,234", "0.500", "25.0000", "1 234,567", "1 234.567"])
def test_what_may_be_read_in_two_ways_is_asked_about(typed: str) -> None:
    with pytest.raises(NotAnAmount, match="peut se lire de deux façons") as asked:
        cents_typed(typed)
    assert typed in str(asked.value)


@pytest.mark.parametrize(
    "typed",
    ["1e6", "1E6", "", "€", "25 k€", "25 00", "2 5000", "1.23.456", "12.345,", ",50", "+5", "٢٥", "25 000 € par an"],
)
def test_what_is_no_amount_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(NotAnAmount, match="comme 25 000 ou 25 000,50"):
        cents_typed(typed)


@given(st.integers(min_value=-(10**13), max_value=10**13))
def test_what_is_shown_or_put_in_a_field_is_read_back(cents: int) -> None:
    assert cents_typed(euros(cents)) == cents
    if cents >= 0:
        assert cents_typed(euros_typed(cents)) == cents


@pytest.mark.parametrize("typed", [" " * 300_000 + "x", "1" + " " * 300_000 + "x", "1" * 100_000 + "x", "1 " * 150_000])
def test_a_long_text_is_refused_at_once(typed: str) -> None:
    before = time.process_time()
    with pytest.raises(NotAnAmount):
        cents_typed(typed)
    assert plain_number(typed + "x") is None
    assert time.process_time() - before < 5  # by an expression with two ways it took hours
