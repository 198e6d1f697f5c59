"""`cousu-main` as operators type it, in a process of its own.

The process is forked from one that has loaded the program already, once for a session: what is saved is the second in
which Python loads it, and nothing of what the command does.
"""

import asyncio
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shared.web.assets import ROOT

_PROGRAM = "services.operations.cli.main"
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([_PROGRAM])


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command printed, and how it ended."""

    code: int
    output: str
    errors: str


def run_command(*arguments: str, environment: Mapping[str, str], within: float = 60) -> Ran:
    """Run it in this environment and no other, for so many seconds at most. Raises `TimeoutError` after them."""
    with tempfile.TemporaryDirectory() as folder:
        output, errors = Path(folder) / "output", Path(folder) / "errors"
        process = _FORKS.Process(target=_be, args=(arguments, dict(environment), output, errors))
        process.start()
        process.join(within)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise TimeoutError(f"cousu-main {' '.join(arguments)} had not ended after {within:g} s")
        ran = Ran(process.exitcode, output.read_text(errors="replace"), errors.read_text(errors="replace"))
        process.close()
        return ran


async def command(*arguments: str, environment: Mapping[str, str], within: float = 60) -> Ran:
    """Run it beside other tasks."""
    return await asyncio.to_thread(run_command, *arguments, environment=environment, within=within)


def _be(arguments: tuple[str, ...], environment: dict[str, str], output: Path, errors: Path) -> None:
    """Be the command, from its environment to its exit code."""
    for channel, file in ((1, output), (2, errors)):
        with file.open("wb") as opened:
            os.dup2(opened.fileno(), channel)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    sys.argv = ["cousu-main", *arguments]
    from services.operations.cli.main import main  # noqa: PLC0415 - loaded by the process that we were forked from

    main()
