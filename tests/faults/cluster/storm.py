"""Nodes of a cluster struck all the time: each again as soon as it is back and has had a rest."""

import time
from dataclasses import dataclass, field

from tests.faults.cluster.product import ClusterProduct
from tests.faults.storm import Storm

REST = 8.0
"""Seconds, on average and at least, that a node is left alone."""


@dataclass(slots=True)
class ClusterStorm(Storm):
    """As `Storm`, at the nodes; they rest for as long as they take to come back: half the time there is a majority."""

    _gone_since: dict[str, float] = field(default_factory=dict)
    _took: float = REST

    def pause(self, target: str) -> float:
        """Give all nodes the same rest."""
        del target
        return max(REST, self._took)

    async def is_there(self, target: str) -> bool:
        """Tell whether the node works."""
        assert isinstance(self.product, ClusterProduct)
        there = self.product.takes_connections(target)
        if not there:
            self._gone_since.setdefault(target, time.monotonic())
        elif target in self._gone_since:
            self._took = time.monotonic() - self._gone_since.pop(target)
        return there
