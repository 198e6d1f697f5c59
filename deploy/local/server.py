"""Base class of the servers of the embedded run: a process with its own folder and generated passwords."""

from pathlib import Path

from deploy.local.child import Child
from deploy.local.passwords import Passwords


class LocalServer:
    """What PostgreSQL and RabbitMQ have in common here; `passwords` are its own unless given."""

    def __init__(self, folder: Path, log: Path, passwords: Passwords | None = None) -> None:
        self._folder = folder.resolve()
        self._log = log
        self._passwords = passwords
        self._child: Child | None = None

    @property
    def passwords(self) -> Passwords:
        """The passwords of its users, by user name."""
        if self._passwords is None:
            self._passwords = Passwords(self._folder / "passwords.json")
        return self._passwords

    @property
    def alive(self) -> bool:
        """Whether its process runs now."""
        return self._child is not None and self._child.alive

    @property
    def pid(self) -> int | None:
        """The process id, for those who want to kill it."""
        return self._child.pid if self._child else None
