"""Inject faults into cluster nodes continuously: each node again some time after it is back."""

import random
import time
from dataclasses import dataclass, field

from tests.faults.cluster.product import ClusterProduct
from tests.faults.mayhem import Fault
from tests.faults.storm import Storm

REST = 8.0
"""Seconds, on average and at least, that a node is left alone."""


@dataclass(slots=True)
class ClusterStorm(Storm):
    """As `Storm`, at the nodes; they rest for as long as they take to come back: half the time there is a majority.

    `back` of a fault is the time until its node takes connections again.
    """

    _struck: dict[str, tuple[Fault, float]] = field(default_factory=dict)
    _took: float = REST

    async def strike(self, kind: str, target: str, chance: random.Random) -> Fault:
        """Strike once, and watch for the node's return."""
        fault = await Storm.strike(self, kind, target, chance)
        self._struck[target] = fault, time.monotonic()
        return fault

    def pause(self, target: str) -> float:
        """Give all nodes the same rest."""
        del target
        return max(REST, self._took)

    async def is_there(self, target: str) -> bool:
        """Tell whether the node works."""
        assert isinstance(self.product, ClusterProduct)
        there = self.product.takes_connections(target)
        if there and target in self._struck:
            fault, since = self._struck.pop(target)
            fault.back = self._took = time.monotonic() - since
        return there
