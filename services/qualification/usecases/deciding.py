"""The département's answer: proposed by one, validated or rejected by another, then carried out."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.qualification.domain import outcomes
from services.qualification.domain.case import Case
from services.qualification.domain.handing_over import WITH_DOSSIER, hand_over, without_exchanges
from services.qualification.domain.matching import CatalogueEntry, match
from services.qualification.domain.orientation import Orientation
from services.qualification.domain.proposal import Draft, Proposal, Tried, check
from services.qualification.domain.refusals import EnvelopeExceeded, ProviderFull
from services.qualification.domain.rules import Rules
from services.qualification.store import envelopes, orientations, providers
from services.qualification.usecases import telling
from shared import withdrawals
from shared.calendar import today
from shared.clock import new_id
from shared.contracts.fact import Actor
from shared.contracts.qualification import Evidence, Provider, ProviderTried
from shared.contracts.vocabulary import ApplicantKind, Outcome, Stage
from shared.db import Transaction
from shared.errors import FieldError, Invalid
from shared.french.numbers import euros
from shared.identity.model import Agent
from shared.messaging import journal
from shared.territory import Territories

UNKNOWN_PROVIDER = "Cet acteur n’est pas dans l’annuaire de votre département."


async def propose(
    tx: Transaction, request_id: UUID, draft: Draft, *, by: Agent, at: datetime, territories: Territories
) -> Case:
    """Propose an answer; refuses field by field what its outcome lacks or what belongs to another outcome."""
    case, who, at = await telling.begin(tx, request_id, by, at)
    signature = case.require_proposal(who, draft.outcome)
    draft = replace(draft, departement=draft.departement.strip().upper() if draft.departement else None)
    catalogue = await providers.of_departement(tx, case.departement)
    matches = match(case.request, case.departement, catalogue, today(case.departement, at))
    check(draft, case.request.kind, case.departement, somebody_local=bool(matches))
    if draft.departement and territories.find(ApplicantKind.DEPARTEMENT, draft.departement) is None:
        raise Invalid.field("departement", "Ce code n’est celui d’aucun département. Exemples\u00a0: 78, 2A, 971.")
    proposal = _proposal(draft, case, catalogue, signature, at)
    await telling.tell(tx, case, case.propose(proposal))
    return case


async def validate(tx: Transaction, request_id: UUID, *, by: Agent, at: datetime, rules: Rules) -> Case:
    """Make the proposal the département's answer and carry it out; never one's own proposal (`OwnProposal`)."""
    case, who, at = await telling.begin(tx, request_id, by, at)
    proposal = case.validate(who, at)
    hands = outcomes.Hands(service=rules.service(case.departement), appeal=rules.appeal(case.departement))
    if proposal.outcome is Outcome.LOCAL_ORIENTATION:
        orientation = await _ask_provider(tx, case, proposal, at, rules)
        hands = replace(
            hands,
            dossier=without_exchanges(await telling.dossier(tx, case)),
            orientation_id=orientation.id,
            provider=orientation.provider,
            until=orientation.until,
        )
    elif proposal.outcome is Outcome.LOCAL_SUPPORT:
        await _spend(tx, case, proposal, at, rules)
    elif proposal.outcome is Outcome.TRANSFER:
        hands = replace(hands, withdrawals_answered=await withdrawals.answered(tx, case.request_id))
    if proposal.outcome in WITH_DOSSIER:
        dossier, parts = hand_over(case, proposal, await telling.dossier(tx, case), exchange_id=new_id())
        hands = replace(hands, dossier=dossier)
        for part in parts:
            await journal.record(tx, part)
    await telling.tell(tx, case, outcomes.tell(case, proposal, hands))
    return case


async def reject(tx: Transaction, request_id: UUID, *, motive: str, by: Agent, at: datetime) -> Case:
    """Want another answer: the examination goes on."""
    case, who, at = await telling.begin(tx, request_id, by, at)
    await telling.tell(tx, case, case.reject(who, telling.said(motive), at))
    return case


def _proposal(draft: Draft, case: Case, catalogue: Sequence[CatalogueEntry], by: Actor, at: datetime) -> Proposal:
    by_id = {entry.id: entry for entry in catalogue}
    provider = _chosen(draft.provider_id, case, by_id, at) if draft.provider_id else None
    return Proposal(
        outcome=draft.outcome,
        motive=telling.said(draft.motive or ""),
        by=by,
        at=at,
        provider_id=provider.id if provider else None,
        provider_name=provider.name if provider else None,
        support_types=draft.support_types,
        amount_cents=draft.amount_cents,
        programme=draft.programme,
        evidence=_evidence(draft, by_id),
        departement=draft.departement,
    )


def _chosen(provider_id: UUID, case: Case, by_id: dict[UUID, CatalogueEntry], at: datetime) -> CatalogueEntry:
    entry = by_id.get(provider_id)
    if entry is None:
        raise Invalid.field("provider_id", UNKNOWN_PROVIDER)
    if not entry.covers(case.request.applicant, case.departement):
        raise Invalid.field("provider_id", f"{entry.name} n’intervient pas sur le territoire du demandeur.")
    if not entry.is_valid(today(case.departement, at)):
        raise Invalid.field("provider_id", f"L’inscription de {entry.name} à l’annuaire n’est pas valable aujourd’hui.")
    if entry.is_full:
        raise Invalid.field("provider_id", f"{entry.name} n’a plus de capacité disponible.")
    return entry


def _evidence(draft: Draft, by_id: dict[UUID, CatalogueEntry]) -> Evidence | None:
    if draft.outcome is not Outcome.ESCALATION or draft.motive_code is None:
        return None
    errors = [
        FieldError(f"providers_tried.{place}.provider_id", UNKNOWN_PROVIDER)
        for place, tried in enumerate(draft.providers_tried)
        if tried.provider_id not in by_id
    ]
    if errors:
        raise Invalid(errors)
    return Evidence(
        motive_code=draft.motive_code,
        motive=telling.said(draft.motive or ""),
        providers_tried=tuple(_tried(tried, by_id) for tried in draft.providers_tried),
        opinion=telling.said(draft.opinion or ""),
    )


def _tried(tried: Tried, by_id: dict[UUID, CatalogueEntry]) -> ProviderTried:
    return ProviderTried(
        provider_id=tried.provider_id, name=by_id[tried.provider_id].name, answer=telling.said(tried.answer)
    )


async def _ask_provider(tx: Transaction, case: Case, proposal: Proposal, at: datetime, rules: Rules) -> Orientation:
    """Lock the provider, so that its capacity is not given twice, and ask it."""
    entry = await providers.load_for_update(tx, proposal.provider_id, None) if proposal.provider_id else None
    if entry is None:
        raise Invalid.field("provider_id", UNKNOWN_PROVIDER)
    if entry.is_full:
        raise ProviderFull(name=entry.name)
    orientation = Orientation(
        id=new_id(),
        request_id=case.request_id,
        departement=case.departement,
        provider_id=entry.id,
        provider=Provider(id=entry.id, name=entry.name, email=entry.email, phone=entry.phone),
        motive=proposal.motive,
        until=rules.due(Stage.PROVIDER_ANSWER, case.departement, at),
        opened_at=at,
    )
    case.wait_for_provider(orientation.until)
    await orientations.insert(tx, orientation)
    return orientation


async def _spend(tx: Transaction, case: Case, proposal: Proposal, at: datetime, rules: Rules) -> None:
    amount = proposal.amount_cents or 0
    year = today(case.departement, at).year
    left = await envelopes.lock(tx, case.departement, year, rules.envelope(case.departement))
    if amount > left:
        raise EnvelopeExceeded(year=year, left=euros(left), amount=euros(amount))
    await envelopes.commit(
        tx, departement=case.departement, year=year, request_id=case.request_id, amount_cents=amount, at=at
    )
