"""Tests that run with a seeded bug: pytest in a process of its own, which grafts the altered source on before.

A plugin for pytest (`-p tests.faults.teeth.grafted`), and what starts it.
"""

import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence

from tests.faults.kills.graft import graft
from tests.faults.teeth.bug import ROOT

ALTERED = "COUSU_TEETH_ALTERED"
"""The environment variable that holds the altered files: path → source."""

FAILED = 1
"""pytest's own status for "tests ran, and some failed"; any other but 0 is no judgement."""


def pytest_collection_finish() -> None:
    """Alter what the tests have imported by now."""
    for file, source in json.loads(os.environ[ALTERED]).items():
        graft(file, source)


async def failing(where: Sequence[str], altered: Mapping[str, str]) -> tuple[list[str], str]:
    """Run these tests on altered code; give those that fail, as broken promises, and what was done."""
    pytest = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", "-q", "-x", "-p", "tests.faults.teeth.grafted", *where),
        cwd=ROOT,
        env={**os.environ, ALTERED: json.dumps(dict(altered))},
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
