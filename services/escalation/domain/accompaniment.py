"""The accompaniment of an applicant: its milestones, progress reports and deliverables."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from services.escalation.domain.dossier import Escalation
from services.escalation.domain.moves import MOVES, Action, By, State, allow, allowed_actions
from services.escalation.domain.refusals import MilestoneWasCancelled
from shared.accompaniment import MilestoneWasReached, day_reached, require_later
from shared.contracts.escalation import (
    DeliverableAdded,
    MilestoneCancelled,
    MilestonePostponed,
    MilestoneReached,
    ProgressReported,
    StageDueSoon,
    StageOverdue,
)
from shared.contracts.intake import Document
from shared.contracts.vocabulary import Stage, Team
from shared.errors import IllegalMove, Invalid
from shared.french.dates import date_fr


@dataclass(frozen=True, slots=True)
class ProviderLink:
    """What a provider's personal link contains: the mobilisation, and the generation of the link."""

    mobilisation_id: UUID
    generation: int


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who reports how the work goes: an agent, or (`by` is None) whoever holds the personal link of a provider."""

    team: Team
    name: str
    by: By | None = None

    def check(self, action: Action, escalation: Escalation) -> None:
        """Refuse (`IllegalMove`) while no work is under way, and to agents of another role (`Forbidden`)."""
        if self.by is not None:
            allow(action, escalation.state, self.by)
        elif escalation.state not in MOVES[action]:
            raise IllegalMove(state=escalation.state.value, allowed_actions=[])


def report_progress(
    escalation: Escalation,
    reporter: Reporter,
    *,
    report_id: UUID,
    milestone: "Milestone | None",
    percent: int | None,
    text: str,
    at: datetime,
) -> ProgressReported:
    """Report how far the work is, of a milestone or of all of it."""
    reporter.check(Action.PROGRESS, escalation)
    return ProgressReported(
        request_id=escalation.request_id,
        departement=escalation.departement,
        at=at,
        report_id=report_id,
        milestone_id=milestone.id if milestone else None,
        milestone=milestone.title if milestone else None,
        percent=percent,
        text=text,
        team=reporter.team,
        author=reporter.name,
    )


def add_deliverable(
    escalation: Escalation, reporter: Reporter, *, milestone: "Milestone | None", document: Document
) -> DeliverableAdded:
    """Hand in a file that came out of the work."""
    reporter.check(Action.DELIVERABLES, escalation)
    return DeliverableAdded(
        request_id=escalation.request_id,
        departement=escalation.departement,
        at=document.added_at,
        document=document,
        milestone_id=milestone.id if milestone else None,
        milestone=milestone.title if milestone else None,
        team=reporter.team,
        author=reporter.name,
    )


@dataclass(slots=True)
class Milestone:
    """A step of the accompaniment with its date."""

    id: UUID
    title: str
    due_on: date
    reached_on: date | None = None
    overdue_told: bool = False
    soon_told: bool = False
    cancelled_for: str | None = None

    @property
    def is_open(self) -> bool:
        """Tell whether it is neither reached nor cancelled."""
        return self.reached_on is None and self.cancelled_for is None

    def allowed_actions(self, state: State, by: By, *, today: date, ends_on: date | None) -> list[str]:
        """List what may be done with it; it is not postponed beyond the end of the work."""
        if not self.is_open:
            return []
        open_now = [Action.REACHED, Action.CANCELLATION]
        if ends_on is None or max(self.due_on + timedelta(days=1), today) <= ends_on:
            open_now.append(Action.POSTPONEMENT)
        return allowed_actions(state, by, open_now)

    def cancel(self, escalation: Escalation, *, motive: str, by: By, at: datetime) -> MilestoneCancelled:
        """Note that it is not to be reached any more, and why."""
        actor = allow(Action.CANCELLATION, escalation.state, by)
        self._check_open()
        self.cancelled_for = motive
        return MilestoneCancelled(
            request_id=escalation.request_id,
            departement=escalation.departement,
            at=at,
            milestone_id=self.id,
            title=self.title,
            due_on=self.due_on,
            motive=motive,
            by=actor,
        )

    def _check_open(self) -> None:
        if self.reached_on is not None:
            raise MilestoneWasReached(state="reached", allowed_actions=[])
        if self.cancelled_for is not None:
            raise MilestoneWasCancelled(state="cancelled", allowed_actions=[])

    def postpone(
        self, escalation: Escalation, *, due_on: date, motive: str, today: date, by: By, at: datetime
    ) -> MilestonePostponed:
        """Give it a new date, to come, and say why; its delay may be published again."""
        actor = allow(Action.POSTPONEMENT, escalation.state, by)
        self._check_open()
        require_later(due_on, was_due_on=self.due_on, today=today)
        escalation.check_within(due_on)
        was_due_on, self.due_on, self.overdue_told, self.soon_told = self.due_on, due_on, False, False
        return MilestonePostponed(
            request_id=escalation.request_id,
            departement=escalation.departement,
            at=at,
            milestone_id=self.id,
            title=self.title,
            due_on=due_on,
            was_due_on=was_due_on,
            motive=motive,
            by=actor,
        )

    def reach(
        self, escalation: Escalation, *, reached_on: date | None, today: date, by: By, at: datetime
    ) -> MilestoneReached:
        """Note that it is reached, today unless it is said when; once."""
        allow(Action.REACHED, escalation.state, by)
        self._check_open()
        day = day_reached(reached_on, today=today)
        if escalation.starts_on is not None and day < min(escalation.starts_on, today):
            began = "commence" if escalation.starts_on > today else "a commencé"
            raise Invalid.field(
                "reached_on",
                f"L’accompagnement {began} le {date_fr(escalation.starts_on)}\u00a0: cette date vient avant.",
            )
        self.reached_on = day
        return MilestoneReached(
            request_id=escalation.request_id,
            departement=escalation.departement,
            at=at,
            milestone_id=self.id,
            title=self.title,
            due_on=self.due_on,
            reached_on=self.reached_on,
        )

    def mark_due_soon(self, escalation: Escalation, *, today: date, soon: date, at: datetime) -> StageDueSoon | None:
        """Return, once, the reminder that its date is near: between these days."""
        accompanied = escalation.state is State.ACCOMPANIED
        if not accompanied or not self.is_open or self.soon_told or not today <= self.due_on <= soon:
            return None
        self.soon_told = True
        return escalation.of_clock(StageDueSoon, Stage.MILESTONE, due_on=self.due_on, at=at, what=self.title)

    def mark_overdue(self, escalation: Escalation, *, today: date, at: datetime) -> StageOverdue | None:
        """Return, once, the fact that its date has passed."""
        accompanied = escalation.state is State.ACCOMPANIED
        if not accompanied or not self.is_open or self.overdue_told or today <= self.due_on:
            return None
        self.overdue_told = True
        return escalation.of_clock(StageOverdue, Stage.MILESTONE, due_on=self.due_on, at=at, what=self.title)
