"""The end of a test run: what each room took, and how to run again what failed."""

from collections import Counter, defaultdict

import pytest

from tests.rooms import room


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print a line for each room, when there are several, and a command for each test that failed."""
    tests: Counter[str] = Counter()
    seconds: defaultdict[str, float] = defaultdict(float)
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                seconds[room(report.nodeid)] += report.duration
                tests[room(report.nodeid)] += report.when == "call"
    if len(tests) > 1:
        terminalreporter.section("rooms")
        for name, took in sorted(seconds.items(), key=lambda one: -one[1]):
            terminalreporter.write_line(f"{name:<16}{tests[name]:>6} tests{took:>8.0f} s")
    failed = {
        report.nodeid: None for outcome in ("failed", "error") for report in terminalreporter.stats.get(outcome, [])
    }
    if failed:
        terminalreporter.section("run again")
        for nodeid in failed:
            terminalreporter.write_line(f".venv/bin/pytest '{nodeid}'")
