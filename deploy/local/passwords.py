"""Generate the passwords of the embedded run and store them in one file that only its owner can read."""

import json
import os
import secrets
import threading
from pathlib import Path


class Passwords:
    """Random passwords by name, the same at every start as long as the file is there."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._known: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
        self._drawing = threading.Lock()

    def of(self, name: str) -> str:
        """Return the password of this name, drawing it the first time."""
        with self._drawing:  # the nodes of a cluster are written down at the same moment, each in a thread
            if name not in self._known:
                self._known[name] = secrets.token_urlsafe(24)
                write_private(self._file, json.dumps(self._known, indent=1))
            return self._known[name]


def write_private(file: Path, text: str) -> None:
    """Put the text in place in one step, readable by its owner only."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(file.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as target:
        target.write(text)
    draft.replace(file)
