"""Tests that run with a seeded bug: pytest in a process of its own, which seeds the bug in what the tests import.

A plugin for pytest (`-p tests.faults.teeth.seeding`), and what starts it.
"""

import asyncio
import os
import sys
from collections.abc import Sequence

from tests.faults.teeth.bug import ROOT

BUG = "COUSU_TEETH_BUG"
"""The environment variable that names the bug."""

FAILED = 1
"""pytest's own status for "tests ran, and some failed"; any other but 0 is no judgement."""


def pytest_collection_finish() -> None:
    """Seed the bug in what the tests have imported by now."""
    seed()


def seed() -> None:
    """Seed the bug that the environment names, if it names one."""
    if name := os.environ.get(BUG):
        from tests.faults.teeth import bugs  # noqa: PLC0415 - it imports much of the product

        bugs.named(name).apply()


async def failing(where: Sequence[str], bug: str | None) -> tuple[list[str], str]:
    """Run these tests on code with this bug, if any; return those that fail, as broken promises, and what was done."""
    pytest = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", "-q", "-x", "-p", "tests.faults.teeth.seeding", *where),
        cwd=ROOT,
        env={**os.environ, BUG: bug or ""},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await pytest.communicate()
    finally:
        if pytest.returncode is None:
            pytest.kill()
    lines = output.decode(errors="replace").splitlines()
    failed = [line for line in lines if line.startswith("FAILED")]
    if pytest.returncode not in {0, FAILED} or bool(failed) != bool(pytest.returncode):
        raise RuntimeError("\n".join(lines[-20:]))
    return [f"test: {line.removeprefix('FAILED ')}" for line in failed], lines[-1] if lines else ""
