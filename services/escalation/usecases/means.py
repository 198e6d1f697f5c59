"""Finding the means: mobilisations, and the envelopes they are committed on."""

from datetime import datetime
from uuid import UUID

from services.escalation.domain.means import Envelope, Mobilisation, MobilisationState
from services.escalation.domain.moves import Action
from services.escalation.domain.refusals import NoEnvelope
from services.escalation.store import dossier as dossier_store
from services.escalation.store import means as store
from services.escalation.usecases import acting
from services.escalation.usecases.telling import day, load, tell
from shared.clock import new_id
from shared.contracts.vocabulary import MobilisationKind, Programme
from shared.db import Transaction
from shared.identity.model import Agent


async def mobilise(
    tx: Transaction,
    request_id: UUID,
    *,
    kind: MobilisationKind,
    resource: str,
    amount_cents: int,
    lot: str | None,
    purchase_order: str | None,
    agent: Agent,
    at: datetime,
) -> UUID:
    """A resource is found for the project; its amount is committed on the year's envelope at once."""
    escalation, at = await load(tx, request_id, agent, at)
    mobilisation_id = new_id()
    fact = escalation.mobilise(
        mobilisation_id=mobilisation_id,
        kind=kind,
        resource=resource,
        amount_cents=amount_cents,
        lot=lot,
        by=acting.by(agent),
        at=at,
    )
    envelope_id = await _commit(tx, request_id, amount_cents, at) if amount_cents else None
    mobilisation = Mobilisation(
        mobilisation_id,
        request_id,
        kind,
        resource,
        amount_cents,
        lot,
        purchase_order,
        MobilisationState.PROPOSED,
        envelope_id,
    )
    await dossier_store.save(tx, escalation, at=at)
    await store.add_mobilisation(tx, mobilisation, by=fact.by, at=at)
    await tell(tx, fact)
    return mobilisation_id


async def _commit(tx: Transaction, request_id: UUID, amount_cents: int, at: datetime) -> UUID:
    year = day(at).year
    envelope = await store.envelope_of_request_for_update(tx, request_id, year=year)
    if envelope is None:
        raise NoEnvelope(year=year)
    envelope.commit(amount_cents)
    await store.save_envelope(tx, envelope)
    return envelope.id


async def step_mobilisation(
    tx: Transaction, request_id: UUID, mobilisation_id: UUID, action: Action, *, agent: Agent, at: datetime
) -> None:
    """A mobilisation is accepted, declined (its amount comes back), started or delivered."""
    escalation, at = await load(tx, request_id, agent, at)
    mobilisation = await store.load_mobilisation_for_update(tx, request_id, mobilisation_id)
    mobilisation.step(action, of=escalation.state, by=acting.by(agent))
    if mobilisation.state is MobilisationState.DECLINED and mobilisation.envelope_id is not None:
        envelope = await store.load_envelope_for_update(tx, mobilisation.envelope_id)
        envelope.release(mobilisation.amount_cents)
        await store.save_envelope(tx, envelope)
    await store.save_mobilisation(tx, mobilisation, at=at)


async def open_envelope(
    tx: Transaction, *, year: int, programme: Programme | None, amount_cents: int, agent: Agent, at: datetime
) -> UUID:
    """A year's budget is opened, general or of one programme."""
    acting.by(agent).acting_in(Action.ENVELOPES)
    envelope = Envelope(new_id(), year, programme, amount_cents)
    await store.add_envelope(tx, envelope, at=at)
    return envelope.id


async def resize_envelope(tx: Transaction, envelope_id: UUID, *, amount_cents: int, agent: Agent) -> None:
    """A budget changes, but never below what is committed."""
    acting.by(agent).acting_in(Action.ENVELOPES)
    envelope = await store.load_envelope_for_update(tx, envelope_id)
    envelope.resize(amount_cents)
    await store.save_envelope(tx, envelope)
