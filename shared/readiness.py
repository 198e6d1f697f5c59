"""What a readiness check may answer beside what is missing."""


class Degraded(str):
    """Something that works less well, and that no other copy of the service has: this copy stays in service."""

    __slots__ = ()
