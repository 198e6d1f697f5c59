"""What the accompaniment by the national team and the local work of a département have in common.

The commands on milestones, progress and deliverables, and the rules of the dates of milestones.
"""

from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from shared.commands import AS_IT_READS, Command
from shared.errors import IllegalMove, Invalid, NotFound

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000), AS_IT_READS]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AS_IT_READS]
Percent = Annotated[int, Field(ge=0, le=100)]


class PlanMilestone(Command):
    """A milestone of the work, with what is delivered at it."""

    title: Line
    due_on: date
    deliverable: Line | None = None


class ReachMilestone(Command):
    """When the milestone was reached; today when it is not said."""

    reached_on: date | None = None


class PostponeMilestone(Command):
    """The new date of a milestone, and why."""

    due_on: date
    motive: Text


class ReportProgress(Command):
    """How far the work is, of a milestone or of all of it; `percent` done, if it can be said."""

    text: Text
    percent: Percent | None = None
    milestone_id: UUID | None = None


class AddDeliverable(Command):
    """Which milestone a file belongs to, if any."""

    milestone_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file as it was sent."""

    name: str
    content: bytes


class NoSuchMilestone(NotFound):
    """The dossier has no such milestone (HTTP 404)."""

    code = "no_such_milestone"
    title = "No such milestone of this dossier"
    sentence = "Ce jalon n’existe pas dans ce dossier."


class MilestoneWasReached(IllegalMove):
    """A milestone is reached once (HTTP 409)."""

    code = "milestone_reached"
    title = "The milestone was reached already"
    sentence = "Ce jalon est déjà atteint."


def require_later(due_on: date, *, was_due_on: date, today: date) -> None:
    """Refuse (`Invalid`) a new date that is not to come, or not after the one before."""
    if due_on <= was_due_on or due_on < today:
        raise Invalid.field("due_on", "La nouvelle échéance doit être à venir, et après celle d’aujourd’hui.")


def day_reached(reached_on: date | None, *, today: date) -> date:
    """Return the day on which a milestone was reached, today unless it is said when; refuses a day to come."""
    if reached_on is not None and reached_on > today:
        raise Invalid.field("reached_on", "Un jalon ne peut pas être atteint dans le futur.")
    return reached_on or today
