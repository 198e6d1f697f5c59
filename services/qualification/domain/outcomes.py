"""The fact that a validated outcome publishes: each hand-over with everything that the next team needs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from services.qualification.domain.appeals import court_of, default_quality
from services.qualification.domain.case import Case
from services.qualification.domain.proposal import Proposal
from shared.contracts import qualification as facts
from shared.contracts.fact import Fact
from shared.contracts.vocabulary import Outcome
from shared.french.words import word

T = TypeVar("T")

CONTESTABLE: Final = frozenset({Outcome.REFUSAL, Outcome.LOCAL_SUPPORT})
"""Outcomes that settle the request, and may give nothing or less than was asked: without the ways of appeal their term
never ends (code de justice administrative, art. R. 421-5). The others hand the request on and refuse nothing."""


@dataclass(frozen=True, slots=True)
class Hands:
    """What a hand-over takes along: the dossier, who we are, and for a local answer whom it asks, and until when.

    `appeal`: the ways and terms of appeal. `quality`: in which the délégué signs, None where nobody entered any.

    For a transfer also which requests to withdraw were answered: the next owner does not follow our stream.
    """

    service: facts.Service
    appeal: str
    quality: str | None = None
    dossier: facts.Dossier | None = None
    orientation_id: UUID | None = None
    provider: facts.Provider | None = None
    until: date | None = None
    withdrawals_answered: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class _Validated:
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
            "act": self.act,
        }

    @property
    def act(self) -> facts.Act:
        """Who decides, in which quality; a decision that may grant less than was asked says how it is contested."""
        departement, by = self.case.departement, _given(self.proposal.validated_by)
        contestable = self.proposal.outcome in CONTESTABLE
        return facts.Act(
            author=by.name or word(by.role),
            quality=self.hands.quality or default_quality(departement),
            service=self.hands.service,
            appeal=self.hands.appeal if contestable else None,
            court=court_of(departement) if contestable else None,
        )


def fact_of(case: Case, proposal: Proposal, hands: Hands) -> Fact:
    """Return the fact of a validated proposal."""
    if proposal.validated_by is None or proposal.validated_at is None:
        raise ValueError("the proposal is not validated")
    return _FACTS[proposal.outcome](_Validated(case, proposal, hands))


def _oriented(validated: _Validated) -> Fact:
    return facts.OrientedLocally(
        **validated.about,
        orientation_id=_given(validated.hands.orientation_id),
        provider=_given(validated.hands.provider),
        until=_given(validated.hands.until),
        motive=validated.proposal.motive,
        dossier=_given(validated.hands.dossier),
    )


def _supported(validated: _Validated) -> Fact:
    return facts.SupportedLocally(
        **validated.about,
        support_types=validated.proposal.support_types,
        amount_cents=_given(validated.proposal.amount_cents),
        motive=validated.proposal.motive,
        start_until=validated.hands.until,
    )


def _directed(validated: _Validated) -> Fact:
    return facts.DirectedToProgramme(
        **validated.about,
        programme=_given(validated.proposal.programme),
        motive=validated.proposal.motive,
        dossier=_given(validated.hands.dossier),
    )


def _escalated(validated: _Validated) -> Fact:
    return facts.RequestEscalated(
        **validated.about,
        evidence=_given(validated.proposal.evidence),
        dossier=_given(validated.hands.dossier),
        service=validated.hands.service,
    )


def _refused(validated: _Validated) -> Fact:
    return facts.RequestRefused(
        **validated.about,
        motive=validated.proposal.motive,
        appeal=validated.hands.appeal,
    )


def _transferred(validated: _Validated) -> Fact:
    return facts.RequestTransferred(
        **{**validated.about, "departement": _given(validated.proposal.departement)},
        from_departement=validated.case.departement,
        motive=validated.proposal.motive,
        dossier=_given(validated.hands.dossier),
        withdrawals_answered=validated.hands.withdrawals_answered,
    )


_FACTS: Final[Mapping[Outcome, Callable[[_Validated], Fact]]] = {
    Outcome.LOCAL_ORIENTATION: _oriented,
    Outcome.LOCAL_SUPPORT: _supported,
    Outcome.PROGRAMME: _directed,
    Outcome.ESCALATION: _escalated,
    Outcome.REFUSAL: _refused,
    Outcome.TRANSFER: _transferred,
}


def _given(value: T | None) -> T:
    """Return what the checks of the proposal have made sure of."""
    if value is None:
        raise ValueError("the outcome lacks what it needs")
    return value
