"""Orders of the harness to a running service: the error of its clock, and the requests that it fails on."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

FOLDER = "COUSU_FAULTS_ORDERS"
"""The environment variable that names the folder of the orders; each service's are a file of its name."""

LINKS = "COUSU_FAULTS_LINKS"
"""JSON: service → its ways to the servers: `{"intake": {"5672": 40001}}`, port of the server → port to use instead."""

ONE_IN = 100
WORDS = "the harness lets it fail"


@dataclass(frozen=True, slots=True)
class Orders:
    """None at all, as made."""

    clock: float = 0.0
    """Seconds by which the clock of the service is ahead of the machine's."""
    fails: int | None = None
    """Of a hundred parts into which requests fall, the one that its consumer fails on."""

    def give(self, folder: Path, service: str) -> None:
        """Put them where the service looks, in one step."""
        draft = folder / f"{service}.new"
        draft.write_text(json.dumps(asdict(self)))
        draft.replace(folder / service)


def part_of(subject: str) -> int:
    """Tell into which of the hundred parts a request falls."""
    return int.from_bytes(hashlib.sha256(subject.encode()).digest()[:4]) % ONE_IN


class Obeyed:
    """The orders as the service reads them: again whenever their file changed."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._changed = -1
        self._orders = Orders()

    @property
    def now(self) -> Orders:
        """What holds now."""
        try:
            changed = self._file.stat().st_mtime_ns
            if changed != self._changed:
                self._orders, self._changed = Orders(**json.loads(self._file.read_text())), changed
        except FileNotFoundError:
            pass
        return self._orders
