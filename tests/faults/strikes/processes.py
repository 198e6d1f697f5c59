"""Faults of processes: killed, stopped, or frozen."""

import asyncio
import shutil
import signal

from deploy.local.leftovers import programs_of
from shared.stopping import ENDS_WITHIN
from tests.faults.product import send
from tests.faults.strikes.kind import Broken, Missed, Scene

SLOW_MACHINE = 20.0
"""Seconds beyond the bound of a stop before it counts as broken."""


async def kill(scene: Scene, target: str) -> str:
    """SIGKILL a service, RabbitMQ's virtual machine, or PostgreSQL's postmaster: all its backends go with it."""
    return await _end(scene, target, signal.SIGKILL)


async def stop(scene: Scene, target: str) -> str:
    """SIGTERM, as a deployment does."""
    return await _end(scene, target, signal.SIGTERM)


async def stop_cut_off(scene: Scene, target: str) -> str:
    """SIGTERM while the broker, the database or both are away or silent: it ends in its time all the same."""
    ways = scene.chance.choice(((scene.product.to_broker,), (scene.product.to_database,), None))
    links = [way[target] for way in ways or (scene.product.to_broker, scene.product.to_database)]
    silent = scene.chance.random() < 0.5
    pid = _one_of(scene, target)
    try:
        for link in links:
            if silent:
                link.stall()
            else:
                link.open = False
                link.cut()
        await asyncio.sleep(scene.chance.uniform(0, 8))
        if not send(pid, signal.SIGTERM):
            raise Missed(f"{target} was away")
        try:
            await scene.product.gone(pid, within=ENDS_WITHIN + SLOW_MACHINE)
        except TimeoutError:
            raise Broken(f"{target} still runs {ENDS_WITHIN + SLOW_MACHINE:.0f} s after SIGTERM") from None
    finally:
        for link in links:
            link.flow()
    return f"{target}, {len(links)} servers {'silent' if silent else 'away'}"


async def kill_supervisor(scene: Scene, _target: str) -> str:
    """SIGKILL the supervisor and start another at once: nothing of the first run may outlive its start."""
    before = programs_of(scene.product.folder)
    await scene.product.kill_supervisor()
    left = set(before) & set(programs_of(scene.product.folder))
    if left:
        raise Broken(f"{len(left)} programs outlived their supervisor and the next start")
    return f"{len(before)} programs"


async def freeze(scene: Scene, target: str) -> str:
    """SIGSTOP for a while: nothing is cut, and nothing answers."""
    pid = _one_of(scene, target)
    if not send(pid, signal.SIGSTOP):
        raise Missed(f"{target} was away")
    seconds = scene.chance.uniform(1, 8)
    try:
        await asyncio.sleep(seconds)
    finally:
        send(pid, signal.SIGCONT)
    return f"{target} for {seconds:.1f} s"


async def kill_copy(scene: Scene, target: str) -> str:
    """SIGKILL one of several copies of a service, while another goes on."""
    copies = len(scene.product.pids(target))
    if copies < 2:
        raise Missed(f"{target} has {copies} copies")
    return f"{await kill(scene, target)}, one of {copies} copies"


async def replace_all(scene: Scene, _target: str) -> str:
    """Replace all copies of all services, one after the other, as an update does."""
    words = await scene.product.replace()
    if "Everything was replaced" not in words:
        raise Missed(words)
    return words


async def wipe(scene: Scene, target: str) -> str:
    """SIGKILL RabbitMQ, its disk taken away before it starts again."""
    data = scene.product.folder / target / "data"
    gone = data.with_name(f"data.{scene.chance.getrandbits(32)}")
    if scene.product.pid(target) is None or not data.exists():
        raise Missed(f"{target} was away")
    data.rename(gone)
    note = await _end(scene, target, signal.SIGKILL)
    await asyncio.to_thread(shutil.rmtree, gone, ignore_errors=True)
    return f"{note}, disk wiped"


async def _end(scene: Scene, target: str, how: signal.Signals) -> str:
    pid = _one_of(scene, target)
    if not send(pid, how):
        raise Missed(f"{target} was away")
    await scene.product.gone(pid, within=60)
    return target


def _one_of(scene: Scene, target: str) -> int:
    """Choose one of its copies, or the only one."""
    pids = scene.product.pids(target)
    if not pids:
        raise Missed(f"{target} was away")
    return scene.chance.choice(pids)
