"""What a French reader sees of dates, amounts, numbers and plurals."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from fontTools.ttLib import TTFont  # type: ignore[import-untyped] # it has no types
from hypothesis import given
from hypothesis import strategies as st

from shared.french import dates, numbers
from shared.french.lists import either
from shared.web import assets


def spaced(text: str) -> str:
    """Make the invisible spaces comparable."""
    return text.replace("\u00a0", "_")


def test_a_day_is_written_in_full() -> None:
    assert spaced(dates.date_fr(date(2027, 1, 12))) == "mardi 12_janvier 2027"
    assert spaced(dates.date_fr(date(2027, 8, 1))) == "dimanche 1er_août 2027"


def test_a_moment_is_shown_in_paris_time_in_winter_and_in_summer() -> None:
    winter = datetime(2027, 1, 12, 13, 5, tzinfo=UTC)
    summer = datetime(2027, 7, 12, 22, 30, tzinfo=UTC)
    assert spaced(dates.datetime_fr(winter)) == "mardi 12_janvier 2027 à 14_h_05"
    assert spaced(dates.datetime_fr(summer)) == "mardi 13_juillet 2027 à 0_h_30"


def test_a_moment_may_be_shown_in_the_time_of_an_overseas_departement() -> None:
    moment = datetime(2027, 1, 12, 22, 0, tzinfo=UTC)
    assert spaced(dates.datetime_fr(moment, "974")) == "mercredi 13_janvier 2027 à 2_h_00"
    assert spaced(dates.datetime_fr(moment, "971")) == "mardi 12_janvier 2027 à 18_h_00"
    assert spaced(dates.datetime_fr(moment, "95")) == "mardi 12_janvier 2027 à 23_h_00"


def test_the_day_of_a_moment_is_the_day_in_paris() -> None:
    assert dates.short_date_fr(datetime(2026, 12, 31, 23, 30, tzinfo=UTC)) == "01/01/2027"


@pytest.mark.parametrize("show", [dates.date_fr, dates.datetime_fr, dates.short_date_fr])
def test_a_moment_without_a_zone_is_refused(show: object) -> None:
    naive = datetime(2027, 1, 12, 13, 5)  # noqa: DTZ001 - what must be refused
    with pytest.raises(ValueError, match="time zone"):
        show(naive)  # type: ignore[operator] # pytest gives parameters as objects


def test_amounts_are_written_in_euros_with_cents_only_when_there_are_some() -> None:
    assert spaced(numbers.euros(2_500_000)) == "25_000_€"
    assert spaced(numbers.euros(123_450)) == "1_234,50_€"
    assert spaced(numbers.euros(0)) == "0_€"
    assert spaced(numbers.euros(-150_001)) == "\u22121_500,01_€"


def test_no_space_is_used_that_the_typeface_does_not_have() -> None:
    faces = [TTFont(face) for face in (assets.folder() / "fonts").glob("latin-[0-9]*.woff2")]
    for face in faces:
        missing = [letter for letter in numbers.euros(123_456_789) if ord(letter) not in face.getBestCmap()]
        assert not missing
    assert faces


def test_an_amount_field_holds_what_one_would_type() -> None:
    assert numbers.euros_typed(2_500_000) == "25000"
    assert numbers.euros_typed(123_450) == "1234,50"
    assert numbers.euros_typed(None) == ""


def test_numbers_keep_their_decimals_or_those_asked_for() -> None:
    assert spaced(numbers.number_fr(12345.5)) == "12_345,5"
    assert spaced(numbers.number_fr(12345)) == "12_345"
    assert numbers.number_fr(Decimal("0.125"), 2) == "0,13"
    assert numbers.number_fr(1e-7) == "0,0000001"
    assert spaced(numbers.number_fr(1e15)) == "1_000_000_000_000_000"


def test_rounding_to_nothing_shows_no_sign() -> None:
    assert numbers.number_fr(-0.001, 0) == "0"


def test_a_share_is_written_in_percent() -> None:
    assert spaced(numbers.percent_fr(0.256)) == "26_%"
    assert spaced(numbers.percent_fr(0.256, 1)) == "25,6_%"
    assert spaced(numbers.percent_fr(1)) == "100_%"


def test_zero_and_one_are_singular_and_the_rest_plural() -> None:
    assert spaced(numbers.plural_fr(0, "demande")) == "0_demande"
    assert spaced(numbers.plural_fr(1, "demande")) == "1_demande"
    assert spaced(numbers.plural_fr(2, "demande")) == "2_demandes"
    assert spaced(numbers.plural_fr(1200, "cheval", "chevaux")) == "1_200_chevaux"


@pytest.mark.parametrize(
    ("days", "said"),
    [(-2, "il y a 2_jours"), (-1, "hier"), (0, "aujourd’hui"), (1, "demain"), (3, "dans 3_jours")],
)
def test_days_are_told_from_today(days: int, said: str) -> None:
    today = date(2027, 1, 12)
    assert spaced(dates.relative_days_fr(today + timedelta(days=days), today)) == said


def test_sizes_are_told_in_the_unit_that_suits() -> None:
    assert spaced(numbers.file_size_fr(512)) == "512_octets"
    assert spaced(numbers.file_size_fr(839_680)) == "820_Ko"
    assert spaced(numbers.file_size_fr(1_258_291)) == "1,2_Mo"


@pytest.mark.parametrize(
    "show",
    [
        dates.date_fr,
        dates.datetime_fr,
        dates.short_date_fr,
        numbers.number_fr,
        numbers.euros,
        numbers.percent_fr,
        numbers.file_size_fr,
    ],
)
def test_nothing_is_shown_as_a_dash(show: object) -> None:
    assert show(None) == "—"  # type: ignore[operator] # pytest gives parameters as objects


@given(st.integers(min_value=-(10**14), max_value=10**14))
def test_every_amount_can_be_read_back(cents: int) -> None:
    shown = numbers.euros(cents)
    plain = shown.removesuffix("\u00a0€").replace("\u00a0", "").replace(",", ".").replace("\u2212", "-")
    assert Decimal(plain) * 100 == cents


@given(st.datetimes(timezones=st.just(UTC), min_value=datetime(1900, 1, 2), max_value=datetime(2200, 1, 1)))  # noqa: DTZ001 - hypothesis wants naive bounds
def test_a_line_never_breaks_inside_an_hour_or_between_day_and_month(moment: datetime) -> None:
    shown = dates.datetime_fr(moment)
    assert len(shown.split(" ")) == 5
    assert shown.split(" ")[3] == "à"


def test_alternatives_are_joined_by_commas_and_or() -> None:
    assert either([]) == ""
    assert either(["a"]) == "a"
    assert either(["a", "b", "c"]) == "a, b ou c"
