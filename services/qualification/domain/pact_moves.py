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
    PARTIES = "parties"
    INVITATIONS = "invitations"
    AGREEMENTS = "agreements"
    ACTIONS = "actions"
    READINESS = "readiness"
    REOPENING = "reopening"
    SIGNATURES = "signatures"
    VERSIONS = "versions"
    GIVING_UP = "giving-up"
    PROGRESS = "progress"
    REVIEWS = "reviews"


class PactMove(NamedTuple):
    """At which stages an action may be taken and by whom; the first role that an agent has signs.

    The stage is that of the version that is worked at: of an amendment while the version before it is in force.
    """

    stages: frozenset[PactState]
    roles: tuple[Role, ...]


_EITHER: Final = (Role.SAT_AGENT, Role.DELEGATE)
_ALL: Final = (*_EITHER, Role.PARTY)
_BEFORE: Final = frozenset({PactState.PREPARING, PactState.DIAGNOSIS, PactState.PLANNING})
_PLANNING: Final = frozenset({PactState.PLANNING})

PACT_MOVES: Final[Mapping[PactAction, PactMove]] = {
    PactAction.DIAGNOSIS: PactMove(_BEFORE, _EITHER),
    PactAction.PARTIES: PactMove(_BEFORE, _EITHER),
    PactAction.INVITATIONS: PactMove(frozenset({PactState.DIAGNOSIS, PactState.PLANNING, PactState.SIGNED}), _EITHER),
    PactAction.AGREEMENTS: PactMove(frozenset({PactState.DIAGNOSIS}), _ALL),
    PactAction.ACTIONS: PactMove(_PLANNING, _EITHER),
    PactAction.READINESS: PactMove(_PLANNING, _EITHER),
    PactAction.REOPENING: PactMove(_PLANNING, _EITHER),
    PactAction.SIGNATURES: PactMove(_PLANNING, _ALL),
    PactAction.VERSIONS: PactMove(frozenset({PactState.PLANNING, PactState.SIGNED}), _EITHER),
    PactAction.GIVING_UP: PactMove(frozenset({PactState.DIAGNOSIS, PactState.PLANNING}), _EITHER),
    PactAction.PROGRESS: PactMove(frozenset(PactState), _ALL),
    PactAction.REVIEWS: PactMove(frozenset(PactState), _EITHER),
}

FOR_A_PARTY: Final = frozenset({PactAction.AGREEMENTS, PactAction.SIGNATURES})
"""Actions that each party takes for itself."""

UNTIL_READY: Final = frozenset({PactAction.DIAGNOSIS, PactAction.PARTIES, PactAction.ACTIONS, PactAction.READINESS})
"""What nobody does any more once the plan can be signed."""

IN_FORCE: Final = frozenset({PactAction.PROGRESS, PactAction.REVIEWS})
"""What goes on with the version in force, also while the next one is prepared."""


@dataclass(frozen=True, slots=True)
class PactStanding:
    """The little that decides which moves are open.

    `stage` is that of the version that is worked at, `in_force` whether a version is signed by all. `state_awaited` and
    `others_awaited`: whether the State, or another party, has yet to agree (while the diagnosis is on the table) or to
    sign (once the plan is ready). `owned`: each action names parties of the pact. `first_signed`: of that version.
    """

    stage: PactState
    in_force: bool = False
    state_awaited: bool = True
    others_awaited: bool = True
    planned: bool = False
    owned: bool = True
    ready: bool = False
    first_signed: bool = False

    @property
    def amending(self) -> bool:
        """Return whether another version is prepared while one is in force."""
        return self.in_force and self.stage is not PactState.SIGNED

    def opens(self, action: PactAction) -> bool:
        """Return whether the pact is ready for this action, whoever asks."""
        if self.stage not in PACT_MOVES[action].stages or (self.ready and action in UNTIL_READY):
            return False
        further = {
            PactAction.READINESS: self.planned and self.owned,
            PactAction.REOPENING: self.ready and not self.first_signed,
            PactAction.SIGNATURES: self.ready,
            PactAction.VERSIONS: self.stage is PactState.SIGNED or self.first_signed,
            PactAction.GIVING_UP: self.amending and not self.first_signed,
            PactAction.PROGRESS: self.in_force,
            PactAction.REVIEWS: self.in_force,
        }
        return further.get(action, True)

    def allows(self, action: PactAction, who: Official) -> bool:
        """Return whether this official may take this action now, for at least one party."""
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

        `awaited`: whether it has yet to agree or to sign; `answers_for_actions`: whether the plan in force names it.
        """
        return [
            action.value
            for action, move in PACT_MOVES.items()
            if Role.PARTY in move.roles
            and self.opens(action)
            and (answers_for_actions if action is PactAction.PROGRESS else awaited)
        ]
