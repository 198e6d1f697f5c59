"""Who acts on a case: an official with his roles."""

from dataclasses import dataclass

from shared.contracts.fact import Actor
from shared.contracts.vocabulary import Role


@dataclass(frozen=True, slots=True)
class Official:
    """A SAT agent or a délégué territorial; some are both."""

    email: str
    name: str
    roles: frozenset[Role]

    def acting_as(self, *roles: Role) -> Actor:
        """Give the signature of an act: the first of these roles that he has."""
        return Actor(role=next(role for role in roles if role in self.roles), name=self.name, email=self.email)
