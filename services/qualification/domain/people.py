"""Who acts: an official with their roles, or somebody who holds the link of a provider or of a pact's party."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from shared.contracts.fact import Actor
from shared.contracts.vocabulary import Role


@dataclass(frozen=True, slots=True)
class Official:
    """A SAT agent or a délégué territorial; some are both. `quality`: in which they sign, where it was entered."""

    email: str
    name: str
    roles: frozenset[Role]
    quality: str | None = None

    def acting_as(self, *roles: Role) -> Actor:
        """Return the signature of an act: the first of these roles that they have."""
        return Actor(role=next(role for role in roles if role in self.roles), name=self.name, email=self.email)


@dataclass(frozen=True, slots=True)
class PartyLink:
    """What a party's link says, once its signature was found good."""

    party_id: UUID
    generation: int


@dataclass(frozen=True, slots=True)
class OrientationLink:
    """What a provider's link says, once its signature was found good."""

    orientation_id: UUID
    generation: int


@dataclass(frozen=True, slots=True)
class Helper:
    """A local provider that has accepted, and acts by its link."""

    name: str
    roles: ClassVar[frozenset[Role]] = frozenset({Role.PROVIDER})
    email: ClassVar[None] = None

    def acting_as(self, *_roles: Role) -> Actor:
        """Return the signature of an act: always the provider's."""
        return Actor(role=Role.PROVIDER, name=self.name)


@dataclass(frozen=True, slots=True)
class Representative:
    """Whoever has a party's link; `name` is what they say of themselves, with their function."""

    roles: ClassVar[frozenset[Role]] = frozenset({Role.PARTY})
    party_id: UUID
    name: str

    def acting_as(self, *_roles: Role) -> Actor:
        """Return the signature of an act: always the party's."""
        return Actor(role=Role.PARTY, name=self.name)
