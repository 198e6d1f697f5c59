"""The section on the machine."""

from collections import defaultdict

from tests.bench.report import words
from tests.bench.tally import Tally


def section(tally: Tally) -> str:
    """Name the machine, where the data lay, what else it did, and all versions."""
    lines = [line for line in tally.lines if line.part == "machine" and "failed" not in line.figures]
    if not lines:
        return ""
    told = lines[-1].figures
    loads = [line.load for line in tally.lines]
    moments = sorted(line.at for line in tally.lines)
    parts = defaultdict[str, dict[str, None]](dict)
    for line in tally.lines:
        parts[line.commit][line.part] = None
    commits = "; ".join(f"{commit}: {', '.join(what)}" for commit, what in parts.items())
    rows = [
        ("processor", f"{told['processor']}, {told['cores']} cores, {told['memory_gb']} GB"),
        ("system", f"{told['system']}, Linux {told['kernel']}"),
        ("data of both servers", f"{told['data']}; 8 kB are safe there after {told['sync_ms']:.2f} ms (median)"),
        (
            "PostgreSQL",
            f"{told['postgres']}, " + ", ".join(f"{name} {value}" for name, value in told["durable"].items()),
        ),
        ("RabbitMQ", f"{told['rabbitmq']} on Erlang {told['erlang']}"),
        ("Python", f"{told['python']}; " + _versions(told["ours"])),
        ("peers", _versions(told["theirs"])),
        ("when", f"{moments[0]} to {moments[-1]}"),
        ("commits", next(iter(parts)) if len(parts) == 1 else commits),
        ("load average when each measurement began", words.spread(loads, 1)),
    ]
    return "## The machine\n\n" + words.table(("", ""), rows) + "\n" + words.prose("load")


def _versions(told: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in told.items())
