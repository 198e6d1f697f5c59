"""Run a service whose clock is a month ahead or behind, while PostgreSQL's is right."""

from datetime import UTC, datetime, timedelta

import pytest

from shared import clock

WRONG = pytest.mark.parametrize("wrong", [timedelta(days=31), -timedelta(days=31)], ids=["ahead", "behind"])
"""A service's clock that is a month ahead, and one that is a month behind."""


def set_clock(patch: pytest.MonkeyPatch, wrong: timedelta) -> None:
    """Put the clock of the service wrong."""
    patch.setattr(clock, "now", lambda: datetime.now(UTC) + wrong)
