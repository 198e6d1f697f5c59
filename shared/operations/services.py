"""What has a database, by the name that the command line and the environment call it."""

from enum import StrEnum


class Service(StrEnum):
    """One of the four services, or the operator's page."""

    INTAKE = "intake"
    QUALIFICATION = "qualification"
    ESCALATION = "escalation"
    NOTIFICATIONS = "notifications"
    OPERATIONS = "operations"
