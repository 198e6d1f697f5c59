"""Periodic job: measure consumer lag and concerns, and export them as Prometheus gauges."""

import asyncio

from prometheus_client import Gauge

from services.operations.adapters.connections import Connections
from services.operations.domain.concerns import AWAY
from services.operations.reads.status import Status, status
from shared import clock

MEASURES_EVERY = 8.0
"""Seconds between two looks: what a service applied that nobody published is an alarm within ten."""

MEASURED_WITHIN = 30.0
"""Seconds that a look may take; what it asks is bounded too, and this bounds the rest."""

BEHIND_AGE = Gauge(
    "cousu_behind_oldest_seconds",
    "Age of the first event that one service published and another has not applied, wherever it stands",
    ["told_by", "listener"],
)


CONCERNS = Gauge("cousu_concerns", "What the operator's page says needs a hand now", ["what", "where"])
MEASURED_AT = Gauge(
    "cousu_concerns_measured_timestamp_seconds", "When the concerns were last looked for without failing"
)


class Latest:
    """The last look, which is there also when the page's own database is away."""

    def __init__(self) -> None:
        self.status: Status | None = None

    async def measure(self, connections: Connections) -> None:
        """Update the gauges; those whose query fails are cleared, so that they show nothing old."""
        try:
            async with asyncio.timeout(MEASURED_WITHIN):
                found = await status(connections, at=clock.now())
        except BaseException:
            self.status = None
            BEHIND_AGE.clear()
            CONCERNS.clear()
            raise
        BEHIND_AGE.clear()
        for one in found.behind:
            BEHIND_AGE.labels(one.told_by, one.service).set(one.seconds)
        CONCERNS.clear()
        for concern in found.concerns:
            if concern.urgent:
                CONCERNS.labels(concern.what, concern.where).set(1)
        MEASURED_AT.set_to_current_time()
        self.status = found

    def away(self) -> list[str]:
        """Return sentences in French about what did not answer, for the page of somebody who cannot sign in."""
        found = self.status.concerns if self.status else []
        return [f"{one.place}\u00a0: {one.french}" for one in found if one.what in AWAY]
