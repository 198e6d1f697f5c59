"""The four services, by the name that the command line and the environment call them."""

from enum import StrEnum


class Service(StrEnum):
    """A service that has a database of its own."""

    INTAKE = "intake"
    QUALIFICATION = "qualification"
    ESCALATION = "escalation"
    NOTIFICATIONS = "notifications"
