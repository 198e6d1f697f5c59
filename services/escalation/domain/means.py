"""Means for a project: the resources that are mobilised, and the envelope they are paid from."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from services.escalation.domain.moves import Action, By, State, allow, allowed_actions
from services.escalation.domain.refusals import EnvelopeCommitted, EnvelopeExceeded
from shared.contracts.vocabulary import MobilisationKind, Programme
from shared.errors import IllegalMove


class MobilisationState(StrEnum):
    """The life of a mobilisation."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    UNDER_WAY = "under_way"
    DELIVERED = "delivered"


STEPS: Mapping[Action, tuple[MobilisationState, MobilisationState]] = {
    Action.ACCEPTANCE: (MobilisationState.PROPOSED, MobilisationState.ACCEPTED),
    Action.DECLINE: (MobilisationState.PROPOSED, MobilisationState.DECLINED),
    Action.START: (MobilisationState.ACCEPTED, MobilisationState.UNDER_WAY),
    Action.DELIVERY: (MobilisationState.UNDER_WAY, MobilisationState.DELIVERED),
}
"""Action → (from, to)."""


@dataclass(slots=True)
class Mobilisation:
    """A resource found for a project; `amount_cents` is committed on `envelope_id` until it is declined."""

    id: UUID
    request_id: UUID
    kind: MobilisationKind
    resource: str
    amount_cents: int
    lot: str | None
    purchase_order: str | None
    state: MobilisationState
    envelope_id: UUID | None

    def allowed_actions(self, of: State, by: By) -> list[str]:
        """List the steps that this person may take, the dossier being in the state `of`."""
        open_now = [action for action, (start, _) in STEPS.items() if start is self.state]
        return allowed_actions(of, by, open_now)

    def step(self, action: Action, *, of: State, by: By) -> None:
        """Take one step of its life."""
        allow(action, of, by)
        start, end = STEPS[action]
        if self.state is not start:
            raise IllegalMove(state=self.state.value, allowed_actions=self.allowed_actions(of, by))
        self.state = end


@dataclass(slots=True)
class Envelope:
    """A year's budget, in euro cents, general or of one programme."""

    id: UUID
    year: int
    programme: Programme | None
    amount_cents: int
    committed_cents: int = 0

    @property
    def available_cents(self) -> int:
        """What is left."""
        return self.amount_cents - self.committed_cents

    def commit(self, amount_cents: int) -> None:
        """Set an amount aside; refuses (`EnvelopeExceeded`) what is not there."""
        if amount_cents > self.available_cents:
            raise EnvelopeExceeded(year=self.year, available_cents=self.available_cents)
        self.committed_cents += amount_cents

    def release(self, amount_cents: int) -> None:
        """Give an amount back."""
        self.committed_cents -= amount_cents

    def resize(self, amount_cents: int) -> None:
        """Change the budget; refuses (`EnvelopeCommitted`) less than what is committed."""
        if amount_cents < self.committed_cents:
            raise EnvelopeCommitted(committed_cents=self.committed_cents)
        self.amount_cents = amount_cents
