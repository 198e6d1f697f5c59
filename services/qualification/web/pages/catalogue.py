"""The pages of the local engineering catalogue: the list, an entry, a new one, and the import of a table."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery

from services.qualification.reads import catalogue as reads
from services.qualification.reads.catalogue import ProviderView
from services.qualification.usecases.importing import OnlyLook
from services.qualification.web.actions import ADD_PROVIDER, ON_PROVIDERS
from services.qualification.web.catalogue_tables import COLUMNS, bring_in_table, table_of
from services.qualification.web.context import AgentContext
from services.qualification.web.words import ORIENTATIONS, options
from shared.db import Reader
from shared.errors import Invalid
from shared.french import words
from shared.identity.model import Role
from shared.tables import LARGEST, Reported, Result, counts
from shared.web.actions import Refused, Resource, page_read, page_routes
from shared.web.forms import Form, read_form
from shared.web.pages import render
from shared.web.paging import Page
from shared.web.tables import as_csv, as_ods, table_sent

RESULTS: Final[Mapping[str, tuple[str, str]]] = {
    Result.ADDED: ("Inscrit", "done"),
    Result.CHANGED: ("Modifié", "done"),
    Result.UNCHANGED: ("Inchangé", "neutral"),
    Result.REFUSED: ("À corriger", "refused"),
}
TRIAL_RESULTS: Final[Mapping[str, tuple[str, str]]] = {
    **RESULTS,
    Result.ADDED: ("Serait inscrit", "neutral"),
    Result.CHANGED: ("Serait modifié", "neutral"),
}
"""The same where nothing is kept."""
LATEST: Final = Page(per_page=20)
"""How much of what a provider was asked is shown beside its entry."""


@get("/annuaire")
async def show_catalogue(
    context: NamedDependency[AgentContext], paging: NamedDependency[Page], q: FromQuery[str | None] = None
) -> Response[Any]:
    """List the providers that work in the agent's départements."""
    found, total = await reads.providers(context.database, context.viewer, paging, q=q)
    return render(
        context.request,
        "catalogue/list.html",
        providers=found,
        total=total,
        page_asked=paging,
        writes=context.agent.has(Role.SAT_AGENT),
        today=context.today,
    )


@get("/annuaire.csv")
async def download_as_csv(context: NamedDependency[AgentContext]) -> Response[bytes]:
    """Return the catalogue as a CSV file."""
    return as_csv(table_of(await reads.all_providers(context.database, context.viewer)))


@get("/annuaire.ods")
async def download_as_ods(context: NamedDependency[AgentContext]) -> Response[bytes]:
    """Return the catalogue as an OpenDocument spreadsheet."""
    return await asyncio.to_thread(as_ods, table_of(await reads.all_providers(context.database, context.viewer)))


@get("/annuaire/import")
async def show_import(context: NamedDependency[AgentContext]) -> Response[Any]:
    """Show where a table is brought in."""
    context.agent.require(Role.SAT_AGENT)
    return _import_page(context)


@post("/annuaire/import", request_max_body_size=LARGEST)
async def bring_in(context: NamedDependency[AgentContext]) -> Response[Any]:
    """Bring a table into the catalogue, or only look what would become of it; report line by line."""
    form = await read_form(context.request, OnlyLook)
    try:
        store = form.values.get("only_look") != "true"
        report = await bring_in_table(context, await table_sent(form), store=store)
    except Invalid as refusal:
        form.refuse(refusal)
        return _import_page(context, form=form, status=400)
    return _import_page(context, form=form, report=report)


def _import_page(
    context: AgentContext, *, form: Form[Any] | None = None, report: list[Reported] | None = None, status: int = 200
) -> Response[Any]:
    return render(
        context.request,
        "catalogue/import.html",
        status_code=status,
        values=form.values if form else {"only_look": "true"},
        errors=form.errors if form else {},
        report=report,
        counts=counts(report or ()),
        headings=COLUMNS,
        results=RESULTS,
        trial_results=TRIAL_RESULTS,
    )


@get("/annuaire/nouveau")
async def show_new(context: NamedDependency[AgentContext]) -> Response[Any]:
    """Show the empty form."""
    context.agent.require(Role.SAT_AGENT)
    return await _show_new(context)


async def _show_new(context: AgentContext, *, refused: Refused | None = None) -> Response[Any]:
    return _form_page(context, {"departements": sorted(context.agent.departements)}, refused)


async def _show(context: AgentContext, provider_id: UUID, *, refused: Refused | None = None) -> Response[Any]:
    """Show a provider's entry, to be changed."""
    shown = await reads.provider(context.database, provider_id, context.viewer)
    asked, _ = await reads.entrusted(context.database, provider_id, context.viewer, LATEST)
    return _form_page(context, shown, refused, provider_id=provider_id, entrusted=asked)


def _form_page(context: AgentContext, known: object, refused: Refused | None, **more: object) -> Response[Any]:
    return render(
        context.request,
        "catalogue/form.html",
        status_code=refused.status if refused else 200,
        values=refused.form.values if refused else known,
        errors=refused.form.errors if refused else {},
        labels=COLUMNS,
        field_options=options(words.FIELD),
        support_options=options(words.SUPPORT_TYPE),
        orientations=ORIENTATIONS,
        writes=context.agent.has(Role.SAT_AGENT),
        **{"provider_id": None, "entrusted": [], **more},
    )


async def _read(context: AgentContext, reader: Reader, provider_id: UUID) -> ProviderView:
    """Show one provider."""
    return await reads.provider(reader, provider_id, context.viewer)


PROVIDER: Final = Resource(
    address="/providers/{provider_id:uuid}",
    page="/annuaire/{provider_id:uuid}",
    view=ProviderView,
    read=_read,
    show=_show,
)
CATALOGUE: Final = Resource(address="/providers", page="/annuaire", view=ProviderView, read=_read, show=_show_new)

ROUTES = (
    show_catalogue,
    download_as_csv,
    download_as_ods,
    show_import,
    bring_in,
    show_new,
    page_read(PROVIDER),
    *page_routes(CATALOGUE, [ADD_PROVIDER]),
    *page_routes(PROVIDER, ON_PROVIDERS),
)
