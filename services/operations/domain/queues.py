"""Names of dead-letter queues, and who may read messages parked in a queue."""

from typing import Final

from shared.errors import NotFound

DEAD: Final = ".dead"
"""What the name of a queue of dead letters ends with, after the name of the queue that gave them up."""


def may_open(queue: str, perimeter: list[str] | None) -> bool:
    """Return whether all messages parked in a queue lie in a perimeter: the queue of one's own département."""
    return perimeter is None or queue.removesuffix(DEAD).partition(".")[2] in perimeter


def require_open(queue: str, perimeter: list[str] | None) -> None:
    """Refuse (`NotFound`) a queue where messages of others are parked."""
    if not may_open(queue, perimeter):
        raise NotFound
