"""Mail addresses of the départements' services and the teams, from settings and from events."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict

from shared.contracts.fact import Email


class ServiceInCharge(BaseModel):
    """The département's service as mails name it; what is not known is empty, never invented."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    address: str | None = None
    email: Email | None = None
    phone: str | None = None


def unnamed_service(departement: str) -> ServiceInCharge:
    """Name a service of which nothing is known but its département."""
    return ServiceInCharge(name=f"Service de l’accompagnement des territoires – DDT {departement}")


@dataclass(frozen=True, slots=True)
class Directory:
    """The addresses that were configured; départements' services may also be known from their events."""

    services: Mapping[str, ServiceInCharge] = field(default_factory=dict)
    delegates: Mapping[str, str] = field(default_factory=dict)
    programmes: Mapping[str, str] = field(default_factory=dict)
    committee: str | None = None
    national: str | None = None
    operator: str | None = None

    def service(
        self, departement: str, announced: ServiceInCharge | None = None, entered: ServiceInCharge | None = None
    ) -> ServiceInCharge:
        """Return the service in charge: each field as its agents entered it, as configured, or as its events said."""
        known = [announced or unnamed_service(departement), self.services.get(departement), entered]
        members = {name: value for each in known if each for name, value in each.model_dump(exclude_none=True).items()}
        return ServiceInCharge.model_validate(members)
