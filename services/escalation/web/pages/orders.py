"""What is ordered for a dossier and what becomes of it: the order form, deliveries, payments, the personal link."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template
from pydantic import BaseModel, BeforeValidator, Field

from services.escalation.domain.accompaniment import ProviderLink
from services.escalation.domain.inputs import Line, Quantity
from services.escalation.domain.moves import Action
from services.escalation.reads import directory
from services.escalation.reads.detail_rows import EscalationDetail, MobilisationRow
from services.escalation.reads.means import envelope_of_request
from services.escalation.store.means import NoSuchMobilisation
from services.escalation.usecases import accompaniment, acting, means
from services.escalation.usecases.recording import day
from services.escalation.web.links import DocumentLinks, ProviderLinks
from services.escalation.web.pages import presenting
from services.escalation.web.pages.showing import Asked, show
from services.escalation.web.readers import COMMITTEE_READERS
from services.escalation.web.whole import whole
from shared import clock
from shared.commands import Amount
from shared.contracts.fact import Email
from shared.contracts.vocabulary import MobilisationKind
from shared.db import Cause, Database, Transaction
from shared.identity.model import Agent
from shared.web.access import only
from shared.web.forms import Form, read_form, submit
from shared.web.secrets import HANDED_OVER

_READERS = [only(*COMMITTEE_READERS)]


def _as_typed(quantity: object) -> object:
    """Read a quantity as people type it: `2,5`."""
    return "".join(quantity.split()).replace(",", ".") if isinstance(quantity, str) else quantity


class OrderForm(BaseModel):
    """What is ordered on a lot: quantities by price, or an amount in euros."""

    lot_id: UUID
    quantity: dict[UUID, Annotated[Quantity, BeforeValidator(_as_typed)]] = {}
    amount_cents: Amount | None = None
    purchase_order: Line | None = None


class DeliveryForm(BaseModel):
    """A part that was delivered."""

    amount: Annotated[Amount, Field(ge=1)]
    delivered_on: date | None = None
    note: Line | None = None


class PaymentForm(BaseModel):
    """A part that was paid."""

    paid: Annotated[Amount, Field(ge=1)]
    paid_on: date | None = None
    invoice: Line | None = None


class LastDeliveryForm(BaseModel):
    """What was delivered in all; all of it when nothing is typed."""

    total: Amount | None = None


class InvitationForm(BaseModel):
    """To whom the personal link is given."""

    email: Email


@get("/demandes/{request_id:uuid}/commande", guards=_READERS)
async def order_form(
    request: Asked,
    request_id: FromPath[UUID],
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
) -> Template:
    """Show the form of an order: first the lot, then its prices."""
    return await _order_page(request, database, request_id, agent, document_links, request.query_params.get("lot", ""))


async def _order_page(
    request: Asked,
    database: Database,
    request_id: UUID,
    agent: Agent,
    document_links: DocumentLinks,
    lot_id: str,
    *,
    status_code: int = 200,
    form: Form[OrderForm] | None = None,
) -> Template:
    today = day(clock.now())
    offered = await directory.lots_in_force(database, today=today)
    chosen = next((lot.id for lot in offered if str(lot.id) == lot_id), None)
    return show(
        request,
        "means/order_form.html",
        status_code=status_code,
        dossier=await whole(database, request_id, agent, document_links),
        lots=[presenting.lot_option(lot) for lot in offered],
        lot=await directory.lot(database, chosen) if chosen else None,
        envelope=await envelope_of_request(database, request_id, year=today.year, by=acting.by(agent)),
        values={"lot": lot_id} | dict(form.values if form else {}),
        errors=form.errors if form else {},
    )


@post("/demandes/{request_id:uuid}/commande", guards=_READERS)
async def order(
    request: Asked,
    request_id: FromPath[UUID],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
) -> Redirect | Template:
    """Place the order."""
    form = await read_form(request, OrderForm)

    async def act(tx: Transaction, typed: OrderForm) -> str:
        placed = await means.mobilise(
            tx,
            request_id,
            kind=MobilisationKind.EXTERNAL,
            resource=None,
            amount_cents=typed.amount_cents,
            lot=None,
            purchase_order=typed.purchase_order,
            lot_id=typed.lot_id,
            lines=list(typed.quantity.items()),
            agent=agent,
            at=clock.now(),
        )
        return f"/demandes/{request_id}/mobilisations/{placed}"

    async def again(status_code: int) -> Template:
        lot_id = str(form.values.get("lot_id", ""))
        return await _order_page(
            request, database, request_id, agent, document_links, lot_id, status_code=status_code, form=form
        )

    return await submit(request, database, cause, form, act, again=again, said="La commande est enregistrée.")


@get("/demandes/{request_id:uuid}/mobilisations/{mobilisation_id:uuid}", guards=_READERS, opt=HANDED_OVER)
async def show_mobilisation(
    request: Asked,
    request_id: FromPath[UUID],
    mobilisation_id: FromPath[UUID],
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
    provider_links: NamedDependency[ProviderLinks],
) -> Template:
    """Show what is mobilised, with its lines, deliveries and payments."""
    return await _mobilisation_page(
        request, database, request_id, mobilisation_id, agent, document_links, provider_links
    )


async def _mobilisation_page(
    request: Asked,
    database: Database,
    request_id: UUID,
    mobilisation_id: UUID,
    agent: Agent,
    document_links: DocumentLinks,
    provider_links: ProviderLinks,
    *,
    status_code: int = 200,
    form: Form[Any] | None = None,
) -> Template:
    dossier = await whole(database, request_id, agent, document_links)
    item = _one_of(dossier, mobilisation_id)
    link = item.link_generation if Action.INVITATION in item.allowed_actions else None
    return show(
        request,
        "means/mobilisation.html",
        status_code=status_code,
        dossier=dossier,
        item=item,
        provider_url=provider_links(ProviderLink(item.id, link)) if link else None,
        values=form.values if form else {},
        errors=form.errors if form else {},
    )


def _one_of(dossier: EscalationDetail, mobilisation_id: UUID) -> MobilisationRow:
    found = next((one for one in dossier.mobilisations if one.id == mobilisation_id), None)
    if found is None:
        raise NoSuchMobilisation
    return found


@dataclass(frozen=True, slots=True)
class Mobilised:
    """What is mobilised, and who does something with it."""

    request_id: UUID
    id: UUID
    agent: Agent


async def _delivery(tx: Transaction, typed: DeliveryForm, of: Mobilised) -> None:
    await _book(tx, Action.PART_DELIVERY, of, amount_cents=typed.amount, dated=typed.delivered_on, reference=typed.note)


async def _payment(tx: Transaction, typed: PaymentForm, of: Mobilised) -> None:
    await _book(tx, Action.PAYMENT, of, amount_cents=typed.paid, dated=typed.paid_on, reference=typed.invoice)


async def _book(
    tx: Transaction, action: Action, of: Mobilised, *, amount_cents: int, dated: date | None, reference: str | None
) -> None:
    await means.book(
        tx, of.request_id, of.id, action,
        amount_cents=amount_cents, dated=dated, reference=reference, agent=of.agent, at=clock.now(),
    )  # fmt: skip


async def _last_delivery(tx: Transaction, typed: LastDeliveryForm, of: Mobilised) -> None:
    """What did not come is given back."""
    await means.step_mobilisation(
        tx, of.request_id, of.id, Action.DELIVERY, agent=of.agent, at=clock.now(), delivered_cents=typed.total
    )


async def _invitation(tx: Transaction, typed: InvitationForm, of: Mobilised) -> None:
    await accompaniment.invite_provider(tx, of.request_id, of.id, email=typed.email, agent=of.agent, at=clock.now())


@dataclass(frozen=True, slots=True)
class Step:
    """A form of a mobilisation's page: what it holds, what it does, what is said then, where on the page it is seen."""

    form: type[BaseModel]
    does: Callable[[Transaction, Any, Mobilised], Awaitable[None]]
    said: str
    part: str = ""


STEPS: Final[Mapping[str, Step]] = {
    "livraison": Step(DeliveryForm, _delivery, "La livraison est notée."),
    "paiement": Step(PaymentForm, _payment, "Le paiement est noté."),
    "solde": Step(LastDeliveryForm, _last_delivery, "Tout est livré."),
    "lien": Step(InvitationForm, _invitation, "Le lien personnel est prêt.", "#lien"),
}
"""Last part of the address → what happens there."""

_MOBILISATION = "/demandes/{request_id:uuid}/mobilisations/{mobilisation_id:uuid}"


@post([f"{_MOBILISATION}/{name}" for name in STEPS], guards=_READERS, opt=HANDED_OVER)
async def take_step(
    request: Asked,
    request_id: FromPath[UUID],
    mobilisation_id: FromPath[UUID],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
    provider_links: NamedDependency[ProviderLinks],
) -> Redirect | Template:
    """Take one of the forms of a mobilisation's page."""
    here, _, name = request.url.path.rpartition("/")
    step = STEPS[name]
    form = await read_form(request, step.form)

    async def act(tx: Transaction, typed: BaseModel) -> str:
        await step.does(tx, typed, Mobilised(request_id, mobilisation_id, agent))
        return f"{here}{step.part}"

    async def again(status_code: int) -> Template:
        return await _mobilisation_page(
            request, database, request_id, mobilisation_id, agent, document_links, provider_links,
            status_code=status_code, form=form,
        )  # fmt: skip

    return await submit(request, database, cause, form, act, again=again, said=step.said)


routes = [
    order_form,
    order,
    show_mobilisation,
    take_step,
]
