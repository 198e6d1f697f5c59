"""The minutes of a session: a draft once it is closed, open to remarks until they are approved, and then final."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from services.escalation.domain.inputs import Line
from services.escalation.domain.moves import Action, By
from services.escalation.domain.refusals import MinutesApproved, SessionOpen
from shared.commands import Command
from shared.contracts.fact import Actor
from shared.errors import Invalid
from shared.french.dates import date_fr
from shared.french.lists import either


class MinutesState(StrEnum):
    """Where minutes stand; they are a draft until they are approved."""

    IN_SESSION = "in_session"
    TO_APPROVE = "to_approve"
    APPROVED = "approved"


class ApproveMinutes(Command):
    """Who approved the minutes, and when: the chair (today unless it is said), or the session `in_session`."""

    way: Literal["chair", "next_session"] = "chair"
    approved_by: Line
    approved_on: date | None = None
    in_session: UUID | None = None


@dataclass(frozen=True, slots=True)
class Approval:
    """An approval: by whom, on which day, in which session, if in one, and who recorded it when."""

    way: str
    approved_by: str
    approved_on: date
    in_session: UUID | None
    recorded_at: datetime
    recorded_by: Actor


@dataclass(frozen=True, slots=True)
class ApprovingSession:
    """A session that may approve the minutes of another: its day, and who presides."""

    id: UUID
    held_on: date
    chairs: tuple[str, ...]


@dataclass(slots=True)
class Minutes:
    """The minutes of a session; `closed_on` is the day on which it was closed, None while it is open.

    `chairs` are those who preside and their alternates: one of them approves, if there are any.
    """

    session_id: UUID
    closed_on: date | None
    chairs: tuple[str, ...] = ()
    approval: Approval | None = None

    @property
    def state(self) -> MinutesState:
        """Where they stand."""
        if self.closed_on is None:
            return MinutesState.IN_SESSION
        return MinutesState.TO_APPROVE if self.approval is None else MinutesState.APPROVED

    def allowed_actions(self, by: By) -> list[str]:
        """List what this person may do with them."""
        if self.state is not MinutesState.TO_APPROVE:
            return []
        return [action.value for action in (Action.REMARKS, Action.APPROVAL) if by.may(action)]

    def remark(self, *, by: By) -> Actor:
        """Return who records a remark; refuses (`SessionOpen`, `MinutesApproved`) before and after the draft."""
        return self._on_the_draft(Action.REMARKS, by)

    def approve(
        self, command: ApproveMinutes, *, within: ApprovingSession | None, today: date, by: By, at: datetime
    ) -> Approval:
        """Approve them; `within` is the session that the command names."""
        actor = self._on_the_draft(Action.APPROVAL, by)
        approved_on = self._approved_on(command, within, today)
        chairs = within.chairs if within else self.chairs
        if chairs and command.approved_by not in chairs:
            raise Invalid.field("approved_by", f"La présidence approuve le compte rendu\u00a0: {either(chairs)}.")
        self.approval = Approval(
            command.way, command.approved_by, approved_on, within.id if within else None, at, actor
        )
        return self.approval

    def _on_the_draft(self, action: Action, by: By) -> Actor:
        actor = by.acting_in(action)
        if self.approval is not None:
            raise MinutesApproved(
                approved_by=self.approval.approved_by,
                approved_on=self.approval.approved_on,
                recorded_by=self.approval.recorded_by,
                state=self.state.value,
            )
        if self.closed_on is None:
            raise SessionOpen(state=self.state.value, allowed_actions=[])
        return actor

    def _approved_on(self, command: ApproveMinutes, within: ApprovingSession | None, today: date) -> date:
        """Return the day of approval: that of the approving session, or the one that is given."""
        closed_on = self.closed_on or today
        if command.way == "next_session":
            if within is None or within.id == self.session_id:
                raise Invalid.field("in_session", "Choisissez la séance pendant laquelle le comité a approuvé.")
            if not closed_on <= within.held_on <= today:
                raise Invalid.field(
                    "in_session",
                    f"Choisissez une séance tenue depuis la clôture, le {date_fr(closed_on)}, et jusqu’à aujourd’hui.",
                )
            return within.held_on
        if within is not None:
            raise Invalid.field("in_session", "Une séance n’est à choisir que si le comité a approuvé en séance.")
        approved_on = command.approved_on or today
        if not closed_on <= approved_on <= today:
            raise Invalid.field(
                "approved_on",
                f"Donnez un jour depuis la clôture, le {date_fr(closed_on)}, et jusqu’à aujourd’hui.",
            )
        return approved_on
