"""States of a case and its allowed actions: the one table that pages, API and refusals read."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from services.qualification.domain.local_work import OVER, LocalState
from services.qualification.domain.people import Helper, Official
from shared.contracts.vocabulary import Role


class State(StrEnum):
    """Where a case stands; the wire values of `state`."""

    REGISTERED = "registered"
    UNDER_EXAMINATION = "under_examination"
    AWAITING_INFORMATION = "awaiting_information"
    PROPOSED = "proposed"
    ORIENTED_LOCALLY = "oriented_locally"
    SUPPORTED_LOCALLY = "supported_locally"
    DIRECTED_TO_PROGRAMME = "directed_to_programme"
    ESCALATED = "escalated"
    REFUSED = "refused"
    TRANSFERRED = "transferred"
    WITHDRAWN = "withdrawn"


class Action(StrEnum):
    """What an agent may do on a case; the last part of the API's address."""

    ASSIGNMENT = "assignment"
    EXAMINATION = "examination"
    INFORMATION_REQUEST = "information-request"
    QUALIFICATION = "qualification"
    PROPOSAL = "proposal"
    VALIDATION = "validation"
    REJECTION = "rejection"
    RETRACTION = "retraction"
    ANSWER = "answer"
    ORIENTATION_LINK = "orientation-link"
    LOCAL_WORK = "local-work"
    MILESTONES = "milestones"
    REACHED = "reached"
    POSTPONEMENT = "postponement"
    PROGRESS = "progress"
    DELIVERABLES = "deliverables"
    TERM = "term"
    COMPLETION = "completion"
    STOP = "stop"
    MESSAGES = "messages"
    NOTES = "notes"


class Move(NamedTuple):
    """Where an action may be taken and by whom; the first role that an agent has signs."""

    states: frozenset[State]
    roles: tuple[Role, ...]


UNDECIDED: Final = frozenset(
    {State.REGISTERED, State.UNDER_EXAMINATION, State.AWAITING_INFORMATION, State.PROPOSED},
)
"""The département has the request in hand and has not answered it."""

IN_HAND: Final = frozenset(State) - {State.TRANSFERRED, State.WITHDRAWN}
"""The département speaks with the applicant: one contact, whoever works on it, and also after a refusal."""

_EITHER: Final = (Role.SAT_AGENT, Role.DELEGATE)
_AGENT: Final = (Role.SAT_AGENT,)
_DELEGATE: Final = (Role.DELEGATE,)

_WORKERS: Final = (*_EITHER, Role.PROVIDER)
ANSWERED_LOCALLY: Final = frozenset({State.ORIENTED_LOCALLY, State.SUPPORTED_LOCALLY})
"""Where there is the work of a local answer, once its provider has accepted."""

_WORK: Final = Move(ANSWERED_LOCALLY, _WORKERS)

MOVES: Final[Mapping[Action, Move]] = {
    Action.EXAMINATION: Move(frozenset({State.REGISTERED, State.AWAITING_INFORMATION}), _AGENT),
    Action.QUALIFICATION: Move(frozenset({State.UNDER_EXAMINATION}), _AGENT),
    Action.PROPOSAL: Move(frozenset({State.UNDER_EXAMINATION, State.PROPOSED}), _EITHER),
    Action.RETRACTION: Move(frozenset({State.PROPOSED}), _EITHER),
    Action.VALIDATION: Move(frozenset({State.PROPOSED}), _DELEGATE),
    Action.REJECTION: Move(frozenset({State.PROPOSED}), _DELEGATE),
    Action.ANSWER: Move(frozenset({State.ESCALATED}), _EITHER),
    Action.ORIENTATION_LINK: Move(frozenset({State.ORIENTED_LOCALLY}), _EITHER),
    Action.INFORMATION_REQUEST: Move(frozenset({State.UNDER_EXAMINATION}), _AGENT),
    Action.ASSIGNMENT: Move(IN_HAND, _EITHER),
    Action.LOCAL_WORK: _WORK,
    Action.MILESTONES: _WORK,
    Action.REACHED: _WORK,
    Action.POSTPONEMENT: _WORK,
    Action.PROGRESS: _WORK,
    Action.DELIVERABLES: _WORK,
    Action.TERM: _WORK,
    Action.COMPLETION: _WORK,
    Action.STOP: _WORK,
    Action.MESSAGES: Move(IN_HAND, _EITHER),
    Action.NOTES: Move(frozenset(State), _EITHER),
}


_UNDER_WAY: Final = frozenset({LocalState.UNDER_WAY})
IN_WORK: Final[Mapping[Action, frozenset[LocalState]]] = {
    Action.LOCAL_WORK: frozenset({LocalState.EXPECTED}),
    Action.MILESTONES: _UNDER_WAY,
    Action.REACHED: _UNDER_WAY,
    Action.POSTPONEMENT: _UNDER_WAY,
    Action.PROGRESS: _UNDER_WAY,
    Action.DELIVERABLES: _UNDER_WAY,
    Action.TERM: _UNDER_WAY,
    Action.COMPLETION: _UNDER_WAY,
    Action.STOP: frozenset({LocalState.EXPECTED, LocalState.UNDER_WAY}),
}
"""Where the local work stands when an action of it may be taken."""

ON_MILESTONES: Final = frozenset({Action.REACHED, Action.POSTPONEMENT})
"""Actions on one milestone, which a case lists while it has one that is not reached."""

Doer = Official | Helper
"""Who may act on a case."""

OF_PROPOSALS: Final = {Action.PROPOSAL: True, Action.RETRACTION: True, Action.VALIDATION: False}
"""While a proposal waits: what its author alone does (True), and what anybody but the author does."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The little that decides which moves are open.

    The state, who proposed, whether a question waits, where the local work stands, and how many milestones are open.
    """

    state: State
    proposer: str | None = None
    asked: bool = False
    work: LocalState | None = None
    milestones: int = 0

    def allows(self, action: Action, who: Doer) -> bool:
        """Return whether this official may take this action now."""
        move = MOVES[action]
        if self.state not in move.states or who.roles.isdisjoint(move.roles):
            return False
        if self.state is State.PROPOSED and action in OF_PROPOSALS:
            return (self.proposer == who.email) is OF_PROPOSALS[action]
        if action in ON_MILESTONES and not self.milestones:
            return False
        if action in IN_WORK:
            return self.work in IN_WORK[action]
        if action is Action.ORIENTATION_LINK:
            return self.work not in OVER
        return action is not Action.ANSWER or self.asked

    def allowed_actions(self, who: Doer) -> list[str]:
        """List what this official may do now, by the API's names."""
        return [action.value for action in Action if self.allows(action, who)]
