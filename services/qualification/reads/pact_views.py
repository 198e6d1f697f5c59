"""What one pact shows: its parties, the versions of its diagnosis, its plan and its reviews."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.qualification.domain.pact import Diagnosis
from services.qualification.domain.pact_moves import PactState
from services.qualification.domain.pact_parties import is_among
from services.qualification.domain.pact_plan import mean_percent
from shared.contracts.fact import Actor


@dataclass(frozen=True, slots=True)
class Said:
    """What a party agreed or signed: on which day, and who recorded it when."""

    on: date
    recorded_at: datetime
    by: Actor


@dataclass(frozen=True, slots=True)
class PartyView:
    """A party, with what it agreed of the present diagnosis and whether it signed."""

    id: UUID
    name: str
    kind: str | None
    code: str | None
    email: str | None
    invited_at: datetime | None
    agreement: Said | None
    signature: Said | None

    @property
    def is_state(self) -> bool:
        """Tell whether this is the State."""
        return self.kind == "state"


@dataclass(frozen=True, slots=True)
class VersionView:
    """One version of the diagnosis; `agreed_by`: the parties that had agreed it."""

    version: int
    diagnosis: Diagnosis
    shared_at: datetime
    by: Actor
    agreed_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ToldView:
    """What was told of an action."""

    at: datetime
    percent: int
    status: str
    comment: str | None
    by: Actor


@dataclass(frozen=True, slots=True)
class ActionView:
    """An action with what was told of it, newest first."""

    id: UUID
    title: str
    owner: str
    partners: tuple[str, ...]
    budget_cents: int | None
    due_on: date
    indicator: str | None
    status: str
    percent: int
    late: bool
    told: tuple[ToldView, ...]

    def is_of(self, party: PartyView) -> bool:
        """Tell whether this party owns the action or takes part in it."""
        return is_among(party.name, (self.owner, *self.partners))


@dataclass(frozen=True, slots=True)
class ReviewView:
    """A yearly review that was held."""

    held_on: date
    summary: str
    by: Actor


@dataclass(frozen=True, slots=True)
class PactView:
    """The whole pact."""

    id: UUID
    departement: str
    title: str
    state: str
    state_since: datetime
    opened_at: datetime
    request_id: UUID | None
    request_number: str | None
    agreed_on: date | None
    signed_on: date | None
    parties: tuple[PartyView, ...]
    versions: tuple[VersionView, ...]
    actions: tuple[ActionView, ...]
    reviews: tuple[ReviewView, ...]
    review_due_on: date | None
    review_overdue: bool
    allowed_actions: tuple[str, ...]

    @property
    def awaited(self) -> tuple[PartyView, ...]:
        """The parties that have yet to agree the diagnosis on the table or, once all agreed, to sign."""
        agreeing = self.state == PactState.DIAGNOSIS
        return tuple(each for each in self.parties if (each.agreement if agreeing else each.signature) is None)

    @property
    def current(self) -> VersionView | None:
        """The version of the diagnosis that is on the table."""
        return self.versions[0] if self.versions else None

    @property
    def budget_cents(self) -> int | None:
        """What the actions cost together, as far as their budgets are known; euro cents."""
        known = [action.budget_cents for action in self.actions if action.budget_cents is not None]
        return sum(known) if known else None

    @property
    def percent(self) -> int | None:
        """How far the plan is: the mean over the actions that were not given up."""
        return mean_percent(action.percent for action in self.actions if action.status != "given_up")
