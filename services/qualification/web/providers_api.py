"""The API of the local engineering catalogue, and of the provider's answer by its signed link."""

import asyncio
from dataclasses import fields
from uuid import UUID

from litestar import Response, Router, get, patch, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody

from services.qualification.domain.matching import CatalogueEntry
from services.qualification.reads import catalogue as catalogue_reads
from services.qualification.usecases import catalogue
from services.qualification.usecases.catalogue import Entry
from services.qualification.web import bodies
from services.qualification.web import providers_shapes as shapes
from services.qualification.web.actions import ON_ORIENTATIONS
from services.qualification.web.catalogue_tables import bring_in_table, table_of
from services.qualification.web.context import Parts, provide_provider_context
from services.qualification.web.pages.orientation import ORIENTATION
from shared import clock
from shared.db import Cause, Database
from shared.identity.model import Agent, Role
from shared.tables import LARGEST
from shared.web.access import PUBLIC, only
from shared.web.actions import api_read, api_routes
from shared.web.paging import Page, Paged, paged
from shared.web.tables import CSV, ODS, as_csv, as_ods


@get("/providers", summary="The local engineering catalogue")
async def list_providers(
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    paging: NamedDependency[Page],
    q: FromQuery[str | None] = None,
    departement: FromQuery[str | None] = None,
) -> Paged[shapes.ProviderShape]:
    """List the providers that work in the caller's départements."""
    found, total = await catalogue_reads.providers(
        database, perimeter=agent.perimeter, q=q, departement=departement or None, page=paging
    )
    return paged(found, total, paging, lambda entry: shapes.provider(entry, writes=agent.has(Role.SAT_AGENT)))


@get("/providers.csv", summary="The catalogue as a CSV file", media_type=CSV)
async def list_providers_as_csv(agent: NamedDependency[Agent], database: NamedDependency[Database]) -> Response[bytes]:
    """Give the providers that work in the caller's départements as a table, which may be brought in again."""
    return as_csv(table_of(await catalogue_reads.all_providers(database, perimeter=agent.perimeter)))


@get("/providers.ods", summary="The catalogue as a spreadsheet", media_type=ODS)
async def list_providers_as_ods(agent: NamedDependency[Agent], database: NamedDependency[Database]) -> Response[bytes]:
    """Give the same table as an OpenDocument spreadsheet."""
    entries = await catalogue_reads.all_providers(database, perimeter=agent.perimeter)
    return await asyncio.to_thread(as_ods, table_of(entries))


@post(
    "/providers/import",
    status_code=200,
    request_max_body_size=LARGEST,
    summary="Bring a table of providers into the catalogue",
)
async def import_table(
    data: JSONBody[bodies.TableBody],
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    parts: NamedDependency[Parts],
) -> shapes.ImportShape:
    """Add or change the providers of a CSV table, line by line; a line that is refused does not keep the others."""
    report = await bring_in_table(
        database, data.table.encode(), by=agent, territories=parts.territories, cause=cause, keep=not data.only_look
    )
    return shapes.imported(report)


@get("/providers/{provider_id:uuid}", summary="One provider")
async def show_provider(
    provider_id: FromPath[UUID], agent: NamedDependency[Agent], database: NamedDependency[Database]
) -> shapes.ProviderShape:
    """Show one provider."""
    entry = await catalogue_reads.provider(database, provider_id, perimeter=agent.perimeter)
    return shapes.provider(entry, writes=agent.has(Role.SAT_AGENT))


@get("/providers/{provider_id:uuid}/orientations", summary="What a provider was asked")
async def list_orientations(
    provider_id: FromPath[UUID],
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    paging: NamedDependency[Page],
) -> Paged[catalogue_reads.Entrusted]:
    """List the requests that a provider was asked to help with, and what it answered; what goes on comes first."""
    await catalogue_reads.provider(database, provider_id, perimeter=agent.perimeter)
    found, total = await catalogue_reads.entrusted(database, provider_id, perimeter=agent.perimeter, page=paging)
    return paged(found, total, paging, lambda each: each)


@post("/providers", summary="Add a provider")
async def add_provider(
    data: JSONBody[bodies.ProviderBody],
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    parts: NamedDependency[Parts],
) -> shapes.ProviderShape:
    """Add a provider to the catalogue."""
    async with database.transaction(cause) as tx:
        entry = await catalogue.add(tx, data.entry(), by=agent, at=clock.now(), territories=parts.territories)
    return shapes.provider(entry, writes=True)


@put("/providers/{provider_id:uuid}", summary="Write a provider's entry anew")
async def replace_provider(
    provider_id: FromPath[UUID],
    data: JSONBody[bodies.ProviderBody],
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    parts: NamedDependency[Parts],
) -> shapes.ProviderShape:
    """Write a provider's entry anew."""
    return await _change(provider_id, data.entry(), agent, database, cause, parts)


@patch("/providers/{provider_id:uuid}", summary="Change a part of a provider's entry")
async def change_provider(
    provider_id: FromPath[UUID],
    data: JSONBody[bodies.ProviderPatch],
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    parts: NamedDependency[Parts],
) -> shapes.ProviderShape:
    """Change what is given of a provider's entry; the rest stays."""
    known = await catalogue_reads.provider(database, provider_id, perimeter=agent.perimeter)
    entry = bodies.ProviderBody.model_validate(_as_given(known) | data.model_dump(exclude_unset=True)).entry()
    return await _change(provider_id, entry, agent, database, cause, parts)


async def _change(
    provider_id: UUID, entry: Entry, agent: Agent, database: Database, cause: Cause, parts: Parts
) -> shapes.ProviderShape:
    async with database.transaction(cause) as tx:
        changed = await catalogue.change(
            tx, provider_id, entry, by=agent, at=clock.now(), territories=parts.territories
        )
    return shapes.provider(changed, writes=True)


def _as_given(entry: CatalogueEntry) -> dict[str, object]:
    named = bodies.ProviderBody.model_fields
    given = {each.name: getattr(entry, each.name) for each in fields(entry) if each.name in named}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in given.items()}


CATALOGUE_API = Router(
    "/",
    route_handlers=[
        list_providers,
        list_providers_as_csv,
        list_providers_as_ods,
        import_table,
        show_provider,
        list_orientations,
        add_provider,
        replace_provider,
        change_provider,
    ],
    guards=[only(Role.SAT_AGENT, Role.DELEGATE, Role.AUDITOR)],
    tags=["Catalogue"],
)
ORIENTATIONS_API = Router(
    "/",
    route_handlers=[api_read(ORIENTATION), *api_routes(ORIENTATION, ON_ORIENTATIONS)],
    dependencies={"context": Provide(provide_provider_context)},
    opt={PUBLIC: True},
    tags=["Orientations"],
)
