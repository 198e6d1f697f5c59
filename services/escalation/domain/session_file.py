"""The bound file of a session: agenda and all preparation sheets in one PDF, made in the background."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from services.escalation.domain.moves import Action, By
from services.escalation.domain.refusals import AgendaEmpty
from shared.contracts.fact import Actor

GIVEN_UP: Final = timedelta(minutes=10)
"""After so long, a file that was begun is begun again: the service that made it is gone."""
KEPT: Final = timedelta(days=90)
"""How long a file is stored; it can be made again at any time."""


class FileState(StrEnum):
    """What is known of the file that was asked for last."""

    NONE = "none"
    PENDING = "pending"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class SessionFile:
    """When the file was asked for, made, and given up."""

    asked_at: datetime
    made_at: datetime | None = None
    failed_at: datetime | None = None

    @property
    def state(self) -> FileState:
        """What became of the file since it was asked for."""
        if self.failed_at is not None and self.failed_at >= self.asked_at:
            return FileState.FAILED
        if self.made_at is not None and self.made_at >= self.asked_at:
            return FileState.READY
        return FileState.PENDING


def ask_for_file(*, dossiers: int, by: By) -> Actor:
    """Return who asks for the file of a session; refuses (`AgendaEmpty`) one without dossiers."""
    actor = by.acting_in(Action.FILE)
    if not dossiers:
        raise AgendaEmpty
    return actor
