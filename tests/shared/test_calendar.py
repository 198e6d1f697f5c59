"""Working days follow the holidays and the clocks of each département."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calendar import add_working_days, time_zone, working_days_between

METROPOLE = [*(f"{number:02d}" for number in range(1, 96) if number != 20), "2A", "2B"]
OVERSEAS = ["971", "972", "973", "974", "975", "976", "977", "978", "984", "986", "987", "988", "989"]

departements = st.sampled_from(METROPOLE + OVERSEAS)
days = st.dates(min_value=date(2020, 1, 1), max_value=date(2040, 12, 31))
moments = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001 - hypothesis wants naive bounds, and adds the zone itself
    max_value=datetime(2040, 12, 31),  # noqa: DTZ001 - same
    timezones=st.just(UTC),
)
numbers = st.integers(min_value=-60, max_value=60)


def is_working_day(day: date, departement: str) -> bool:
    return working_days_between(day - timedelta(days=1), day, departement) == 1


@pytest.mark.parametrize(
    ("day", "departement", "works"),
    [
        (date(2027, 1, 12), "95", True),
        (date(2027, 1, 16), "95", False),  # a Saturday
        (date(2027, 1, 17), "95", False),  # a Sunday
        (date(2027, 7, 14), "95", False),
        (date(2027, 5, 17), "95", False),  # Monday after Pentecost
        (date(2027, 3, 26), "95", True),  # Good Friday
        (date(2027, 3, 26), "57", False),
        (date(2027, 3, 26), "67", False),
        (date(2027, 3, 26), "68", False),
        (date(2028, 12, 26), "54", True),
        (date(2028, 12, 26), "57", False),
        (date(2028, 12, 26), "67", False),
        (date(2026, 5, 22), "972", False),  # abolition of slavery, at each place's own date
        (date(2026, 5, 22), "971", True),
        (date(2026, 5, 27), "971", False),
        (date(2026, 6, 10), "973", False),
        (date(2029, 12, 20), "974", False),
        (date(2027, 4, 27), "976", False),
        (date(2026, 10, 9), "977", False),
        (date(2026, 5, 28), "978", False),
        (date(2027, 9, 24), "988", False),
        (date(2026, 11, 20), "987", False),
        (date(2026, 7, 29), "986", False),
        (date(2026, 7, 29), "95", True),
    ],
)
def test_a_day_is_worked_or_not_as_the_place_keeps_it(day: date, departement: str, *, works: bool) -> None:
    assert is_working_day(day, departement) is works


def test_a_moment_counts_as_the_day_that_it_is_there() -> None:
    friday_evening = datetime(2027, 1, 15, 22, 30, tzinfo=UTC)
    assert is_working_day(friday_evening, "972")
    assert is_working_day(friday_evening, "95")
    assert not is_working_day(friday_evening, "974")
    assert not is_working_day(friday_evening, "988")


@pytest.mark.parametrize(
    ("start", "number", "departement", "end"),
    [
        (date(2027, 1, 15), 1, "95", date(2027, 1, 18)),
        (date(2027, 1, 16), 1, "95", date(2027, 1, 18)),
        (date(2027, 1, 16), 0, "95", date(2027, 1, 16)),
        (date(2027, 1, 18), -1, "95", date(2027, 1, 15)),
        (date(2027, 3, 25), 1, "95", date(2027, 3, 26)),
        (date(2027, 3, 25), 1, "57", date(2027, 3, 30)),
        (date(2026, 12, 24), 5, "95", date(2027, 1, 4)),
        (date(2027, 5, 5), 2, "95", date(2027, 5, 10)),  # Ascension
    ],
)
def test_working_days_are_added_from_the_day_after(start: date, number: int, departement: str, end: date) -> None:
    assert add_working_days(start, number, departement) == end
    assert working_days_between(start, end, departement) == number


def test_a_deadline_keeps_the_time_of_day_over_the_change_of_clocks() -> None:
    start = datetime(2027, 3, 26, 13, 5, tzinfo=UTC)
    deadline = add_working_days(start, 1, "95")
    assert deadline == datetime(2027, 3, 30, 14, 5, tzinfo=ZoneInfo("Europe/Paris"))
    assert deadline.astimezone(UTC) == datetime(2027, 3, 30, 12, 5, tzinfo=UTC)


def test_a_late_moment_overseas_is_counted_from_its_own_day() -> None:
    friday_night_in_paris = datetime(2027, 1, 16, 1, 0, tzinfo=ZoneInfo("Europe/Paris"))
    assert add_working_days(friday_night_in_paris, 1, "972") == datetime(
        2027, 1, 18, 20, 0, tzinfo=ZoneInfo("America/Martinique")
    )


@given(departement=departements, start=days, number=numbers)
def test_what_was_added_is_counted_between(departement: str, start: date, number: int) -> None:
    assert working_days_between(start, add_working_days(start, number, departement), departement) == number


@given(departement=departements, start=moments, number=numbers)
def test_what_was_added_to_a_moment_is_counted_between(departement: str, start: datetime, number: int) -> None:
    end = add_working_days(start, number, departement)
    assert working_days_between(start, end, departement) == number
    assert end.utcoffset() == end.astimezone(time_zone(departement)).utcoffset()


@given(departement=departements, start=days, first=st.integers(0, 40), then=st.integers(0, 40))
def test_adding_twice_is_adding_the_sum(departement: str, start: date, first: int, then: int) -> None:
    twice = add_working_days(add_working_days(start, first, departement), then, departement)
    assert twice == add_working_days(start, first + then, departement)


@given(departement=departements, start=days, number=numbers.filter(bool))
def test_one_always_arrives_on_a_working_day(departement: str, start: date, number: int) -> None:
    assert is_working_day(add_working_days(start, number, departement), departement)


@given(departement=departements, one=days, other=days, another=days)
def test_a_way_in_two_parts_is_as_long_as_the_whole(departement: str, one: date, other: date, another: date) -> None:
    first, middle, last = sorted([one, other, another])
    parts = working_days_between(first, middle, departement) + working_days_between(middle, last, departement)
    assert parts == working_days_between(first, last, departement)


@given(departement=departements, start=days)
def test_a_working_day_is_never_far(departement: str, start: date) -> None:
    assert add_working_days(start, 1, departement) - start <= timedelta(days=6)


@pytest.mark.parametrize("departement", METROPOLE + OVERSEAS)
def test_every_departement_has_a_time_zone_and_a_calendar(departement: str) -> None:
    noon = datetime(2027, 1, 12, 12, tzinfo=time_zone(departement))
    assert noon.utcoffset() is not None
    assert not is_working_day(date(2027, 1, 1), departement)
    overseas = departement in OVERSEAS
    assert (time_zone(departement) != ZoneInfo("Europe/Paris")) == overseas


@pytest.mark.parametrize("departement", ["", "20", "96", "99", "970", "979", "985", "2C", "095", "95 ", "Paris"])
def test_what_is_no_departement_has_no_calendar(departement: str) -> None:
    with pytest.raises(ValueError, match="no code of a département"):
        is_working_day(date(2027, 1, 12), departement)


def test_a_moment_without_time_zone_is_refused() -> None:
    naive = datetime(2027, 1, 12, 9)  # noqa: DTZ001 - naive on purpose: it is to be refused
    with pytest.raises(ValueError, match="time zone"):
        add_working_days(naive, 1, "95")
    with pytest.raises(ValueError, match="time zone"):
        working_days_between(naive, naive, "95")
