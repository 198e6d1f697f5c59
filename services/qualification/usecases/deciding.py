"""Use cases of the département's answer: propose, validate and carry it out, or reject."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from pydantic import AwareDatetime

from services.qualification.domain import outcomes
from services.qualification.domain.case import Case
from services.qualification.domain.handing_over import WITH_DOSSIER, hand_over, without_exchanges
from services.qualification.domain.inputs import Text
from services.qualification.domain.matching import CatalogueEntry, match
from services.qualification.domain.orientation import Orientation
from services.qualification.domain.proposal import Proposal, Propose, check
from services.qualification.domain.refusals import EnvelopeExceeded, ProviderFull
from services.qualification.domain.rules import Rules
from services.qualification.store import envelopes, orientations, providers
from services.qualification.usecases import recording
from services.qualification.usecases.context import Context, changes_case
from shared import withdrawals
from shared.calendar import today
from shared.clock import new_id
from shared.commands import Command, Nothing
from shared.contracts.fact import Actor, Fact
from shared.contracts.qualification import Evidence, Provider, ProviderTried
from shared.contracts.vocabulary import ApplicantKind, Outcome, Stage
from shared.db import Transaction
from shared.errors import FieldError, Invalid
from shared.french.numbers import euros
from shared.messaging import journal

UNKNOWN_PROVIDER = "Cet acteur n’est pas dans l’annuaire de votre département."


class Validate(Command):
    """Which proposal is validated: that of a moment, as its page or `proposal.at` shows it; else whichever waits."""

    proposed_at: AwareDatetime | None = None


class Reject(Command):
    """Why the proposal is not validated."""

    motive: Text


@changes_case
async def propose(do: Context, case: Case, command: Propose) -> Fact:
    """Propose an answer, which somebody else validates; the author replaces one that waits.

    Refuses field by field what its outcome lacks or what belongs to another outcome.
    """
    signature = case.require_proposal(do.who, command.outcome)
    catalogue = await providers.of_departement(do.tx, case.departement)
    matches = match(case.request, case.departement, catalogue, today(case.departement, do.at))
    check(command, case.request.kind, case.departement, somebody_local=bool(matches))
    if command.departement and do.territories.find(ApplicantKind.DEPARTEMENT, command.departement) is None:
        raise Invalid.field("departement", "Ce code n’est celui d’aucun département. Exemples\u00a0: 78, 2A, 971.")
    return case.propose(_proposal(command, case, catalogue, signature, do.at))


@changes_case
async def validate(do: Context, case: Case, command: Validate) -> Fact:
    """Make the proposal the département's answer and carry it out; never one's own proposal (`OwnProposal`)."""
    tx, at, rules = do.tx, do.at, do.rules
    proposal = case.validate(do.who, at, proposed_at=command.proposed_at)
    hands = outcomes.Hands(
        service=rules.service(case.departement), appeal=rules.appeal(case.departement), quality=do.who.quality
    )
    if proposal.outcome is Outcome.LOCAL_ORIENTATION:
        orientation = await _ask_provider(tx, case, proposal, at, rules)
        hands = replace(
            hands,
            dossier=without_exchanges(await recording.dossier(tx, case)),
            orientation_id=orientation.id,
            provider=orientation.provider,
            until=orientation.until,
        )
    elif proposal.outcome is Outcome.LOCAL_SUPPORT:
        await _spend(tx, case, proposal, at, rules)
        hands = replace(hands, until=rules.start_until(case.departement, at))
    elif proposal.outcome is Outcome.TRANSFER:
        hands = replace(hands, withdrawals_answered=await withdrawals.answered(tx, case.request_id))
    if proposal.outcome in WITH_DOSSIER:
        dossier, parts = hand_over(case, proposal, await recording.dossier(tx, case), exchange_id=new_id())
        hands = replace(hands, dossier=dossier)
        for part in parts:
            await journal.record(tx, part)
    return case.apply(outcomes.fact_of(case, proposal, hands))


@changes_case
async def reject(do: Context, case: Case, command: Reject) -> Fact:
    """Want another answer: the examination goes on."""
    return case.reject(do.who, command.motive, do.at)


@changes_case
async def take_back(do: Context, case: Case, _: Nothing) -> Fact:
    """Take one's own proposal back before it is validated: the examination goes on."""
    return case.take_back(do.who, do.at)


def _proposal(draft: Propose, case: Case, catalogue: Sequence[CatalogueEntry], by: Actor, at: datetime) -> Proposal:
    by_id = {entry.id: entry for entry in catalogue}
    provider = _chosen(draft.provider_id, case, by_id, at) if draft.provider_id else None
    return Proposal(
        outcome=draft.outcome,
        motive=draft.motive or "",
        by=by,
        at=at,
        provider_id=provider.id if provider else None,
        provider_name=provider.name if provider else None,
        support_types=tuple(dict.fromkeys(draft.support_types)),
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


def _evidence(draft: Propose, by_id: dict[UUID, CatalogueEntry]) -> Evidence | None:
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
        motive=draft.motive or "",
        providers_tried=tuple(
            ProviderTried(provider_id=tried.provider_id, name=by_id[tried.provider_id].name, answer=tried.answer)
            for tried in draft.providers_tried
            if tried.provider_id is not None
        ),
        opinion=draft.opinion or "",
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
