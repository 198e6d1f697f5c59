"""What a validated outcome tells the others: each hand-over with everything that the next team needs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, TypeVar
from uuid import UUID

from services.qualification.domain.case import Case
from services.qualification.domain.proposal import Proposal
from shared.contracts import qualification as facts
from shared.contracts.fact import Actor, Fact
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
    by: Actor
    at: datetime
    hands: Hands


def tell(case: Case, proposal: Proposal, hands: Hands) -> Fact:
    """Give the fact of a validated proposal."""
    if proposal.validated_by is None or proposal.validated_at is None:
        raise ValueError("only a validated proposal is told")
    told = _Told(case, proposal, proposal.validated_by, proposal.validated_at, hands)
    return _FACTS[proposal.outcome](told)


def _oriented(told: _Told) -> Fact:
    return facts.OrientedLocally(
        request_id=told.case.request_id,
        departement=told.case.departement,
        at=told.at,
        orientation_id=_given(told.hands.orientation_id),
        provider=_given(told.hands.provider),
        until=_given(told.hands.until),
        motive=told.proposal.motive,
        by=told.by,
        dossier=_given(told.hands.dossier),
    )


def _supported(told: _Told) -> Fact:
    return facts.SupportedLocally(
        request_id=told.case.request_id,
        departement=told.case.departement,
        at=told.at,
        support_types=told.proposal.support_types,
        amount_cents=_given(told.proposal.amount_cents),
        motive=told.proposal.motive,
        by=told.by,
    )


def _directed(told: _Told) -> Fact:
    return facts.DirectedToProgramme(
        request_id=told.case.request_id,
        departement=told.case.departement,
        at=told.at,
        programme=_given(told.proposal.programme),
        motive=told.proposal.motive,
        by=told.by,
        dossier=_given(told.hands.dossier),
    )


def _escalated(told: _Told) -> Fact:
    return facts.RequestEscalated(
        request_id=told.case.request_id,
        departement=told.case.departement,
        at=told.at,
        evidence=_given(told.proposal.evidence),
        dossier=_given(told.hands.dossier),
        service=told.hands.service,
        by=told.by,
    )


def _refused(told: _Told) -> Fact:
    return facts.RequestRefused(
        request_id=told.case.request_id,
        departement=told.case.departement,
        at=told.at,
        motive=told.proposal.motive,
        appeal=told.hands.appeal,
        by=told.by,
    )


def _transferred(told: _Told) -> Fact:
    return facts.RequestTransferred(
        request_id=told.case.request_id,
        departement=_given(told.proposal.departement),
        from_departement=told.case.departement,
        at=told.at,
        motive=told.proposal.motive,
        by=told.by,
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
