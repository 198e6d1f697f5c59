"""How accompaniments go: all that are under way, a milestone, deliverables, the report on paper."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect, Template
from pydantic import BaseModel

from services.escalation.domain.inputs import Text
from services.escalation.reads.accompaniment import accompaniments, count_accompaniments, deliverable
from services.escalation.store.accompaniment import NoSuchMilestone
from services.escalation.usecases import accompaniment as usecases
from services.escalation.usecases import acting, consultations
from services.escalation.usecases.recording import day
from services.escalation.web.files import ONE_FILE, attachment, received
from services.escalation.web.links import DocumentLinks
from services.escalation.web.pages.dossiers import dossier_page
from services.escalation.web.pages.papers import report_as_pdf, report_page
from services.escalation.web.pages.showing import Asked, show
from services.escalation.web.readers import COMMITTEE_READERS
from services.escalation.web.whole import whole
from shared import clock
from shared.db import Cause, Database, Transaction
from shared.identity.model import Agent
from shared.territory import Territories
from shared.web.access import only
from shared.web.forms import Form, read_form, submit
from shared.web.paging import Page

_READERS = [only(*COMMITTEE_READERS)]


class ReachedForm(BaseModel):
    """When a milestone was reached."""

    reached_on: date | None = None


class PostponementForm(BaseModel):
    """A milestone's new date, and why."""

    due_on: date
    motive: Text


class DeliverableForm(BaseModel):
    """A file (beside these fields), and the milestone that it belongs to."""

    deliverable_of: UUID | None = None


@get("/accompagnements", guards=_READERS)
async def list_accompaniments(
    request: Asked,
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
    paging: NamedDependency[Page],
    late: Annotated[str, QueryParameter(max_length=5)] = "",
) -> Template:
    """Show what is under way, with what is due next first."""
    perimeter, today = acting.perimeter(agent), day(clock.now())
    return show(
        request,
        "accompaniment/list.html",
        items=await accompaniments(
            database, late=bool(late), perimeter=perimeter, today=today, limit=paging.limit, offset=paging.offset
        ),
        total=await count_accompaniments(database, late=bool(late), perimeter=perimeter, today=today),
        all_of_them=await count_accompaniments(database, late=False, perimeter=perimeter, today=today),
        late_ones=await count_accompaniments(database, late=True, perimeter=perimeter, today=today),
        paging=paging,
    )


@get("/demandes/{request_id:uuid}/jalons/{milestone_id:uuid}", guards=_READERS)
async def show_milestone(
    request: Asked,
    request_id: FromPath[UUID],
    milestone_id: FromPath[UUID],
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
) -> Template:
    """Show a milestone with what was told and delivered of it."""
    return await _milestone_page(request, database, request_id, milestone_id, agent, document_links)


async def _milestone_page(
    request: Asked,
    database: Database,
    request_id: UUID,
    milestone_id: UUID,
    agent: Agent,
    document_links: DocumentLinks,
    *,
    status_code: int = 200,
    form: Form[Any] | None = None,
) -> Template:
    dossier = await whole(database, request_id, agent, document_links)
    found = next((one for one in dossier.milestones if one.id == milestone_id), None)
    if found is None:
        raise NoSuchMilestone
    values: Mapping[str, Any] = form.values if form else {}
    return show(
        request,
        "accompaniment/milestone.html",
        status_code=status_code,
        dossier=dossier,
        item=found,
        values=values,
        errors=form.errors if form else {},
    )


@post("/demandes/{request_id:uuid}/jalons/{milestone_id:uuid}", guards=_READERS)
async def reach_milestone(
    request: Asked,
    request_id: FromPath[UUID],
    milestone_id: FromPath[UUID],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
) -> Redirect | Template:
    """Note that a milestone is reached, today unless it is said when."""
    form = await read_form(request, ReachedForm)

    async def act(tx: Transaction, typed: ReachedForm) -> str:
        await usecases.reach_milestone(
            tx, request_id, milestone_id, reached_on=typed.reached_on, agent=agent, at=clock.now()
        )
        return f"/demandes/{request_id}#jalons"

    async def again(status_code: int) -> Template:
        return await _milestone_page(
            request, database, request_id, milestone_id, agent, document_links, status_code=status_code, form=form
        )

    return await submit(request, database, cause, form, act, again=again, said="Le jalon est atteint.")


@post("/demandes/{request_id:uuid}/jalons/{milestone_id:uuid}/report", guards=_READERS)
async def postpone_milestone(
    request: Asked,
    request_id: FromPath[UUID],
    milestone_id: FromPath[UUID],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
) -> Redirect | Template:
    """Give a milestone a later date."""
    form = await read_form(request, PostponementForm)

    async def act(tx: Transaction, typed: PostponementForm) -> str:
        await usecases.postpone_milestone(
            tx,
            request_id,
            milestone_id,
            due_on=typed.due_on,
            motive=typed.motive,
            agent=agent,
            at=clock.now(),
        )
        return f"/demandes/{request_id}#jalons"

    async def again(status_code: int) -> Template:
        return await _milestone_page(
            request, database, request_id, milestone_id, agent, document_links, status_code=status_code, form=form
        )

    return await submit(request, database, cause, form, act, again=again, said="Le jalon est reporté.")


@post("/demandes/{request_id:uuid}/livrable", guards=_READERS, request_max_body_size=ONE_FILE)
async def add_deliverable(
    request: Asked,
    request_id: FromPath[UUID],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
    territories: NamedDependency[Territories],
) -> Redirect | Template:
    """Join a file that came out of the work."""
    form = await read_form(request, DeliverableForm)

    async def act(tx: Transaction, typed: DeliverableForm) -> str:
        file = await received(form.files.get("document"))
        await usecases.add_deliverable(
            tx, request_id, file, milestone_id=typed.deliverable_of, agent=agent, at=clock.now()
        )
        return f"/demandes/{request_id}#livrables"

    async def again(status_code: int) -> Template:
        return await dossier_page(
            request,
            database,
            request_id,
            agent,
            document_links,
            territories,
            status_code=status_code,
            failed="livrable",
            values=form.values,
            errors=form.errors,
        )

    return await submit(request, database, cause, form, act, again=again, said="Le livrable est joint au dossier.")


@get("/demandes/{request_id:uuid}/livrables/{deliverable_id:uuid}", guards=_READERS)
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


@get("/demandes/{request_id:uuid}/bilan-a-imprimer", guards=_READERS)
async def show_report(
    request: Asked,
    request_id: FromPath[UUID],
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
) -> Template:
    """Show the report of an accompaniment, to print."""
    page, _ = await report_page(request, database, request_id, agent, document_links)
    return page


@get("/demandes/{request_id:uuid}/bilan.pdf", guards=_READERS)
async def report_on_paper(
    request: Asked,
    request_id: FromPath[UUID],
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
) -> Response[bytes]:
    """Give the report of an accompaniment as a PDF."""
    return await report_as_pdf(request, database, request_id, agent, document_links)


routes = [
    list_accompaniments,
    show_milestone,
    reach_milestone,
    postpone_milestone,
    add_deliverable,
    download_deliverable,
    show_report,
    report_on_paper,
]
