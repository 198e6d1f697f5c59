"""Faults inside a service: its clock jumps, its consumer fails on some requests."""

import asyncio

from tests.faults.orders import ONE_IN, WORDS, Orders, part_of
from tests.faults.strikes.kind import Missed, Scene

HOURS = 12


async def step_clock(scene: Scene, target: str) -> str:
    """Put the clock of a service forward or back by hours, and right again some seconds later."""
    hours = scene.chance.choice((-1, 1)) * scene.chance.uniform(0.5, HOURS)
    scene.product.order(target, Orders(clock=hours * 3600))
    try:
        await asyncio.sleep(scene.chance.uniform(1, 5))
    finally:
        scene.product.order(target, Orders())
    return f"{target} by {hours:+.1f} hours"


async def fail_one_in_a_hundred(scene: Scene, target: str) -> str:
    """Let a consumer fail on one request in a hundred, one that is under way among them, and stop failing later."""
    rows = await scene.product.fetch("intake", "SELECT id::text FROM request ORDER BY submitted_at DESC LIMIT 8")
    if not rows:
        raise Missed("no request is under way")
    part = part_of(scene.chance.choice(rows)["id"])
    scene.product.order(target, Orders(fails=part))
    held = 0
    try:
        for _ in range(20):
            await asyncio.sleep(0.5)
            held = (
                await scene.product.fetch(
                    target, "SELECT count(*) AS n FROM inbox_held WHERE reason LIKE '%' || $1", WORDS
                )
            )[0]["n"]
            if held:
                break
    finally:
        scene.product.order(target, Orders())
    # What an operator would do who knows that the reason is gone; by itself a stream waits for up to five minutes.
    await scene.product.execute(
        target, "UPDATE inbox_held SET next_attempt_at = now() WHERE reason LIKE '%' || $1", WORDS
    )
    if not held:
        raise Missed(f"{target} heard of none of part {part} of {ONE_IN}")
    return f"{target}: part {part} of {ONE_IN}, {held} streams held"
