"""Base classes of the answers to a request to withdraw; each owner of a step has its own types."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import AwareDatetime

from shared.contracts.fact import Fact
from shared.contracts.vocabulary import WithdrawalReason


class WithdrawalAnswer(Fact):
    """The answer to `intake.request_withdrawn.v1` of this request and of the moment `withdrawn_at`."""

    withdrawn_at: AwareDatetime
    motive: str


class WithdrawalAcceptance(WithdrawalAnswer):
    """The request ends. `void` names the decision that no longer counts; what was committed for it is given back."""

    void: str | None = None
    given_back_cents: int = 0


class WithdrawalRefusal(WithdrawalAnswer):
    """It is too late: the request stays in the owner's `state`, for this reason."""

    state: str
    reason: WithdrawalReason


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A request to withdraw that waits for its answer; the applicant's requests are distinguished by their moment."""

    at: datetime
    motive: str


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a state makes of a request to withdraw: `owned` states answer it, `void` ones lose their decision by it."""

    owned: bool = True
    void: bool = False
    too_late: WithdrawalReason | None = None


ACCEPTED: Final = Ruling()
VOID: Final = Ruling(void=True)
ELSEWHERE: Final = Ruling(owned=False)
"""Another service owns the request, or no service any more."""
