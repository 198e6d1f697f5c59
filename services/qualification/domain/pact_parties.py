"""The parties of a pact: always the State, and those that it agrees with."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

STATE_NAME: Final = "État"
_STATE_SPELLINGS: Final = frozenset({"état", "etat", "l’état", "l'état", "l’etat", "l'etat", "state"})


class PartyKind(StrEnum):
    """What a party to a pact is: the State, a territory, or another body."""

    STATE = "state"
    COMMUNE = "commune"
    EPCI = "epci"
    DEPARTEMENT = "departement"
    REGION = "region"
    PRIORITY = "priority"
    PUBLIC_BODY = "public_body"
    ASSOCIATION = "association"
    COMPANY = "company"
    OTHER = "other"


@dataclass(slots=True)
class Party:
    """One side of the pact; what it agreed and signed is of the version that is worked at.

    `joined_in` and `left_in` are versions of the pact: it is a party from the one on, and no longer from the other on.
    """

    id: UUID
    name: str
    kind: PartyKind | None = None
    code: str | None = None
    email: str | None = None
    agreed_on: date | None = None
    signed_on: date | None = None
    link_generation: int = 1
    invited_at: datetime | None = None
    joined_in: int = 1
    left_in: int | None = None
    removed_at: datetime | None = None

    @property
    def is_state(self) -> bool:
        """Return whether this is the State, for which only a délégué acts."""
        return self.kind is PartyKind.STATE

    @property
    def present(self) -> bool:
        """Return whether this is a party to the version that is worked at."""
        return self.left_in is None

    def goes_by(self, reference: str) -> bool:
        """Return whether people or programs mean this party: by id, by name, or as the State."""
        name = plain(reference)
        return name in {str(self.id), plain(self.name)} or (self.is_state and name in _STATE_SPELLINGS)


def means_state(name: str, kind: PartyKind | None) -> bool:
    """Return whether somebody named the State among the parties."""
    return kind is PartyKind.STATE or (kind is None and plain(name) in _STATE_SPELLINGS)


def named(parties: Iterable[Party], reference: str) -> Party | None:
    """Find the party that is meant."""
    return next((each for each in parties if each.goes_by(reference)), None)


def plain(name: str) -> str:
    """Reduce a name to what counts when parties are told apart."""
    return " ".join(name.casefold().split())
