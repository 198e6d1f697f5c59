"""The page of a pact's party behind its signed link: it reads, agrees, signs and tells how its actions go."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from pydantic import BaseModel

from services.qualification.domain.refusals import LinkOver
from services.qualification.usecases import pacts as acts
from services.qualification.web import pacts_forms as forms
from services.qualification.web.context import Parts
from services.qualification.web.pacts_shown import described, pact_as_pdf
from services.qualification.web.pacts_words import ACTION_STATUS, EXPECTED_OF_PARTY
from services.qualification.web.pages.orientation import link_over
from shared import clock
from shared.calendar import today
from shared.db import Cause, Database, Transaction
from shared.web.forms import Form, read_form, submit
from shared.web.pages import render
from shared.web.secrets import private

Model = TypeVar("Model", bound=BaseModel)
Visitor = Request[Any, Any, Any]


@get("/pactes/parties/{token:str}", public=True)
async def show_pact_to_party(
    request: Visitor, token: FromPath[str], database: NamedDependency[Database], parts: NamedDependency[Parts]
) -> Response[Any]:
    """Show the pact and what is expected of the party."""
    return await _page(request, token, database, parts, None, 200)


@get("/pactes/parties/{token:str}/pacte.pdf", public=True)
async def pact_on_paper_for_party(
    request: Visitor, token: FromPath[str], database: NamedDependency[Database], parts: NamedDependency[Parts]
) -> Response[bytes]:
    """Give the pact as a PDF."""
    view, _ = await parts.pact(database, parts.party_of(token))
    return private(await pact_as_pdf(request, view))


@post("/pactes/parties/{token:str}/approbation", public=True)
async def agree_as_party(
    request: Visitor,
    token: FromPath[str],
    database: NamedDependency[Database],
    parts: NamedDependency[Parts],
    cause: NamedDependency[Cause],
) -> Response[Any]:
    """The party agrees the diagnosis."""
    link = parts.party_of(token)

    async def act(tx: Transaction, form: forms.SpokenForm) -> object:
        return await acts.agree_by_link(tx, link, name=form.name, at=clock.now())

    said = "Merci\u00a0! Votre approbation est enregistrée."
    return await _do(request, token, database, parts, cause, await read_form(request, forms.SpokenForm), act, said)


@post("/pactes/parties/{token:str}/signature", public=True)
async def sign_as_party(
    request: Visitor,
    token: FromPath[str],
    database: NamedDependency[Database],
    parts: NamedDependency[Parts],
    cause: NamedDependency[Cause],
) -> Response[Any]:
    """The party signs."""
    link = parts.party_of(token)

    async def act(tx: Transaction, form: forms.SpokenForm) -> object:
        return await acts.sign_by_link(tx, link, name=form.name, at=clock.now())

    said = "Merci\u00a0! Votre signature est enregistrée."
    return await _do(request, token, database, parts, cause, await read_form(request, forms.SpokenForm), act, said)


@post("/pactes/parties/{token:str}/avancement", public=True)
async def report_as_party(
    request: Visitor,
    token: FromPath[str],
    database: NamedDependency[Database],
    parts: NamedDependency[Parts],
    cause: NamedDependency[Cause],
) -> Response[Any]:
    """The party tells how far one of its actions is."""
    link = parts.party_of(token)

    async def act(tx: Transaction, form: forms.ProgressByLinkForm) -> object:
        return await acts.report_by_link(
            tx,
            link,
            form.action_id,
            name=form.name,
            percent=form.percent,
            status=form.status,
            comment=form.comment,
            at=clock.now(),
        )

    form = await read_form(request, forms.ProgressByLinkForm)
    return await _do(request, token, database, parts, cause, form, act, "Merci\u00a0! L’avancement est enregistré.")


async def _do(
    request: Visitor,
    token: str,
    database: Database,
    parts: Parts,
    cause: Cause,
    form: Form[Model],
    act: Callable[[Transaction, Model], Awaitable[object]],
    said: str,
) -> Response[Any]:
    async def once(tx: Transaction, typed: Model) -> str:
        await act(tx, typed)
        return f"/pactes/parties/{token}"

    async def again(status: int) -> Response[Any]:
        return await _page(request, token, database, parts, form, status)

    return await submit(request, database, cause, form, once, again=again, said=said)


async def _page(
    request: Visitor, token: str, database: Database, parts: Parts, form: Form[Any] | None, status: int
) -> Response[Any]:
    try:
        view, party = await parts.pact(database, parts.party_of(token))
    except LinkOver as over:
        return link_over(request, over, typed=form.values.get("comment", "") if form else "")
    page = render(
        request,
        "pacts/party.html",
        status_code=status,
        here=f"/pactes/parties/{token}",
        party=party,
        mine=[action for action in view.actions if action.is_of(party)],
        expected=next((EXPECTED_OF_PARTY[each] for each in view.allowed_actions), None),
        status_options=[(status, said) for status, (said, _) in ACTION_STATUS.items()],
        service_in_charge=parts.rules.service(view.departement),
        today=today(view.departement, clock.now()),
        values=form.values if form else {},
        errors=form.errors if form else {},
        **described(view),
    )
    return private(page)


ROUTES = (show_pact_to_party, pact_on_paper_for_party, agree_as_party, sign_as_party, report_as_party)
