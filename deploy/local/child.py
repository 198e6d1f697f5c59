"""Child process of the run: starts in its own session, logs to a file, and ends when its supervisor dies."""

import asyncio
import fcntl
import os
import pwd
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from shared.messaging.accounts import SERVICES


class DidNotStart(Exception):
    """Something of the embedded run did not come up; the message says what and where its log is."""


_UNLESS_ALONE = 'test "$PPID" = "$0" && '
"""Starts the program only if its parent still runs: it may have died before `PR_SET_PDEATHSIG` was set."""

_BEYOND_REACH = 10
"""Descriptors from here on are neither the standard streams nor those at which a program looks for its sockets."""


@dataclass(slots=True)
class Child:
    """One program run as a child, its output in one log file.

    The kernel sends it `stop_with` if we die without stopping it, so a killed run leaves no orphan. It has its
    own session, so that Ctrl-C in the terminal reaches only us. `user` is the account it is dropped to. `sockets` are
    handed to it as systemd would (sd_listen_fds); they stay ours too. `inherits` are the variables that it gets beside
    its own `environment`: of ours those that are no service's. Only its owner reads its log and the files it makes.
    """

    name: str
    command: Sequence[str | Path]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    inherits: Mapping[str, str] | None = None
    folder: Path | None = None
    user: str | None = None
    stop_with: signal.Signals = signal.SIGTERM
    sockets: Sequence[socket.socket] = ()
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start the program; its end is seen by `alive`, never raised here."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        drop = ["--reuid", self.user, "--regid", str(_group_of(self.user)), "--clear-groups"] if self.user else []
        go_with_us = ["setpriv", *drop, "--pdeathsig", self.stop_with.name, "--", "bash", "-c"]
        with private_log(self.log) as output, _within_reach_of_bash(self.sockets) as descriptors:
            self.process = subprocess.Popen(  # noqa: S603 - the command is ours, never a visitor's
                [*go_with_us, _UNLESS_ALONE + _handing_over(descriptors), str(os.getpid()), *map(str, self.command)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.folder,
                env={**(inherited() if self.inherits is None else self.inherits), **self.environment},
                umask=0o077,
                pass_fds=descriptors,
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        """Return whether the program runs now."""
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self) -> int | None:
        """Return the process id of the last start."""
        return self.process.pid if self.process else None

    @property
    def exit_code(self) -> int | None:
        """Return how it ended; None while it runs."""
        return self.process.poll() if self.process else None

    async def stop(self, *, patience: float = 10.0, by: signal.Signals | None = None) -> bool:
        """Ask it to stop, wait `patience` seconds, then kill it; return whether it ended by itself.

        `by` is a signal other than the usual one.
        """
        if self.process is None or self.process.poll() is not None:
            return True
        self.process.send_signal(by or self.stop_with)
        if await self.ended(within=patience):
            return True
        self.process.kill()
        await self.ended(within=5.0)
        return False

    async def ended(self, *, within: float) -> bool:
        """Wait at most `within` seconds for its end; return whether it ended."""
        deadline = time.monotonic() + within
        while self.alive:
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(0.01)
        return True

    def last_words(self, lines: int = 12) -> str:
        """Return the end of its log, for the person who must find out why it stopped."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def inherited(service: str | None = None) -> dict[str, str]:
    """Return our variables for one service, or for a program that is none: nothing that is meant for another.

    Passwords of owners and administrators go to nobody that runs.
    """
    others = tuple(f"{name.upper()}_" for name in (*SERVICES, "operations") if name != service)
    return {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(others)
        and not key.endswith("_MIGRATION_URL")
        and key not in {"AMQP_URL", "OPERATIONS_BROKER_ADMIN_URL", "OPERATIONS_REPLAY_URL", "SUPERVISOR_AMQP_URL"}
    }


def private_log(file: Path) -> BinaryIO:
    """Open a log to append to it, which only its owner may read, whatever its rights were."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.fchmod(descriptor, 0o600)
    return os.fdopen(descriptor, "ab")


@contextmanager
def _within_reach_of_bash(sockets: Sequence[socket.socket]) -> Iterator[list[int]]:
    """Return copies of the descriptors that are surely none of those at which the program will look for them."""
    descriptors = [fcntl.fcntl(one.fileno(), fcntl.F_DUPFD_CLOEXEC, _BEYOND_REACH) for one in sockets]
    try:
        yield descriptors
    finally:
        for one in descriptors:
            os.close(one)


def _handing_over(descriptors: Sequence[int]) -> str:
    """Return the last command of the shell: `exec` the program with its sockets at 3, 4 … and `LISTEN_PID`."""
    if not descriptors:
        return 'exec "$@"'
    moves = " ".join(f"{3 + n}<&{one}-" for n, one in enumerate(descriptors))
    return f'LISTEN_FDS={len(descriptors)} LISTEN_PID=$$ exec "$@" {moves}'


def _group_of(user: str) -> int:
    return pwd.getpwnam(user).pw_gid


async def end_leftover(pid_file: Path, *, folder: Path, stop_with: signal.Signals, patience: float = 15.0) -> None:
    """Stop the program that an earlier, killed run left behind, and forget a pid that means nothing any more.

    The pid file's first line is its process id; it counts only if that process works in `folder`, because ids are
    used again.
    """
    pid = await asyncio.to_thread(_written_in, pid_file)
    deadline = time.monotonic() + patience
    signalled = False
    while pid is not None and _works_in(pid, folder):
        if not signalled:
            os.kill(pid, stop_with)
            signalled = True
        elif time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
        await asyncio.sleep(0.05)
    await asyncio.to_thread(pid_file.unlink, missing_ok=True)


def _written_in(pid_file: Path) -> int | None:
    try:
        return int(pid_file.read_text().split(maxsplit=1)[0])
    except (FileNotFoundError, ValueError, IndexError):
        return None


def _works_in(pid: int, folder: Path) -> bool:
    """Return whether the process exists, is not a zombie, and was started in or for `folder`."""
    process = Path(f"/proc/{pid}")
    try:
        dead = (process / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
        described = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return False
    return not dead and str(folder).encode() in described


def listening(port: int) -> bool:
    """Return whether somebody takes connections on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def busy(port: int) -> DidNotStart:
    """Return a text: somebody else has the port, and what to do."""
    return DidNotStart(
        f"Port {port} of 127.0.0.1 is used by another program. Stop it, or choose other ports: "
        "COUSU_PORT_BASE=9100 make run"
    )


async def left_free(*ports: int, within: float = 5.0) -> None:
    """Wait until nobody listens on these ports any more: a killed program lets go of them a moment later.

    Raises `DidNotStart` naming the port that stays busy.
    """
    deadline = time.monotonic() + within
    for port in ports:
        while listening(port):
            if time.monotonic() > deadline:
                raise busy(port)
            await asyncio.sleep(0.05)
