"""The page of a provider behind its personal link: what is expected by when, how far it is, what it hands in."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template
from pydantic import BaseModel

from services.escalation.domain.inputs import Percent, Text
from services.escalation.domain.refusals import LinkNotValid
from services.escalation.reads.accompaniment import by_link, closed_link
from services.escalation.usecases import accompaniment as usecases
from services.escalation.web.files import ACCEPTED, ONE_FILE, received
from services.escalation.web.links import ProviderLinks
from services.escalation.web.pages.showing import Asked, show
from shared import clock
from shared.allowance import Allowance
from shared.db import Cause, Database, Transaction
from shared.web.forms import Form, read_form, submit
from shared.web.pages import redirect
from shared.web.secrets import LINK_ALONE, private


class ProgressForm(BaseModel):
    """How far the work is."""

    text: Text
    percent: Percent | None = None
    milestone_id: UUID | None = None


class FileForm(BaseModel):
    """A file (beside these fields), and the milestone that it belongs to."""

    file_of: UUID | None = None


@get("/prestataires/{token:str}", public=True)
async def show_to_provider(
    request: Asked,
    token: FromPath[str],
    database: NamedDependency[Database],
    provider_links: NamedDependency[ProviderLinks],
) -> Template:
    """Show what is expected, what was told and handed in."""
    try:
        return await _page(request, token, database, provider_links)
    except LinkNotValid:
        return await _closed(request, token, database, provider_links)


async def _page(
    request: Asked,
    token: str,
    database: Database,
    provider_links: ProviderLinks,
    *,
    status_code: int = 200,
    form: Form[Any] | None = None,
) -> Template:
    view = await by_link(database, provider_links.read(token))
    return private(
        show(
            request,
            "accompaniment/provider.html",
            status_code=status_code,
            view=view,
            choices=[(str(one.id), one.title) for one in view.milestones],
            here=f"/prestataires/{token}",
            navigation=(),
            accept=ACCEPTED,
            values=form.values if form else {},
            errors=form.errors if form else {},
        )
    )


async def _closed(
    request: Asked, token: str, database: Database, provider_links: ProviderLinks, *, typed: str = ""
) -> Template:
    """Say that a link opens nothing (any more), whom to ask for another, and what was to be sent with it."""
    try:
        closed = await closed_link(database, provider_links.read(token))
    except LinkNotValid:
        closed = None
    return private(
        show(
            request,
            "accompaniment/closed_link.html",
            status_code=404,
            closed=closed,
            typed=typed,
            navigation=(),
        )
    )


@post("/prestataires/{token:str}/avancement", public=True)
async def report_progress(
    request: Asked,
    token: FromPath[str],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    provider_links: NamedDependency[ProviderLinks],
    allowance: NamedDependency[Allowance],
) -> Redirect | Template:
    """The provider tells how far the work is."""
    form = await read_form(request, ProgressForm)

    async def act(tx: Transaction, typed: ProgressForm) -> None:
        await usecases.report_progress_by_link(
            tx, provider_links.read(token), **dict(typed), at=clock.now(), allowance=allowance
        )

    said = "Merci\u00a0! L’avancement est enregistré."
    return await _do(request, token, database, cause, provider_links, form, act, said)


@post("/prestataires/{token:str}/livrables", public=True, request_max_body_size=ONE_FILE)
async def hand_in(
    request: Asked,
    token: FromPath[str],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    provider_links: NamedDependency[ProviderLinks],
) -> Redirect | Template:
    """The provider hands in a file."""
    form = await read_form(request, FileForm)

    async def act(tx: Transaction, typed: FileForm) -> None:
        file = await received(form.files.get("document"))
        await usecases.add_deliverable_by_link(
            tx, provider_links.read(token), file, milestone_id=typed.file_of, at=clock.now()
        )

    said = "Merci\u00a0! Le livrable est transmis."
    return await _do(request, token, database, cause, provider_links, form, act, said)


async def _do(
    request: Asked,
    token: str,
    database: Database,
    cause: Cause,
    provider_links: ProviderLinks,
    form: Form[Any],
    act: Callable[[Transaction, Any], Awaitable[None]],
    said: str,
) -> Redirect | Template:
    async def once(tx: Transaction, typed: BaseModel) -> str:
        await act(tx, typed)
        return ""  # the secret link is kept nowhere

    async def again(status_code: int) -> Template:
        return await _page(request, token, database, provider_links, status_code=status_code, form=form)

    try:
        answer = await submit(request, database, cause, form, once, again=again, said=said)
    except LinkNotValid:
        return await _closed(request, token, database, provider_links, typed=form.values.get("text", ""))
    return redirect(f"/prestataires/{token}") if isinstance(answer, Redirect) else answer


routes = [
    Router("/", route_handlers=[show_to_provider, report_progress, hand_in], opt=LINK_ALONE),
]
