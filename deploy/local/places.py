"""Folders, ports and addresses of the embedded run."""

import os
from dataclasses import dataclass
from pathlib import Path

from deploy.local.child import DidNotStart

REPOSITORY = Path(__file__).resolve().parents[2]
RUN_FOLDER = REPOSITORY / ".run"
DEFAULT_PORT_BASE = 8100
_LOWEST_BASE, _HIGHEST_BASE = 1024, 65_000
_PORTS_OF_ONE_NODE = 4
_MOST_COPIES = 9


@dataclass(frozen=True, slots=True)
class Places:
    """The ports of one run, all above `base`, the folder of its state, and the copies of each service."""

    base: int = DEFAULT_PORT_BASE
    folder: Path = RUN_FOLDER
    copies: int = 1

    @classmethod
    def from_environment(cls) -> "Places":
        """Read `COUSU_PORT_BASE`, which moves all ports, `COUSU_RUN_FOLDER`, which moves `.run`, and `COUSU_COPIES`.

        Raises `DidNotStart` if the base is no port, or the number of copies out of reach.
        """
        base = os.environ.get("COUSU_PORT_BASE", "").strip() or str(DEFAULT_PORT_BASE)
        if not base.isdecimal() or not _LOWEST_BASE <= int(base) <= _HIGHEST_BASE:
            raise DidNotStart(f"COUSU_PORT_BASE is {base!r}; give a number from {_LOWEST_BASE} to {_HIGHEST_BASE}.")
        copies = os.environ.get("COUSU_COPIES", "").strip() or "1"
        if not copies.isdecimal() or not 1 <= int(copies) <= _MOST_COPIES:
            raise DidNotStart(f"COUSU_COPIES is {copies!r}; give a number from 1 to {_MOST_COPIES}.")
        return cls(int(base), Path(os.environ.get("COUSU_RUN_FOLDER") or RUN_FOLDER).absolute(), int(copies))

    @property
    def shown(self) -> str:
        """Name the folder as people read it: `.run`, unless it is elsewhere."""
        return self.folder.name if self.folder.parent == REPOSITORY else str(self.folder)

    @property
    def ports(self) -> dict[str, int]:
        """Return every port by the name of what listens there."""
        names = (
            "intake",
            "qualification",
            "escalation",
            "notifications",
            "operations",
            "mail",
            "identity",
            "smtp",
            "management",
            "amqp",
            "postgres",
            "broker_metrics",
            "distribution",
            "epmd",
            "replies",
        )
        return {name: self.base + offset for offset, name in enumerate(names, start=1)}

    def ports_of_node(self, n: int) -> tuple[int, int, int, int]:
        """Return the ports of the second, third … node of a broker: AMQP, management, metrics, distribution."""
        first = self.base + _PORTS_OF_ONE_NODE * (n + 3)
        return first, first + 1, first + 2, first + 3

    def web(self, name: str) -> str:
        """Return the http address of something that people or programs open."""
        return f"http://127.0.0.1:{self.ports[name]}"

    @property
    def endpoints(self) -> Path:
        """The file with the addresses of everything that runs; it exists only while everything is ready."""
        return self.folder / "endpoints.json"

    @property
    def copies_file(self) -> Path:
        """The file with the address of each copy for Prometheus (`file_sd_configs`), always as it is now."""
        return self.folder / "copies.json"

    @property
    def environment(self) -> Path:
        """The file of KEY=VALUE lines that lets the command line in another terminal find its way."""
        return self.folder / "environment"

    def log(self, name: str) -> Path:
        """Return the log file of a program."""
        return self.folder / "logs" / f"{name}.log"
