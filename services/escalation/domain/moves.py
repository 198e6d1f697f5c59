"""States of a dossier and its actions: in which states each is allowed, and to which roles."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from shared.contracts.fact import Actor
from shared.contracts.vocabulary import Role
from shared.errors import Forbidden, IllegalMove


class State(StrEnum):
    """Where a dossier stands before the national team."""

    RECEIVED = "received"
    AWAITING_DEPARTEMENT = "awaiting_departement"
    ADMISSIBLE = "admissible"
    SCHEDULED = "scheduled"
    GRANTED = "granted"
    GRANTED_WITH_RESERVE = "granted_with_reserve"
    DEFERRED = "deferred"
    RETURNED = "returned"
    REFUSED = "refused"
    MOBILISING = "mobilising"
    ACCOMPANIED = "accompanied"
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"


class Action(StrEnum):
    """What can be done; the values are the last part of the API's addresses."""

    ADMISSIBILITY = "admissibility"
    INFORMATION_REQUEST = "information-request"
    RETURN = "return"
    SCHEDULE = "schedule"
    DECISIONS = "decisions"
    MOBILISATIONS = "mobilisations"
    ACCOMPANIMENT = "accompaniment"
    MILESTONES = "milestones"
    COMPLETION = "completion"
    ACCEPTANCE = "acceptance"
    DECLINE = "decline"
    START = "start"
    DELIVERY = "delivery"
    PART_DELIVERY = "part-delivery"
    PAYMENT = "payment"
    FINANCING = "financing"
    REACHED = "reached"
    POSTPONEMENT = "postponement"
    CANCELLATION = "cancellation"
    DATES = "dates"
    PROGRESS = "progress"
    DELIVERABLES = "deliverables"
    INVITATION = "invitation"
    PLANNING = "sessions"
    MEMBERS = "members"
    ATTENDANCE = "attendance"
    AGENDA = "agenda"
    RECUSALS = "recusals"
    RECUSAL_REMOVAL = "recusal-removal"
    CLOSING = "closing"
    REMARKS = "remarks"
    APPROVAL = "approval"
    FILE = "file"
    ENVELOPES = "envelopes"
    DIRECTORY = "directory"
    NOTES = "notes"
    CORRECTION = "correction"
    RESERVE_LIFTING = "reserve-lifting"


GRANTED = frozenset({State.GRANTED, State.GRANTED_WITH_RESERVE})
WITH_MEANS = frozenset({State.MOBILISING, State.ACCOMPANIED})
UNDER_WAY = WITH_MEANS | {State.COMPLETED}
"""From the first means on: orders can still be closed and paid when the work is over."""
OVER = frozenset({State.RETURNED, State.REFUSED, State.COMPLETED, State.WITHDRAWN})

MOVES: Mapping[Action, frozenset[State]] = {
    Action.ADMISSIBILITY: frozenset({State.RECEIVED, State.AWAITING_DEPARTEMENT}),
    Action.INFORMATION_REQUEST: frozenset({State.RECEIVED, State.ADMISSIBLE, State.DEFERRED}),
    Action.RETURN: frozenset({State.RECEIVED, State.AWAITING_DEPARTEMENT, State.ADMISSIBLE, State.DEFERRED}),
    Action.SCHEDULE: frozenset({State.ADMISSIBLE, State.DEFERRED}),
    Action.DECISIONS: frozenset({State.SCHEDULED}),
    Action.MOBILISATIONS: GRANTED | {State.MOBILISING},
    Action.ACCOMPANIMENT: GRANTED | {State.MOBILISING},
    Action.MILESTONES: frozenset({State.ACCOMPANIED}),
    Action.PROGRESS: frozenset({State.ACCOMPANIED}),
    Action.DELIVERABLES: frozenset({State.ACCOMPANIED}),
    Action.COMPLETION: frozenset({State.ACCOMPANIED}),
    Action.ACCEPTANCE: UNDER_WAY,
    Action.DECLINE: UNDER_WAY,
    Action.START: UNDER_WAY,
    Action.DELIVERY: UNDER_WAY,
    Action.PART_DELIVERY: UNDER_WAY,
    Action.PAYMENT: UNDER_WAY,
    Action.FINANCING: GRANTED | WITH_MEANS,
    Action.REACHED: frozenset({State.ACCOMPANIED, State.COMPLETED}),
    Action.POSTPONEMENT: frozenset({State.ACCOMPANIED}),
    Action.CANCELLATION: UNDER_WAY,
    Action.DATES: frozenset({State.ACCOMPANIED}),
    Action.INVITATION: WITH_MEANS,
    Action.CORRECTION: GRANTED | UNDER_WAY | {State.REFUSED},
    Action.RESERVE_LIFTING: GRANTED | UNDER_WAY,
}
"""In which states of the dossier an action is open."""

ON_THE_DOSSIER = (
    Action.ADMISSIBILITY,
    Action.SCHEDULE,
    Action.MOBILISATIONS,
    Action.FINANCING,
    Action.ACCOMPANIMENT,
    Action.MILESTONES,
    Action.PROGRESS,
    Action.DELIVERABLES,
    Action.DATES,
    Action.COMPLETION,
    Action.INFORMATION_REQUEST,
    Action.RETURN,
)
"""The actions of the dossier itself, what leads on first; others belong to a session, a mobilisation or a milestone."""

_SECRETARY = (Role.COMMITTEE_SECRETARY,)
_EITHER = (Role.NATIONAL_AGENT, Role.COMMITTEE_SECRETARY)
_OF_THE_COMMITTEE: Mapping[Action, tuple[Role, ...]] = {
    Action.SCHEDULE: _EITHER,
    Action.DECISIONS: _SECRETARY,
    Action.PLANNING: _SECRETARY,
    Action.MEMBERS: _SECRETARY,
    Action.ATTENDANCE: _SECRETARY,
    Action.AGENDA: _SECRETARY,
    Action.RECUSALS: _SECRETARY,
    Action.RECUSAL_REMOVAL: _SECRETARY,
    Action.CLOSING: _SECRETARY,
    Action.REMARKS: _EITHER,
    Action.APPROVAL: _SECRETARY,
    Action.FILE: _EITHER,
    Action.ENVELOPES: _SECRETARY,
    Action.DIRECTORY: _EITHER,
    Action.NOTES: _EITHER,
    Action.CORRECTION: _SECRETARY,
    Action.RESERVE_LIFTING: _EITHER,
}


def roles_for(action: Action) -> tuple[Role, ...]:
    """Return who may take an action: the secretary what is the committee's, the national agent all the rest."""
    return _OF_THE_COMMITTEE.get(action, (Role.NATIONAL_AGENT,))


@dataclass(frozen=True, slots=True)
class By:
    """Who acts: their roles, by their wire values, and how the timeline names them."""

    roles: frozenset[str]
    name: str
    email: str

    def may(self, action: Action) -> bool:
        """Return whether one of their roles allows the action."""
        return any(role.value in self.roles for role in roles_for(action))

    def acting_in(self, action: Action) -> Actor:
        """Return who acts, in the role that allows the action; refuses (`Forbidden`) others."""
        role = next((role for role in roles_for(action) if role.value in self.roles), None)
        if role is None:
            raise Forbidden
        return Actor(role=role, name=self.name, email=self.email)


def allowed_actions(
    state: State, by: By, of: Collection[Action] = ON_THE_DOSSIER, *, held_back: Collection[Action] = ()
) -> list[str]:
    """List the actions that somebody may take on a dossier in this state, without those that wait for a reserve."""
    return [action.value for action in of if state in MOVES[action] and by.may(action) and action not in held_back]


def allow(action: Action, state: State, by: By, *, held_back: Collection[Action] = ()) -> Actor:
    """Allow an action and return who acts; refuses the wrong role (`Forbidden`) or state (`IllegalMove`)."""
    actor = by.acting_in(action)
    if state not in MOVES[action]:
        raise IllegalMove(state=state.value, allowed_actions=allowed_actions(state, by, held_back=held_back))
    return actor
