"""Nodes of a cluster struck all the time: each again as soon as it is back and has had a rest."""

from dataclasses import dataclass

from tests.faults.cluster.product import ClusterProduct
from tests.faults.storm import Storm

REST = 8.0
"""Seconds, on average: about as long as a node takes to come back, so that most of the time there is a majority."""


@dataclass(slots=True)
class ClusterStorm(Storm):
    """As `Storm`, at the nodes."""

    def pause(self, target: str) -> float:
        """Give all nodes the same rest."""
        del target
        return REST

    async def is_there(self, target: str) -> bool:
        """Tell whether the node works."""
        assert isinstance(self.product, ClusterProduct)
        return self.product.takes_connections(target)
