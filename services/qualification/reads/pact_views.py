"""Views of one pact, as pages show it and programs get it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from pydantic import TypeAdapter

from services.qualification.domain.pact_moves import PactState
from services.qualification.domain.pact_parties import plain
from services.qualification.domain.pact_record import Act
from shared.contracts.fact import Actor

STATE_LABELS: Final[Mapping[str, str]] = {
    PactState.PREPARING: "En préparation",
    PactState.DIAGNOSIS: "Diagnostic à approuver",
    PactState.PLANNING: "Plan d’action à établir",
    PactState.SIGNED: "Signé",
}
READY_LABEL: Final = "À signer"
VERSION_LABELS: Final[Mapping[str, str]] = {
    "to_sign": "À la signature",
    "in_force": "En vigueur",
    "replaced": "Remplacée",
    "given_up": "Abandonnée",
}


def label_of(state: str, *, ready: bool) -> str:
    """Return what a stage is called; a plan that is ready waits for signatures."""
    return READY_LABEL if ready and state == PactState.PLANNING else STATE_LABELS[state]


@dataclass(frozen=True, slots=True)
class PartyView:
    """A party; `agreed_on` and `signed_on` are about the version that is worked at, of an amendment if there is one.

    It is `joining` or `leaving` with that amendment.
    """

    id: UUID
    name: str
    kind: str | None
    code: str | None
    email: str | None
    invited_at: datetime | None
    agreed_on: date | None
    signed_on: date | None
    joining: bool = False
    leaving: bool = False

    @property
    def is_state(self) -> bool:
        """Return whether this is the State."""
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
    """A party's signature: who gave it, in which quality, and the SHA-256 of the document that was signed."""

    party_id: UUID
    party: str
    signed_on: date
    recorded_at: datetime
    recorded_by: Actor
    name: str | None = None
    function: str | None = None
    authority: str | None = None
    sha256: str | None = None


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
class ShareView:
    """What one payer pays of an action; `payer_id` where it is a party."""

    payer_id: UUID | None
    payer: str
    amount_cents: int


@dataclass(frozen=True, slots=True)
class ActionView:
    """An action; `progress`, newest first.

    `owner_id` and `partner_ids` are null where an earlier version kept only names that are no party's.
    """

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
    owner_id: UUID | None = None
    partner_ids: list[UUID] | None = None
    shares: list[ShareView] | None = None
    changed_at: datetime | None = None

    @property
    def unowned(self) -> bool:
        """Return whether parties are yet to be chosen for it."""
        return self.owner_id is None or self.partner_ids is None

    @property
    def unpaid_cents(self) -> int | None:
        """What of the budget nobody pays yet; null without a budget."""
        return (
            None
            if self.budget_cents is None
            else self.budget_cents - sum(each.amount_cents for each in self.shares or ())
        )

    def is_of(self, party: PartyView) -> bool:
        """Return whether this party owns the action or takes part in it."""
        by_name = ([self.owner] if self.owner_id is None else []) + (self.partners if self.partner_ids is None else [])
        return party.id in (self.owner_id, *(self.partner_ids or ())) or plain(party.name) in map(plain, by_name)


@dataclass(frozen=True, slots=True)
class ReviewView:
    """A yearly review that was held."""

    held_on: date
    summary: str
    by: Actor


@dataclass(frozen=True, slots=True)
class PactText:
    """What a version of a pact says, and its parties sign."""

    number: int
    title: str
    departement: str
    parties: list[PartyView]
    diagnosis: DiagnosisView | None
    agreed_on: date | None
    actions: list[ActionView]
    budget_cents: int | None
    ready_at: datetime | None = None


_TEXT: Final = TypeAdapter(PactText)


def as_content(text: PactText) -> dict[str, Any]:
    """Return a version as it is kept; addresses of the parties are no part of it."""
    parties = [replace(each, email=None, invited_at=None, agreed_on=None, signed_on=None) for each in text.parties]
    actions = [replace(each, progress=[], overdue=False) for each in text.actions]
    content: dict[str, Any] = _TEXT.dump_python(replace(text, parties=parties, actions=actions), mode="json")
    return content


def from_content(content: Mapping[str, Any]) -> PactText:
    """Return a version as it was kept."""
    return _TEXT.validate_python(content)


@dataclass(frozen=True, slots=True)
class VersionView:
    """A version of the pact that was put to signature.

    `sha256` is of the document that the parties sign, `signed_sha256` of the same with all signatures; both null of a
    version that was signed before documents were kept. `text` is what it says; null likewise.
    """

    number: int
    state: str
    state_label: str
    ready_at: datetime
    signed_on: date | None
    ended_at: datetime | None
    sha256: str | None
    signed_sha256: str | None
    signatures: list[SignatureView]
    text: PactText | None


@dataclass(frozen=True, slots=True)
class AmendmentView:
    """The version that is prepared while another one is in force."""

    number: int
    state: str
    state_label: str
    ready_at: datetime | None
    diagnosis: DiagnosisView | None
    agreements: list[AgreementView]
    actions: list[ActionView]
    signatures: list[SignatureView]
    budget_cents: int | None
    agreed_on: date | None

    def agreement_of(self, party: PartyView) -> AgreementView | None:
        """Return a party's agreement, if it agreed."""
        return _of(self.agreements, party)

    def signature_of(self, party: PartyView) -> SignatureView | None:
        """Return a party's signature, if it signed."""
        return _of(self.signatures, party)


@dataclass(frozen=True, slots=True)
class PactView:
    """The whole pact.

    `percent`: the mean over the actions that were not given up. `budget_cents`: what the actions cost together, as far
    as their budgets are known; euro cents. `number` is the version that is prepared or in force, `ready_at` since when
    it can be signed. While an `amendment` is prepared, all but `parties` is of the version in force.
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
    number: int = 1
    ready_at: datetime | None = None
    versions: list[VersionView] = field(default_factory=list)
    amendment: AmendmentView | None = None
    last_act: Act | None = None

    @property
    def work(self) -> "PactView | AmendmentView":
        """The version that is worked at, or in force without one."""
        return self.amendment or self

    @property
    def present(self) -> list[PartyView]:
        """The parties to the version that is worked at."""
        return [each for each in self.parties if not each.leaving]

    @property
    def awaited(self) -> list[PartyView]:
        """The parties that have yet to agree the diagnosis on the table or, once all agreed, to sign."""
        agreeing = self.work.state == PactState.DIAGNOSIS
        return [each for each in self.present if (each.agreed_on if agreeing else each.signed_on) is None]

    @property
    def first_signed(self) -> bool:
        """Return whether a party has signed the version that is worked at."""
        return any(each.signed_on for each in self.present)

    def agreement_of(self, party: PartyView) -> AgreementView | None:
        """Return a party's agreement, if it agreed."""
        return _of(self.agreements, party)

    def signature_of(self, party: PartyView) -> SignatureView | None:
        """Return a party's signature, if it signed."""
        return _of(self.signatures, party)


Said = TypeVar("Said", AgreementView, SignatureView)


def _of(said: Sequence[Said], party: PartyView) -> Said | None:
    return next((each for each in said if each.party_id == party.id), None)


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
    number: int = 1
    ready_at: datetime | None = None
    budget_cents: int | None = None
    sha256: str | None = None
    amendment: AmendmentView | None = None


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
        number=pact.number,
        ready_at=pact.ready_at,
        budget_cents=pact.budget_cents,
        sha256=document_to_sign(pact),
        amendment=replace(pact.amendment, agreements=[], signatures=[]) if pact.amendment else None,
    )


def document_to_sign(pact: PactView) -> str | None:
    """Return the SHA-256 of the document that waits for signatures."""
    return next((each.sha256 for each in pact.versions if each.state == "to_sign"), None)
