"""State of the applicant's request to withdraw, and the request's status until it is answered."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from services.intake.domain.life import Status
from services.intake.domain.next_action import NextAction
from shared.contracts.vocabulary import Team, WithdrawalReason


@dataclass(frozen=True, slots=True)
class Expected:
    """What is expected next: from whom, what, and until when if there is a date."""

    team: Team
    what: NextAction
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a request stands."""

    status: Status
    status_at: datetime
    team: Team | None
    expected: Expected | None


class WithdrawalState(StrEnum):
    """How far a request to withdraw has come; the wire values of the API."""

    REQUESTED = "requested"
    ACCEPTED = "accepted"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """The latest request to withdraw.

    While it waits, `beneath` is where the request would stand without it: events of others still move it. It is
    what the applicant sees again when the owner of the current step declines.
    """

    at: datetime
    state: WithdrawalState
    reason: WithdrawalReason | None = None
    beneath: Standing | None = None
