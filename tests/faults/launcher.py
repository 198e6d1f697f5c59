"""Start `make run` with its services behind the harness's network proxies and under its orders."""

import json
import os
import re
import sys
from unittest import mock

from deploy.local import run, supervision
from deploy.local.child import Child
from tests.faults import orders


def main() -> int:
    """Start each program again at once after every death: here we are the ones who kill.

    The supervisor's growing pauses are meant for programs that die by themselves.
    """
    supervision._WELL_AFTER = 0.0  # noqa: SLF001 - no user wants this switch, only who kills a hundred times an hour
    links = json.loads(os.environ.get(orders.LINKS, "{}"))
    true_start = Child.start

    def start(child: Child) -> None:
        module = next((str(word) for word in child.command if str(word).startswith("services.")), "")
        ways = links.get(module.partition(".")[2])
        if ways is not None and "tests.faults.inside" not in child.command:
            child.command = [
                part
                for word in child.command
                for part in (("tests.faults.inside", word) if word == module else (word,))
            ]
            child.environment = {name: _by(ways, value) for name, value in child.environment.items()}
        true_start(child)

    with mock.patch.object(Child, "start", start):
        return run.main()


def _by(ways: dict[str, int], address: str) -> str:
    """Lead an address of a server over the harness's port for it."""
    if not address.startswith(("amqp://", "postgresql://")):
        return address
    return re.sub(r"(?<=@127\.0\.0\.1:)\d+", lambda port: str(ways.get(port[0], port[0])), address)


if __name__ == "__main__":
    sys.exit(main())
