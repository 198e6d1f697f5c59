"""Degraded readiness: something that works less well in all copies alike, so that this copy stays in service."""


class Degraded(str):
    """Something that works less well, and that no other copy of the service has: this copy stays in service."""

    __slots__ = ()
