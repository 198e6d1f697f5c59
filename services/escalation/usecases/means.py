"""Use cases of resources: mobilise, record deliveries and payments, set the financing plan."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, Field, ModelWrapValidatorHandler, ValidationInfo, model_validator

from services.escalation.domain.dossier import Escalation
from services.escalation.domain.inputs import Cents, Line, PositiveCents, Quantity, Text
from services.escalation.domain.means import Lot, Mobilisation, MobilisationState, OrderLine
from services.escalation.domain.moves import Action
from services.escalation.domain.refusals import NoEnvelope
from services.escalation.store import directory
from services.escalation.store import dossier as dossier_store
from services.escalation.store import means as store
from services.escalation.usecases.context import Context, on_dossier
from services.escalation.usecases.recording import record
from shared.clock import new_id
from shared.commands import TYPED, Command, Nothing
from shared.contracts.escalation import FinancingShare, OrderBooked, ResourceProgressed
from shared.contracts.fact import A_MOMENT, Actor
from shared.contracts.vocabulary import FinancerKind, MobilisationKind, MobilisationStep, OrderEntry
from shared.errors import Invalid
from shared.french.words import word


class NewOrderLine(Command):
    """So many units at a price of the lot."""

    price_id: UUID
    quantity: Quantity

    @model_validator(mode="wrap")
    @classmethod
    def _blank_if_typed(
        cls, data: Any, handler: ModelWrapValidatorHandler["NewOrderLine"], info: ValidationInfo
    ) -> "NewOrderLine":
        """A form lists all prices; those without a quantity are not ordered."""
        blank = info.context == TYPED and isinstance(data, dict) and "quantity" not in data
        return cls.model_construct(price_id=UUID(int=0), quantity=Decimal(0)) if blank else handler(data)


class Mobilise(Command):
    """A resource for the project; `amount_cents` is committed on the year's envelope.

    An operator of the directory is named by `operator_id`. An order on a framework contract names its `lot_id`, and the
    quantities at its unit prices in `lines`; its amount is then their sum, and it is numbered unless it has a number.
    """

    kind: MobilisationKind
    resource: Line | None = None
    amount_cents: Cents | None = None
    lot: Line | None = None
    purchase_order: Line | None = None
    operator_id: UUID | None = None
    lot_id: UUID | None = None
    lines: Annotated[
        list[NewOrderLine],
        Field(max_length=100),
        AfterValidator(lambda lines: [line for line in lines if line.quantity]),
    ] = Field(default_factory=list)


class DeliverAll(Command):
    """What was delivered in all, in euro cents; all that was ordered when it is not said."""

    delivered_cents: Cents | None = None


class CancelOrder(Command):
    """Why the mobilisation is taken back."""

    motive: Text


class BookEntry(Command):
    """A part of an order that was delivered, or paid; today when it is not said when."""

    amount_cents: PositiveCents
    dated: date | None = None
    reference: Line | None = None


class Share(Command):
    """What one financer pays, in euro cents."""

    kind: FinancerKind
    financer: Line
    amount_cents: PositiveCents

    @model_validator(mode="wrap")
    @classmethod
    def _blank_if_typed(cls, data: Any, handler: ModelWrapValidatorHandler["Share"], info: ValidationInfo) -> "Share":
        """A form has more rows than shares: those without an amount are none; a nameless financer has its kind's."""
        if info.context != TYPED or not isinstance(data, dict):
            return handler(data)
        if "amount_cents" not in data:
            return cls.model_construct(kind=FinancerKind.ANCT, financer="", amount_cents=0)
        named = {kind.value: word(kind) for kind in FinancerKind}
        return handler({"financer": named.get(str(data.get("kind"))), **data})


class PlanFinancing(Command):
    """Who pays what of the project; the shares add up to the total."""

    total_cents: PositiveCents
    shares: Annotated[
        list[Share],
        Field(min_length=1, max_length=50),
        AfterValidator(lambda shares: [share for share in shares if share.amount_cents]),
    ]


@dataclass(frozen=True, slots=True)
class Ordered:
    """What is ordered on a lot: its text and holder, what it costs, and what at which unit price."""

    lot: Lot
    amount_cents: int
    lines: Sequence[OrderLine]


@on_dossier
async def mobilise(do: Context, escalation: Escalation, command: Mobilise) -> UUID:
    """Find a resource for the project; its amount is committed at once, on grant, envelope of the year and lot."""
    escalation.allow(Action.MOBILISATIONS, do.by)
    _check_origin(command)
    operator = await _operator(do, command.operator_id) if command.operator_id else None
    ordered = await _order(do, command.lot_id, command) if command.lot_id else None
    resource = command.resource or operator or (ordered.lot.holder if ordered else None)
    if not resource:
        raise Invalid.field("resource", "Nommez le moyen mobilisé, ou choisissez-le dans l’annuaire.")
    mobilisation = Mobilisation(
        new_id(),
        escalation.request_id,
        command.kind,
        resource,
        ordered.amount_cents if ordered else command.amount_cents or 0,
        ordered.lot.name if ordered else command.lot,
        command.purchase_order,
        MobilisationState.PROPOSED,
        None,
        operator_id=command.operator_id,
        lot_id=command.lot_id,
    )
    if ordered and not command.purchase_order:
        mobilisation.purchase_order = await store.next_order_number(do.tx, do.today.year)
    others = await store.load_mobilisations_for_update(do.tx, escalation.request_id)
    fact = escalation.mobilise(
        mobilisation_id=mobilisation.id,
        kind=mobilisation.kind,
        resource=resource,
        amount_cents=mobilisation.amount_cents,
        lot=mobilisation.lot,
        purchase_order=mobilisation.purchase_order,
        by=do.by,
        at=do.at,
        committed_cents=sum(each.committed_cents for each in others),
    )
    if mobilisation.amount_cents:
        mobilisation.envelope_id = await _commit(do, escalation.request_id, mobilisation.amount_cents)
    await dossier_store.save(do.tx, escalation, at=do.at)
    await store.add_mobilisation(do.tx, mobilisation, by=fact.by, at=do.at, lines=ordered.lines if ordered else ())
    await record(do.tx, fact)
    return mobilisation.id


def _check_origin(command: Mobilise) -> None:
    """Refuse (`Invalid`) what does not go together: contracts are for providers, the directory is for the State."""
    if command.operator_id and command.kind is not MobilisationKind.INTERNAL:
        raise Invalid.field("operator_id", "Un opérateur de l’annuaire est un moyen interne.")
    if command.lot_id and command.kind is not MobilisationKind.EXTERNAL:
        raise Invalid.field("lot_id", "Un lot de marché se commande à un prestataire externe.")
    if command.lines and not command.lot_id:
        raise Invalid.field("lot_id", "Choisissez le lot dont ce sont les prix.")


async def _operator(do: Context, operator_id: UUID) -> str:
    name = await directory.name_of_active_operator(do.tx, operator_id)
    if name is None:
        raise Invalid.field("operator_id", "Cet opérateur n’est pas, ou n’est plus, dans l’annuaire.")
    return name


async def _order(do: Context, lot_id: UUID, command: Mobilise) -> Ordered:
    """Order on a lot, at its unit prices or for an amount; refuses (`LotExceeded`) more than its ceiling leaves."""
    try:
        lot = await directory.load_lot_for_update(do.tx, lot_id)
    except directory.NoSuchLot as missing:
        raise Invalid.field("lot_id", missing.sentence) from missing
    prices = await directory.active_prices(do.tx, lot_id)
    lines = []
    for wanted in command.lines:
        price = prices.get(wanted.price_id)
        if price is None:
            raise Invalid.field("lines", "Un des prix n’est pas, ou n’est plus, au bordereau de ce lot.")
        lines.append(OrderLine(price.label, price.unit, wanted.quantity, price.price_cents))
    total = sum(line.total_cents for line in lines)
    if lines and command.amount_cents not in {None, total}:
        raise Invalid.field("amount_cents", "Le montant n’est pas la somme des lignes de la commande.")
    amount = total if lines else command.amount_cents or 0
    if not amount:
        raise Invalid.field("lines", "Indiquez au moins une quantité, ou le montant de la commande.")
    lot.commit(amount, today=do.today)
    await directory.save_lot(do.tx, lot)
    return Ordered(lot, amount, lines)


async def _commit(do: Context, request_id: UUID, amount_cents: int) -> UUID:
    envelope = await store.envelope_of_request_for_update(do.tx, request_id, year=do.today.year)
    if envelope is None:
        raise NoEnvelope(year=do.today.year)
    envelope.commit(amount_cents)
    await store.save_envelope(do.tx, envelope)
    return envelope.id


@on_dossier
async def accept_mobilisation(do: Context, escalation: Escalation, mobilisation_id: UUID, _: Nothing) -> None:
    """The resource is available."""
    await _step(do, escalation, mobilisation_id, Action.ACCEPTANCE)


@on_dossier
async def decline_mobilisation(do: Context, escalation: Escalation, mobilisation_id: UUID, _: Nothing) -> None:
    """The resource is not available; its amount comes back."""
    await _step(do, escalation, mobilisation_id, Action.DECLINE)


@on_dossier
async def start_mobilisation(do: Context, escalation: Escalation, mobilisation_id: UUID, _: Nothing) -> None:
    """The resource is at work."""
    await _step(do, escalation, mobilisation_id, Action.START)


@on_dossier
async def deliver_all(do: Context, escalation: Escalation, mobilisation_id: UUID, command: DeliverAll) -> None:
    """What was ordered is delivered; what did not come goes back to the envelope and to the lot."""
    await _step(do, escalation, mobilisation_id, Action.DELIVERY, delivered_cents=command.delivered_cents)


@on_dossier
async def cancel_mobilisation(do: Context, escalation: Escalation, mobilisation_id: UUID, command: CancelOrder) -> None:
    """Take back a mobilisation of which nothing is delivered; its amount comes back."""
    mobilisation = await store.load_mobilisation_for_update(do.tx, escalation.request_id, mobilisation_id)
    before = mobilisation.committed_cents
    actor = mobilisation.cancel(command.motive, of=escalation.state, by=do.by)
    await _give_back(do, mobilisation, before)
    await store.save_mobilisation(do.tx, mobilisation, at=do.at)
    await record(do.tx, _progressed(escalation, mobilisation, at=do.at, by=actor))


def _progressed(escalation: Escalation, mobilisation: Mobilisation, *, at: datetime, by: Actor) -> ResourceProgressed:
    return ResourceProgressed(
        request_id=escalation.request_id,
        departement=escalation.departement,
        at=at,
        mobilisation_id=mobilisation.id,
        resource=mobilisation.resource,
        step=MobilisationStep(mobilisation.state.value),
        motive=mobilisation.cancelled_for,
        by=by,
    )


async def _step(
    do: Context, escalation: Escalation, mobilisation_id: UUID, action: Action, *, delivered_cents: int | None = None
) -> None:
    """Take one step in the life of a mobilisation; what it does not take any more comes back."""
    mobilisation, others = await _load(do, escalation, mobilisation_id)
    before, at = mobilisation.committed_cents, do.at
    if action is Action.DELIVERY:
        last = mobilisation.deliver(total_cents=delivered_cents, of=escalation.state, by=do.by)
        _check_grant(escalation, mobilisation, others)
        if last:
            entry = BookEntry(amount_cents=last, dated=do.today)
            await _book(do, escalation, mobilisation, OrderEntry.DELIVERY, entry)
            at += A_MOMENT
    else:
        mobilisation.step(action, of=escalation.state, by=do.by)
    await _give_back(do, mobilisation, before - mobilisation.committed_cents)
    await store.save_mobilisation(do.tx, mobilisation, at=at)
    await record(do.tx, _progressed(escalation, mobilisation, at=at, by=do.by.acting_in(action)))


async def _load(do: Context, escalation: Escalation, mobilisation_id: UUID) -> tuple[Mobilisation, list[Mobilisation]]:
    """Lock all mobilisations of a dossier; returns the one that is meant, and the others."""
    mobilisation = await store.load_mobilisation_for_update(do.tx, escalation.request_id, mobilisation_id)
    all_of_them = await store.load_mobilisations_for_update(do.tx, escalation.request_id)
    return mobilisation, [each for each in all_of_them if each.id != mobilisation_id]


def _check_grant(escalation: Escalation, mobilisation: Mobilisation, others: Sequence[Mobilisation]) -> None:
    """Refuse (`BeyondGrant`) more delivered or paid, all in all, than was granted."""
    of_all = [mobilisation, *others]
    escalation.check_amount(sum(each.delivered_cents for each in of_all))
    escalation.check_amount(sum(each.paid_cents for each in of_all))


async def _give_back(do: Context, mobilisation: Mobilisation, amount_cents: int) -> None:
    if amount_cents and mobilisation.lot_id is not None:
        lot = await directory.load_lot_for_update(do.tx, mobilisation.lot_id)
        lot.release(amount_cents)
        await directory.save_lot(do.tx, lot)
    if amount_cents and mobilisation.envelope_id is not None:
        envelope = await store.load_envelope_for_update(do.tx, mobilisation.envelope_id)
        envelope.release(amount_cents)
        await store.save_envelope(do.tx, envelope)


@on_dossier
async def note_part_delivery(do: Context, escalation: Escalation, mobilisation_id: UUID, command: BookEntry) -> UUID:
    """A part of what was ordered is delivered."""
    return await _book_part(do, escalation, mobilisation_id, Action.PART_DELIVERY, command)


@on_dossier
async def note_payment(do: Context, escalation: Escalation, mobilisation_id: UUID, command: BookEntry) -> UUID:
    """A part of what was delivered is paid."""
    return await _book_part(do, escalation, mobilisation_id, Action.PAYMENT, command)


async def _book_part(
    do: Context, escalation: Escalation, mobilisation_id: UUID, action: Action, command: BookEntry
) -> UUID:
    mobilisation, others = await _load(do, escalation, mobilisation_id)
    dated = command.dated or do.today
    escalation.allow(action, do.by)
    entry = mobilisation.book(action, command.amount_cents, dated=dated, today=do.today, of=escalation.state, by=do.by)
    _check_grant(escalation, mobilisation, others)
    await store.save_mobilisation(do.tx, mobilisation, at=do.at)
    return await _book(do, escalation, mobilisation, entry, command)


async def _book(
    do: Context, escalation: Escalation, mobilisation: Mobilisation, entry: OrderEntry, command: BookEntry
) -> UUID:
    fact = OrderBooked(
        request_id=escalation.request_id,
        departement=escalation.departement,
        at=do.at,
        entry_id=new_id(),
        mobilisation_id=mobilisation.id,
        resource=mobilisation.resource,
        entry=entry,
        amount_cents=command.amount_cents,
        dated=command.dated or do.today,
        reference=command.reference,
        by=do.by.acting_in(Action.PAYMENT),
    )
    await store.add_entry(do.tx, fact)
    await record(do.tx, fact)
    return fact.entry_id


@on_dossier
async def plan_financing(do: Context, escalation: Escalation, command: PlanFinancing) -> None:
    """Settle who pays what of the project, in place of the plan before."""
    dossier = await dossier_store.dossier_of(do.tx, escalation.request_id)
    fact = escalation.plan_financing(
        total_cents=command.total_cents,
        shares=[FinancingShare(**dict(share)) for share in command.shares],
        fully_covered=dossier.qualification.fully_covered if dossier.qualification else None,
        by=do.by,
        at=do.at,
    )
    await store.save_financing(do.tx, fact)
    await record(do.tx, fact)
