"""API of the catalogue of local providers, and of the provider's answer by its link."""

import asyncio
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody

from services.qualification.reads import catalogue as reads
from services.qualification.reads.orientation import OrientationView
from services.qualification.usecases.importing import ImportTable
from services.qualification.web.actions import (
    ADD_PROVIDER,
    DELIVERABLE_BY_LINK,
    ON_MILESTONES,
    ON_ORIENTATIONS,
    ON_PROVIDERS,
    as_provider,
)
from services.qualification.web.catalogue_tables import ProviderLineView, bring_in_table, table_of
from services.qualification.web.context import AgentContext, ProviderLinkContext, provide_provider_context
from services.qualification.web.pages.catalogue import CATALOGUE, PROVIDER
from services.qualification.web.pages.orientation import MILESTONE_BY_LINK, ORIENTATION
from shared.identity.model import Role
from shared.tables import LARGEST
from shared.web.access import PUBLIC, only
from shared.web.actions import api_read, api_routes
from shared.web.deliverables import ONE_FILE, sent
from shared.web.paging import Page, Paged
from shared.web.tables import CSV, ODS, ImportView, as_csv, as_ods, import_view


@get("/providers", summary="The local engineering catalogue")
async def list_providers(
    context: NamedDependency[AgentContext],
    paging: NamedDependency[Page],
    q: FromQuery[str | None] = None,
    departement: FromQuery[str | None] = None,
) -> Paged[reads.ProviderView]:
    """List the providers that work in the caller's départements."""
    found, total = await reads.providers(context.database, context.viewer, paging, q=q, departement=departement)
    return Paged(items=found, total=total, page=paging.number)


@get("/providers.csv", summary="The catalogue as a CSV file", media_type=CSV)
async def list_providers_as_csv(context: NamedDependency[AgentContext]) -> Response[bytes]:
    """Return the providers that work in the caller's départements as a table, which may be brought in again."""
    return as_csv(table_of(await reads.all_providers(context.database, context.viewer)))


@get("/providers.ods", summary="The catalogue as a spreadsheet", media_type=ODS)
async def list_providers_as_ods(context: NamedDependency[AgentContext]) -> Response[bytes]:
    """Return the same table as an OpenDocument spreadsheet."""
    return await asyncio.to_thread(as_ods, table_of(await reads.all_providers(context.database, context.viewer)))


@post(
    "/providers/import",
    status_code=200,
    request_max_body_size=LARGEST,
    summary="Bring a table of providers into the catalogue",
)
async def import_table(
    data: JSONBody[ImportTable], context: NamedDependency[AgentContext]
) -> ImportView[ProviderLineView]:
    """Add or change the providers of a CSV table, line by line; a line that is refused does not keep the others."""
    report = await bring_in_table(context, data.table.encode(), store=not data.only_look)
    return import_view(report, ProviderLineView, lambda line: {"name": line.shown, "provider_id": line.id})


@get("/providers/{provider_id:uuid}/orientations", summary="What a provider was asked")
async def list_orientations(
    provider_id: FromPath[UUID], context: NamedDependency[AgentContext], paging: NamedDependency[Page]
) -> Paged[reads.EntrustedView]:
    """List the requests that a provider was asked to help with, and what it answered; what goes on comes first."""
    await reads.provider(context.database, provider_id, context.viewer)
    found, total = await reads.entrusted(context.database, provider_id, context.viewer, paging)
    return Paged(items=found, total=total, page=paging.number)


CATALOGUE_API = Router(
    "/",
    route_handlers=[
        list_providers,
        list_providers_as_csv,
        list_providers_as_ods,
        import_table,
        list_orientations,
        api_read(PROVIDER),
        *api_routes(CATALOGUE, [ADD_PROVIDER]),
        *api_routes(PROVIDER, ON_PROVIDERS),
    ],
    guards=[only(Role.SAT_AGENT, Role.DELEGATE, Role.AUDITOR)],
    tags=["Catalogue"],
)


@post(
    "/orientations/{token:str}/deliverables",
    status_code=201,
    request_max_body_size=ONE_FILE,
    summary="Hand in a file, as the provider",
)
async def hand_in(context: NamedDependency[ProviderLinkContext]) -> OrientationView:
    """Hand in a file, as the provider (multipart: `document`, and `milestone_id` if it belongs to one)."""
    file, command = await sent(context)
    async with context.database.transaction(context.cause) as tx:
        await DELIVERABLE_BY_LINK.use_case(context.acting(tx), file, command)
        _, view = await context.orientation(tx)
        return view


ORIENTATIONS_API = Router(
    "/",
    route_handlers=[
        api_read(ORIENTATION),
        *api_routes(ORIENTATION, ON_ORIENTATIONS),
        *api_routes(MILESTONE_BY_LINK, as_provider(ON_MILESTONES)),
        hand_in,
    ],
    dependencies={"context": Provide(provide_provider_context)},
    opt={PUBLIC: True},
    tags=["Orientations"],
)
