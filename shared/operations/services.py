"""The services, by the name that the command line and the environment call them."""

from enum import StrEnum


class Service(StrEnum):
    """Whatever has a database of its own: the four services, and the operator's page."""

    INTAKE = "intake"
    QUALIFICATION = "qualification"
    ESCALATION = "escalation"
    NOTIFICATIONS = "notifications"
    OPERATIONS = "operations"


SERVICES = tuple(service.value for service in Service if service is not Service.OPERATIONS)
"""Those that tell and hear events."""
