"""The provider's page behind its signed link: what is asked, and its answer, without an account."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from pydantic import BaseModel

from services.qualification.domain.orientation import ANSWERED
from services.qualification.domain.refusals import LinkOver
from services.qualification.usecases import orienting
from services.qualification.web import forms
from services.qualification.web.desk import Desk
from services.qualification.web.words import labels
from shared import clock
from shared.calendar import today
from shared.db import Cause, Database, Transaction
from shared.french import words
from shared.web.forms import Form, read_form, submit
from shared.web.pages import render
from shared.web.problems import status_of
from shared.web.secrets import private

Model = TypeVar("Model", bound=BaseModel)
Visitor = Request[Any, Any, Any]


@get("/orientations/{token:str}", public=True)
async def show_orientation(
    request: Visitor, token: FromPath[str], database: NamedDependency[Database], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Show what the provider is asked."""
    return await _page(request, token, database, desk, None, 200)


@post("/orientations/{token:str}/acceptation", public=True)
async def accept(
    request: Visitor,
    token: FromPath[str],
    database: NamedDependency[Database],
    desk: NamedDependency[Desk],
    cause: NamedDependency[Cause],
) -> Response[Any]:
    """The provider helps."""
    link = desk.orientation_of(token)

    async def act(tx: Transaction, _: forms.EmptyForm) -> object:
        return await orienting.accept(tx, link, at=clock.now(), rules=desk.rules)

    form = await read_form(request, forms.EmptyForm)
    said = "Merci\u00a0! La collectivité et le département sont prévenus. Voici la personne à contacter."
    return await _answer(request, token, database, desk, cause, form, act, said)


@post("/orientations/{token:str}/refus", public=True)
async def decline(
    request: Visitor,
    token: FromPath[str],
    database: NamedDependency[Database],
    desk: NamedDependency[Desk],
    cause: NamedDependency[Cause],
) -> Response[Any]:
    """The provider cannot help."""
    link = desk.orientation_of(token)

    async def act(tx: Transaction, form: forms.DeclineForm) -> object:
        return await orienting.decline(tx, link, motive=form.motive, at=clock.now(), rules=desk.rules)

    form = await read_form(request, forms.DeclineForm)
    said = "Votre réponse est enregistrée. Le département cherche une autre solution."
    return await _answer(request, token, database, desk, cause, form, act, said)


async def _answer(
    request: Visitor,
    token: str,
    database: Database,
    desk: Desk,
    cause: Cause,
    form: Form[Model],
    act: Callable[[Transaction, Model], Awaitable[object]],
    said: str,
) -> Response[Any]:
    async def once(tx: Transaction, typed: Model) -> str:
        await act(tx, typed)
        return f"/orientations/{token}"

    async def again(status: int) -> Response[Any]:
        return await _page(request, token, database, desk, form, status)

    return await submit(request, database, cause, form, once, again=again, said=said)


async def _page(
    request: Visitor, token: str, database: Database, desk: Desk, form: Form[Any] | None, status: int
) -> Response[Any]:
    try:
        view = await desk.orientation(database, desk.orientation_of(token))
    except LinkOver as over:
        return link_over(request, over, typed=form.values.get("motive", "") if form else "")
    asked = view.orientation
    page = render(
        request,
        "orientations/orientation.html",
        status_code=status,
        here=f"/orientations/{token}",
        view=view,
        asked=asked,
        applicant=view.request.applicant,
        applicant_kind=words.word(view.request.applicant.kind),
        support_types=labels(view.request.support_types),
        fields_asked=labels(view.request.fields),
        service_in_charge=desk.rules.service(asked.departement),
        answered=ANSWERED.get(asked.state),
        ends_on=asked.link_ends_on(desk.rules.orientation_link_days),
        today=today(asked.departement, clock.now()),
        values=form.values if form else {},
        errors=form.errors if form else {},
    )
    return private(page)


def link_over(request: Visitor, over: LinkOver, *, typed: str = "") -> Template:
    """Say that a link opens nothing any more and whom to ask, and give back what was typed."""
    page = render(request, "orientations/over.html", status_code=status_of(over), detail=over.detail, typed=typed)
    return private(page)


ROUTES = (show_orientation, accept, decline)
