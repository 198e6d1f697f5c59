"""Answer to a request to withdraw: one ruling for each state of a dossier or of a programme request (ADR 29)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from services.escalation.domain.means import Mobilisation, MobilisationState
from services.escalation.domain.moves import State
from services.escalation.domain.programmes import ProgrammeRequestState
from shared.contracts.escalation import WithdrawalAccepted, WithdrawalDeclined
from shared.contracts.vocabulary import Programme, WithdrawalReason
from shared.contracts.withdrawal import ACCEPTED, ELSEWHERE, VOID, Ruling, Withdrawal

RULINGS: Final[Mapping[State, Ruling]] = {
    State.RECEIVED: ACCEPTED,
    State.AWAITING_DEPARTEMENT: ACCEPTED,
    State.ADMISSIBLE: ACCEPTED,
    State.SCHEDULED: ACCEPTED,
    State.DEFERRED: ACCEPTED,
    State.GRANTED: VOID,
    State.GRANTED_WITH_RESERVE: VOID,
    State.MOBILISING: VOID,
    State.ACCOMPANIED: Ruling(too_late=WithdrawalReason.ACCOMPANIED),
    State.COMPLETED: Ruling(too_late=WithdrawalReason.COMPLETED),
    State.REFUSED: Ruling(too_late=WithdrawalReason.REFUSED),
    State.RETURNED: ELSEWHERE,
    State.WITHDRAWN: ELSEWHERE,
}

ENGAGED: Final = Ruling(too_late=WithdrawalReason.MOBILISED)
"""The ruling of a dossier for which something is ordered, or a resource has accepted."""

PROGRAMME_RULINGS: Final[Mapping[ProgrammeRequestState, Ruling]] = {
    ProgrammeRequestState.DIRECTED: VOID,
    ProgrammeRequestState.TAKEN_UP: Ruling(too_late=WithdrawalReason.PROGRAMME_ENGAGED),
    ProgrammeRequestState.COMPLETED: Ruling(too_late=WithdrawalReason.COMPLETED),
    ProgrammeRequestState.EVALUATED: Ruling(too_late=WithdrawalReason.COMPLETED),
    ProgrammeRequestState.CLOSED: Ruling(too_late=WithdrawalReason.COMPLETED),
    ProgrammeRequestState.DECLINED: ELSEWHERE,
    ProgrammeRequestState.WITHDRAWN: ELSEWHERE,
}


def ruling_of(state: State, mobilisations: Iterable[Mobilisation]) -> Ruling:
    """Return the ruling of a dossier; a mobilisation that is only proposed leaves the request free."""
    if state is State.MOBILISING and any(_engages(each) for each in mobilisations):
        return ENGAGED
    return RULINGS[state]


def _engages(mobilisation: Mobilisation) -> bool:
    if mobilisation.state is MobilisationState.PROPOSED:
        return mobilisation.purchase_order is not None
    return mobilisation.state is not MobilisationState.DECLINED


def answer(
    ruling: Ruling,
    asked: Withdrawal,
    *,
    request_id: UUID,
    departement: str,
    state: State | ProgrammeRequestState,
    at: datetime,
    given_back_cents: int = 0,
    programme: Programme | None = None,
) -> WithdrawalAccepted | WithdrawalDeclined | None:
    """Return the fact that answers a request to withdraw; None where the national side does not own the request."""
    if not ruling.owned:
        return None
    about: dict[str, Any] = {
        "request_id": request_id,
        "departement": departement,
        "at": at,
        "withdrawn_at": asked.at,
        "motive": asked.motive,
        "programme": programme,
    }
    if ruling.too_late is not None:
        return WithdrawalDeclined(**about, state=state.value, reason=ruling.too_late)
    decided = "directed_to_programme" if programme else state.value
    return WithdrawalAccepted(**about, void=decided if ruling.void else None, given_back_cents=given_back_cents)
