"""A request directed to a programme: its team accepts it, declines it with a motive, or completes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from services.escalation.domain.moves import By
from shared.contracts import escalation as facts
from shared.contracts.fact import Actor, Fact
from shared.contracts.vocabulary import Programme, Role
from shared.errors import Forbidden, IllegalMove

Applied = TypeVar("Applied", bound=Fact)

_TEAM = (Role.PROGRAMME_AGENT, Role.NATIONAL_AGENT)
"""Who acts for a programme: its team, and the national team for it; which programme is part of the load."""


class ProgrammeRequestState(StrEnum):
    """Where a request that was directed to a programme stands."""

    DIRECTED = "directed"
    TAKEN_UP = "taken_up"
    DECLINED = "declined"
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"
    EVALUATED = "evaluated"
    CLOSED = "closed"


class ProgrammeAction(StrEnum):
    """What the team does with a request."""

    TAKE_UP = "take-up"
    DECLINE = "decline"
    COMPLETION = "completion"


_OPEN: Mapping[ProgrammeAction, frozenset[ProgrammeRequestState]] = {
    ProgrammeAction.TAKE_UP: frozenset({ProgrammeRequestState.DIRECTED}),
    ProgrammeAction.DECLINE: frozenset({ProgrammeRequestState.DIRECTED, ProgrammeRequestState.TAKEN_UP}),
    ProgrammeAction.COMPLETION: frozenset({ProgrammeRequestState.TAKEN_UP}),
}


def acts_for_programmes(by: By) -> bool:
    """Return whether somebody acts for programmes at all."""
    return any(role.value in by.roles for role in _TEAM)


def acting_for_programme(by: By) -> Actor:
    """Return who acts, in the role that allows acting for a programme; refuses (`Forbidden`) others."""
    role = next((role for role in _TEAM if role.value in by.roles), None)
    if role is None:
        raise Forbidden
    return Actor(role=role, name=by.name, email=by.email)


def open_actions(state: ProgrammeRequestState, by: By) -> list[str]:
    """List what this person may do with a request in this state, what leads on first."""
    return [action.value for action, states in _OPEN.items() if state in states] if acts_for_programmes(by) else []


@dataclass(slots=True)
class ProgrammeRequest:
    """A request directed to a programme. Every method checks first, then changes, and returns the fact."""

    request_id: UUID
    departement: str
    programme: Programme
    state: ProgrammeRequestState
    interlocutor: str | None = None
    taken_up_at: datetime | None = None
    answer: str | None = None
    answered_at: datetime | None = None
    answered_by: Actor | None = None

    def take_up(self, *, interlocutor: str, by: By, at: datetime) -> facts.ProgrammeRequestTakenUp:
        """The team takes it up, and names whom to turn to."""
        actor = self._allow(ProgrammeAction.TAKE_UP, by)
        return self.apply(facts.ProgrammeRequestTakenUp(**self._head(at), interlocutor=interlocutor, by=actor))

    def decline(self, *, motive: str, by: By, at: datetime) -> facts.ProgrammeRequestDeclined:
        """The programme is not the answer: the request goes back to the département."""
        actor = self._allow(ProgrammeAction.DECLINE, by)
        return self.apply(facts.ProgrammeRequestDeclined(**self._head(at), motive=motive, by=actor))

    def complete(
        self, *, report: str, evaluation_until: date, by: By, at: datetime
    ) -> tuple[facts.ProgrammeRequestCompleted, facts.EvaluationRequested]:
        """The programme has done its part; the applicant is asked what came of it."""
        actor = self._allow(ProgrammeAction.COMPLETION, by)
        done = self.apply(facts.ProgrammeRequestCompleted(**self._head(at), report=report, by=actor))
        asked = facts.EvaluationRequested(
            request_id=self.request_id, departement=self.departement, at=at, until=evaluation_until
        )
        return done, asked

    def apply(self, fact: Applied) -> Applied:
        """Change the request by a fact of its own stream: one just decided, or one of a journal that is replayed."""
        match fact:
            case facts.ProgrammeRequestTakenUp():
                self.state, self.interlocutor, self.taken_up_at = (
                    ProgrammeRequestState.TAKEN_UP,
                    fact.interlocutor,
                    fact.at,
                )
            case facts.ProgrammeRequestDeclined():
                self.state = ProgrammeRequestState.DECLINED
                self.answer, self.answered_at, self.answered_by = fact.motive, fact.at, fact.by
            case facts.ProgrammeRequestCompleted():
                self.state = ProgrammeRequestState.COMPLETED
                self.answer, self.answered_at, self.answered_by = fact.report, fact.at, fact.by
            case facts.WithdrawalAccepted():
                self.state = ProgrammeRequestState.WITHDRAWN
        return fact

    def _allow(self, action: ProgrammeAction, by: By) -> Actor:
        actor = acting_for_programme(by)
        if self.state not in _OPEN[action]:
            raise IllegalMove(state=self.state.value, allowed_actions=open_actions(self.state, by))
        return actor

    def _head(self, at: datetime) -> dict[str, Any]:
        return {
            "request_id": self.request_id,
            "departement": self.departement,
            "at": at,
            "programme": self.programme,
        }
