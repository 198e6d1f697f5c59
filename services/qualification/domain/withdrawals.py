"""How the département answers a request to withdraw: one ruling per state of the case (ADR 29)."""

from collections.abc import Mapping
from typing import Final

from services.qualification.domain.moves import State
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


def ruling_of(state: State, orientation: Orientation | None) -> Ruling:
    """Return the ruling. `orientation` is the case's latest; only an unanswered one leaves the request free."""
    if state is State.ORIENTED_LOCALLY and (orientation is None or orientation.state is not OrientationState.OPEN):
        return ENGAGED
    return RULINGS[state]
