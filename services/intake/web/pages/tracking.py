"""The tracking page: one thread, who has the request in hand, what is expected, and what the applicant may do."""

from dataclasses import dataclass
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.background_tasks import BackgroundTask
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from litestar.response import File, Template
from pydantic import BaseModel, StringConstraints

from services.intake.directory import Directory
from services.intake.domain.colleagues import Holder
from services.intake.limits import Caller, Limits
from services.intake.reads import tracking as reads
from services.intake.store import requests
from services.intake.store.files import DocumentFiles
from services.intake.wanted_links import send_wanted_links
from services.intake.web.callers import opened_by
from services.intake.web.documents import ACCEPTED, attachment
from services.intake.web.pages.acknowledgement import acknowledgement
from services.intake.web.pages.tracking_words import View
from services.intake.web.tokens import Tokens
from shared import clock
from shared.calendar import time_zone
from shared.contracts.fact import Email
from shared.db import Cause, Database
from shared.documents import LARGEST_REQUEST
from shared.errors import NotFound
from shared.limits import LimitReached
from shared.territory.territories import Territories
from shared.web.forms import Form, read_form
from shared.web.pages import redirect, render
from shared.web.problems import problem_of
from shared.web.secrets import ANYBODY, LINK_ALONE, private

Asked = Request[Any, Any, Any]


@dataclass(frozen=True, slots=True)
class Opened:
    """A request whose link somebody holds, and what acting on it takes."""

    token: str
    holder: Holder
    database: Database
    cause: Cause
    directory: Directory
    territories: Territories

    @property
    def request_id(self) -> UUID:
        """The request."""
        return self.holder.request_id


async def provide_opened(
    token: FromPath[str],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    tokens: NamedDependency[Tokens],
    directory: NamedDependency[Directory],
    territories: NamedDependency[Territories],
) -> Opened:
    """Dependency `opened`: the request that the link opens; refuses with `NotFound`."""
    holder = await opened_by(token, database, cause, tokens)
    if holder is None:
        raise NotFound
    return Opened(token, holder, database, cause, directory, territories)


class LinkWanted(BaseModel):
    """Who asks for a new link."""

    number: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=30)]
    email: Email


WANTED: Final = {
    "number": "Écrivez le numéro de la demande, comme 95-2026-000123.",
    "email": "Écrivez l’adresse électronique donnée au dépôt, comme mairie@exemple.fr.",
}


@get("/suivi", public=True)
async def find(request: Asked) -> Template:
    """Explain the tracking link, and offer a new one."""
    return render(request, "tracking/find.html", values={}, errors={})


@post("/suivi", public=True, opt=ANYBODY)
async def send_new_link(
    request: Asked,
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    caller: NamedDependency[Caller],
    limits: NamedDependency[Limits],
) -> Response[Any]:
    """Send a new link if number and address belong together; the answer is the same either way."""
    form = await read_form(request, LinkWanted)
    wanted = form.model
    if wanted is None:
        errors = {field: WANTED.get(field, said) for field, said in form.errors.items()}
        return render(request, "tracking/find.html", status_code=400, values=form.values, errors=errors)
    number = wanted.number.upper()
    try:
        async with database.transaction(cause) as tx:
            await limits.link(caller, number=number, email=wanted.email).take(tx)
            await requests.want_link(tx, number, limits.digest(wanted.email), at=clock.now())
    except LimitReached as refusal:
        page = render(request, "tracking/find.html", status_code=429, values=form.values, errors={"": refusal.detail})
        page.headers.update(problem_of(refusal).headers)
        return page
    answer = redirect("/suivi/lien-envoye")
    answer.background = BackgroundTask(send_wanted_links, database, limits, cause)
    return answer


@get("/suivi/lien-envoye", public=True)
async def link_sent(request: Asked) -> Template:
    """Say what happens now, without saying whether the request exists."""
    return render(request, "tracking/link_sent.html")


@get("/suivi/{token:str}", public=True)
async def show(request: Asked, opened: NamedDependency[Opened]) -> Template:
    """Show the request to whoever holds its link."""
    return await page_of(request, opened)


@get("/suivi/{token:str}/imprimer", public=True)
async def print_it(request: Asked, opened: NamedDependency[Opened]) -> Template:
    """Show the request as an A4 document."""
    return await page_of(request, opened, template="tracking/print.html")


@get("/suivi/{token:str}/accuse-de-reception.pdf", public=True)
async def acknowledge(
    request: Asked,
    opened: NamedDependency[Opened],
    caller: NamedDependency[Caller],
    limits: NamedDependency[Limits],
) -> Response[bytes]:
    """Give the acknowledgement as a PDF."""
    quota = limits.pdf(caller, opened.request_id)
    return await acknowledgement(
        request, opened.database, opened.directory, opened.territories, opened.request_id, quota
    )


@get("/suivi/{token:str}/documents/{document_id:uuid}", public=True)
async def fetch(
    opened: NamedDependency[Opened], document_id: FromPath[UUID], files: NamedDependency[DocumentFiles]
) -> File:
    """Give one of the request's documents."""
    return attachment(files, await reads.document(opened.database, document_id, of=opened.request_id))


async def page_of(
    request: Asked,
    opened: Opened,
    *,
    form: Form[Any] | None = None,
    status_code: int = 400,
    template: str = "tracking/show.html",
) -> Template:
    """Show the page; with a form that was refused, what was typed and what is wrong."""
    tracking = await reads.tracking(opened.database, opened.request_id, colleague_id=opened.holder.colleague_id)
    zone = time_zone(tracking.departement)
    page = render(
        request,
        template,
        status_code=status_code if form else 200,
        address=f"/suivi/{opened.token}",
        tracking=tracking,
        view=View(tracking, opened.directory.service(tracking.departement), opened.territories),
        accepted=ACCEPTED,
        most=LARGEST_REQUEST,
        values=form.values if form else {},
        errors=form.errors if form else {},
        today=clock.now().astimezone(zone).date(),
    )
    return private(page)


def link_closed(request: Asked, _: NotFound) -> Template:
    """Say that a link opens nothing (any more), and how to get one that does."""
    return private(render(request, "tracking/closed_link.html", status_code=404))


routes = Router("/", route_handlers=[find, send_new_link, link_sent])
behind_the_link = Router(
    "/",
    route_handlers=[show, print_it, acknowledge, fetch],
    dependencies={"opened": Provide(provide_opened)},
    exception_handlers={NotFound: link_closed},
    opt=LINK_ALONE,
)
