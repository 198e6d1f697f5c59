"""What the committee's standing decision grants, and what its reserve holds back until it is lifted."""

from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import shorten

from services.escalation.domain.moves import Action
from services.escalation.domain.refusals import BeyondGrant, ReserveStanding
from shared.contracts.vocabulary import CommitteeOutcome, ReserveBlocks

GRANTING = frozenset({CommitteeOutcome.GRANTED, CommitteeOutcome.GRANTED_WITH_RESERVE})

HELD_BACK: Mapping[ReserveBlocks, frozenset[Action]] = {
    ReserveBlocks.MOBILISATION: frozenset({Action.MOBILISATIONS, Action.ACCOMPANIMENT, Action.PAYMENT}),
    ReserveBlocks.ACCOMPANIMENT: frozenset({Action.ACCOMPANIMENT, Action.PAYMENT}),
    ReserveBlocks.PAYMENT: frozenset({Action.PAYMENT}),
}
"""What a reserve blocks → the actions that wait for it."""

UNLESS_SAID = ReserveBlocks.MOBILISATION
"""What a reserve blocks that does not say it: everything that costs something or begins."""


@dataclass(frozen=True, slots=True)
class Grant:
    """The decision that stands: its amount in euro cents, and its `reserve` until that is lifted."""

    number: str
    amount_cents: int
    reserve: str | None = None
    blocks: ReserveBlocks = UNLESS_SAID

    @property
    def held_back(self) -> frozenset[Action]:
        """Return the actions that wait for the reserve."""
        return HELD_BACK[self.blocks] if self.reserve is not None else frozenset()

    def check_reserve(self, action: Action, *, state: str, allowed_actions: list[str]) -> None:
        """Refuse (`ReserveStanding`) an action that waits for the reserve."""
        if action in self.held_back:
            raise ReserveStanding(
                number=self.number,
                reserve=shorten(self.reserve or "", 200, placeholder="…"),
                state=state,
                allowed_actions=allowed_actions,
            )

    def check_amount(self, total_cents: int) -> None:
        """Refuse (`BeyondGrant`) what would come to more, all in all, than was granted."""
        if total_cents > self.amount_cents:
            raise BeyondGrant(number=self.number, granted_cents=self.amount_cents, total_cents=total_cents)


NOTHING = Grant("—", 0)
"""Where no decision grants anything."""
