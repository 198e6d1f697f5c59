"""A recorded decision of the committee: never edited; its reserve is lifted once, a new decision may replace it."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.escalation.domain.committee import GrantLimit, Verdict
from services.escalation.domain.dossier import Escalation
from services.escalation.domain.grant import GRANTING
from services.escalation.domain.moves import MOVES, UNDER_WAY, Action, By, State, allow
from services.escalation.domain.refusals import DecisionReplaced, NoReserve
from shared.contracts.escalation import DecisionCorrected, ReserveLifted, Terms
from shared.contracts.fact import Actor
from shared.contracts.vocabulary import CommitteeOutcome, SupportType
from shared.errors import Invalid
from shared.french.dates import date_fr
from shared.french.numbers import euros

DECIDING = GRANTING | {CommitteeOutcome.REFUSED}
"""What a correction may come to: a dossier that was deferred or returned comes before the committee again instead."""


@dataclass(slots=True)
class OnRecord:
    """What is asked of a decision that was made, to lift its reserve or to correct it."""

    id: UUID
    number: str
    session_id: UUID
    outcome: CommitteeOutcome
    reserve: str | None
    reserve_lifted_on: date | None
    replaced_by: str | None
    decided_on: date
    recused: tuple[str, ...] = ()
    support_types: tuple[SupportType, ...] = ()
    amount_cents: int = 0
    reserve_until: date | None = None

    @property
    def terms(self) -> Terms:
        """What it comes to."""
        return Terms(
            outcome=self.outcome,
            support_types=self.support_types,
            amount_cents=self.amount_cents,
            reserve=self.reserve,
            reserve_until=self.reserve_until,
        )

    @property
    def has_standing_reserve(self) -> bool:
        """Return whether its reserve still waits to be lifted."""
        return self.reserve is not None and self.reserve_lifted_on is None and self.replaced_by is None

    def allowed_actions(self, of: State, by: By) -> list[str]:
        """List what this person may do with it, its dossier being in the state `of`."""
        open_now = []
        if self.has_standing_reserve:
            open_now.append(Action.RESERVE_LIFTING)
        if self.outcome in DECIDING and self.replaced_by is None:
            open_now.append(Action.CORRECTION)
        return [action.value for action in open_now if of in MOVES[action] and by.may(action)]

    def lift_reserve(
        self, escalation: Escalation, *, motive: str, lifted_on: date, today: date, by: By, at: datetime
    ) -> ReserveLifted:
        """Note that what the committee asked for is there; refuses (`NoReserve`) where nothing stands."""
        actor = allow(Action.RESERVE_LIFTING, escalation.state, by)
        if not self.has_standing_reserve:
            raise NoReserve(state=escalation.state.value, allowed_actions=self.allowed_actions(escalation.state, by))
        if lifted_on > today:
            raise Invalid.field("lifted_on", "Une réserve ne peut pas être levée dans le futur.")
        if lifted_on < self.decided_on:
            raise Invalid.field(
                "lifted_on", f"La réserve ne peut pas être levée avant la décision, du {date_fr(self.decided_on)}."
            )
        self.reserve_lifted_on = lifted_on
        return escalation.apply(
            ReserveLifted(
                request_id=escalation.request_id,
                departement=escalation.departement,
                at=at,
                number=self.number,
                motive=motive,
                lifted_on=lifted_on,
                by=actor,
            )
        )

    def correct(
        self,
        escalation: Escalation,
        verdict: Verdict,
        *,
        decision_id: UUID,
        number: str,
        limit: GrantLimit,
        committed_cents: int,
        today: date,
        by: By,
        at: datetime,
    ) -> DecisionCorrected:
        """Replace it by a new decision of today; what is under way goes on: not refused, nor granted less than it."""
        actor = self.check_may_correct(escalation, by)
        verdict.check(today, limit)
        under_way = escalation.state in UNDER_WAY
        if verdict.outcome not in (GRANTING if under_way else DECIDING):
            raise Invalid.field(
                "outcome",
                "Des moyens sont déjà engagés : la nouvelle décision ne peut qu’accorder, avec ou sans réserve."
                if under_way
                else "Une correction accorde, accorde avec réserve ou refuse.",
            )
        if committed_cents > (verdict.amount_cents or 0):
            raise Invalid.field(
                "amount_cents",
                f"{euros(committed_cents)} sont déjà mobilisés\u00a0: le nouveau montant ne peut pas être inférieur.",
            )
        self.replaced_by = number
        decision = verdict.decision(
            decision_id=decision_id,
            number=number,
            session_id=self.session_id,
            decided_on=today,
            by=actor,
            corrects=self.number,
            recused=self.recused,
        )
        return escalation.apply(
            DecisionCorrected(
                request_id=escalation.request_id,
                departement=escalation.departement,
                at=at,
                decision=decision,
                under_way=under_way,
                was=self.terms,
            )
        )

    def check_may_correct(self, escalation: Escalation, by: By) -> Actor:
        """Return who signs; refuses (`DecisionReplaced`) what another decision replaced already."""
        actor = allow(Action.CORRECTION, escalation.state, by)
        if self.replaced_by is not None or self.outcome not in DECIDING:
            raise DecisionReplaced(
                number=self.replaced_by or self.number, state=escalation.state.value, allowed_actions=[]
            )
        return actor
