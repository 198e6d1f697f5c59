"""Views of one pact, as pages show it and programs get it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from services.qualification.domain.pact_moves import PactState
from services.qualification.domain.pact_parties import is_among
from shared.contracts.fact import Actor

STATE_LABELS: Final[Mapping[str, str]] = {
    PactState.PREPARING: "En préparation",
    PactState.DIAGNOSIS: "Diagnostic à approuver",
    PactState.PLANNING: "Plan d’action à signer",
    PactState.SIGNED: "Signé",
}


@dataclass(frozen=True, slots=True)
class PartyView:
    """A party; `agreed_on` is about the diagnosis now on the table."""

    id: UUID
    name: str
    kind: str | None
    code: str | None
    email: str | None
    invited_at: datetime | None
    agreed_on: date | None
    signed_on: date | None

    @property
    def is_state(self) -> bool:
        """Tell whether this is the State."""
        return self.kind == "state"


@dataclass(frozen=True, slots=True)
class AgreementView:
    """A party's agreement to the present version of the diagnosis."""

    party_id: UUID
    party: str
    version: int
    agreed_on: date
    recorded_at: datetime
    recorded_by: Actor


@dataclass(frozen=True, slots=True)
class SignatureView:
    """A party's signature."""

    party_id: UUID
    party: str
    signed_on: date
    recorded_at: datetime
    recorded_by: Actor


@dataclass(frozen=True, slots=True)
class IndicatorView:
    """A figure of the diagnosis."""

    name: str
    value: str
    source: str | None


@dataclass(frozen=True, slots=True)
class DiagnosisView:
    """A version of the diagnosis."""

    version: int
    strengths: list[str]
    weaknesses: list[str]
    indicators: list[IndicatorView]
    shared_at: datetime
    shared_by: Actor


@dataclass(frozen=True, slots=True)
class ProgressView:
    """A report of progress on an action."""

    at: datetime
    percent: int
    status: str
    comment: str | None
    by: Actor


@dataclass(frozen=True, slots=True)
class ActionView:
    """An action; `progress`, newest first."""

    id: UUID
    title: str
    owner: str
    partners: list[str]
    budget_cents: int | None
    due_on: date
    indicator: str | None
    status: str
    percent: int
    overdue: bool
    progress: list[ProgressView]

    def is_of(self, party: PartyView) -> bool:
        """Tell whether this party owns the action or takes part in it."""
        return is_among(party.name, (self.owner, *self.partners))


@dataclass(frozen=True, slots=True)
class ReviewView:
    """A yearly review that was held."""

    held_on: date
    summary: str
    by: Actor


@dataclass(frozen=True, slots=True)
class PactView:
    """The whole pact.

    `percent`: the mean over the actions that were not given up. `budget_cents`: what the actions cost together, as far
    as their budgets are known; euro cents.
    """

    id: UUID
    title: str
    departement: str
    state: str
    state_label: str
    request_id: UUID | None
    parties: list[PartyView]
    diagnosis: DiagnosisView | None
    agreements: list[AgreementView]
    actions: list[ActionView]
    signatures: list[SignatureView]
    percent: int | None
    budget_cents: int | None
    agreed_on: date | None
    signed_on: date | None
    reviews: list[ReviewView]
    review_due_on: date | None
    review_overdue: bool
    opened_at: datetime
    state_since: datetime
    allowed_actions: list[str]

    @property
    def awaited(self) -> list[PartyView]:
        """The parties that have yet to agree the diagnosis on the table or, once all agreed, to sign."""
        agreeing = self.state == PactState.DIAGNOSIS
        return [each for each in self.parties if (each.agreed_on if agreeing else each.signed_on) is None]

    def agreement_of(self, party: PartyView) -> AgreementView | None:
        """Return a party's agreement, if it agreed."""
        return next((each for each in self.agreements if each.party_id == party.id), None)

    def signature_of(self, party: PartyView) -> SignatureView | None:
        """Return a party's signature, if it signed."""
        return next((each for each in self.signatures if each.party_id == party.id), None)


@dataclass(frozen=True, slots=True)
class SideView:
    """A party as the others see it."""

    name: str
    agreed_on: date | None
    signed_on: date | None


@dataclass(frozen=True, slots=True)
class PactForPartyView:
    """The pact as one of its parties sees it by its link: without the addresses of the others."""

    title: str
    departement: str
    state: str
    state_label: str
    party: str
    parties: list[SideView]
    diagnosis: DiagnosisView | None
    actions: list[ActionView]
    percent: int | None
    agreed_on: date | None
    signed_on: date | None
    review_due_on: date | None
    allowed_actions: list[str]


def for_party(pact: PactView, party: PartyView) -> PactForPartyView:
    """Return what a party may see of a pact."""
    return PactForPartyView(
        title=pact.title,
        departement=pact.departement,
        state=pact.state,
        state_label=pact.state_label,
        party=party.name,
        parties=[SideView(each.name, each.agreed_on, each.signed_on) for each in pact.parties],
        diagnosis=pact.diagnosis,
        actions=pact.actions,
        percent=pact.percent,
        agreed_on=pact.agreed_on,
        signed_on=pact.signed_on,
        review_due_on=pact.review_due_on,
        allowed_actions=pact.allowed_actions,
    )
