"""How the département answers a request to withdraw: one ruling per state of the case (ADR 29)."""

from collections.abc import Mapping
from typing import Final

from services.qualification.domain.local_work import LocalState, LocalWork
from services.qualification.domain.moves import ANSWERED_LOCALLY, State
from services.qualification.domain.orientation import Orientation, OrientationState
from shared.contracts.vocabulary import WithdrawalReason
from shared.contracts.withdrawal import ACCEPTED, ELSEWHERE, VOID, Ruling

RULINGS: Final[Mapping[State, Ruling]] = {
    State.REGISTERED: ACCEPTED,
    State.UNDER_EXAMINATION: ACCEPTED,
    State.AWAITING_INFORMATION: ACCEPTED,
    State.PROPOSED: ACCEPTED,
    State.ORIENTED_LOCALLY: VOID,
    State.SUPPORTED_LOCALLY: VOID,
    State.REFUSED: Ruling(too_late=WithdrawalReason.REFUSED),
    State.DIRECTED_TO_PROGRAMME: ELSEWHERE,
    State.ESCALATED: ELSEWHERE,
    State.TRANSFERRED: ELSEWHERE,
    State.WITHDRAWN: ELSEWHERE,
}

ENGAGED: Final = Ruling(too_late=WithdrawalReason.PROVIDER_ENGAGED)
"""The ruling of a local orientation whose provider has accepted."""


RULINGS_OF_WORK: Final[Mapping[LocalState, Ruling]] = {
    LocalState.UNDER_WAY: Ruling(too_late=WithdrawalReason.ACCOMPANIED),
    LocalState.COMPLETED: Ruling(too_late=WithdrawalReason.COMPLETED),
    LocalState.STOPPED: Ruling(too_late=WithdrawalReason.COMPLETED),
}
"""The rulings of a local answer whose work has begun, or is over."""


def ruling_of(state: State, orientation: Orientation | None, work: LocalWork | None) -> Ruling:
    """Return the ruling.

    `orientation` is the one that is open or accepted; only an unanswered one leaves the request free. `work` is that of
    the local answer; it leaves the request free until the first contact.
    """
    if state in ANSWERED_LOCALLY and work is not None and work.state in RULINGS_OF_WORK:
        return RULINGS_OF_WORK[work.state]
    if state is State.ORIENTED_LOCALLY and (orientation is None or orientation.state is not OrientationState.OPEN):
        return ENGAGED
    return RULINGS[state]
