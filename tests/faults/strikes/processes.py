"""Processes are killed, told to stop, or frozen."""

import asyncio
import shutil
import signal

from tests.faults.strikes.kind import Missed, Scene


async def kill(scene: Scene, target: str) -> str:
    """SIGKILL a service, RabbitMQ's virtual machine, or PostgreSQL's postmaster: all its backends go with it."""
    return await _end(scene, target, signal.SIGKILL)


async def stop(scene: Scene, target: str) -> str:
    """SIGTERM, as a deployment does."""
    return await _end(scene, target, signal.SIGTERM)


async def freeze(scene: Scene, target: str) -> str:
    """SIGSTOP for a while: nothing is cut, and nothing answers."""
    pid = scene.product.pid(target)
    if pid is None or not scene.product.signal(target, signal.SIGSTOP):
        raise Missed(f"{target} was away")
    seconds = scene.chance.uniform(1, 8)
    try:
        await asyncio.sleep(seconds)
    finally:
        scene.product.signal(target, signal.SIGCONT)
    return f"{target} for {seconds:.1f} s"


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
    pid = scene.product.pid(target)
    if pid is None or not scene.product.signal(target, how):
        raise Missed(f"{target} was away")
    await scene.product.gone(pid, within=60)
    return target
