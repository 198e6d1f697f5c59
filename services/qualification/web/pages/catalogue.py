"""The local engineering catalogue: to look at, to add to, to keep true."""

import asyncio
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from services.qualification.reads import catalogue as reads
from services.qualification.usecases import catalogue
from services.qualification.web import forms
from services.qualification.web.catalogue_tables import COLUMNS, bring_in_table, table_of
from services.qualification.web.context import AgentContext
from services.qualification.web.words import ORIENTATIONS, labels, options
from shared import clock
from shared.db import Transaction
from shared.errors import Invalid
from shared.french import words
from shared.identity.model import Role
from shared.tables import LARGEST, Reported, Result, counts
from shared.web.forms import Form, read_form
from shared.web.pages import render
from shared.web.paging import Page
from shared.web.tables import as_csv, as_ods, table_sent


@get("/annuaire")
async def show_catalogue(
    context: NamedDependency[AgentContext], paging: NamedDependency[Page], q: FromQuery[str | None] = None
) -> Response[Any]:
    """List the providers that work in the agent's départements."""
    found, total = await reads.providers(
        context.database, perimeter=context.agent.perimeter, q=q, departement=None, page=paging
    )
    return render(
        context.request,
        "catalogue/list.html",
        providers=[(entry, labels(entry.fields), labels(entry.support_types)) for entry in found],
        total=total,
        page_asked=paging,
        writes=context.agent.has(Role.SAT_AGENT),
        today=context.today,
    )


@get("/annuaire.csv")
async def take_home_as_csv(context: NamedDependency[AgentContext]) -> Response[bytes]:
    """Give the catalogue as a CSV file."""
    return as_csv(table_of(await reads.all_providers(context.database, perimeter=context.agent.perimeter)))


@get("/annuaire.ods")
async def take_home_as_ods(context: NamedDependency[AgentContext]) -> Response[bytes]:
    """Give the catalogue as an OpenDocument spreadsheet."""
    entries = await reads.all_providers(context.database, perimeter=context.agent.perimeter)
    return await asyncio.to_thread(as_ods, table_of(entries))


@get("/annuaire/import")
async def show_import(context: NamedDependency[AgentContext]) -> Response[Any]:
    """Show where a table is brought in."""
    context.agent.require(Role.SAT_AGENT)
    return _import_page(context)


@post("/annuaire/import", request_max_body_size=LARGEST)
async def bring_in(context: NamedDependency[AgentContext]) -> Response[Any]:
    """Bring a table into the catalogue, or only look what would become of it; report line by line."""
    form = await read_form(context.request, forms.ImportForm)
    try:
        report = await bring_in_table(
            context.database,
            await table_sent(form),
            by=context.agent,
            territories=context.parts.territories,
            cause=context.cause,
            keep=form.values.get("only_look") != "true",
        )
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
        columns=list(COLUMNS.values()),
        headings=COLUMNS,
        results=RESULTS,
    )


@get("/annuaire/nouveau")
async def show_new(context: NamedDependency[AgentContext]) -> Response[Any]:
    """Show the empty form."""
    context.agent.require(Role.SAT_AGENT)
    return await _form_page(context, None, {"departements": ", ".join(sorted(context.agent.departements))}, {}, 200)


@post("/annuaire/nouveau")
async def add(context: NamedDependency[AgentContext]) -> Response[Any]:
    """Add a provider."""

    async def act(tx: Transaction, form: forms.ProviderForm) -> object:
        return await catalogue.add(
            tx, form.entry(), by=context.agent, at=clock.now(), territories=context.parts.territories
        )

    async def again(form: Form[Any], status: int) -> Response[Any]:
        return await _form_page(context, None, form.values, form.errors, status)

    form = await read_form(context.request, forms.ProviderForm)
    return await context.carry_out(
        form, act, then="/annuaire", said="L’acteur local est inscrit à l’annuaire.", again=again
    )


@get("/annuaire/{provider_id:uuid}")
async def show_provider(provider_id: FromPath[UUID], context: NamedDependency[AgentContext]) -> Response[Any]:
    """Show a provider's entry, to be changed."""
    entry = await reads.provider(context.database, provider_id, perimeter=context.agent.perimeter)
    values = {each.name: getattr(entry, each.name) for each in fields(entry)}
    typed = {name: ", ".join(values[name]) for name in ("departements", "epci", "communes")}
    return await _form_page(context, provider_id, values | typed, {}, 200)


@post("/annuaire/{provider_id:uuid}")
async def change(provider_id: FromPath[UUID], context: NamedDependency[AgentContext]) -> Response[Any]:
    """Write a provider's entry anew."""

    async def act(tx: Transaction, form: forms.ProviderForm) -> object:
        return await catalogue.change(
            tx, provider_id, form.entry(), by=context.agent, at=clock.now(), territories=context.parts.territories
        )

    async def again(form: Form[Any], status: int) -> Response[Any]:
        return await _form_page(context, provider_id, form.values, form.errors, status)

    form = await read_form(context.request, forms.ProviderForm)
    return await context.carry_out(form, act, then="/annuaire", said="L’inscription est à jour.", again=again)


async def _form_page(
    context: AgentContext, provider_id: UUID | None, values: Any, errors: Any, status: int
) -> Response[Any]:
    perimeter = context.agent.perimeter
    asked: list[reads.Entrusted] = []
    if provider_id:
        asked, _ = await reads.entrusted(context.database, provider_id, perimeter=perimeter, page=Page(per_page=20))
    return render(
        context.request,
        "catalogue/form.html",
        status_code=status,
        provider_id=provider_id,
        values=values,
        errors=errors,
        field_options=options(words.FIELD),
        support_options=options(words.SUPPORT_TYPE),
        entrusted=[(each, *ORIENTATIONS[each.state]) for each in asked],
        writes=context.agent.has(Role.SAT_AGENT),
    )


RESULTS: Final[Mapping[str, tuple[str, str]]] = {
    Result.ADDED: ("Inscrit", "done"),
    Result.CHANGED: ("Modifié", "done"),
    Result.UNCHANGED: ("Inchangé", "neutral"),
    Result.REFUSED: ("À corriger", "refused"),
}

ROUTES = (
    show_catalogue,
    take_home_as_csv,
    take_home_as_ods,
    show_import,
    bring_in,
    show_new,
    add,
    show_provider,
    change,
)
