"""Answer requests to withdraw while the national team or a programme owns the current step (ADR 29).

A dossier that was returned, or that a programme declined, belongs to the département again: the request to withdraw is
stored, and answered here only if the dossier comes back before somebody else has answered.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.escalation.domain.dossier import Escalation
from services.escalation.domain.means import Mobilisation, MobilisationState
from services.escalation.domain.programmes import ProgrammeRequest
from services.escalation.domain.withdrawals import PROGRAMME_RULINGS, RULINGS, answer, ruling_of
from services.escalation.store import directory, followed
from services.escalation.store import dossier as store
from services.escalation.store import means as means_store
from services.escalation.store import programmes as programme_store
from services.escalation.usecases.recording import SOURCE, note, record
from shared import early_notes, withdrawals
from shared.contracts import intake, qualification
from shared.contracts.escalation import ResourceProgressed, WithdrawalAccepted, WithdrawalDeclined
from shared.contracts.fact import A_MOMENT, Actor
from shared.contracts.vocabulary import MobilisationStep, Role, Team
from shared.contracts.withdrawal import Withdrawal, WithdrawalAcceptance
from shared.db import Transaction
from shared.messaging import journal

SYSTEM = Actor(role=Role.SYSTEM)


async def answer_on_request_withdrawn(tx: Transaction, fact: intake.RequestWithdrawn) -> None:
    """Store a request to withdraw and answer it where the dossier, or the request directed to a programme, is ours."""
    await withdrawals.add(tx, fact)
    if await store.find_for_update(tx, fact.request_id) is None:
        await early_notes.add(tx, fact)
    else:
        await store.add_step(tx, fact, team=Team.APPLICANT)
    await answer_pending(tx, fact.request_id, fact.at)


async def answer_pending(tx: Transaction, request_id: UUID, at: datetime) -> None:
    """Answer what waits for an answer, just after `at`, if the national side owns the request now."""
    if tx.replaying:
        return
    for asked in await withdrawals.pending(tx, request_id):
        dossier = await store.find_for_update(tx, request_id)
        directed = await programme_store.find_request_for_update(tx, request_id)
        moment = await journal.in_time(tx, SOURCE, request_id, at + A_MOMENT)
        if dossier is not None and RULINGS[dossier.state].owned:
            await _answer_for_dossier(tx, dossier, asked, moment)
        elif directed is not None and PROGRAMME_RULINGS[directed.state].owned:
            await _answer_for_programme(tx, directed, asked, moment)


async def apply(
    tx: Transaction,
    fact: WithdrawalAccepted | WithdrawalDeclined,
    owner: Escalation | ProgrammeRequest,
) -> None:
    """Apply an answer of ours: end the dossier or the request directed to a programme, and count it as withdrawn."""
    if isinstance(fact, WithdrawalDeclined):
        await withdrawals.note_answer(tx, fact, "declined")
        return
    await withdrawals.note_answer(tx, fact, "accepted")
    await followed.note_withdrawn(tx, fact.request_id, fact.at)
    owner.apply(fact)
    if isinstance(owner, Escalation):
        await store.save(tx, owner, at=fact.at)
    else:
        await programme_store.save_request(tx, owner, at=fact.at)


async def apply_departement_answer(
    tx: Transaction, fact: qualification.WithdrawalAccepted | qualification.WithdrawalDeclined
) -> None:
    """Apply the answer of a département: what was asked is answered, whoever owns the request later."""
    accepted = isinstance(fact, WithdrawalAcceptance)
    await withdrawals.note_answer(tx, fact, "accepted" if accepted else "declined")
    if accepted:
        await followed.note_withdrawn(tx, fact.request_id, fact.at)
    if await store.find_for_update(tx, fact.request_id) is not None:
        await store.add_step(tx, fact, team=Team.DEPARTEMENT)


async def _answer_for_dossier(tx: Transaction, dossier: Escalation, asked: Withdrawal, at: datetime) -> None:
    mobilisations = await means_store.load_mobilisations_for_update(tx, dossier.request_id)
    ruling = ruling_of(dossier.state, mobilisations)
    proposed = [each for each in mobilisations if each.state is MobilisationState.PROPOSED]
    given_back = sum(each.committed_cents for each in proposed)
    fact = answer(
        ruling,
        asked,
        request_id=dossier.request_id,
        departement=dossier.departement,
        state=dossier.state,
        at=at + A_MOMENT * len(proposed),
        given_back_cents=given_back,
    )
    if isinstance(fact, WithdrawalAccepted):
        await _cancel(tx, dossier, proposed, at)
    if fact is not None:
        await apply(tx, fact, dossier)
        await record(tx, fact)


async def _answer_for_programme(tx: Transaction, directed: ProgrammeRequest, asked: Withdrawal, at: datetime) -> None:
    fact = answer(
        PROGRAMME_RULINGS[directed.state],
        asked,
        request_id=directed.request_id,
        departement=directed.departement,
        state=directed.state,
        at=at,
        programme=directed.programme,
    )
    if fact is not None:
        await apply(tx, fact, directed)
        await journal.record(tx, fact)
        if await store.find_for_update(tx, fact.request_id) is not None:
            await note(tx, fact)


async def _cancel(tx: Transaction, dossier: Escalation, proposed: Sequence[Mobilisation], at: datetime) -> None:
    """Decline what was only proposed; return its money back to lots and then envelopes, each in the order of ids."""
    lots: dict[UUID, int] = defaultdict(int)
    envelopes: dict[UUID, int] = defaultdict(int)
    for mobilisation in proposed:
        if mobilisation.lot_id is not None:
            lots[mobilisation.lot_id] += mobilisation.committed_cents
        if mobilisation.envelope_id is not None:
            envelopes[mobilisation.envelope_id] += mobilisation.committed_cents
        mobilisation.state = MobilisationState.DECLINED
    for lot_id, cents in sorted(lots.items()):
        lot = await directory.load_lot_for_update(tx, lot_id)
        lot.release(cents)
        await directory.save_lot(tx, lot)
    for envelope_id, cents in sorted(envelopes.items()):
        envelope = await means_store.load_envelope_for_update(tx, envelope_id)
        envelope.release(cents)
        await means_store.save_envelope(tx, envelope)
    for place, mobilisation in enumerate(proposed):
        moment = at + A_MOMENT * place
        await means_store.save_mobilisation(tx, mobilisation, at=moment)
        await record(
            tx,
            ResourceProgressed(
                request_id=dossier.request_id,
                departement=dossier.departement,
                at=moment,
                mobilisation_id=mobilisation.id,
                resource=mobilisation.resource,
                step=MobilisationStep.DECLINED,
                by=SYSTEM,
            ),
        )
