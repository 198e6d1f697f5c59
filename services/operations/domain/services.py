"""The services by their name in the command line and the environment."""

from enum import StrEnum


class Service(StrEnum):
    """Whatever has a database of its own: the four services, and the operator's page."""

    INTAKE = "intake"
    QUALIFICATION = "qualification"
    ESCALATION = "escalation"
    NOTIFICATIONS = "notifications"
    OPERATIONS = "operations"


FRENCH = {
    Service.INTAKE: "Dépôt des demandes",
    Service.QUALIFICATION: "Départements",
    Service.ESCALATION: "Équipe nationale",
    Service.NOTIFICATIONS: "Notifications",
}

SERVICES = tuple(service.value for service in Service if service is not Service.OPERATIONS)
"""Those that publish and consume events."""


def service_word(name: str) -> str:
    """Return the French name of a service; another name as it is."""
    return FRENCH.get(Service(name), name) if name in SERVICES else name


def is_for(queue: str, *, publisher: str, service: str, departement: str | None) -> bool:
    """Return whether an event is routed to a service: to each but its publisher, to one département only its own."""
    code = queue.partition(".")[2]
    return publisher != service and code in {"", departement}
