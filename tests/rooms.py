"""The groups of tests, and which of them run together."""

WHOLE_PRODUCT = ("browser", "journeys", "security")
"""Rooms whose tests share one `system`: those in a browser one, the others another, so that both go on at once."""

ONE_STAGE = ("faults/light/test_judge.py", "faults/teeth/test_trial.py", "faults/kills/test_kills.py")
"""Files whose tests share one `stage`."""

ALONE = ("security/test_floods.py",)
"""Files of those rooms that need no `system`."""

LONGEST = ("faults", "deploy")
"""Rooms whose tests start much of their own."""


def room(nodeid: str) -> str:
    """Give the room of a test."""
    return nodeid.split("/")[1]


def shares_product(nodeid: str) -> bool:
    """Tell whether a test is run with all that share one `system`."""
    return room(nodeid) in WHOLE_PRODUCT and _file(nodeid) not in ALONE


def together(nodeid: str) -> str:
    """Name what a test is run with, in one process: what shares something that takes long to start, else its file."""
    if shares_product(nodeid):
        return "people at a screen" if room(nodeid) == "browser" else "people and programs"
    return "the stage" if _file(nodeid) in ONE_STAGE else _file(nodeid)


def place(nodeid: str) -> int:
    """Tell when a test has its turn: what takes longest comes first, so that the processes end together."""
    if shares_product(nodeid):
        return 0
    return 1 if _file(nodeid) in ONE_STAGE else 2 if room(nodeid) in LONGEST else 3


def _file(nodeid: str) -> str:
    """Give the file of a test, within `tests`."""
    return nodeid.partition("::")[0].partition("/")[2]
