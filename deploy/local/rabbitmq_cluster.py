"""Run a private RabbitMQ cluster on loopback; any minority of its nodes may die."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local.passwords import Passwords
from deploy.local.rabbitmq import LocalRabbit, Membership, own_epmd
from deploy.local.supervision import Program, together

_COOKIE = "erlang.cookie"


@dataclass(frozen=True, slots=True)
class NodePorts:
    """Where one node listens."""

    amqp: int
    management: int
    prometheus: int
    distribution: int


class LocalCluster:
    """Nodes that find each other by their names and share users, passwords and one epmd.

    `tick` is the number of seconds without a sign of life after which a node counts as lost; RabbitMQ's own is 60.
    """

    def __init__(
        self,
        folder: Path,
        ports: Sequence[NodePorts],
        *,
        epmd_port: int,
        node: str = "cousumain",
        tick: int = 10,
        log: Path | None = None,
    ) -> None:
        folder = folder.resolve()
        self.passwords = Passwords(folder / "passwords.json")
        self.epmd = own_epmd(folder, epmd_port, log or folder / "epmd.log")
        membership = Membership(
            tuple(f"{node}{n}@localhost" for n in range(1, len(ports) + 1)),
            self.passwords.of(_COOKIE),
            self.passwords,
            self.epmd,
            tick,
        )
        self.nodes = tuple(
            LocalRabbit(
                folder / str(n),
                one.amqp,
                one.management,
                one.prometheus,
                distribution_port=one.distribution,
                epmd_port=epmd_port,
                node=f"{node}{n}",
                log=log.with_name(f"{log.stem}{n}{log.suffix}") if log else None,
                membership=membership,
            )
            for n, one in enumerate(ports, start=1)
        )

    def url(self, user: str, vhost: str = "/") -> str:
        """Return the AMQP addresses of a user, password included, separated by commas."""
        return ",".join(node.url(user, vhost) for node in self.nodes)

    @property
    def programs(self) -> dict[str, Program]:
        """What there is to be watched, by name."""
        return {"epmd": self.epmd} | {f"RabbitMQ {n}": node for n, node in enumerate(self.nodes, start=1)}

    async def start(self) -> None:
        """Start all nodes at once, and come back when clients can connect to each."""
        await together(*(node.start() for node in self.nodes))
        await self.nodes[0].declare_topology()

    async def stop(self) -> None:
        """Stop all nodes cleanly, then their epmd."""
        await together(*(node.stop() for node in self.nodes))
        await self.epmd.stop()
