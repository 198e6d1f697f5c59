"""Pages of orders: the order form, a mobilisation with its deliveries and payments, the financing plan."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from litestar import Router
from litestar.response import Template

from services.escalation.domain.accompaniment import ProviderLink
from services.escalation.domain.moves import Action
from services.escalation.reads import directory
from services.escalation.reads.detail_rows import EscalationView
from services.escalation.reads.means import envelope_of_request
from services.escalation.store.means import NoSuchMobilisation
from services.escalation.web import actions
from services.escalation.web.answers import read_escalation
from services.escalation.web.context import AgentContext
from services.escalation.web.pages import presenting
from services.escalation.web.readers import committee_readers
from services.escalation.web.showing import choices, show
from shared.contracts.vocabulary import FinancerKind
from shared.french.numbers import euros_typed
from shared.web.actions import Refused, Resource, page_read, page_routes
from shared.web.secret_links import SHOWS_SECRET_LINKS

SHARES: Final = 6
"""Lines of the form of a financing plan."""


async def order_form(context: AgentContext, request_id: UUID, *, refused: Refused | None = None) -> Template:
    """Show the form of an order: first the lot, then its prices."""
    offered = await directory.lots_in_force(context.database, today=context.today)
    wanted = refused.form.values.get("lot_id", "") if refused else context.request.query_params.get("lot", "")
    chosen = next((lot.id for lot in offered if str(lot.id) == wanted), None)
    return show(
        context,
        "means/order_form.html",
        refused=refused,
        dossier=await read_escalation(context, context.database, request_id),
        lots=[presenting.lot_option(lot) for lot in offered],
        lot=await directory.lot(context.database, chosen) if chosen else None,
        envelope=await envelope_of_request(context.database, request_id, year=context.today.year, by=context.by),
        chosen={"lot": wanted},
    )


async def show_mobilisation(
    context: AgentContext, request_id: UUID, mobilisation_id: UUID, *, refused: Refused | None = None
) -> Template:
    """Show what is mobilised, with its lines, deliveries and payments."""
    dossier = await read_escalation(context, context.database, request_id)
    item = next((one for one in dossier.mobilisations if one.id == mobilisation_id), None)
    if item is None:
        raise NoSuchMobilisation
    link = item.link_generation if Action.INVITATION in item.allowed_actions else None
    return show(
        context,
        "means/mobilisation.html",
        refused=refused,
        dossier=dossier,
        item=item,
        provider_url=context.parts.provider_links(ProviderLink(item.id, link)) if link else None,
    )


async def financing_form(context: AgentContext, request_id: UUID, *, refused: Refused | None = None) -> Template:
    """Show who pays what, to be settled anew."""
    dossier = await read_escalation(context, context.database, request_id)
    values = refused.form.values if refused else _typed(dossier)
    used = sum(1 for name in values if name.startswith("shares.") and name.endswith(".kind"))
    return show(
        context,
        "means/financing.html",
        refused=refused,
        values=values,
        dossier=dossier,
        kinds=choices(FinancerKind),
        places=range(max(SHARES, used + 2)),
    )


def _typed(dossier: EscalationView) -> Mapping[str, Any]:
    """Return the plan as it would be typed; without one, it begins with what is ordered and with the applicant."""
    plan = dossier.financing
    if plan is None:
        ordered = sum(one.committed_cents for one in dossier.mobilisations)
        given = [(FinancerKind.ANCT, "ANCT", ordered), (FinancerKind.APPLICANT, dossier.applicant_name, 0)]
    else:
        given = [(share.kind, share.financer, share.amount_cents) for share in plan.shares]
    typed = {"total_cents": euros_typed(plan.total_cents) if plan else ""}
    for place, (kind, financer, amount) in enumerate(given):
        typed |= {
            f"shares.{place}.kind": kind.value,
            f"shares.{place}.financer": financer,
            f"shares.{place}.amount_cents": euros_typed(amount) if amount else "",
        }
    return typed


ORDER = Resource(page="/demandes/{request_id:uuid}/commande", show=order_form)
MOBILISATION = Resource(page="/demandes/{request_id:uuid}/mobilisations/{mobilisation_id:uuid}", show=show_mobilisation)
FINANCING = Resource(page="/demandes/{request_id:uuid}/financement", show=financing_form)

routes = [
    Router(
        "/",
        route_handlers=[
            page_read(ORDER),
            *page_routes(ORDER, [actions.ORDER]),
            page_read(FINANCING),
            *page_routes(FINANCING, [actions.FINANCING]),
            Router(
                "/",
                route_handlers=[
                    page_read(MOBILISATION),
                    *page_routes(
                        MOBILISATION,
                        [*actions.PARTS_OF_MOBILISATIONS, actions.CANCELLATION_OF_ORDER, actions.INVITATION],
                    ),
                ],
                opt=SHOWS_SECRET_LINKS,
            ),
        ],
        guards=[committee_readers],
    )
]
