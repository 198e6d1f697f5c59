"""How an accompaniment goes, by program: delays, progress, deliverables, the provider's link, the report."""

from datetime import date
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from services.escalation.domain.inputs import Percent, Text
from services.escalation.reads.accompaniment import (
    AccompanimentRow,
    ProviderView,
    accompaniments,
    by_link,
    count_accompaniments,
    deliverable,
)
from services.escalation.reads.detail_rows import EscalationDetail
from services.escalation.usecases import accompaniment as usecases
from services.escalation.usecases import acting, consultations
from services.escalation.usecases.recording import day
from services.escalation.web.api.answers import EscalationWithNew, acted, with_new
from services.escalation.web.files import ONE_FILE, attachment, received
from services.escalation.web.links import DocumentLinks, ProviderLinks
from services.escalation.web.pages.papers import report_as_pdf
from services.escalation.web.pages.showing import Asked
from services.escalation.web.readers import COMMITTEE_READERS
from services.escalation.web.whole import whole
from shared import clock
from shared.allowance import Allowance
from shared.commands import Command
from shared.contracts.fact import Email
from shared.db import Cause, Database, Transaction
from shared.identity.model import Agent
from shared.web.access import FORMS, UnsupportedContent, only
from shared.web.paging import Page, Paged
from shared.web.paper import PDF
from shared.web.secrets import HANDED_OVER


class Postponement(Command):
    """The new date of a milestone, and why."""

    due_on: date
    motive: Text


class Progress(Command):
    """How far the work is, of a milestone or of all of it; `percent` done, if it can be said."""

    text: Text
    percent: Percent | None = None
    milestone_id: UUID | None = None


class NewLink(Command):
    """To whom the link is given."""

    email: Email


class Invited(EscalationDetail):
    """The dossier in its new form, with the provider's personal link; it is shown to whoever asks for it only."""

    provider_url: str


async def _file_of(request: Asked) -> tuple[list[UploadFile], UUID | None]:
    """Read the file of a multipart body, and the milestone that it belongs to."""
    if request.content_type[0] != FORMS[1]:
        raise UnsupportedContent(wanted=FORMS[1])
    sent = await request.form()
    uploads = [item for _, item in sent.multi_items() if isinstance(item, UploadFile) and item.filename]
    return uploads, usecases.milestone_named(str(sent.get("milestone_id") or ""))


@get("/accompaniments", guards=[only(*COMMITTEE_READERS)])
async def list_accompaniments(
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
    paging: NamedDependency[Page],
    late: FromQuery[bool] = False,  # noqa: FBT002 - a query parameter
) -> Paged[AccompanimentRow]:
    """List the accompaniments under way, with what is due next first."""
    perimeter, today = acting.perimeter(agent), day(clock.now())
    return Paged(
        items=await accompaniments(
            database, late=late, perimeter=perimeter, today=today, limit=paging.limit, offset=paging.offset
        ),
        total=await count_accompaniments(database, late=late, perimeter=perimeter, today=today),
        page=paging.number,
    )


@post("/escalations/{request_id:uuid}/milestones/{milestone_id:uuid}/postponement", status_code=200)
async def postpone_milestone(
    request_id: FromPath[UUID],
    milestone_id: FromPath[UUID],
    data: JSONBody[Postponement],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
) -> EscalationDetail:
    """Give a milestone a later date."""

    async def act(tx: Transaction) -> None:
        await usecases.postpone_milestone(
            tx, request_id, milestone_id, due_on=data.due_on, motive=data.motive, agent=agent, at=clock.now()
        )

    return await acted(database, cause, act, request_id, agent, document_links)


@post("/escalations/{request_id:uuid}/progress")
async def report_progress(
    request_id: FromPath[UUID],
    data: JSONBody[Progress],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
    allowance: NamedDependency[Allowance],
) -> EscalationWithNew:
    """Note how far the work is."""
    async with database.transaction(cause) as tx:
        created = await usecases.report_progress(
            tx, request_id, **dict(data), agent=agent, at=clock.now(), allowance=allowance
        )
        return await with_new(tx, created, request_id, agent, document_links)


@post("/escalations/{request_id:uuid}/deliverables", request_max_body_size=ONE_FILE)
async def add_deliverable(
    request: Asked,
    request_id: FromPath[UUID],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
) -> EscalationWithNew:
    """Join a file (multipart: `document`, and `milestone_id` if it belongs to one)."""
    uploads, milestone_id = await _file_of(request)
    file = await received(uploads)
    async with database.transaction(cause) as tx:
        created = await usecases.add_deliverable(
            tx, request_id, file, milestone_id=milestone_id, agent=agent, at=clock.now()
        )
        return await with_new(tx, created, request_id, agent, document_links)


@get("/escalations/{request_id:uuid}/deliverables/{deliverable_id:uuid}")
async def download_deliverable(
    request_id: FromPath[UUID],
    deliverable_id: FromPath[UUID],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
) -> Response[bytes]:
    """Give a file that came out of the work; who opened it is recorded."""
    async with database.transaction(cause) as tx:
        file = await deliverable(tx, request_id, deliverable_id, perimeter=acting.perimeter(agent))
        await consultations.note_opened(tx, request_id, deliverable_id, agent=agent, at=clock.now())
    return attachment(file)


@post("/escalations/{request_id:uuid}/mobilisations/{mobilisation_id:uuid}/invitation", opt=HANDED_OVER)
async def invite_provider(
    request_id: FromPath[UUID],
    mobilisation_id: FromPath[UUID],
    data: JSONBody[NewLink],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
    provider_links: NamedDependency[ProviderLinks],
) -> Invited:
    """Make the personal link by which a provider tells how it goes; an earlier one opens nothing any more."""
    async with database.transaction(cause) as tx:
        link = await usecases.invite_provider(
            tx, request_id, mobilisation_id, email=data.email, agent=agent, at=clock.now()
        )
        found = await whole(tx, request_id, agent, document_links)
        return Invited(**dict(found), provider_url=provider_links(link))


@get("/escalations/{request_id:uuid}/report.pdf", media_type=PDF, guards=[only(*COMMITTEE_READERS)])
async def report(
    request: Asked,
    request_id: FromPath[UUID],
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
) -> Response[bytes]:
    """Give the report of an accompaniment, a draft until it is completed."""
    return await report_as_pdf(request, database, request_id, agent, document_links)


@get("/provider-links/{token:str}", public=True)
async def show_to_provider(
    token: FromPath[str], database: NamedDependency[Database], provider_links: NamedDependency[ProviderLinks]
) -> ProviderView:
    """Give what a provider sees by its link."""
    return await by_link(database, provider_links.read(token))


@post("/provider-links/{token:str}/progress", public=True)
async def report_progress_by_link(
    token: FromPath[str],
    data: JSONBody[Progress],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    provider_links: NamedDependency[ProviderLinks],
    allowance: NamedDependency[Allowance],
) -> ProviderView:
    """Tell how far the work is, as the provider."""
    link = provider_links.read(token)
    async with database.transaction(cause) as tx:
        await usecases.report_progress_by_link(tx, link, **dict(data), at=clock.now(), allowance=allowance)
        return await by_link(tx, link)


@post("/provider-links/{token:str}/deliverables", public=True, request_max_body_size=ONE_FILE)
async def add_deliverable_by_link(
    request: Asked,
    token: FromPath[str],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    provider_links: NamedDependency[ProviderLinks],
) -> ProviderView:
    """Hand in a file, as the provider (multipart: `document`, and `milestone_id` if it belongs to one)."""
    link = provider_links.read(token)
    uploads, milestone_id = await _file_of(request)
    file = await received(uploads)
    async with database.transaction(cause) as tx:
        await usecases.add_deliverable_by_link(tx, link, file, milestone_id=milestone_id, at=clock.now())
        return await by_link(tx, link)


routes = Router(
    "/",
    route_handlers=[
        list_accompaniments,
        postpone_milestone,
        report_progress,
        add_deliverable,
        download_deliverable,
        invite_provider,
        report,
        show_to_provider,
        report_progress_by_link,
        add_deliverable_by_link,
    ],
    tags=["accompaniment"],
)
