"""Socket activation: the listening sockets that systemd or the supervisor of `make run` has opened."""

import os
import socket
from typing import Final

FIRST_HANDED_OVER: Final = 3
"""The lowest descriptor of systemd's protocol for sockets that are handed over (sd_listen_fds)."""


def take_handed_over() -> list[socket.socket]:
    """Return the passed sockets; empty without any. They are for this process only if `LISTEN_PID` names it."""
    count = _count()
    for name in ("LISTEN_PID", "LISTEN_FDS"):
        os.environ.pop(name, None)
    taken = [socket.socket(fileno=FIRST_HANDED_OVER + n) for n in range(count)]
    for one in taken:
        one.set_inheritable(False)
    return taken


def hosts_handed_over() -> list[str | None]:
    """Return the host that each listens on, None for a socket of the file system; does not take them."""
    hosts: list[str | None] = []
    for n in range(_count()):
        with socket.socket(fileno=os.dup(FIRST_HANDED_OVER + n)) as one:
            hosts.append(None if one.family == socket.AF_UNIX else str(one.getsockname()[0]))
    return hosts


def _count() -> int:
    return int(os.environ.get("LISTEN_FDS", "0")) if os.environ.get("LISTEN_PID") == str(os.getpid()) else 0
