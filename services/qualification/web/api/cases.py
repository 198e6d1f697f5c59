"""API of cases, for programs that act as an agent."""

import asyncio
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody
from litestar.response import Redirect

from services.qualification.reads import case as reads
from services.qualification.reads.queue import Filters, QueueItemView, queue
from services.qualification.usecases import several_cases
from services.qualification.usecases.several_cases import AssignCases, SeveralCases
from services.qualification.web.actions import (
    DELIVERABLE,
    ON_CASES,
    ON_LOCAL_WORK,
    ON_MILESTONES,
    PROPOSAL,
    QUALIFICATION,
    STOP,
    VALIDATION,
)
from services.qualification.web.context import AgentContext
from services.qualification.web.exports import table_of
from services.qualification.web.filters import provide_filters
from services.qualification.web.pages import papers
from services.qualification.web.pages.case import CASE
from services.qualification.web.pages.confirming import VALIDATING
from services.qualification.web.pages.local_work import MILESTONE
from services.qualification.web.pages.proposing import PROPOSING, QUALIFYING
from services.qualification.web.views import MandateView, TogetherView, together_view
from shared import clock
from shared.identity.model import Role
from shared.surroundings import Profile
from shared.web.access import only
from shared.web.actions import api_read, api_routes
from shared.web.deliverables import ONE_FILE, sent
from shared.web.mandates import LIFETIME
from shared.web.paging import Page, Paged
from shared.web.pdf import PDF
from shared.web.secret_links import SHOWS_SECRET_LINKS
from shared.web.tables import CSV, ODS, as_csv, as_ods


@get("/cases", summary="The queue, late and urgent cases first")
async def list_cases(
    context: NamedDependency[AgentContext], paging: NamedDependency[Page], filters: NamedDependency[Filters]
) -> Paged[QueueItemView]:
    """List the cases of the caller's départements; late ones first, then the most urgent."""
    items, total = await queue(context.database, filters, context.viewer, paging)
    return Paged(items=items, total=total, page=paging.number)


@get("/cases.csv", summary="The queue as a CSV file", media_type=CSV)
async def list_cases_as_csv(
    context: NamedDependency[AgentContext], filters: NamedDependency[Filters]
) -> Response[bytes]:
    """Return all cases that the filters let through as a table (UTF-8 with its mark, semicolons)."""
    return await asyncio.to_thread(as_csv, await table_of(context, filters))


@get("/cases.ods", summary="The queue as a spreadsheet", media_type=ODS)
async def list_cases_as_ods(
    context: NamedDependency[AgentContext], filters: NamedDependency[Filters]
) -> Response[bytes]:
    """Return all cases that the filters let through as an OpenDocument spreadsheet."""
    return await asyncio.to_thread(as_ods, await table_of(context, filters))


@post("/cases/assignments", status_code=200, summary="Give several cases to an agent")
async def assign_together(data: JSONBody[AssignCases], context: NamedDependency[AgentContext]) -> TogetherView:
    """Give several cases to an agent; what cannot be given is named with its reason, and the rest is given."""
    async with context.database.transaction(context.cause) as tx:
        return await together_view(context, tx, await several_cases.assign_cases(context.acting(tx), data))


@post("/cases/examinations", status_code=200, summary="Begin the examination of several cases")
async def start_examinations(data: JSONBody[SeveralCases], context: NamedDependency[AgentContext]) -> TogetherView:
    """Begin several examinations; what cannot begin is named with its reason, and the rest begins."""
    async with context.database.transaction(context.cause) as tx:
        return await together_view(context, tx, await several_cases.start_examinations(context.acting(tx), data))


@get("/cases/{request_id:uuid}/documents/{document_id:uuid}", status_code=303, summary="Open a joined file")
async def open_document(
    request_id: FromPath[UUID], document_id: FromPath[UUID], context: NamedDependency[AgentContext]
) -> Redirect:
    """Lead to a joined file at intake, for a minute; who opened it is recorded."""
    return await context.open_document(request_id, document_id)


@post(
    "/cases/{request_id:uuid}/deliverables",
    status_code=201,
    request_max_body_size=ONE_FILE,
    summary="Join a file that came out of local work",
)
async def add_deliverable(request_id: FromPath[UUID], context: NamedDependency[AgentContext]) -> reads.CaseView:
    """Join a file that came out of local work (multipart: `document`, and `milestone_id` if it belongs to one)."""
    file, command = await sent(context)
    async with context.database.transaction(context.cause) as tx:
        await DELIVERABLE.use_case(context.acting(tx), request_id, file, command)
        return await context.case(tx, request_id)


@get("/cases/{request_id:uuid}/deliverables/{deliverable_id:uuid}", summary="Fetch a file that came out of local work")
async def fetch_deliverable(
    request_id: FromPath[UUID], deliverable_id: FromPath[UUID], context: NamedDependency[AgentContext]
) -> Response[bytes]:
    """Return a file that came out of local work; who opened it is recorded."""
    return await context.fetch_deliverable(request_id, deliverable_id)


@get("/cases/{request_id:uuid}/letters/{letter_id:uuid}/document.pdf", media_type=PDF, summary="A letter as a PDF")
async def get_letter(
    request_id: FromPath[UUID], letter_id: FromPath[UUID], context: NamedDependency[AgentContext]
) -> Response[bytes]:
    """Return a letter by which the département answered, as the applicant gets it."""
    return await papers.letter(context, request_id, letter_id)


@get("/cases/{request_id:uuid}/dossier.pdf", media_type=PDF, summary="The whole dossier as a PDF, with internal notes")
async def get_dossier(request_id: FromPath[UUID], context: NamedDependency[AgentContext]) -> Response[bytes]:
    """Return the service's whole dossier as a PDF, with its internal notes."""
    return await papers.dossier(context, request_id)


@get("/cases/{request_id:uuid}/dossier.zip", status_code=303, summary="The dossier with its documents as a ZIP")
async def open_archive(request_id: FromPath[UUID], context: NamedDependency[AgentContext]) -> Redirect:
    """Lead to the dossier at intake, for a minute: as its applicant has it; who opened the documents is recorded."""
    return await context.open_dossier(request_id)


@get("/cases/{request_id:uuid}/territory", summary="The profile of the territory that the case is about")
async def show_territory(request_id: FromPath[UUID], context: NamedDependency[AgentContext]) -> Profile:
    """Return its population, its intercommunalité, what else was asked there, and programmes that cover it today."""
    case = await context.case(context.database, request_id)
    return await context.parts.profile(context.database, case, context.today)


@get("/cases/{request_id:uuid}/matches", summary="Local providers that may help, best first")
async def list_matches(
    request_id: FromPath[UUID], context: NamedDependency[AgentContext], paging: NamedDependency[Page]
) -> Paged[reads.MatchView]:
    """List the providers that may help, best first, each with the reasons in words."""
    case = await context.case(context.database, request_id)
    found = await reads.matches(context.database, case, context.today)
    shown = [
        reads.MatchView(each.provider.id, each.provider.name, list(each.reasons), each.provider.capacity_left)
        for each in found[paging.offset : paging.end]
    ]
    return Paged(items=shown, total=len(found), page=paging.number)


@post("/filing-mandates", opt=SHOWS_SECRET_LINKS, summary="A mandate to file for a collectivité")
async def give_mandate(context: NamedDependency[AgentContext]) -> MandateView:
    """Return a mandate, good once, for intake's API (header `Filing-Mandate`) or to be posted to `url` by a browser."""
    context.agent.require(Role.SAT_AGENT, Role.DELEGATE)
    at = clock.now()
    return MandateView(
        mandate=context.parts.mandate(context.agent, at=at), url=context.parts.filing_url, until=at + LIFETIME
    )


CASES_API = Router(
    "/",
    route_handlers=[
        list_cases,
        list_cases_as_csv,
        list_cases_as_ods,
        assign_together,
        start_examinations,
        api_read(CASE),
        open_document,
        get_letter,
        get_dossier,
        open_archive,
        show_territory,
        list_matches,
        give_mandate,
        *api_routes(CASE, [*ON_CASES, *ON_LOCAL_WORK, STOP]),
        *api_routes(MILESTONE, ON_MILESTONES),
        add_deliverable,
        fetch_deliverable,
        *api_routes(QUALIFYING, [QUALIFICATION]),
        *api_routes(PROPOSING, [PROPOSAL]),
        *api_routes(VALIDATING, [VALIDATION]),
    ],
    dependencies={"filters": Provide(provide_filters)},
    guards=[only(Role.SAT_AGENT, Role.DELEGATE, Role.AUDITOR)],
    tags=["Qualification"],
)
