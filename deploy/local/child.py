"""A child process that never outlives us: started in a session of its own, stopped in the order we choose."""

import asyncio
import os
import pwd
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


class DidNotStart(Exception):  # noqa: N818 - reads as what happened, and is shown to people as its sentence
    """Something of the embedded run did not come up; the message says what and where its log is."""


_UNLESS_ALONE = 'test "$PPID" = "$0" && exec "$@"'
"""Starts the program only if we are still there: we may have died before the kernel was asked to tell it."""


@dataclass(slots=True)
class Child:
    """One program run as a child, its output in one log file.

    The kernel sends it `stop_with` if we die without stopping it, so a killed run leaves no orphan. It has its
    own session, so that Ctrl-C in the terminal reaches only us. `user` is the account it is dropped to.
    """

    name: str
    command: Sequence[str | Path]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    user: str | None = None
    stop_with: signal.Signals = signal.SIGTERM
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start the program; its end is seen by `alive`, never raised here."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        drop = ["--reuid", self.user, "--regid", str(_group_of(self.user)), "--clear-groups"] if self.user else []
        go_with_us = ["setpriv", *drop, "--pdeathsig", self.stop_with.name, "--", "sh", "-c", _UNLESS_ALONE]
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(  # noqa: S603 - the command is ours, never a visitor's
                [*go_with_us, str(os.getpid()), *map(str, self.command)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.folder,
                env={**os.environ, **self.environment},
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        """Tell whether the program runs now."""
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self) -> int | None:
        """Give the process id of the last start."""
        return self.process.pid if self.process else None

    @property
    def exit_code(self) -> int | None:
        """Give how it ended; None while it runs."""
        return self.process.poll() if self.process else None

    async def stop(self, *, patience: float = 10.0) -> bool:
        """Ask it to stop, wait `patience` seconds, then kill it; tell whether it went by itself."""
        if self.process is None or self.process.poll() is not None:
            return True
        self.process.send_signal(self.stop_with)
        if await self.ended(within=patience):
            return True
        self.process.kill()
        await self.ended(within=5.0)
        return False

    async def ended(self, *, within: float) -> bool:
        """Wait at most `within` seconds for its end; tell whether it ended."""
        deadline = time.monotonic() + within
        while self.alive:
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(0.01)
        return True

    def last_words(self, lines: int = 12) -> str:
        """Give the end of its log, for the person who must find out why it stopped."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


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
    """Tell whether the process exists, is not a zombie, and was started in or for `folder`."""
    process = Path(f"/proc/{pid}")
    try:
        dead = (process / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
        told = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return False
    return not dead and str(folder).encode() in told


def listening(port: int) -> bool:
    """Tell whether somebody takes connections on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def left_free(*ports: int, within: float = 5.0) -> None:
    """Wait until nobody listens on these ports any more: a killed program lets go of them a moment later.

    Raises `DidNotStart` naming the port that stays busy.
    """
    deadline = time.monotonic() + within
    for port in ports:
        while listening(port):
            if time.monotonic() > deadline:
                raise DidNotStart(
                    f"Port {port} of 127.0.0.1 is used by another program. Stop it, or choose other ports: "
                    "COUSU_PORT_BASE=9100 make run"
                )
            await asyncio.sleep(0.05)
