"""The local engineering catalogue: to look at, to add to, to keep true."""

from dataclasses import fields
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from services.qualification.reads import catalogue as reads
from services.qualification.usecases import catalogue
from services.qualification.web import forms
from services.qualification.web.visit import Visit
from services.qualification.web.words import labels, options
from shared import clock, words
from shared.db import Transaction
from shared.identity.model import Role
from shared.web.forms import Form, read_form
from shared.web.pages import render
from shared.web.paging import Page


@get("/annuaire")
async def show_catalogue(
    visit: NamedDependency[Visit], paging: NamedDependency[Page], q: FromQuery[str | None] = None
) -> Response[Any]:
    """List the providers that work in the agent's départements."""
    found, total = await reads.providers(
        visit.database, perimeter=visit.agent.perimeter, q=q, departement=None, page=paging
    )
    return render(
        visit.request,
        "catalogue/list.html",
        providers=[(entry, labels(entry.fields), labels(entry.support_types)) for entry in found],
        total=total,
        page_asked=paging,
        writes=visit.agent.has(Role.SAT_AGENT),
        today=visit.today,
    )


@get("/annuaire/nouveau")
async def show_new(visit: NamedDependency[Visit]) -> Response[Any]:
    """Show the empty form."""
    visit.agent.require(Role.SAT_AGENT)
    return _form_page(visit, None, {"departements": ", ".join(sorted(visit.agent.departements))}, {}, 200)


@post("/annuaire/nouveau")
async def add(visit: NamedDependency[Visit]) -> Response[Any]:
    """Add a provider."""

    async def act(tx: Transaction, form: forms.ProviderForm) -> object:
        return await catalogue.add(tx, form.entry(), by=visit.agent, at=clock.now(), territories=visit.desk.territories)

    async def again(form: Form[Any], status: int) -> Response[Any]:
        return _form_page(visit, None, form.values, form.errors, status)

    form = await read_form(visit.request, forms.ProviderForm)
    return await visit.carry_out(
        form, act, then="/annuaire", said="L’acteur local est inscrit à l’annuaire.", again=again
    )


@get("/annuaire/{provider_id:uuid}")
async def show_provider(provider_id: FromPath[UUID], visit: NamedDependency[Visit]) -> Response[Any]:
    """Show a provider's entry, to be changed."""
    entry = await reads.provider(visit.database, provider_id, perimeter=visit.agent.perimeter)
    values = {each.name: getattr(entry, each.name) for each in fields(entry)}
    typed = {name: ", ".join(values[name]) for name in ("departements", "epci", "communes")}
    return _form_page(visit, provider_id, values | typed, {}, 200)


@post("/annuaire/{provider_id:uuid}")
async def change(provider_id: FromPath[UUID], visit: NamedDependency[Visit]) -> Response[Any]:
    """Write a provider's entry anew."""

    async def act(tx: Transaction, form: forms.ProviderForm) -> object:
        return await catalogue.change(
            tx, provider_id, form.entry(), by=visit.agent, at=clock.now(), territories=visit.desk.territories
        )

    async def again(form: Form[Any], status: int) -> Response[Any]:
        return _form_page(visit, provider_id, form.values, form.errors, status)

    form = await read_form(visit.request, forms.ProviderForm)
    return await visit.carry_out(form, act, then="/annuaire", said="L’inscription est à jour.", again=again)


def _form_page(visit: Visit, provider_id: UUID | None, values: Any, errors: Any, status: int) -> Response[Any]:
    return render(
        visit.request,
        "catalogue/form.html",
        status_code=status,
        provider_id=provider_id,
        values=values,
        errors=errors,
        field_options=options(words.FIELD),
        support_options=options(words.SUPPORT_TYPE),
        writes=visit.agent.has(Role.SAT_AGENT),
    )


ROUTES = (show_catalogue, show_new, add, show_provider, change)
