"""The groups of tests, and which of them run together."""

WHOLE_PRODUCT = ("browser", "journeys", "security")
"""Rooms whose tests share one `system`: they run in one process, one after the other, before all others."""

LONGEST = ("faults", "deploy")
"""Rooms whose tests start much of their own."""


def room(nodeid: str) -> str:
    """Give the room of a test."""
    return nodeid.split("/")[1]
