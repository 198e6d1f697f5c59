"""Days around today for sessions of the committee and what follows them."""

from datetime import timedelta

from shared import calendar, clock


def today(later: int = 0) -> str:
    """The day in Paris, or one so many days later."""
    return str(calendar.today(calendar.PARIS, clock.now()) + timedelta(days=later))
