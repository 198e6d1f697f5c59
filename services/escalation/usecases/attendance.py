"""Use case of a session's attendance: who is there, who is represented by the alternate, who is excused."""

from typing import Annotated, Any

from pydantic import Field, ValidationInfo, model_validator

from services.escalation.domain.committee import Presence, Session
from services.escalation.domain.inputs import Line
from services.escalation.usecases.context import Context, changes_session
from shared.commands import TYPED, Command

Names = Annotated[list[Line], Field(max_length=100)]


class NoteAttendance(Command):
    """Which members are present, represented by their alternates, or excused; the others are absent.

    `seen` is `attendance_version` of the session that was looked at: what somebody else noted since is not overwritten.
    """

    present: Names
    represented: Names = Field(default_factory=list)
    excused: Names = Field(default_factory=list)
    seen: Line | None = None

    @model_validator(mode="before")
    @classmethod
    def _nobody_if_typed(cls, data: Any, info: ValidationInfo) -> Any:
        """A form on which no box is ticked says that nobody is present."""
        return {"present": [], **data} if info.context == TYPED else data


class Seat(Command):
    """A member in the form of the attendance, and how the member attends."""

    name: Line
    presence: Presence = Presence.ABSENT


class AttendanceSheet(NoteAttendance):
    """The form of the attendance: one choice for each member."""

    seats: list[Seat] = Field(default_factory=list, max_length=100)

    @model_validator(mode="after")
    def _by_presence(self) -> "AttendanceSheet":
        for seat in self.seats:
            group = {
                Presence.PRESENT: self.present,
                Presence.REPRESENTED: self.represented,
                Presence.EXCUSED: self.excused,
            }.get(seat.presence)
            if group is not None:
                group.append(seat.name)
        return self


@changes_session
async def note_attendance(do: Context, session: Session, command: NoteAttendance) -> None:
    """Note who attends, for the quorum and the minutes."""
    session.attend(
        command.present,
        represented=command.represented,
        excused=command.excused,
        seen=command.seen,
        by=do.by,
        today=do.today,
        at=do.at,
    )
