"""What only the operator's page can see, for Prometheus: what one service told and another has not applied."""

from prometheus_client import Gauge

from shared import clock
from shared.operations.reach import Reach
from shared.operations.status import status

MEASURES_EVERY = 15.0
"""Seconds between two looks."""

BEHIND_AGE = Gauge(
    "cousu_behind_oldest_seconds",
    "Age of the first event that one service told and another has not applied, wherever it stands",
    ["told_by", "listener"],
)


CONCERNS = Gauge("cousu_concerns", "What the operator's page says needs a hand now", ["what", "where"])


async def measure(reach: Reach) -> None:
    """Keep the gauges true."""
    found = await status(reach, at=clock.now())
    BEHIND_AGE.clear()
    for one in found.behind:
        BEHIND_AGE.labels(one.told_by, one.service).set(one.seconds)
    CONCERNS.clear()
    for concern in found.concerns:
        if concern.urgent:
            CONCERNS.labels(concern.what, concern.where).set(1)
