"""Finding the means: mobilisations with what was delivered and paid of them, and the plan of who pays what."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from services.escalation.domain.dossier import Escalation
from services.escalation.domain.means import Lot, Mobilisation, MobilisationState, OrderLine
from services.escalation.domain.moves import Action, By, allow
from services.escalation.domain.refusals import NoEnvelope
from services.escalation.store import directory
from services.escalation.store import dossier as dossier_store
from services.escalation.store import means as store
from services.escalation.usecases import acting
from services.escalation.usecases.recording import day, load, record
from shared.clock import new_id
from shared.contracts.escalation import FinancingShare, OrderBooked, ResourceProgressed
from shared.contracts.fact import A_MOMENT
from shared.contracts.vocabulary import MobilisationKind, MobilisationStep, OrderEntry
from shared.db import Transaction
from shared.errors import Invalid
from shared.identity.model import Agent


@dataclass(frozen=True, slots=True)
class Ordered:
    """What is ordered on a lot: its text and holder, what it costs, and what at which unit price."""

    lot: Lot
    amount_cents: int
    lines: Sequence[OrderLine]


async def mobilise(
    tx: Transaction,
    request_id: UUID,
    *,
    kind: MobilisationKind,
    resource: str | None,
    amount_cents: int | None,
    lot: str | None,
    purchase_order: str | None,
    agent: Agent,
    at: datetime,
    operator_id: UUID | None = None,
    lot_id: UUID | None = None,
    lines: Sequence[tuple[UUID, Decimal]] = (),
) -> UUID:
    """A resource is found for the project; its amount is committed at once, on the year's envelope and on its lot.

    It is an operator of the directory (`operator_id`), an order on a lot (`lot_id`, with the quantities at its unit
    prices in `lines`), or what `resource` says.
    """
    escalation, at = await load(tx, request_id, agent, at)
    allow(Action.MOBILISATIONS, escalation.state, acting.by(agent))
    _check_origin(kind, operator_id=operator_id, lot_id=lot_id, lines=lines)
    operator = await _operator(tx, operator_id) if operator_id else None
    ordered = await _order(tx, lot_id, lines, amount_cents, at) if lot_id else None
    named = resource or operator or (ordered.lot.holder if ordered else None)
    if not named:
        raise Invalid.field("resource", "Nommez le moyen mobilisé, ou choisissez-le dans l’annuaire.")
    mobilisation = Mobilisation(
        new_id(),
        request_id,
        kind,
        named,
        ordered.amount_cents if ordered else amount_cents or 0,
        ordered.lot.name if ordered else lot,
        purchase_order,
        MobilisationState.PROPOSED,
        None,
        operator_id=operator_id,
        lot_id=lot_id,
    )
    if mobilisation.amount_cents:
        mobilisation.envelope_id = await _commit(tx, request_id, mobilisation.amount_cents, at)
    if ordered and not purchase_order:
        mobilisation.purchase_order = await store.next_order_number(tx, day(at).year)
    fact = escalation.mobilise(
        mobilisation_id=mobilisation.id,
        kind=kind,
        resource=named,
        amount_cents=mobilisation.amount_cents,
        lot=mobilisation.lot,
        purchase_order=mobilisation.purchase_order,
        by=acting.by(agent),
        at=at,
    )
    await dossier_store.save(tx, escalation, at=at)
    await store.add_mobilisation(tx, mobilisation, by=fact.by, at=at, lines=ordered.lines if ordered else ())
    await record(tx, fact)
    return mobilisation.id


def _check_origin(
    kind: MobilisationKind, *, operator_id: UUID | None, lot_id: UUID | None, lines: Sequence[tuple[UUID, Decimal]]
) -> None:
    """Refuse (`Invalid`) what does not go together: contracts are for providers, the directory is for the State."""
    if operator_id and kind is not MobilisationKind.INTERNAL:
        raise Invalid.field("operator_id", "Un opérateur de l’annuaire est un moyen interne.")
    if lot_id and kind is not MobilisationKind.EXTERNAL:
        raise Invalid.field("lot_id", "Un lot de marché se commande à un prestataire externe.")
    if lines and not lot_id:
        raise Invalid.field("lot_id", "Choisissez le lot dont ce sont les prix.")


async def _operator(tx: Transaction, operator_id: UUID) -> str:
    name = await directory.name_of_active_operator(tx, operator_id)
    if name is None:
        raise Invalid.field("operator_id", "Cet opérateur n’est pas, ou n’est plus, dans l’annuaire.")
    return name


async def _order(
    tx: Transaction, lot_id: UUID, wanted: Sequence[tuple[UUID, Decimal]], amount_cents: int | None, at: datetime
) -> Ordered:
    """Order on a lot, at its unit prices or for an amount; refuses (`LotExceeded`) more than its ceiling leaves."""
    try:
        lot = await directory.load_lot_for_update(tx, lot_id)
    except directory.NoSuchLot as missing:
        raise Invalid.field("lot_id", missing.sentence) from missing
    prices = await directory.active_prices(tx, lot_id)
    lines = []
    for price_id, quantity in wanted:
        price = prices.get(price_id)
        if price is None:
            raise Invalid.field("lines", "Un des prix n’est pas, ou n’est plus, au bordereau de ce lot.")
        lines.append(OrderLine(price.label, price.unit, quantity, price.price_cents))
    total = sum(line.total_cents for line in lines)
    if lines and amount_cents not in {None, total}:
        raise Invalid.field("amount_cents", "Le montant n’est pas la somme des lignes de la commande.")
    amount = total if lines else amount_cents or 0
    if not amount:
        raise Invalid.field("lines", "Indiquez au moins une quantité, ou le montant de la commande.")
    lot.commit(amount, today=day(at))
    await directory.save_lot(tx, lot)
    return Ordered(lot, amount, lines)


async def _commit(tx: Transaction, request_id: UUID, amount_cents: int, at: datetime) -> UUID:
    year = day(at).year
    envelope = await store.envelope_of_request_for_update(tx, request_id, year=year)
    if envelope is None:
        raise NoEnvelope(year=year)
    envelope.commit(amount_cents)
    await store.save_envelope(tx, envelope)
    return envelope.id


async def step_mobilisation(
    tx: Transaction,
    request_id: UUID,
    mobilisation_id: UUID,
    action: Action,
    *,
    agent: Agent,
    at: datetime,
    delivered_cents: int | None = None,
) -> None:
    """A mobilisation is accepted, declined, started or delivered; what it does not take any more comes back.

    The last delivery is of all that was ordered, unless `delivered_cents` says how much came in all.
    """
    escalation, at = await load(tx, request_id, agent, at)
    mobilisation = await store.load_mobilisation_for_update(tx, request_id, mobilisation_id)
    by, before = acting.by(agent), mobilisation.committed_cents
    if action is Action.DELIVERY:
        last = mobilisation.deliver(total_cents=delivered_cents, of=escalation.state, by=by)
        if last:
            booked = _booking(escalation, mobilisation, OrderEntry.DELIVERY, last, dated=day(at), by=by, at=at)
            await _book(tx, booked)
            at += A_MOMENT
    else:
        mobilisation.step(action, of=escalation.state, by=by)
    await _give_back(tx, mobilisation, before - mobilisation.committed_cents)
    await store.save_mobilisation(tx, mobilisation, at=at)
    await record(
        tx,
        ResourceProgressed(
            request_id=request_id,
            departement=escalation.departement,
            at=at,
            mobilisation_id=mobilisation_id,
            resource=mobilisation.resource,
            step=MobilisationStep(mobilisation.state.value),
            by=by.acting_in(action),
        ),
    )


async def _give_back(tx: Transaction, mobilisation: Mobilisation, amount_cents: int) -> None:
    if amount_cents and mobilisation.lot_id is not None:
        lot = await directory.load_lot_for_update(tx, mobilisation.lot_id)
        lot.release(amount_cents)
        await directory.save_lot(tx, lot)
    if amount_cents and mobilisation.envelope_id is not None:
        envelope = await store.load_envelope_for_update(tx, mobilisation.envelope_id)
        envelope.release(amount_cents)
        await store.save_envelope(tx, envelope)


async def book(
    tx: Transaction,
    request_id: UUID,
    mobilisation_id: UUID,
    action: Action,
    *,
    amount_cents: int,
    dated: date | None,
    reference: str | None,
    agent: Agent,
    at: datetime,
) -> UUID:
    """A part of an order was delivered, or paid; today unless it is said when."""
    escalation, at = await load(tx, request_id, agent, at)
    mobilisation = await store.load_mobilisation_for_update(tx, request_id, mobilisation_id)
    by = acting.by(agent)
    on = dated or day(at)
    entry = mobilisation.book(action, amount_cents, dated=on, today=day(at), of=escalation.state, by=by)
    fact = _booking(escalation, mobilisation, entry, amount_cents, dated=on, by=by, at=at, reference=reference)
    await store.save_mobilisation(tx, mobilisation, at=at)
    await _book(tx, fact)
    return fact.entry_id


def _booking(
    escalation: Escalation,
    mobilisation: Mobilisation,
    entry: OrderEntry,
    amount_cents: int,
    *,
    dated: date,
    by: By,
    at: datetime,
    reference: str | None = None,
) -> OrderBooked:
    return OrderBooked(
        request_id=escalation.request_id,
        departement=escalation.departement,
        at=at,
        entry_id=new_id(),
        mobilisation_id=mobilisation.id,
        resource=mobilisation.resource,
        entry=entry,
        amount_cents=amount_cents,
        dated=dated,
        reference=reference,
        by=by.acting_in(Action.PAYMENT),
    )


async def _book(tx: Transaction, fact: OrderBooked) -> None:
    await store.add_entry(tx, fact)
    await record(tx, fact)


async def plan_financing(
    tx: Transaction, request_id: UUID, *, total_cents: int, shares: Sequence[FinancingShare], agent: Agent, at: datetime
) -> None:
    """It is settled who pays what of the project; a plan takes the place of the one before."""
    escalation, at = await load(tx, request_id, agent, at)
    dossier = await dossier_store.dossier_of(tx, request_id)
    covered = dossier.qualification.fully_covered if dossier.qualification else None
    fact = escalation.plan_financing(
        total_cents=total_cents, shares=shares, fully_covered=covered, by=acting.by(agent), at=at
    )
    await store.save_financing(tx, fact)
    await record(tx, fact)
