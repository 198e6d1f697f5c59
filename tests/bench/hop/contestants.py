"""The contestants of the hop: the commands of sender and listener, and how each is tuned."""

import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
OURS = Path(sys.executable)
THEIRS = ROOT / "build" / "bench" / "bin" / "python"
"""The peers' own environment: the product knows nothing of them."""
BEFORE = "before"


@dataclass(frozen=True, slots=True)
class Contestant:
    """One way of carrying the job."""

    name: str
    title: str
    module: str
    settings: str
    """How it was tuned, for the report."""
    hears: tuple[str, ...] = ()
    """Arguments of its listener."""
    python: Path = OURS
    tree: Path = ROOT
    """Where its code is; what is missing there comes from here."""
    ours: bool = False
    durable: bool = False
    """Whether the event is committed with the state that it tells of."""
    ordered: bool = False

    def command(self, role: str) -> list[str]:
        """Give the command of a role."""
        return [str(self.python), "-m", self.module, role, *(self.hears if role == "hear" else ())]


def before(commit: str, ours: Contestant) -> Contestant:
    """Give ours as it was at a commit, whose tree is laid out below `build`."""
    tree = ROOT / "build" / f"before-{commit}"
    if not tree.exists():
        subprocess.run(["git", "worktree", "prune"], cwd=ROOT, check=True)  # noqa: S607 - git, wherever it is
        subprocess.run(["git", "worktree", "add", "--detach", tree, commit], cwd=ROOT, check=True, capture_output=True)  # noqa: S603, S607 - same
    settings = f"the same, as it was at {commit}"
    return replace(ours, name=BEFORE, title="Cousu-main before", settings=settings, tree=tree)


def _floor(name: str, title: str, settings: str, together: int, connections: int, *, ordered: bool) -> Contestant:
    return Contestant(
        name, title, "tests.bench.hop.floor", settings, (str(together), str(connections)), ordered=ordered
    )


HOP = (
    Contestant(
        "ours",
        "Cousu-main",
        "tests.bench.hop.ours",
        "as services run: outbox and relay, quorum queue, prefetch 200, two transactions of up to 50 messages"
        " concurrently, inbox with order and exactly once",
        ours=True,
        durable=True,
        ordered=True,
    ),
    _floor(
        "floor",
        "floor",
        "aio-pika: 200 confirmations under way; quorum queue, prefetch 100; ten connections, one commit a message",
        1,
        10,
        ordered=False,
    ),
    _floor(
        "floor_alone", "floor, one at a time", "the same over one connection, which keeps the order", 1, 1, ordered=True
    ),
    _floor(
        "floor_batched",
        "batched floor",
        "one connection, up to 100 messages a transaction, one ack",
        100,
        1,
        ordered=True,
    ),
)
