"""States of a pact and its allowed actions: the one table that pages, API and refusals read."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from services.qualification.domain.people import Official
from shared.contracts.vocabulary import Role


class PactState(StrEnum):
    """Where a pact stands; the wire values of `state`."""

    PREPARING = "preparing"
    DIAGNOSIS = "diagnosis"
    PLANNING = "planning"
    SIGNED = "signed"


class PactAction(StrEnum):
    """What may be done with a pact; the last part of the API's address."""

    DIAGNOSIS = "diagnosis"
    INVITATIONS = "invitations"
    AGREEMENTS = "agreements"
    ACTIONS = "actions"
    SIGNATURES = "signatures"
    PROGRESS = "progress"
    REVIEWS = "reviews"


class PactMove(NamedTuple):
    """Where an action may be taken and by whom; the first role that an agent has signs."""

    states: frozenset[PactState]
    roles: tuple[Role, ...]


_EITHER: Final = (Role.SAT_AGENT, Role.DELEGATE)
_ALL: Final = (*_EITHER, Role.PARTY)

PACT_MOVES: Final[Mapping[PactAction, PactMove]] = {
    PactAction.DIAGNOSIS: PactMove(frozenset({PactState.PREPARING, PactState.DIAGNOSIS, PactState.PLANNING}), _EITHER),
    PactAction.INVITATIONS: PactMove(frozenset({PactState.DIAGNOSIS, PactState.PLANNING, PactState.SIGNED}), _EITHER),
    PactAction.AGREEMENTS: PactMove(frozenset({PactState.DIAGNOSIS}), _ALL),
    PactAction.ACTIONS: PactMove(frozenset({PactState.PLANNING}), _EITHER),
    PactAction.SIGNATURES: PactMove(frozenset({PactState.PLANNING}), _ALL),
    PactAction.PROGRESS: PactMove(frozenset({PactState.SIGNED}), _ALL),
    PactAction.REVIEWS: PactMove(frozenset({PactState.SIGNED}), _EITHER),
}

FOR_A_PARTY: Final = frozenset({PactAction.AGREEMENTS, PactAction.SIGNATURES})
"""Actions that each party takes for itself."""

UNTIL_SIGNED: Final = frozenset({PactAction.DIAGNOSIS, PactAction.ACTIONS})
"""What the first signature freezes."""


@dataclass(frozen=True, slots=True)
class PactStanding:
    """The little that decides which moves are open.

    `state_awaited` and `others_awaited`: whether the State, or another party, has yet to agree (while the diagnosis is
    on the table) or to sign (while the plan is drawn up).
    """

    state: PactState
    state_awaited: bool = True
    others_awaited: bool = True
    planned: bool = False
    first_signed: bool = False

    def opens(self, action: PactAction) -> bool:
        """Tell whether the pact is ready for this action, whoever asks."""
        if self.state not in PACT_MOVES[action].states or (self.first_signed and action in UNTIL_SIGNED):
            return False
        return action is not PactAction.SIGNATURES or self.planned

    def allows(self, action: PactAction, who: Official) -> bool:
        """Tell whether this official may take this action now, for at least one party."""
        if not self.opens(action) or who.roles.isdisjoint(PACT_MOVES[action].roles):
            return False
        if action not in FOR_A_PARTY:
            return True
        return (self.state_awaited and Role.DELEGATE in who.roles) or (
            self.others_awaited and Role.SAT_AGENT in who.roles
        )

    def allowed_actions(self, who: Official) -> list[str]:
        """List what this official may do now, by the API's names."""
        return [action.value for action in PactAction if self.allows(action, who)]

    def open_to_party(self, *, awaited: bool, answers_for_actions: bool) -> list[str]:
        """List what a party may do by its link now.

        `awaited`: whether it has yet to agree or to sign; `answers_for_actions`: whether the plan names it.
        """
        return [
            action.value
            for action, move in PACT_MOVES.items()
            if Role.PARTY in move.roles
            and self.opens(action)
            and (answers_for_actions if action is PactAction.PROGRESS else awaited)
        ]
