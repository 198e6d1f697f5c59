"""The work of a local answer: first contact, milestones, progress, deliverables, and its end, with or without result.

It is a part of a case that was supported locally, or whose provider has accepted; `Case.local_work` holds it. The
provider acts by its link, agents of the département on the page of the case.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

from pydantic import AwareDatetime

from services.qualification.domain.refusals import CompletionBlocked
from shared.accompaniment import MilestoneWasReached, NoSuchMilestone, day_reached, require_later
from shared.contracts import qualification as facts
from shared.contracts.fact import Fact, Value
from shared.contracts.vocabulary import LocalClock, LocalEnd, Outcome
from shared.errors import Invalid
from shared.french.dates import short_date_fr

LONGEST: Final = timedelta(days=3 * 366)
"""How long local work may be planned to last."""


class LocalState(StrEnum):
    """Where the local work stands: the first contact is awaited, it goes on, it is done, or it ended without result."""

    EXPECTED = "expected"
    UNDER_WAY = "under_way"
    COMPLETED = "completed"
    STOPPED = "stopped"


OVER: Final = frozenset({LocalState.COMPLETED, LocalState.STOPPED})


class LocalMilestone(Value):
    """A step of the work; `first_due_on` where it was postponed."""

    id: UUID
    title: str
    due_on: date
    deliverable: str | None = None
    reached_on: date | None = None
    first_due_on: date | None = None


class Clock(NamedTuple):
    """A last day that has not been kept yet. `key` names the clock among those of the work."""

    kind: LocalClock
    due_on: date
    milestone: LocalMilestone | None = None

    @property
    def key(self) -> str:
        """The name of the clock with its day: a new day is reminded of anew."""
        return f"{self.milestone.id if self.milestone else self.kind}/{self.due_on}"


class LocalWork(Value):
    """The work of one local answer. Without a `provider` the département does it on its own envelope.

    `until` is the last day of the first contact. `reminded` and `late` name the clocks (`Clock.key`) of which that was
    published.
    """

    state: LocalState = LocalState.EXPECTED
    since: AwareDatetime
    provider: facts.Provider | None = None
    until: date | None = None
    started_on: date | None = None
    ends_on: date | None = None
    milestones: tuple[LocalMilestone, ...] = ()
    report: str | None = None
    carry_reason: str | None = None
    reason: LocalEnd | None = None
    motive: str | None = None
    over_at: AwareDatetime | None = None
    reminded: tuple[str, ...] = ()
    late: tuple[str, ...] = ()

    @property
    def is_over(self) -> bool:
        """Whether nothing more is done."""
        return self.state in OVER

    @property
    def clocks(self) -> list[Clock]:
        """What has a last day now, the nearest first."""
        return sorted(self._clocks(), key=lambda clock: (clock.due_on, clock.key))

    @property
    def due_on(self) -> date | None:
        """The nearest last day; None when none runs."""
        return min((clock.due_on for clock in self._clocks()), default=None)

    @property
    def to_remind_on(self) -> date | None:
        """The nearest last day that nobody was reminded of."""
        published = {*self.reminded, *self.late}
        return min((clock.due_on for clock in self._clocks() if clock.key not in published), default=None)

    @property
    def late_after(self) -> date | None:
        """The nearest last day whose passing was not published."""
        return min((clock.due_on for clock in self._clocks() if clock.key not in self.late), default=None)

    @property
    def open_milestones(self) -> list[LocalMilestone]:
        """Those that are not reached."""
        return [one for one in self.milestones if one.reached_on is None]

    def milestone(self, milestone_id: UUID) -> LocalMilestone:
        """Return a milestone; refuses (`NoSuchMilestone`) one that is not of this work."""
        found = next((one for one in self.milestones if one.id == milestone_id), None)
        if found is None:
            raise NoSuchMilestone
        return found

    def chosen(self, milestone_id: UUID | None) -> LocalMilestone | None:
        """Return the milestone that something belongs to, None for all of the work; refuses (`Invalid`) another's."""
        try:
            return self.milestone(milestone_id) if milestone_id else None
        except NoSuchMilestone as missing:
            raise Invalid.field("milestone_id", missing.sentence) from missing

    def begun(
        self, started_on: date | None, ends_on: date | None, *, decided_on: date, usual: timedelta, today: date
    ) -> tuple[date, date]:
        """Return the days on which the work begins and is to end; refuses those that do not follow their causes."""
        begun = started_on or today
        if begun > today:
            raise Invalid.field("started_on", "Le premier contact ne peut pas avoir lieu dans le futur.")
        if begun < decided_on:
            raise Invalid.field("started_on", "Le premier contact ne peut pas précéder la réponse du département.")
        end = ends_on or begun + usual
        if end < today or end <= begun:
            raise Invalid.field("ends_on", "La fin prévue doit être à venir, et après le premier contact.")
        self._require_near(end, begun, "ends_on")
        return begun, end

    def require_date(self, due_on: date, *, today: date) -> None:
        """Refuse a date of a milestone that lies outside the work, or has passed."""
        if due_on < today:
            raise Invalid.field("due_on", "L’échéance doit être à venir.")
        if self.ends_on is not None and due_on > self.ends_on:
            raise Invalid.field(
                "due_on",
                f"L’accompagnement se termine le {short_date_fr(self.ends_on)}\u00a0: reportez d’abord sa fin, "
                "ou choisissez une échéance avant.",
            )

    def postponed(self, milestone_id: UUID, due_on: date, *, today: date) -> LocalMilestone:
        """Return the milestone as it was; refuses a date that is not later, and one outside the work."""
        milestone = self.milestone(milestone_id)
        self._require_open(milestone)
        require_later(due_on, was_due_on=milestone.due_on, today=today)
        self.require_date(due_on, today=today)
        return milestone

    def reached(self, milestone_id: UUID, reached_on: date | None, *, today: date) -> tuple[LocalMilestone, date]:
        """Return the milestone and the day on which it was reached, within the work."""
        milestone = self.milestone(milestone_id)
        self._require_open(milestone)
        day = day_reached(reached_on, today=today)
        if self.started_on is not None and day < self.started_on:
            raise Invalid.field("reached_on", "Un jalon ne peut pas être atteint avant le premier contact.")
        return milestone, day

    def prolonged(self, ends_on: date, *, today: date) -> date:
        """Return the end that was planned; refuses a new one that is not later."""
        if self.ends_on is None or self.started_on is None:
            raise ValueError("the work has not begun")
        if ends_on <= self.ends_on or ends_on < today:
            raise Invalid.field("ends_on", "La nouvelle fin doit être à venir, et après celle qui était prévue.")
        self._require_near(ends_on, self.started_on, "ends_on")
        return self.ends_on

    def require_settled(self, carry_reason: str | None) -> None:
        """Refuse to complete the work while milestones are open and nobody says why."""
        if self.open_milestones and not carry_reason:
            raise CompletionBlocked([(one.id, one.title) for one in self.open_milestones])

    def after(self, fact: Fact) -> "LocalWork":
        """Return the work as a fact of it leaves it: one just decided, or one of a journal that is replayed."""
        change: dict[str, object] = {"milestones": self._milestones_after(fact)}
        match fact:
            case facts.LocalWorkStarted():
                change |= {"state": LocalState.UNDER_WAY, "started_on": fact.started_on, "ends_on": fact.ends_on}
            case facts.LocalEndPostponed():
                change |= {"ends_on": fact.ends_on}
            case facts.LocalWorkCompleted():
                change |= {"state": LocalState.COMPLETED, "report": fact.report, "over_at": fact.at}
                change |= {"carry_reason": fact.carry_reason}
            case facts.LocalWorkStopped():
                change |= {"state": LocalState.STOPPED, "reason": fact.reason, "over_at": fact.at}
                change |= {"motive": fact.motive}
            case facts.LocalWorkDueSoon():
                change |= {"reminded": (*self.reminded, _key_of(fact))}
            case facts.LocalWorkOverdue():
                change |= {"late": (*self.late, _key_of(fact))}
        return self.model_copy(update=change)

    def _milestones_after(self, fact: Fact) -> tuple[LocalMilestone, ...]:
        """Return the milestones as a fact leaves them, those that are due first before the others."""
        milestones = {one.id: one for one in self.milestones}
        match fact:
            case facts.LocalMilestoneSet(milestone_id=new):
                milestones[new] = LocalMilestone(
                    id=new, title=fact.title, due_on=fact.due_on, deliverable=fact.deliverable
                )
            case facts.LocalMilestonePostponed(milestone_id=which):
                first = milestones[which].first_due_on or fact.was_due_on
                milestones[which] = milestones[which].model_copy(update={"due_on": fact.due_on, "first_due_on": first})
            case facts.LocalMilestoneReached(milestone_id=which):
                milestones[which] = milestones[which].model_copy(update={"reached_on": fact.reached_on})
        return tuple(sorted(milestones.values(), key=lambda one: (one.due_on, one.id)))

    def ended(self, at: AwareDatetime) -> "LocalWork":
        """Return the work of a request that was closed, which is over if it was not."""
        return self if self.is_over else self.model_copy(update={"state": LocalState.COMPLETED, "over_at": at})

    def _clocks(self) -> Iterator[Clock]:
        if self.state is LocalState.EXPECTED and self.until is not None:
            yield Clock(LocalClock.START, self.until)
        if self.state is LocalState.UNDER_WAY:
            for one in self.open_milestones:
                yield Clock(LocalClock.MILESTONE, one.due_on, one)
            if self.ends_on is not None:
                yield Clock(LocalClock.END, self.ends_on)

    @staticmethod
    def _require_open(milestone: LocalMilestone) -> None:
        if milestone.reached_on is not None:
            raise MilestoneWasReached(state="reached", allowed_actions=[])

    @staticmethod
    def _require_near(end: date, begun: date, field: str) -> None:
        if end > begun + LONGEST:
            raise Invalid.field(
                field, "La fin prévue est trop lointaine\u00a0: choisissez une date dans les trois ans."
            )


def _key_of(fact: facts.LocalClockFact) -> str:
    return f"{fact.milestone_id or fact.clock}/{fact.due_on}"


def reopens(reason: LocalEnd) -> bool:
    """Return whether the département looks for another answer: there is something left to do."""
    return reason is not LocalEnd.APPLICANT_GAVE_UP


def given_back(outcome: Outcome, amount_cents: int | None, spent_cents: int | None) -> int:
    """Return what of a support goes back to the envelope; refuses to have spent more than was granted."""
    if outcome is not Outcome.LOCAL_SUPPORT:
        if spent_cents is not None:
            raise Invalid.field("spent_cents", "Un acteur local n’est pas payé sur l’enveloppe du département.")
        return 0
    granted, spent = amount_cents or 0, spent_cents or 0
    if spent > granted:
        raise Invalid.field("spent_cents", "Ce montant dépasse le soutien accordé.")
    return granted - spent
