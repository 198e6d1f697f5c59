"""The committee (comité de suivi de projet): its sessions, their agendas and votes, and the verdict on a dossier."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator, Field, ValidationInfo

from services.escalation.domain.dossier import Escalation
from services.escalation.domain.inputs import Cents, Line, Text, Voices
from services.escalation.domain.moves import Action, By, allow
from services.escalation.domain.refusals import DossiersUndecided, NotOnAgenda, QuorumMissing, SessionClosed
from shared.commands import TYPED, Command
from shared.contracts.escalation import Decision, Votes
from shared.contracts.fact import Actor
from shared.contracts.vocabulary import CommitteeOutcome, SupportType
from shared.errors import FieldError, Invalid

EARLIEST_YEAR = 2020
"""The agency was born on 1 January 2020."""
LATEST_YEARS_AHEAD = 5

APPEAL = (
    "Cette décision peut être contestée dans les deux mois qui suivent sa notification, par un recours gracieux auprès "
    "du service de votre département ou par un recours devant le tribunal administratif."
)
"""The ways of appeal that a decision states: the common rule of French administrative law."""


class MemberRole(StrEnum):
    """In which quality somebody sits in the committee; the chair and voting members decide and make the quorum."""

    CHAIR = "chair"
    VOTING = "voting"
    ADVISORY = "advisory"
    RAPPORTEUR = "rapporteur"


VOTERS = frozenset({MemberRole.CHAIR, MemberRole.VOTING})

OF_AN_OPEN_SESSION = (Action.DECISIONS, Action.ATTENDANCE, Action.AGENDA, Action.CLOSING)


class NewVotes(Command):
    """How the members voted."""

    in_favour: Voices
    against: Voices
    abstained: Voices = 0


def _votes_if_typed(value: Any, info: ValidationInfo) -> Any:
    """A form says by `by_vote` whether the members voted; its figures count only then, blank ones as none."""
    if info.context != TYPED or not isinstance(value, dict):
        return value
    figures = {name: given for name, given in value.items() if name != "by_vote"}
    return {"in_favour": 0, "against": 0, **figures} if value.get("by_vote") == "true" else None


class Verdict(Command):
    """What is decided; without `votes` by consensus. `reserve_until` is when the reserve must be lifted."""

    outcome: CommitteeOutcome
    motive: Text
    support_types: list[SupportType] = Field(default_factory=list, max_length=10)
    amount_cents: Cents | None = None
    reserve: Text | None = None
    reserve_until: date | None = None
    votes: Annotated[NewVotes | None, BeforeValidator(_votes_if_typed)] = None
    signatory: Line | None = None

    def check(self, decided_on: date) -> None:
        """Refuse (`Invalid`) a reserve without words, words or a date of reserve without reserve, a date before."""
        with_reserve = self.outcome is CommitteeOutcome.GRANTED_WITH_RESERVE
        if with_reserve and not self.reserve:
            raise Invalid.field("reserve", "Formulez la réserve : elle est obligatoire pour un accord avec réserve.")
        if self.reserve and not with_reserve:
            raise Invalid.field("reserve", "Une réserve n’accompagne qu’un accord avec réserve.")
        if self.reserve_until is not None and not with_reserve:
            raise Invalid.field("reserve_until", "Cette date ne concerne qu’un accord avec réserve.")
        if self.reserve_until is not None and self.reserve_until < decided_on:
            raise Invalid.field("reserve_until", "La réserve ne peut pas être à lever avant la décision.")

    def decision(
        self,
        *,
        decision_id: UUID,
        number: str,
        session_id: UUID,
        decided_on: date,
        by: Actor,
        corrects: str | None = None,
    ) -> Decision:
        """Return the decision; one that grants or refuses states the ways of appeal."""
        decides = self.outcome not in {CommitteeOutcome.DEFERRED, CommitteeOutcome.RETURNED}
        return Decision(
            id=decision_id,
            number=number,
            outcome=self.outcome,
            motive=self.motive,
            support_types=tuple(self.support_types),
            amount_cents=self.amount_cents or 0,
            reserve=self.reserve,
            decided_on=decided_on,
            session_id=session_id,
            signed_by=by,
            reserve_until=self.reserve_until,
            votes=Votes(**dict(self.votes)) if self.votes else None,
            signatory=self.signatory,
            appeal=APPEAL if decides else None,
            corrects=corrects,
        )


@dataclass(slots=True)
class Session:
    """A session of the committee; the quorum counts the voting members who are present.

    `roles` says in which quality a member sits; who is not in it votes. `alternates` says who may sit in whose place.
    """

    id: UUID
    title: str
    held_on: date
    members: tuple[str, ...] = ()
    quorum: int | None = None
    present: tuple[str, ...] = ()
    closed_at: datetime | None = None
    closed_by: Actor | None = field(default=None)
    roles: Mapping[str, MemberRole] = field(default_factory=dict)
    alternates: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def plan(
        cls,
        session_id: UUID,
        *,
        title: str,
        held_on: date,
        members: Sequence[str],
        quorum: int | None,
        by: By,
        today: date,
        roles: Mapping[str, MemberRole] | None = None,
        alternates: Mapping[str, str] | None = None,
    ) -> tuple["Session", Actor]:
        """Plan a session; it may lie in the past, when it is recorded afterwards."""
        actor = by.acting_in(Action.PLANNING)
        errors = []
        if not EARLIEST_YEAR <= held_on.year <= today.year + LATEST_YEARS_AHEAD:
            errors.append(FieldError("held_on", "Cette date n’est pas plausible : vérifiez l’année."))
        session = cls(
            session_id,
            title,
            held_on,
            tuple(dict.fromkeys(members)),
            quorum,
            roles=roles or {},
            alternates=alternates or {},
        )
        if quorum is not None and quorum > len(session.voting(session.members)):
            errors.append(FieldError("quorum", "Le quorum ne peut pas dépasser le nombre de membres qui votent."))
        if errors:
            raise Invalid(errors)
        return session, actor

    def voting(self, among: Sequence[str]) -> list[str]:
        """Return those of these members who vote."""
        return [name for name in among if self.roles.get(name, MemberRole.VOTING) in VOTERS]

    @property
    def state(self) -> str:
        """`open` or `closed`."""
        return "open" if self.closed_at is None else "closed"

    def allowed_actions(self, by: By) -> list[str]:
        """List what this person may do with the session."""
        if self.closed_at is not None:
            return []
        return [action.value for action in OF_AN_OPEN_SESSION if by.may(action)]

    def check_open(self) -> None:
        """Refuse (`SessionClosed`) any change of a closed session."""
        if self.closed_at is not None:
            raise SessionClosed(state=self.state, allowed_actions=[])

    def attend(self, present: Sequence[str], *, by: By) -> None:
        """Note which members are there."""
        by.acting_in(Action.ATTENDANCE)
        self.check_open()
        if strangers := [name for name in present if name not in self.members]:
            raise Invalid.field("present", f"Ces personnes ne sont pas membres de la séance : {', '.join(strangers)}.")
        self.present = tuple(dict.fromkeys(present))

    def decide(
        self,
        escalation: Escalation,
        verdict: Verdict,
        *,
        decision_id: UUID,
        number: str,
        by: By,
    ) -> Decision:
        """Decide on a dossier of the agenda, once."""
        actor = self.check_may_decide(escalation, by)
        self.check(verdict)
        return verdict.decision(
            decision_id=decision_id, number=number, session_id=self.id, decided_on=self.held_on, by=actor
        )

    def check(self, verdict: Verdict) -> None:
        """Refuse (`Invalid`) a verdict that contradicts itself, or more votes than there were voters present."""
        verdict.check(self.held_on)
        votes, voters = verdict.votes, len(self.voting(self.present))
        if votes is not None and self.members and votes.in_favour + votes.against + votes.abstained > voters:
            raise Invalid.field("votes", f"Il y a plus de voix que de membres votants présents ({voters}).")

    def check_may_decide(self, escalation: Escalation, by: By) -> Actor:
        """Return who signs; refuses a closed session, a missing quorum and a dossier that is not on the agenda."""
        by.acting_in(Action.DECISIONS)
        self.check_open()
        if escalation.session_id is not None and escalation.session_id != self.id:
            raise NotOnAgenda(state=escalation.state.value, allowed_actions=[])
        actor = allow(Action.DECISIONS, escalation.state, by)
        voters = len(self.voting(self.present))
        if self.quorum is not None and voters < self.quorum:
            raise QuorumMissing(present=voters, quorum=self.quorum)
        return actor

    def close(self, *, undecided: list[str], by: By, at: datetime) -> None:
        """Close the session for good; refuses while dossiers (given by their numbers) wait for their decision."""
        actor = by.acting_in(Action.CLOSING)
        self.check_open()
        if undecided:
            raise DossiersUndecided(undecided)
        self.closed_at, self.closed_by = at, actor
