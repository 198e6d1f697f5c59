"""What only the operator's page can see, for Prometheus: what one service told and another has not applied."""

from prometheus_client import Gauge

from shared.operations.behind import behind
from shared.operations.reach import Reach

MEASURES_EVERY = 15.0
"""Seconds between two looks."""

BEHIND_AGE = Gauge(
    "cousu_behind_oldest_seconds",
    "Age of the first event that one service told and another has not applied, wherever it stands",
    ["told_by", "listener"],
)


async def measure(reach: Reach) -> None:
    """Keep the gauges true."""
    late = await behind(reach)
    BEHIND_AGE.clear()
    for one in late:
        BEHIND_AGE.labels(one.told_by, one.service).set(one.seconds)
