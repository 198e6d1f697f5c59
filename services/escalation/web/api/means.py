"""API of the means: envelopes with their orders, the directory of operators, framework contracts."""

from uuid import UUID

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from services.escalation.reads import directory, means
from services.escalation.reads.directory import ContractRow, ContractView, OperatorRow
from services.escalation.reads.means import EnvelopeRow, OrderRow
from services.escalation.web import actions
from services.escalation.web.answers import contract_of_lot, read_envelope, read_operator, show_contract
from services.escalation.web.context import AgentContext
from services.escalation.web.readers import whole_country
from shared.contracts.vocabulary import Field, Programme
from shared.web.actions import Resource, api_read, api_routes
from shared.web.paging import Page, Paged

ENVELOPE = Resource(address="/envelopes/{envelope_id:uuid}", view=EnvelopeRow, read=read_envelope)
OPERATOR = Resource(address="/operators/{operator_id:uuid}", view=OperatorRow, read=read_operator)
CONTRACT = Resource(address="/contracts/{contract_id:uuid}", view=ContractView, read=show_contract)
LOT = Resource(address="/lots/{lot_id:uuid}", view=ContractView, read=contract_of_lot)
PRICE = Resource(address="/lots/{lot_id:uuid}/prices/{price_id:uuid}", view=ContractView, read=contract_of_lot)


@get("/envelopes")
async def list_envelopes(
    context: NamedDependency[AgentContext],
    paging: NamedDependency[Page],
    year: FromQuery[int | None] = None,
    programme: FromQuery[Programme | None] = None,
) -> Paged[EnvelopeRow]:
    """List envelopes, the latest year first."""
    return await means.envelopes(context.database, year=year, programme=programme, by=context.by, page=paging)


@get("/envelopes/{envelope_id:uuid}/orders")
async def list_orders(
    context: NamedDependency[AgentContext], envelope_id: FromPath[UUID], paging: NamedDependency[Page]
) -> Paged[OrderRow]:
    """List what draws on an envelope, the latest first."""
    await read_envelope(context, context.database, envelope_id)
    return await means.orders(context.database, envelope_id=envelope_id, page=paging)


@get("/operators")
async def list_operators(
    context: NamedDependency[AgentContext],
    paging: NamedDependency[Page],
    field: FromQuery[Field | None] = None,
    active: FromQuery[bool | None] = None,
) -> Paged[OperatorRow]:
    """List the directory, by name."""
    return await directory.operators(context.database, field=field, active=active, by=context.by, page=paging)


@get("/contracts")
async def list_contracts(context: NamedDependency[AgentContext], paging: NamedDependency[Page]) -> Paged[ContractRow]:
    """List the framework contracts, the one that ends last first."""
    return await directory.contracts(context.database, today=context.today, by=context.by, page=paging)


routes = Router(
    "/",
    route_handlers=[
        Router(
            "/",
            route_handlers=[
                list_envelopes,
                list_orders,
                *api_routes(Resource(address="/envelopes"), [actions.OPENING]),
                *api_routes(ENVELOPE, [actions.RESIZING]),
            ],
            tags=["envelopes"],
        ),
        Router(
            "/",
            route_handlers=[
                list_operators,
                *api_routes(Resource(address="/operators"), [actions.OPERATOR]),
                *api_routes(OPERATOR, [actions.SHEET_OF_OPERATOR]),
                list_contracts,
                api_read(CONTRACT),
                *api_routes(Resource(address="/contracts"), [actions.CONTRACT]),
                *api_routes(CONTRACT, [actions.LOT]),
                *api_routes(LOT, actions.ON_LOTS),
                *api_routes(PRICE, [actions.WITHDRAWAL_OF_PRICE]),
            ],
            tags=["directory"],
        ),
    ],
    guards=[whole_country],
)
