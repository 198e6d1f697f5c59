"""The faults of cluster nodes."""

import asyncio
import contextlib
import signal

from tests.faults.cluster.product import NODES, ClusterProduct
from tests.faults.strikes import processes
from tests.faults.strikes.kind import Kind, Missed, Scene

BACK_WITHIN = 60.0
"""Seconds for a node to take connections again; one that does not is found when recovery is measured."""


async def kill_two(scene: Scene, target: str) -> str:
    """SIGKILL two nodes at once: the third pauses until one of them is back."""
    other = scene.chance.choice([node for node in NODES if node != target])
    there = [node for node in (target, other) if scene.product.pid(node) is not None]
    if len(there) < 2:
        raise Missed("only one was there")
    await asyncio.gather(*(processes.kill(scene, node) for node in there))
    return f"{target} and {other}"


async def kill_all(scene: Scene, target: str) -> str:
    """SIGKILL all nodes at once, as a power cut does."""
    if any(scene.product.pid(node) is None for node in NODES):
        raise Missed("not all were there")
    await asyncio.gather(*(processes.kill(scene, node) for node in NODES))
    return f"all, {target} too"


async def freeze(scene: Scene, target: str) -> str:
    """SIGSTOP a node, for less or for longer than the others wait before they count it as lost."""
    if not scene.product.signal(target, signal.SIGSTOP):
        raise Missed(f"{target} was away")
    seconds = scene.chance.uniform(2, 25)
    try:
        await asyncio.sleep(seconds)
    finally:
        scene.product.signal(target, signal.SIGCONT)
    return f"{target} for {seconds:.1f} s"


async def cut_off(scene: Scene, target: str) -> str:
    """Cut one node off from both others, which go on; it pauses until it sees them again."""
    return await _cut(scene, target, *(node for node in NODES if node != target))


async def cut_between(scene: Scene, target: str) -> str:
    """Cut the way between two nodes, both of which see the third."""
    return await _cut(scene, target, scene.chance.choice([node for node in NODES if node != target]))


async def roll(scene: Scene, target: str) -> str:
    """Restart all nodes cleanly, one after the other, as an upgrade does."""
    first = NODES.index(target)
    for node in (*NODES[first:], *NODES[:first]):
        await processes.stop(scene, node)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(BACK_WITHIN):
                while not _product(scene).takes_connections(node):
                    await asyncio.sleep(0.1)
    return f"from {target} on"


async def _cut(scene: Scene, target: str, *others: str) -> str:
    product = _product(scene)
    if any(not product.takes_connections(node) for node in (target, *others)):
        raise Missed("a node was away")
    seconds = scene.chance.uniform(1, 15)
    try:
        await product.cut(target, *others)
        await asyncio.sleep(seconds)
    finally:
        await _heal(product, target, others)
    return f"{target} from {' and '.join(others)} for {seconds:.1f} s"


async def _heal(product: ClusterProduct, target: str, others: tuple[str, ...]) -> None:
    """Let them know each other again; a node that was killed meanwhile has forgotten the cut by itself."""
    async with asyncio.timeout(BACK_WITHIN):
        for other in others:
            healed = False
            while not healed:
                try:
                    await product.heal(target, other)
                    healed = True
                except (RuntimeError, TimeoutError):
                    await asyncio.sleep(0.5)


def _product(scene: Scene) -> ClusterProduct:
    assert isinstance(scene.product, ClusterProduct)
    return scene.product


KINDS: dict[str, Kind] = {
    "kill_node": Kind(processes.kill, NODES, often=20),
    "kill_two_nodes": Kind(kill_two, NODES, often=5),
    "kill_all_nodes": Kind(kill_all, NODES),
    "stop_node": Kind(processes.stop, NODES, often=3),
    "freeze_node": Kind(freeze, NODES, often=2, later=True),
    "cut_off_node": Kind(cut_off, NODES, often=2, later=True),
    "cut_between_nodes": Kind(cut_between, NODES, later=True),
    "roll_nodes": Kind(roll, NODES),
}

KILLED = {"kill_node": 1, "kill_two_nodes": 2, "kill_all_nodes": 3}
"""How many nodes each kind kills."""
