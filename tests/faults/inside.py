"""Start a service whose clock and consumer obey the harness: `python -m tests.faults.inside services.intake`."""

import os
import runpy
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from unittest import mock
from uuid import UUID

import uuid_utils

from shared import clock
from tests.faults import orders
from tests.faults.failing import let_handlers_fail


def main() -> None:
    """Run the module named by the first argument, with the orders of its service."""
    _, module, *arguments = sys.argv
    service = module.rpartition(".")[2]
    folder = Path(os.environ[orders.FOLDER])
    obeyed = orders.Obeyed(folder / service)
    _clock_goes_wrong(obeyed)
    _consumer_fails(obeyed)
    (folder / f"{service}.obeys").touch()
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _clock_goes_wrong(obeyed: orders.Obeyed) -> None:
    """Step what tells the time of day, and identifiers with it; what measures (`monotonic`) goes on."""
    true_time, true_now = time.time, clock.now

    def now() -> datetime:
        return true_now() + timedelta(seconds=obeyed.now.clock)

    def seconds() -> float:
        return true_time() + obeyed.now.clock

    def new_id() -> UUID:
        return UUID(int=uuid_utils.uuid7(nanoseconds=int(seconds() * 1e9)).int)

    mock.patch.object(clock, "now", now).start()
    mock.patch.object(clock, "new_id", new_id).start()
    mock.patch.object(time, "time", seconds).start()


def _consumer_fails(obeyed: orders.Obeyed) -> None:
    """Let the handler raise for one request in a hundred."""
    let_handlers_fail(lambda heard: obeyed.now.fails == orders.part_of(heard.subject), orders.WORDS)


if __name__ == "__main__":
    main()
