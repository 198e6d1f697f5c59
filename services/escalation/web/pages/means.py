"""Pages of the means: envelopes with their orders, the directory of operators, framework contracts with lots."""

from typing import Any, Final
from uuid import UUID

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from services.escalation.domain.directory import Operator
from services.escalation.domain.moves import Action
from services.escalation.reads import directory, means
from services.escalation.web import actions
from services.escalation.web.answers import read_envelope, read_operator
from services.escalation.web.answers import show_contract as read_contract
from services.escalation.web.context import AgentContext
from services.escalation.web.readers import whole_country
from services.escalation.web.showing import FilterView, choices, known, show
from shared.contracts.vocabulary import Field, Programme
from shared.web.actions import Refused, Resource, page_read, page_routes
from shared.web.paging import Page

ALL: Final = Page(per_page=200)
"""What is shown without pages, as far as anybody reads."""
FIELDS: Final = choices(Field)
OPERATOR_KINDS: Final = {
    "central_administration": "Administration centrale",
    "state_operator": "Opérateur de l’État",
}


async def list_envelopes(
    context: AgentContext, envelope_id: UUID | None = None, *, refused: Refused | None = None
) -> Template:
    """Show the envelopes; the form of one of them may have been refused."""
    return show(
        context,
        "means/envelopes.html",
        refused=refused,
        items=(await means.envelopes(context.database, year=None, programme=None, by=context.by, page=ALL)).items,
        may_open=context.by.may(Action.ENVELOPES),
        programmes=choices(Programme),
        refused_of=envelope_id,
    )


@get("/enveloppes/{envelope_id:uuid}")
async def show_envelope(
    context: NamedDependency[AgentContext], envelope_id: FromPath[UUID], paging: NamedDependency[Page]
) -> Template:
    """Show what draws on an envelope."""
    orders = await means.orders(context.database, envelope_id=envelope_id, page=paging)
    return show(
        context,
        "means/envelope.html",
        item=await read_envelope(context, context.database, envelope_id),
        orders=orders.items,
        total=orders.total,
        paging=paging,
    )


async def show_directory(context: AgentContext, *, refused: Refused | None = None) -> Template:
    """Show operators and contracts."""
    field = known(Field, context.request.query_params.get("field"))
    by, today = context.by, context.today
    return show(
        context,
        "means/directory.html",
        refused=refused,
        operators=(await directory.operators(context.database, field=field, active=None, by=by, page=ALL)).items,
        contracts=(await directory.contracts(context.database, today=today, by=by, page=ALL)).items,
        may_keep=by.may(Action.DIRECTORY),
        kinds=OPERATOR_KINDS,
        fields_offered=FIELDS,
        filters=[FilterView("field", "Thématique", choices(Field, blank="Toutes"))],
    )


async def show_operator(context: AgentContext, operator_id: UUID, *, refused: Refused | None = None) -> Template:
    """Show what the directory says of an operator, to be changed."""
    found = await read_operator(context, context.database, operator_id)
    values: dict[str, Any] = found.model_dump(mode="json", include=set(Operator.model_fields))
    return show(
        context,
        "means/operator.html",
        refused=refused,
        values={**values, "active": "" if found.active else "false"},
        operator=found,
        kinds=OPERATOR_KINDS,
        fields_offered=FIELDS,
    )


async def show_contract(context: AgentContext, contract_id: UUID, *, refused: Refused | None = None) -> Template:
    """Show a contract with its lots, prices and orders."""
    found = await read_contract(context, context.database, contract_id)
    return show(context, "means/contract.html", refused=refused, contract=found.contract, lots=found.lots)


async def show_lot(context: AgentContext, lot_id: UUID, *_: UUID, refused: Refused | None = None) -> Template:
    """Show a lot: what is left of its ceiling, its prices, its orders."""
    return show(
        context,
        "means/lot.html",
        refused=refused,
        lot=await directory.lot(context.database, lot_id),
        orders=(await means.orders(context.database, lot_id=lot_id, page=ALL)).items,
        may_keep=context.by.may(Action.DIRECTORY),
    )


ENVELOPES = Resource(page="/enveloppes", show=list_envelopes)
ENVELOPE = Resource(page="/enveloppes/{envelope_id:uuid}", show=list_envelopes)
MEANS = Resource(page="/moyens", show=show_directory)
OPERATOR = Resource(page="/moyens/operateurs/{operator_id:uuid}", show=show_operator)
CONTRACT = Resource(page="/moyens/marches/{contract_id:uuid}", show=show_contract)
LOT = Resource(page="/moyens/lots/{lot_id:uuid}", show=show_lot)
PRICE = Resource(page="/moyens/lots/{lot_id:uuid}/prix/{price_id:uuid}", show=show_lot)

routes = [
    Router(
        "/",
        route_handlers=[
            page_read(ENVELOPES),
            show_envelope,
            *page_routes(ENVELOPES, [actions.OPENING]),
            *page_routes(ENVELOPE, [actions.RESIZING]),
            page_read(MEANS),
            *page_routes(MEANS, [actions.OPERATOR, actions.CONTRACT]),
            page_read(OPERATOR),
            *page_routes(OPERATOR, [actions.SHEET_OF_OPERATOR]),
            page_read(CONTRACT),
            *page_routes(CONTRACT, [actions.LOT]),
            page_read(LOT),
            *page_routes(LOT, actions.ON_LOTS),
            *page_routes(PRICE, [actions.WITHDRAWAL_OF_PRICE]),
        ],
        guards=[whole_country],
    )
]
