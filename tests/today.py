"""Days around today, on which sessions of the committee decide and what follows has its dates."""

from datetime import timedelta

from shared import calendar, clock


def today(later: int = 0) -> str:
    """The day in Paris, or one so many days later."""
    return str(calendar.today(calendar.PARIS, clock.now()) + timedelta(days=later))
