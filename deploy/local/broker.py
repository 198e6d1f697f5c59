"""The broker of an embedded run: one RabbitMQ node, or a cluster of `COUSU_BROKER_NODES`."""

import os

from deploy.local.child import DidNotStart
from deploy.local.places import Places
from deploy.local.rabbitmq import LocalRabbit
from deploy.local.rabbitmq_cluster import LocalCluster, NodePorts

VARIABLE = "COUSU_BROKER_NODES"
_NUMBERS = ("1", "3", "5")
"""Odd, for a majority; what two nodes bear, one bears as well."""

OwnBroker = LocalRabbit | LocalCluster


def own_broker(places: Places, nodes: int | None = None) -> OwnBroker:
    """Make the broker of a run, not started; of so many nodes, or of as many as the environment sets.

    Raises `DidNotStart` when the number makes no sense.
    """
    wanted = str(nodes) if nodes else os.environ.get(VARIABLE, "").strip() or "1"
    if wanted not in _NUMBERS:
        raise DidNotStart(f"{VARIABLE} is {wanted!r}; give {', '.join(_NUMBERS[:-1])} or {_NUMBERS[-1]}.")
    folder, ports, log = places.folder / "rabbitmq", places.ports, places.log("rabbitmq")
    first = NodePorts(ports["amqp"], ports["management"], ports["broker_metrics"], ports["distribution"])
    if wanted != "1":
        others = (NodePorts(*places.ports_of_node(n)) for n in range(2, int(wanted) + 1))
        return LocalCluster(folder, (first, *others), epmd_port=ports["epmd"], log=log)
    return LocalRabbit(
        folder,
        first.amqp,
        first.management,
        first.prometheus,
        distribution_port=first.distribution,
        epmd_port=ports["epmd"],
        log=log,
    )
