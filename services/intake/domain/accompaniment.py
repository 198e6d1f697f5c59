"""The milestones of an accompaniment, planned by whoever works; the applicant reports on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from shared.errors import Invalid


@dataclass(frozen=True, slots=True)
class Milestone:
    """A step of the accompaniment: when it is due, and when it was reached."""

    id: UUID
    title: str
    due_on: date
    reached_on: date | None


def milestone_among(milestones: Sequence[Milestone], milestone_id: UUID | None) -> Milestone | None:
    """Return a milestone of the request, None for all of the work; refuses (`Invalid`) one of another request."""
    if milestone_id is None:
        return None
    found = next((one for one in milestones if one.id == milestone_id), None)
    if found is None:
        raise Invalid.field("milestone_id", "Ce jalon n’est pas de votre accompagnement. Rechargez la page.")
    return found
