"""French formatting of alternatives: "a, b ou c"."""

from collections.abc import Sequence


def either(values: Sequence[str]) -> str:
    """Join alternatives: “a”, “a ou b”, “a, b ou c”."""
    return " ou ".join([*filter(None, [", ".join(values[:-1])]), *values[-1:]])
