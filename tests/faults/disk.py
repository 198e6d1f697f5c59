"""A file system of limited size for PostgreSQL, filled and freed while everything runs."""

import errno
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

SIZE = 768 * 1024 * 1024
"""Bytes: the cluster, its five databases and what a run writes; in memory, and only what is written counts."""

_PAGE = 4096
_FILLER = "filler"


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """A file system of its own, mounted on `folder`; only root may mount one."""

    folder: Path

    @staticmethod
    def possible() -> bool:
        """Tell whether this process may mount."""
        return os.geteuid() == 0 and subprocess.run(["unshare", "--mount", "true"], check=False).returncode == 0  # noqa: S607 - util-linux, wherever it is

    def mount(self) -> None:
        """Have it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        options = f"size={SIZE},mode=0755"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "cousu-faults", self.folder], check=True)  # noqa: S603, S607 - our own folder; util-linux, wherever it is

    def unmount(self) -> None:
        """Give it back, with all that is on it."""
        if self.folder.is_mount():
            subprocess.run(["umount", "--lazy", self.folder], check=True)  # noqa: S603, S607 - same

    def fill(self) -> int:
        """Take all that is free; tell how many bytes were taken."""
        taken, piece = 0, SIZE
        with (self.folder / _FILLER).open("wb") as filler:
            while piece >= _PAGE:
                try:
                    os.posix_fallocate(filler.fileno(), taken, piece)
                except OSError as full:
                    if full.errno != errno.ENOSPC:
                        raise
                    piece //= 2
                else:
                    taken += piece
        return taken

    def free(self) -> None:
        """Give back what was taken."""
        (self.folder / _FILLER).unlink(missing_ok=True)
