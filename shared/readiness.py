"""Degraded readiness: a problem that all copies share, so that a copy reports it and stays in service."""


class Degraded(str):
    """Something that works less well, and that no other copy of the service has: this copy stays in service."""

    __slots__ = ()
