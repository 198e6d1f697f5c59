"""The product over three RabbitMQ nodes, with functions to find, kill and partition them."""

import asyncio
import signal
from itertools import product as pairs
from pathlib import Path
from subprocess import PIPE

from deploy.local.broker import own_broker
from deploy.local.child import listening
from deploy.local.rabbitmq import LocalRabbit
from tests.faults.mailbox import Mailbox
from tests.faults.product import Product

NODES = ("rabbitmq1", "rabbitmq2", "rabbitmq3")
_WRONG = "no-longer-known"


class ClusterProduct(Product):
    """As `Product`, with a broker of three nodes named as in `NODES`."""

    broker_nodes = len(NODES)

    def __init__(self, folder: Path, base: int, mailbox: Mailbox) -> None:
        super().__init__(folder, base, mailbox)
        cluster = own_broker(self.places, self.broker_nodes)
        self.nodes: dict[str, LocalRabbit] = dict(zip(NODES, cluster.nodes, strict=True))

    def pids(self, name: str) -> list[int]:
        """Find the process of a node too."""
        if name not in self.nodes:
            return super().pids(name)
        mine = f"RABBITMQ_NODENAME={self.nodes[name].node}".encode()
        found = []
        for pid in self.children():
            try:
                runs = b"beam.smp" in Path(f"/proc/{pid}/cmdline").read_bytes()
                if runs and mine in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                    found.append(pid)
            except (FileNotFoundError, ProcessLookupError):
                continue
        return found

    async def ready(self) -> bool:
        """Tell whether all nodes take connections, and everything else is ready too."""
        return all(self.takes_connections(node) for node in NODES) and await super().ready()

    def takes_connections(self, node: str) -> bool:
        """Tell whether a node is a working part of the cluster: one that paused itself takes none."""
        return listening(self.nodes[node].amqp_port)

    async def stop(self) -> None:
        """Stop it; a frozen node would not."""
        for node in NODES:
            self.signal(node, signal.SIGCONT)
        await super().stop()

    async def cut(self, one: str, *others: str) -> None:
        """Cut a node off from others, in both directions and at once, as if the cable had been pulled."""
        await self._know_each_other(one, others, cookie=_WRONG)
        await self._tell(one, "erlang", *(("disconnect_node", [self.nodes[other].node]) for other in others))

    async def heal(self, one: str, *others: str) -> None:
        """Let them know each other again."""
        await self._know_each_other(one, others, cookie=self._cookie)

    async def _know_each_other(self, one: str, others: tuple[str, ...], *, cookie: str) -> None:
        """Erlang's nodes take no connection from a node whose cookie is another one than they think it is."""
        for here, there in (*pairs((one,), others), *pairs(others, (one,))):
            await self._tell(here, "erlang", ("set_cookie", [self.nodes[there].node, cookie]))

    async def _tell(self, node: str, module: str, *calls: tuple[str, list[str]]) -> None:
        """Call functions in a node's virtual machine; raises `RuntimeError` when it does not answer."""
        for function, arguments in calls:
            atoms = ",".join(f"'{one}'" for one in arguments)
            process = await asyncio.create_subprocess_exec(
                "erl_call",
                *("-address", f"127.0.0.1:{self.nodes[node].distribution_port}"),
                *("-c", self._cookie, "-a", f"{module} {function} [{atoms}]"),
                stdout=PIPE,
                stderr=PIPE,
            )
            async with asyncio.timeout(15):
                said, complained = await process.communicate()
            if process.returncode != 0:
                raise RuntimeError(f"{node} {function}: {(said + complained).decode(errors='replace')}")

    @property
    def _cookie(self) -> str:
        return (self.folder / "rabbitmq" / "1" / ".erlang.cookie").read_text()
