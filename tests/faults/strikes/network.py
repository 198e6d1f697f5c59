"""Faults of the network between a service and broker or database: cut, torn, stalled, half open, slow, silent."""

import asyncio
from collections.abc import Mapping

from shared.db import Row
from shared.messaging.names import LEADER_LOCK
from tests.faults.network import Link
from tests.faults.strikes.kind import Missed, Scene, Strike

LONGEST = 6.0
"""Seconds."""

REPLACED_WITHIN = 30.0
"""Seconds; 15 on a machine that has nothing else to do."""


def cut(*, database: bool = False) -> Strike:
    """Reset all connections of a service, and let no new one through for a moment."""

    async def strike(scene: Scene, target: str) -> str:
        link = _of(scene, database)[target]
        seconds = scene.chance.uniform(0, 2)
        link.open = False
        try:
            connections = link.cut()
            await asyncio.sleep(seconds)
        finally:
            link.flow()
        return _told(target, connections, f"kept away for {seconds:.1f} s")

    return strike


def tear(*, database: bool = False) -> Strike:
    """End a connection in the middle of what it carries."""

    async def strike(scene: Scene, target: str) -> str:
        link = _of(scene, database)[target]
        link.tears = True
        for _ in range(40):
            await asyncio.sleep(0.1)
            if not link.tears:
                return target
        link.flow()
        raise Missed(f"{target} said nothing")

    return strike


def stall(*, database: bool = False) -> Strike:
    """Let nothing through: nothing is cut, and nothing answers."""
    return _hang(to_server=True, to_service=True, database=database)


def half_open() -> Strike:
    """Let what a service sends reach the broker, and nothing come back: events are told, and never confirmed."""
    return _hang(to_server=False, to_service=True, database=False)


def _hang(*, to_server: bool, to_service: bool, database: bool) -> Strike:
    async def strike(scene: Scene, target: str) -> str:
        link = _of(scene, database)[target]
        seconds = scene.chance.uniform(1, LONGEST)
        try:
            connections = link.stall(to_server=to_server, to_service=to_service)
            await asyncio.sleep(seconds)
            if scene.chance.random() < 0.5:
                link.cut()
        finally:
            link.flow()
        return _told(target, connections, f"for {seconds:.1f} s")

    return strike


async def vanish(scene: Scene, target: str) -> str:
    """Drop all packets of the session of the relay that leads, and reset nothing; another copy is to lead soon."""
    holder = await _leader(scene, target)
    if holder is None or not scene.product.to_database[target].drop(holder["client_port"]):
        raise Missed(f"nobody led {target}")
    began = asyncio.get_running_loop().time()
    while (passed := asyncio.get_running_loop().time() - began) < REPLACED_WITHIN:
        now = await _leader(scene, target)
        if now is not None and now["pid"] != holder["pid"]:
            return f"{target}: another relay led {passed:.1f} s later"
        await asyncio.sleep(0.2)
    raise RuntimeError(f"{target}: nobody led {REPLACED_WITHIN:g} s after the machine of its leader vanished")


async def _leader(scene: Scene, target: str) -> Row | None:
    """Find the session of the relay that leads."""
    rows = await scene.product.fetch(
        target,
        """
        SELECT pid, client_port FROM pg_locks JOIN pg_stat_activity USING (pid)
        WHERE locktype = 'advisory' AND objid = $1 AND granted
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """,
        LEADER_LOCK,
    )
    return rows[0] if rows else None


async def slow(scene: Scene, target: str) -> str:
    """Let each piece be late."""
    link = scene.product.to_broker[target]
    link.slow = scene.chance.uniform(0.05, 0.5)
    seconds = scene.chance.uniform(2, LONGEST)
    try:
        await asyncio.sleep(seconds)
        return _told(target, link.used, f"up to {link.slow:.2f} s late, for {seconds:.1f} s")
    finally:
        link.flow()


def _of(scene: Scene, database: bool) -> Mapping[str, Link]:
    return scene.product.to_database if database else scene.product.to_broker


def _told(target: str, connections: int, how: str) -> str:
    if not connections:
        raise Missed(f"{target} was not connected")
    return f"{target}: {connections} connections, {how}"
