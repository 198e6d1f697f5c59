"""Resources of a project: mobilisations, and the envelopes (budgets) and lots that they are ordered on."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from uuid import UUID

from services.escalation.domain.moves import Action, By, State, allow, allowed_actions
from services.escalation.domain.refusals import (
    ContractNotInForce,
    DeliveryExceeded,
    EnvelopeCommitted,
    EnvelopeExceeded,
    LotCommitted,
    LotExceeded,
    PaymentExceeded,
)
from shared.contracts.fact import Actor
from shared.contracts.vocabulary import MobilisationKind, OrderEntry, Programme
from shared.errors import IllegalMove, Invalid
from shared.french.dates import date_fr
from shared.french.numbers import euros


class MobilisationState(StrEnum):
    """The life of a mobilisation."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    UNDER_WAY = "under_way"
    DELIVERED = "delivered"


STEPS: Mapping[Action, tuple[MobilisationState, MobilisationState]] = {
    Action.ACCEPTANCE: (MobilisationState.PROPOSED, MobilisationState.ACCEPTED),
    Action.DECLINE: (MobilisationState.PROPOSED, MobilisationState.DECLINED),
    Action.START: (MobilisationState.ACCEPTED, MobilisationState.UNDER_WAY),
    Action.DELIVERY: (MobilisationState.UNDER_WAY, MobilisationState.DELIVERED),
}
"""Action → (from, to)."""


BOOKING: Mapping[Action, tuple[OrderEntry, frozenset[MobilisationState]]] = {
    Action.PART_DELIVERY: (OrderEntry.DELIVERY, frozenset({MobilisationState.UNDER_WAY})),
    Action.PAYMENT: (OrderEntry.PAYMENT, frozenset({MobilisationState.UNDER_WAY, MobilisationState.DELIVERED})),
}
"""Action → what is noted of an order, and in which states of it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A delivery of an order, or a payment for it: on which day, and how much in euro cents."""

    kind: OrderEntry
    dated: date
    amount_cents: int


@dataclass(slots=True)
class Mobilisation:
    """A resource found for a project; what it takes (`committed_cents`) is set aside on its envelope and its lot."""

    id: UUID
    request_id: UUID
    kind: MobilisationKind
    resource: str
    amount_cents: int
    lot: str | None
    purchase_order: str | None
    state: MobilisationState
    envelope_id: UUID | None
    operator_id: UUID | None = None
    lot_id: UUID | None = None
    delivered_cents: int = 0
    paid_cents: int = 0
    cancelled_for: str | None = None
    ordered_on: date | None = None
    entries: Sequence[Entry] = ()

    @property
    def is_order(self) -> bool:
        """Tell whether something is ordered: it costs something, or has the number of an order."""
        return bool(self.amount_cents or self.purchase_order)

    @property
    def committed_cents(self) -> int:
        """What it takes: nothing once declined, what was delivered once that is all, else what was ordered."""
        if self.state is MobilisationState.DECLINED:
            return 0
        return self.delivered_cents if self.state is MobilisationState.DELIVERED else self.amount_cents

    def allowed_actions(self, of: State, by: By, *, held_back: Collection[Action] = ()) -> list[str]:
        """List the steps that this person may take, the dossier being in the state `of`; some wait for a reserve."""
        open_now = [action for action, (start, _) in STEPS.items() if start is self.state]
        if self.amount_cents:
            open_now += [action for action, (_, states) in BOOKING.items() if self.state in states]
        if self.state is not MobilisationState.DECLINED:
            open_now.append(Action.INVITATION)
        if self.state in CANCELLABLE and not self.delivered_cents:
            open_now.append(Action.CANCELLATION)
        return allowed_actions(of, by, open_now, held_back=held_back)

    def invite(self, *, of: State, by: By) -> Actor:
        """Allow a personal link by which the provider reports progress; returns who acts."""
        actor = allow(Action.INVITATION, of, by)
        if self.state is MobilisationState.DECLINED:
            raise IllegalMove(state=self.state.value, allowed_actions=self.allowed_actions(of, by))
        return actor

    def step(self, action: Action, *, of: State, by: By) -> None:
        """Take one step of its life."""
        allow(action, of, by)
        start, end = STEPS[action]
        if self.state is not start:
            raise IllegalMove(state=self.state.value, allowed_actions=self.allowed_actions(of, by))
        self.state = end

    def cancel(self, motive: str, *, of: State, by: By) -> Actor:
        """Take it back, and say why, while nothing is delivered; its amount comes back."""
        actor = allow(Action.CANCELLATION, of, by)
        if self.state not in CANCELLABLE or self.delivered_cents:
            raise IllegalMove(state=self.state.value, allowed_actions=self.allowed_actions(of, by))
        self.state, self.cancelled_for = MobilisationState.DECLINED, motive
        return actor

    def deliver(self, *, total_cents: int | None, of: State, by: By) -> int:
        """Note the last delivery: all that was ordered, or only `total_cents`; return what was not noted before."""
        total = self.amount_cents if total_cents is None else total_cents
        if not self.delivered_cents <= total <= self.amount_cents:
            raise DeliveryExceeded(noted_cents=self.delivered_cents, ordered_cents=self.amount_cents)
        self.step(Action.DELIVERY, of=of, by=by)
        last, self.delivered_cents = total - self.delivered_cents, total
        return last

    def book(self, action: Action, amount_cents: int, *, dated: date, today: date, of: State, by: By) -> OrderEntry:
        """Note a delivery in part, or a payment: never more than was ordered, never more than was delivered."""
        allow(action, of, by)
        entry, states = BOOKING[action]
        if self.state not in states or not self.amount_cents:
            raise IllegalMove(state=self.state.value, allowed_actions=self.allowed_actions(of, by))
        if dated > today:
            raise Invalid.field("dated", "Cette date est dans le futur : notez ce qui a eu lieu.")
        if self.ordered_on is not None and dated < self.ordered_on:
            raise Invalid.field(
                "dated", f"La commande est du {date_fr(self.ordered_on)}\u00a0: cette date vient avant."
            )
        if amount_cents <= 0:
            raise Invalid.field("amount_cents", "Donnez un montant supérieur à zéro.")
        if entry is OrderEntry.DELIVERY:
            if self.delivered_cents + amount_cents > self.amount_cents:
                raise DeliveryExceeded(noted_cents=self.delivered_cents, ordered_cents=self.amount_cents)
            self.delivered_cents += amount_cents
        else:
            if self.paid_cents + amount_cents > self.delivered_cents:
                raise PaymentExceeded(payable_cents=self.delivered_cents - self.paid_cents)
            self._check_delivered_by(dated, amount_cents)
            self.paid_cents += amount_cents
        return entry

    def _check_delivered_by(self, dated: date, amount_cents: int) -> None:
        """Refuse (`Invalid`) a payment dated before the delivery of what it pays for."""
        later = {entry.dated for entry in self.entries if entry.kind is OrderEntry.PAYMENT and entry.dated > dated}
        for day in (dated, *later):
            if self._booked(OrderEntry.PAYMENT, day) + amount_cents > self._booked(OrderEntry.DELIVERY, day):
                delivered = euros(self._booked(OrderEntry.DELIVERY, day))
                raise Invalid.field(
                    "dated",
                    f"Le {date_fr(day)}, {delivered} étaient livrés\u00a0: un paiement vient après la livraison.",
                )

    def _booked(self, kind: OrderEntry, until: date) -> int:
        return sum(entry.amount_cents for entry in self.entries if entry.kind is kind and entry.dated <= until)


CANCELLABLE = frozenset({MobilisationState.PROPOSED, MobilisationState.ACCEPTED, MobilisationState.UNDER_WAY})


@dataclass(frozen=True, slots=True)
class OrderLine:
    """So many units of something at a price of the lot, in euro cents a unit."""

    label: str
    unit: str
    quantity: Decimal
    price_cents: int

    @property
    def total_cents(self) -> int:
        """What it costs, to the nearest cent."""
        return int((self.quantity * self.price_cents).quantize(Decimal(1), ROUND_HALF_UP))


@dataclass(slots=True)
class Lot:
    """A lot of a framework contract with its ceiling, in euro cents, over the whole contract."""

    id: UUID
    contract: str
    number: int
    title: str
    holder: str
    ceiling_cents: int
    starts_on: date
    ends_on: date
    committed_cents: int = 0

    @property
    def available_cents(self) -> int:
        """What may still be ordered."""
        return self.ceiling_cents - self.committed_cents

    @property
    def name(self) -> str:
        """How an order names it."""
        return f"{self.contract}, lot {self.number} – {self.title}"

    def commit(self, amount_cents: int, *, today: date) -> None:
        """Order an amount; refuses what goes above the ceiling, and an order outside the contract's dates."""
        if not self.starts_on <= today <= self.ends_on:
            raise ContractNotInForce(contract=self.contract, starts_on=self.starts_on, ends_on=self.ends_on)
        if amount_cents > self.available_cents:
            raise LotExceeded(lot=self.number, contract=self.contract, available_cents=self.available_cents)
        self.committed_cents += amount_cents

    def release(self, amount_cents: int) -> None:
        """Give an amount back."""
        self.committed_cents -= amount_cents

    def resize(self, ceiling_cents: int) -> None:
        """Change the ceiling, by an amendment; refuses (`LotCommitted`) less than what is ordered."""
        if ceiling_cents < self.committed_cents:
            raise LotCommitted(committed_cents=self.committed_cents)
        self.ceiling_cents = ceiling_cents


@dataclass(slots=True)
class Envelope:
    """A year's budget, in euro cents, general or of one programme."""

    id: UUID
    year: int
    programme: Programme | None
    amount_cents: int
    committed_cents: int = 0

    @property
    def available_cents(self) -> int:
        """What is left."""
        return self.amount_cents - self.committed_cents

    def commit(self, amount_cents: int) -> None:
        """Set an amount aside; refuses (`EnvelopeExceeded`) what is not there."""
        if amount_cents > self.available_cents:
            raise EnvelopeExceeded(year=self.year, available_cents=self.available_cents)
        self.committed_cents += amount_cents

    def release(self, amount_cents: int) -> None:
        """Give an amount back."""
        self.committed_cents -= amount_cents

    def resize(self, amount_cents: int) -> None:
        """Change the budget; refuses (`EnvelopeCommitted`) less than what is committed."""
        if amount_cents < self.committed_cents:
            raise EnvelopeCommitted(committed_cents=self.committed_cents)
        self.amount_cents = amount_cents
