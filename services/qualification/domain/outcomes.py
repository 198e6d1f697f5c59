"""What a validated outcome tells the others: each hand-over with everything that the next team needs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from services.qualification.domain.case import Case
from services.qualification.domain.proposal import Proposal
from shared.contracts import qualification as facts
from shared.contracts.fact import Fact
from shared.contracts.vocabulary import Outcome

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Hands:
    """What a hand-over takes along: the dossier, who we are, and for an orientation whom it asks until when.

    For a transfer also which requests to withdraw were answered: the next owner does not follow our stream.
    """

    service: facts.Service
    appeal: str
    dossier: facts.Dossier | None = None
    orientation_id: UUID | None = None
    provider: facts.Provider | None = None
    until: date | None = None
    withdrawals_answered: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class _Told:
    case: Case
    proposal: Proposal
    hands: Hands

    @property
    def about(self) -> dict[str, Any]:
        """The members that all these facts have."""
        return {
            "request_id": self.case.request_id,
            "departement": self.case.departement,
            "at": self.proposal.validated_at,
            "by": self.proposal.validated_by,
        }


def tell(case: Case, proposal: Proposal, hands: Hands) -> Fact:
    """Give the fact of a validated proposal."""
    if proposal.validated_by is None or proposal.validated_at is None:
        raise ValueError("only a validated proposal is told")
    return _FACTS[proposal.outcome](_Told(case, proposal, hands))


def _oriented(told: _Told) -> Fact:
    return facts.OrientedLocally(
        **told.about,
        orientation_id=_given(told.hands.orientation_id),
        provider=_given(told.hands.provider),
        until=_given(told.hands.until),
        motive=told.proposal.motive,
        dossier=_given(told.hands.dossier),
    )


def _supported(told: _Told) -> Fact:
    return facts.SupportedLocally(
        **told.about,
        support_types=told.proposal.support_types,
        amount_cents=_given(told.proposal.amount_cents),
        motive=told.proposal.motive,
    )


def _directed(told: _Told) -> Fact:
    return facts.DirectedToProgramme(
        **told.about,
        programme=_given(told.proposal.programme),
        motive=told.proposal.motive,
        dossier=_given(told.hands.dossier),
    )


def _escalated(told: _Told) -> Fact:
    return facts.RequestEscalated(
        **told.about,
        evidence=_given(told.proposal.evidence),
        dossier=_given(told.hands.dossier),
        service=told.hands.service,
    )


def _refused(told: _Told) -> Fact:
    return facts.RequestRefused(
        **told.about,
        motive=told.proposal.motive,
        appeal=told.hands.appeal,
    )


def _transferred(told: _Told) -> Fact:
    return facts.RequestTransferred(
        **{**told.about, "departement": _given(told.proposal.departement)},
        from_departement=told.case.departement,
        motive=told.proposal.motive,
        dossier=_given(told.hands.dossier),
        withdrawals_answered=told.hands.withdrawals_answered,
    )


_FACTS: Final[Mapping[Outcome, Callable[[_Told], Fact]]] = {
    Outcome.LOCAL_ORIENTATION: _oriented,
    Outcome.LOCAL_SUPPORT: _supported,
    Outcome.PROGRAMME: _directed,
    Outcome.ESCALATION: _escalated,
    Outcome.REFUSAL: _refused,
    Outcome.TRANSFER: _transferred,
}


def _given(value: T | None) -> T:
    """Give what the checks of the proposal have made sure of."""
    if value is None:
        raise ValueError("the outcome lacks what it needs")
    return value
