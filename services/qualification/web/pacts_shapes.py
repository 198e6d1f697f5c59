"""What programs get: the forms of pacts in JSON."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from services.qualification.reads.pact_views import ActionView, PactView, PartyView
from services.qualification.reads.pacts import PactLine
from services.qualification.web.pacts_words import PACT_STATE
from shared.contracts.fact import Actor


class PactLineShape(BaseModel):
    """A pact in the list; `percent`: how far its plan is."""

    id: UUID
    title: str
    departement: str
    state: str
    state_label: str
    parties: list[str]
    actions: int
    late_actions: int
    percent: int | None
    signed_on: date | None
    review_due_on: date | None
    review_overdue: bool
    request_id: UUID | None
    opened_at: datetime
    state_since: datetime
    allowed_actions: list[str]


class PartyShape(BaseModel):
    """A party; `agreed_on` is about the diagnosis now on the table."""

    id: UUID
    name: str
    kind: str | None
    code: str | None
    email: str | None
    invited_at: datetime | None
    agreed_on: date | None
    signed_on: date | None


class AgreementShape(BaseModel):
    """A party's agreement to the present version of the diagnosis."""

    party_id: UUID
    party: str
    version: int
    agreed_on: date
    recorded_at: datetime
    recorded_by: Actor


class SignatureShape(BaseModel):
    """A party's signature."""

    party_id: UUID
    party: str
    signed_on: date
    recorded_at: datetime
    recorded_by: Actor


class IndicatorShape(BaseModel):
    """A figure of the diagnosis."""

    name: str
    value: str
    source: str | None


class DiagnosisShape(BaseModel):
    """The diagnosis that is on the table."""

    version: int
    strengths: list[str]
    weaknesses: list[str]
    indicators: list[IndicatorShape]
    shared_at: datetime
    shared_by: Actor


class ProgressShape(BaseModel):
    """What was told of an action."""

    at: datetime
    percent: int
    status: str
    comment: str | None
    by: Actor


class ActionShape(BaseModel):
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
    progress: list[ProgressShape]


class ReviewShape(BaseModel):
    """A yearly review that was held."""

    held_on: date
    summary: str
    by: Actor


class PactShape(BaseModel):
    """The whole pact."""

    id: UUID
    title: str
    departement: str
    state: str
    state_label: str
    request_id: UUID | None
    parties: list[PartyShape]
    diagnosis: DiagnosisShape | None
    agreements: list[AgreementShape]
    actions: list[ActionShape]
    signatures: list[SignatureShape]
    percent: int | None
    budget_cents: int | None
    agreed_on: date | None
    signed_on: date | None
    reviews: list[ReviewShape]
    review_due_on: date | None
    review_overdue: bool
    opened_at: datetime
    state_since: datetime
    allowed_actions: list[str]


class SideShape(BaseModel):
    """A party as the others see it."""

    name: str
    agreed_on: date | None
    signed_on: date | None


class PactForPartyShape(BaseModel):
    """The pact as one of its parties sees it by its link: without the addresses of the others."""

    title: str
    departement: str
    state: str
    state_label: str
    party: str
    parties: list[SideShape]
    diagnosis: DiagnosisShape | None
    actions: list[ActionShape]
    percent: int | None
    agreed_on: date | None
    signed_on: date | None
    review_due_on: date | None
    allowed_actions: list[str]


def pact_line(line: PactLine) -> PactLineShape:
    """Give a line of the list its form."""
    return PactLineShape(
        id=line.id,
        title=line.title,
        departement=line.departement,
        state=line.state,
        state_label=PACT_STATE[line.state][0],
        parties=list(line.parties),
        actions=line.actions,
        late_actions=line.late_actions,
        percent=line.percent,
        signed_on=line.signed_on,
        review_due_on=line.review_due_on,
        review_overdue=line.review_overdue,
        request_id=line.request_id,
        opened_at=line.opened_at,
        state_since=line.state_since,
        allowed_actions=list(line.allowed_actions),
    )


def pact(view: PactView) -> PactShape:
    """Give a pact its form."""
    return PactShape(
        id=view.id,
        title=view.title,
        departement=view.departement,
        state=view.state,
        state_label=PACT_STATE[view.state][0],
        request_id=view.request_id,
        parties=[_party(party) for party in view.parties],
        diagnosis=_diagnosis(view),
        agreements=_agreements(view),
        actions=[_action(action) for action in view.actions],
        signatures=_signatures(view),
        percent=view.percent,
        budget_cents=view.budget_cents,
        agreed_on=view.agreed_on,
        signed_on=view.signed_on,
        reviews=[ReviewShape(held_on=each.held_on, summary=each.summary, by=each.by) for each in view.reviews],
        review_due_on=view.review_due_on,
        review_overdue=view.review_overdue,
        opened_at=view.opened_at,
        state_since=view.state_since,
        allowed_actions=list(view.allowed_actions),
    )


def pact_for_party(view: PactView, party: PartyView) -> PactForPartyShape:
    """Give a pact the form in which one of its parties gets it."""
    return PactForPartyShape(
        title=view.title,
        departement=view.departement,
        state=view.state,
        state_label=PACT_STATE[view.state][0],
        party=party.name,
        parties=[
            SideShape(
                name=each.name,
                agreed_on=each.agreement.on if each.agreement else None,
                signed_on=each.signature.on if each.signature else None,
            )
            for each in view.parties
        ],
        diagnosis=_diagnosis(view),
        actions=[_action(action) for action in view.actions],
        percent=view.percent,
        agreed_on=view.agreed_on,
        signed_on=view.signed_on,
        review_due_on=view.review_due_on,
        allowed_actions=list(view.allowed_actions),
    )


def _party(party: PartyView) -> PartyShape:
    return PartyShape(
        id=party.id,
        name=party.name,
        kind=party.kind,
        code=party.code,
        email=party.email,
        invited_at=party.invited_at,
        agreed_on=party.agreement.on if party.agreement else None,
        signed_on=party.signature.on if party.signature else None,
    )


def _diagnosis(view: PactView) -> DiagnosisShape | None:
    shown = view.current
    if shown is None:
        return None
    return DiagnosisShape(
        version=shown.version,
        strengths=list(shown.diagnosis.strengths),
        weaknesses=list(shown.diagnosis.weaknesses),
        indicators=[IndicatorShape(**each.model_dump()) for each in shown.diagnosis.indicators],
        shared_at=shown.shared_at,
        shared_by=shown.by,
    )


def _agreements(view: PactView) -> list[AgreementShape]:
    return [
        AgreementShape(
            party_id=party.id,
            party=party.name,
            version=view.versions[0].version,
            agreed_on=party.agreement.on,
            recorded_at=party.agreement.recorded_at,
            recorded_by=party.agreement.by,
        )
        for party in view.parties
        if party.agreement
    ]


def _signatures(view: PactView) -> list[SignatureShape]:
    return [
        SignatureShape(
            party_id=party.id,
            party=party.name,
            signed_on=party.signature.on,
            recorded_at=party.signature.recorded_at,
            recorded_by=party.signature.by,
        )
        for party in view.parties
        if party.signature
    ]


def _action(action: ActionView) -> ActionShape:
    return ActionShape(
        id=action.id,
        title=action.title,
        owner=action.owner,
        partners=list(action.partners),
        budget_cents=action.budget_cents,
        due_on=action.due_on,
        indicator=action.indicator,
        status=action.status,
        percent=action.percent,
        overdue=action.late,
        progress=[
            ProgressShape(at=told.at, percent=told.percent, status=told.status, comment=told.comment, by=told.by)
            for told in action.told
        ],
    )
