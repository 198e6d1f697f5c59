"""The comité de suivi de projet: a session, its agenda and what it decides."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from services.escalation.domain.dossier import Escalation
from services.escalation.domain.moves import Action, By, allow
from services.escalation.domain.refusals import DossiersUndecided, NotOnAgenda, QuorumMissing, SessionClosed
from shared.contracts.escalation import Decision
from shared.contracts.fact import Actor
from shared.contracts.vocabulary import CommitteeOutcome, SupportType
from shared.errors import FieldError, Invalid

EARLIEST_YEAR = 2020
"""The agency was born on 1 January 2020."""
LATEST_YEARS_AHEAD = 5

OF_AN_OPEN_SESSION = (Action.DECISIONS, Action.ATTENDANCE, Action.AGENDA, Action.CLOSING)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the committee decides of one dossier; `amount_cents` in euro cents."""

    outcome: CommitteeOutcome
    motive: str
    support_types: tuple[SupportType, ...] = ()
    amount_cents: int = 0
    reserve: str | None = None

    def check(self) -> None:
        """Refuse (`Invalid`) a reserve without words, and words of reserve without reserve."""
        with_reserve = self.outcome is CommitteeOutcome.GRANTED_WITH_RESERVE
        if with_reserve and not self.reserve:
            raise Invalid.field("reserve", "Formulez la réserve : elle est obligatoire pour un accord avec réserve.")
        if self.reserve and not with_reserve:
            raise Invalid.field("reserve", "Une réserve n’accompagne qu’un accord avec réserve.")


@dataclass(slots=True)
class Session:
    """A session of the committee; `present` and `quorum` count its members."""

    id: UUID
    title: str
    held_on: date
    members: tuple[str, ...] = ()
    quorum: int | None = None
    present: tuple[str, ...] = ()
    closed_at: datetime | None = None
    closed_by: Actor | None = field(default=None)

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
    ) -> tuple["Session", Actor]:
        """Plan a session; it may lie in the past, when it is recorded afterwards."""
        actor = by.acting_in(Action.PLANNING)
        errors = []
        if not EARLIEST_YEAR <= held_on.year <= today.year + LATEST_YEARS_AHEAD:
            errors.append(FieldError("held_on", "Cette date n’est pas plausible : vérifiez l’année."))
        if quorum is not None and quorum > len(members):
            errors.append(FieldError("quorum", "Le quorum ne peut pas dépasser le nombre de membres."))
        if errors:
            raise Invalid(errors)
        return cls(session_id, title, held_on, tuple(dict.fromkeys(members)), quorum), actor

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
        verdict.check()
        return Decision(
            id=decision_id,
            number=number,
            outcome=verdict.outcome,
            motive=verdict.motive,
            support_types=verdict.support_types,
            amount_cents=verdict.amount_cents,
            reserve=verdict.reserve,
            decided_on=self.held_on,
            session_id=self.id,
            signed_by=actor,
        )

    def check_may_decide(self, escalation: Escalation, by: By) -> Actor:
        """Give who signs; refuses a closed session, a missing quorum and a dossier that is not on the agenda."""
        by.acting_in(Action.DECISIONS)
        self.check_open()
        if escalation.session_id is not None and escalation.session_id != self.id:
            raise NotOnAgenda(state=escalation.state.value, allowed_actions=[])
        actor = allow(Action.DECISIONS, escalation.state, by)
        if self.quorum is not None and len(self.present) < self.quorum:
            raise QuorumMissing(present=len(self.present), quorum=self.quorum)
        return actor

    def close(self, *, undecided: list[str], by: By, at: datetime) -> None:
        """Close the session for good; refuses while dossiers (given by their numbers) wait for their decision."""
        actor = by.acting_in(Action.CLOSING)
        self.check_open()
        if undecided:
            raise DossiersUndecided(undecided)
        self.closed_at, self.closed_by = at, actor
