"""Agent and perimeter: the model that use cases check permissions with. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from shared.errors import Forbidden


class Role(StrEnum):
    """What an agent does here; the values are those of the command line and of the database."""

    SAT_AGENT = "sat_agent"
    DELEGATE = "delegate"
    NATIONAL_AGENT = "national_agent"
    COMMITTEE_SECRETARY = "committee_secretary"
    PROGRAMME_AGENT = "programme_agent"
    OPERATOR = "operator"
    AUDITOR = "auditor"


DEPARTEMENTAL = frozenset({Role.SAT_AGENT, Role.DELEGATE})
"""Roles that mean nothing without a département."""

NATIONAL = frozenset({Role.NATIONAL_AGENT, Role.COMMITTEE_SECRETARY, Role.PROGRAMME_AGENT})
"""Roles that see every département."""

TECHNICAL = frozenset({Role.OPERATOR, Role.AUDITOR})
"""Roles that see every département, unless they were given some."""


@dataclass(frozen=True, slots=True)
class Agent:
    """A person whom an administrator created in this service, or a program that acts as them.

    `quality` is in which quality they sign, in French, as an administrator entered it; None where nobody did.
    """

    id: UUID
    email: str
    name: str
    roles: frozenset[Role]
    departements: frozenset[str] = frozenset()
    programmes: frozenset[str] = frozenset()
    quality: str | None = None

    @property
    def perimeter(self) -> list[str] | None:
        """The départements that the agent sees, sorted, ready for `= ANY($1)`; None when the agent sees all of them."""
        if self.roles & NATIONAL or (self.roles & TECHNICAL and not self.departements):
            return None
        return sorted(self.departements)

    def sees(self, departement: str) -> bool:
        """Return whether what belongs to this département lies in the perimeter."""
        return self.perimeter is None or departement in self.departements

    def has(self, *roles: Role) -> bool:
        """Return whether the agent has at least one of these roles."""
        return not self.roles.isdisjoint(roles)

    def require(self, *roles: Role) -> None:
        """Refuse (`Forbidden`) unless the agent has at least one of these roles."""
        if not self.has(*roles):
            raise Forbidden


def roles_of(values: Iterable[str]) -> frozenset[Role]:
    """Read roles from their stored values."""
    return frozenset(Role(value) for value in values)
