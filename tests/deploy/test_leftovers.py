"""What a killed run left behind is ended, and nothing of anybody else."""

import asyncio
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.child import Child
from deploy.local.leftovers import VARIABLE, end_programs_of, programs_of
from tests.polling import eventually

IGNORES = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ignores', flush=True); time.sleep(600)"
)


class Programs:
    """Children that ignore SIGTERM, each with the environment that it is given."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.made: list[Child] = []

    async def one(self, **environment: str) -> Child:
        """Start one, and come back when it ignores signals."""
        log = self._folder / f"{len(self.made)}.log"
        child = Child("ignores", [sys.executable, "-c", IGNORES], log=log, environment=environment)
        child.start()
        self.made.append(child)

        async def ignores() -> bool:
            return "ignores" in child.last_words()

        await eventually(ignores)
        return child


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[Programs]:
    """Start programs, and end them after the test."""
    made = Programs(tmp_path)
    yield made
    for child in made.made:
        if child.process is not None and child.alive:
            child.process.kill()
            child.process.wait()


async def test_what_does_not_end_by_itself_is_killed_and_others_are_left_alone(
    tmp_path: Path, programs: Programs
) -> None:
    folder, said = tmp_path / "run", list[str]()
    ours = await programs.one(**{VARIABLE: str(folder)})
    others = [
        await programs.one(**{VARIABLE: f"{folder}-other"}),
        await programs.one(**{VARIABLE: str(folder / "within")}),
        await programs.one(COUSU_RUN_FOLDER=str(folder), NOTE=f"{VARIABLE}={folder}"),
    ]
    assert programs_of(folder) == [ours.pid]
    await end_programs_of(folder, say=said.append, patience=0.2)
    assert await ours.ended(within=10)
    assert all(other.alive for other in others)
    assert said == ["An earlier run was killed; 1 of its programs are still there, and end first"]


async def test_what_ends_by_itself_is_waited_for(tmp_path: Path, programs: Programs) -> None:
    folder = tmp_path / "run"
    ours = await programs.one(**{VARIABLE: str(folder)})
    ending = asyncio.create_task(end_programs_of(folder, say=lambda _: None, patience=600))
    await asyncio.sleep(0.3)
    assert ours.alive
    assert ours.pid is not None
    os.kill(ours.pid, 9)
    async with asyncio.timeout(20):
        await ending


async def test_nothing_left_is_nothing_said(tmp_path: Path) -> None:
    said: list[str] = []
    await end_programs_of(tmp_path / "run", say=said.append)
    assert said == []
