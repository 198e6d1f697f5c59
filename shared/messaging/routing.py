"""Routing keys and bindings, as RabbitMQ's topic exchanges compare them."""

from collections.abc import Iterable


def leads_there(key: str, bindings: Iterable[str]) -> bool:
    """Tell whether a routing key leads to a queue that has these bindings."""
    words = key.split(".")
    return any(_matches(words, binding.split(".")) for binding in bindings)


def _matches(words: list[str], pattern: list[str]) -> bool:
    if not pattern:
        return not words
    if pattern[0] == "#":
        return any(_matches(words[skipped:], pattern[1:]) for skipped in range(len(words) + 1))
    return bool(words) and pattern[0] in {"*", words[0]} and _matches(words[1:], pattern[1:])
