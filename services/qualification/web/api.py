"""The département's API on its cases, for programs that act as an agent."""

import asyncio
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody
from litestar.response import Redirect

from services.qualification.reads import case as case_reads
from services.qualification.reads.dashboard import Dashboard
from services.qualification.reads.queue import queue
from services.qualification.usecases import conversing, deciding, examining, orienting, together
from services.qualification.usecases.looking import look_at_case, note_document_opened
from services.qualification.usecases.telling import official
from services.qualification.web import bodies, shapes
from services.qualification.web.asked import Asked, provide_asked, today_of
from services.qualification.web.desk import Desk
from services.qualification.web.exports import table_of
from services.qualification.web.figures import Period, figures_of, provide_period
from shared import clock
from shared.db import Cause, Database, Transaction
from shared.identity.model import Agent, Role
from shared.surroundings import Profile
from shared.web.access import only
from shared.web.mandates import LIFETIME
from shared.web.pages import redirect
from shared.web.paging import Page, Paged, paged
from shared.web.secrets import HANDED_OVER
from shared.web.tables import CSV, ODS, as_csv, as_ods


@get("/cases", dependencies={"asked": Provide(provide_asked)}, summary="The queue, late and urgent cases first")
async def list_cases(
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    paging: NamedDependency[Page],
    asked: NamedDependency[Asked],
) -> Paged[shapes.QueueItemShape]:
    """List the cases of the caller's départements; late ones first, then the most urgent."""
    items, total = await queue(
        database,
        asked.filters,
        perimeter=agent.perimeter,
        who=official(agent),
        today=today_of(agent),
        page=paging,
        sort=asked.sort,
    )
    return paged(items, total, paging, shapes.queue_item)


@get("/cases.csv", dependencies={"asked": Provide(provide_asked)}, summary="The queue as a CSV file", media_type=CSV)
async def list_cases_as_csv(
    agent: NamedDependency[Agent], database: NamedDependency[Database], asked: NamedDependency[Asked]
) -> Response[bytes]:
    """Give all cases that the filters let through as a table (UTF-8 with its mark, semicolons)."""
    return await asyncio.to_thread(as_csv, await table_of(database, asked, agent))


@get("/cases.ods", dependencies={"asked": Provide(provide_asked)}, summary="The queue as a spreadsheet", media_type=ODS)
async def list_cases_as_ods(
    agent: NamedDependency[Agent], database: NamedDependency[Database], asked: NamedDependency[Asked]
) -> Response[bytes]:
    """Give all cases that the filters let through as an OpenDocument spreadsheet."""
    return await asyncio.to_thread(as_ods, await table_of(database, asked, agent))


@get("/dashboard", dependencies={"period": Provide(provide_period)}, summary="The figures of the départements")
async def show_dashboard(
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    period: NamedDependency[Period],
    desk: NamedDependency[Desk],
) -> Dashboard:
    """Count what came, what waits, how long stages took and what was answered, within the caller's perimeter."""
    return await figures_of(database, period, agent, desk)


@post("/cases/assignments", status_code=200, summary="Give several cases to an agent")
async def assign_together(
    data: JSONBody[bodies.CasesAssignmentBody],
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
) -> shapes.TogetherShape:
    """Give several cases to an agent; what cannot be given is named with its reason, and the rest is given."""
    async with database.transaction(cause) as tx:
        return shapes.together(await together.assign_cases(tx, data.request_ids, email=data.email, by=agent))


@post("/cases/examinations", status_code=200, summary="Begin the examination of several cases")
async def start_examinations(
    data: JSONBody[bodies.CasesBody],
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    desk: NamedDependency[Desk],
) -> shapes.TogetherShape:
    """Begin several examinations; what cannot begin is named with its reason, and the rest begins."""
    async with database.transaction(cause) as tx:
        return shapes.together(
            await together.start_examinations(tx, data.request_ids, by=agent, at=clock.now(), rules=desk.rules)
        )


@get("/cases/{request_id:uuid}", summary="One case with all that gathered in it")
async def show_case(
    request_id: FromPath[UUID],
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    desk: NamedDependency[Desk],
) -> shapes.CaseShape:
    """Show one case; the consultation is traced."""
    async with database.transaction(cause) as tx:
        return await _shown(tx, request_id, agent, desk)


@get("/cases/{request_id:uuid}/documents/{document_id:uuid}", status_code=303, summary="Open a joined file")
async def open_document(
    request_id: FromPath[UUID],
    document_id: FromPath[UUID],
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    desk: NamedDependency[Desk],
) -> Redirect:
    """Lead to a joined file at intake, for a minute; who opened it is recorded."""
    at = clock.now()
    async with database.transaction(cause) as tx:
        await note_document_opened(tx, request_id, document_id, by=agent, at=at)
    return redirect(desk.document_at_intake(document_id, at=at))


@post("/cases/{request_id:uuid}/assignment", status_code=200, summary="Give the case to an agent")
async def assign(
    request_id: FromPath[UUID],
    data: JSONBody[bodies.AssignmentBody],
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    desk: NamedDependency[Desk],
) -> shapes.CaseShape:
    """Give the case to an agent of the same département."""
    async with database.transaction(cause) as tx:
        await examining.assign(tx, request_id, email=data.email, by=agent)
        return await _shown(tx, request_id, agent, desk)


@post("/cases/{request_id:uuid}/examination", status_code=200, summary="Begin, or go on with, the examination")
async def start_examination(
    request_id: FromPath[UUID],
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    desk: NamedDependency[Desk],
    data: JSONBody[bodies.NoBody | None] = None,  # noqa: ARG001 - declared so that unexpected members are refused
) -> shapes.CaseShape:
    """Begin the examination; from `awaiting_information`, go on without waiting."""
    async with database.transaction(cause) as tx:
        await examining.start_examination(tx, request_id, by=agent, at=clock.now(), rules=desk.rules)
        return await _shown(tx, request_id, agent, desk)


@post("/cases/{request_id:uuid}/information-request", status_code=200, summary="Ask the applicant to complete")
async def request_information(
    request_id: FromPath[UUID],
    data: JSONBody[bodies.InformationRequestBody],
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    desk: NamedDependency[Desk],
) -> shapes.CaseShape:
    """Ask the applicant to complete the request by a date."""
    async with database.transaction(cause) as tx:
        await examining.request_information(
            tx, request_id, items=data.items, until=data.until, by=agent, at=clock.now(), rules=desk.rules
        )
        return await _shown(tx, request_id, agent, desk)


@post("/cases/{request_id:uuid}/messages", summary="Write to the applicant")
async def post_message(
    request_id: FromPath[UUID],
    data: JSONBody[bodies.TextBody],
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    desk: NamedDependency[Desk],
) -> shapes.CaseShape:
    """Write to the applicant."""
    async with database.transaction(cause) as tx:
        await conversing.post_message(tx, request_id, text=data.text, by=agent, at=clock.now(), rules=desk.rules)
        return await _shown(tx, request_id, agent, desk)


@post("/cases/{request_id:uuid}/notes", summary="Leave an internal note")
async def add_note(
    request_id: FromPath[UUID],
    data: JSONBody[bodies.TextBody],
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    desk: NamedDependency[Desk],
) -> shapes.CaseShape:
    """Leave a note that never leaves the département."""
    async with database.transaction(cause) as tx:
        await conversing.add_note(tx, request_id, text=data.text, by=agent, at=clock.now(), rules=desk.rules)
        return await _shown(tx, request_id, agent, desk)


@post("/cases/{request_id:uuid}/qualification", status_code=200, summary="Fill in the qualification grid")
async def qualify(
    request_id: FromPath[UUID],
    data: JSONBody[bodies.QualificationBody],
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    desk: NamedDependency[Desk],
) -> shapes.CaseShape:
    """Fill in the qualification grid, or fill it in anew."""
    async with database.transaction(cause) as tx:
        await examining.qualify(tx, request_id, data.grid(), by=agent, at=clock.now())
        return await _shown(tx, request_id, agent, desk)


@post("/cases/{request_id:uuid}/proposal", status_code=200, summary="Propose an outcome")
async def propose(
    request_id: FromPath[UUID],
    data: JSONBody[bodies.ProposalBody],
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    desk: NamedDependency[Desk],
) -> shapes.CaseShape:
    """Propose an outcome, which somebody else validates."""
    async with database.transaction(cause) as tx:
        await deciding.propose(tx, request_id, data.draft(), by=agent, at=clock.now(), territories=desk.territories)
        return await _shown(tx, request_id, agent, desk)


@post("/cases/{request_id:uuid}/validation", status_code=200, summary="Validate the proposal")
async def validate(
    request_id: FromPath[UUID],
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    desk: NamedDependency[Desk],
    data: JSONBody[bodies.NoBody | None] = None,  # noqa: ARG001 - declared so that unexpected members are refused
) -> shapes.CaseShape:
    """Make the proposal the département's answer; never one's own."""
    async with database.transaction(cause) as tx:
        await deciding.validate(tx, request_id, by=agent, at=clock.now(), rules=desk.rules)
        return await _shown(tx, request_id, agent, desk)


@post("/cases/{request_id:uuid}/rejection", status_code=200, summary="Reject the proposal")
async def reject(
    request_id: FromPath[UUID],
    data: JSONBody[bodies.MotiveBody],
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    desk: NamedDependency[Desk],
) -> shapes.CaseShape:
    """Reject the proposal: the examination goes on."""
    async with database.transaction(cause) as tx:
        await deciding.reject(tx, request_id, motive=data.motive, by=agent, at=clock.now())
        return await _shown(tx, request_id, agent, desk)


@post("/cases/{request_id:uuid}/answer", status_code=200, summary="Answer the national team")
async def answer(
    request_id: FromPath[UUID],
    data: JSONBody[bodies.TextBody],
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    desk: NamedDependency[Desk],
) -> shapes.CaseShape:
    """Answer what the national team asked."""
    async with database.transaction(cause) as tx:
        await conversing.answer_national_team(tx, request_id, text=data.text, by=agent, at=clock.now())
        return await _shown(tx, request_id, agent, desk)


@post("/cases/{request_id:uuid}/orientation-link", status_code=200, summary="Replace the provider's link")
async def replace_orientation_link(
    request_id: FromPath[UUID],
    data: JSONBody[bodies.OrientationLinkBody],
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    desk: NamedDependency[Desk],
) -> shapes.CaseShape:
    """Take the provider's link back; with an address a new one is mailed there."""
    async with database.transaction(cause) as tx:
        await orienting.replace_link(tx, request_id, email=data.email, by=agent, at=clock.now())
        return await _shown(tx, request_id, agent, desk)


@get("/cases/{request_id:uuid}/territory", summary="The profile of the territory that the case is about")
async def show_territory(
    request_id: FromPath[UUID],
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    desk: NamedDependency[Desk],
) -> Profile:
    """Give its population, its intercommunalité, what else was asked there, and the programmes that cover it today."""
    async with database.transaction(cause) as tx:
        today = today_of(agent)
        case = await look_at_case(tx, request_id, by=agent, today=today)
        return await desk.profile(tx, case, today)


@post("/filing-mandates", opt=HANDED_OVER, summary="A mandate to file for a collectivité")
async def give_mandate(agent: NamedDependency[Agent], desk: NamedDependency[Desk]) -> shapes.MandateShape:
    """Give a mandate, good once, for intake's API (header `Filing-Mandate`) or to be posted to `url` by a browser."""
    agent.require(Role.SAT_AGENT, Role.DELEGATE)
    at = clock.now()
    mandate = desk.mandate(agent, at=at)
    return shapes.MandateShape(mandate=mandate, url=desk.filing_url, until=at + LIFETIME)


@get("/cases/{request_id:uuid}/matches", summary="Local providers that may help, best first")
async def list_matches(
    request_id: FromPath[UUID],
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    paging: NamedDependency[Page],
) -> Paged[shapes.MatchShape]:
    """List the providers that may help, best first, each with the reasons in words."""
    day = today_of(agent)
    view = await case_reads.find(database, request_id, perimeter=agent.perimeter, who=official(agent), today=day)
    found = await case_reads.matches(database, view, day)
    return paged(found[paging.offset : paging.offset + paging.limit], len(found), paging, shapes.match)


async def _shown(tx: Transaction, request_id: UUID, agent: Agent, desk: Desk) -> shapes.CaseShape:
    view = await look_at_case(tx, request_id, by=agent, today=today_of(agent))
    return shapes.case(view, desk)


API = Router(
    "/",
    route_handlers=[
        list_cases,
        list_cases_as_csv,
        list_cases_as_ods,
        show_dashboard,
        assign_together,
        start_examinations,
        show_case,
        open_document,
        show_territory,
        assign,
        start_examination,
        request_information,
        post_message,
        add_note,
        qualify,
        propose,
        validate,
        reject,
        answer,
        replace_orientation_link,
        list_matches,
        give_mandate,
    ],
    guards=[only(Role.SAT_AGENT, Role.DELEGATE, Role.AUDITOR)],
    tags=["Qualification"],
)
