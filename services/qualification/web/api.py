"""The département's API, for programs that act as an agent; and the provider's answer by its signed link."""

from dataclasses import fields
from uuid import UUID

from litestar import Router, get, patch, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody

from services.qualification.domain.matching import CatalogueEntry
from services.qualification.reads import case as case_reads
from services.qualification.reads import catalogue as catalogue_reads
from services.qualification.reads.queue import queue
from services.qualification.usecases import catalogue, conversing, deciding, examining, orienting
from services.qualification.usecases.catalogue import Entry
from services.qualification.usecases.looking import look_at_case
from services.qualification.usecases.telling import official
from services.qualification.web import bodies, shapes
from services.qualification.web.asked import Asked, provide_asked, today_of
from services.qualification.web.desk import Desk
from shared import clock
from shared.db import Cause, Database, Transaction
from shared.identity.model import Agent, Role
from shared.web.access import only
from shared.web.paging import Page, Paged, paged


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
        await conversing.post_message(tx, request_id, text=data.text, by=agent, at=clock.now())
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
        await conversing.add_note(tx, request_id, text=data.text, by=agent, at=clock.now())
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


@get("/providers", summary="The local engineering catalogue")
async def list_providers(
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    paging: NamedDependency[Page],
    q: FromQuery[str | None] = None,
    departement: FromQuery[str | None] = None,
) -> Paged[shapes.ProviderShape]:
    """List the providers that work in the caller's départements."""
    found, total = await catalogue_reads.providers(
        database, perimeter=agent.perimeter, q=q, departement=departement or None, page=paging
    )
    return paged(found, total, paging, lambda entry: shapes.provider(entry, writes=agent.has(Role.SAT_AGENT)))


@get("/providers/{provider_id:uuid}", summary="One provider")
async def show_provider(
    provider_id: FromPath[UUID], agent: NamedDependency[Agent], database: NamedDependency[Database]
) -> shapes.ProviderShape:
    """Show one provider."""
    entry = await catalogue_reads.provider(database, provider_id, perimeter=agent.perimeter)
    return shapes.provider(entry, writes=agent.has(Role.SAT_AGENT))


@post("/providers", summary="Add a provider")
async def add_provider(
    data: JSONBody[bodies.ProviderBody],
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    desk: NamedDependency[Desk],
) -> shapes.ProviderShape:
    """Add a provider to the catalogue."""
    async with database.transaction(cause) as tx:
        entry = await catalogue.add(tx, data.entry(), by=agent, at=clock.now(), territories=desk.territories)
    return shapes.provider(entry, writes=True)


@put("/providers/{provider_id:uuid}", summary="Write a provider's entry anew")
async def replace_provider(
    provider_id: FromPath[UUID],
    data: JSONBody[bodies.ProviderBody],
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    desk: NamedDependency[Desk],
) -> shapes.ProviderShape:
    """Write a provider's entry anew."""
    return await _change(provider_id, data.entry(), agent, database, cause, desk)


@patch("/providers/{provider_id:uuid}", summary="Change a part of a provider's entry")
async def change_provider(
    provider_id: FromPath[UUID],
    data: JSONBody[bodies.ProviderPatch],
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    desk: NamedDependency[Desk],
) -> shapes.ProviderShape:
    """Change what is given of a provider's entry; the rest stays."""
    known = await catalogue_reads.provider(database, provider_id, perimeter=agent.perimeter)
    entry = bodies.ProviderBody.model_validate(_as_given(known) | data.model_dump(exclude_unset=True)).entry()
    return await _change(provider_id, entry, agent, database, cause, desk)


@get("/orientations/{token:str}", public=True, summary="What a provider is asked")
async def show_orientation(
    token: FromPath[str], database: NamedDependency[Database], desk: NamedDependency[Desk]
) -> shapes.OrientationForProvider:
    """Show what the provider is asked; the contact only once it has accepted."""
    return shapes.orientation(await catalogue_reads.orientation(database, desk.orientation_of(token)))


@post("/orientations/{token:str}/acceptance", public=True, status_code=200, summary="The provider helps")
async def accept_orientation(
    token: FromPath[str],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    desk: NamedDependency[Desk],
    data: JSONBody[bodies.NoBody | None] = None,  # noqa: ARG001 - declared so that unexpected members are refused
) -> shapes.OrientationForProvider:
    """Accept, by the signed link alone."""
    orientation_id = desk.orientation_of(token)
    async with database.transaction(cause) as tx:
        await orienting.accept(tx, orientation_id, at=clock.now())
        return shapes.orientation(await catalogue_reads.orientation(tx, orientation_id))


@post("/orientations/{token:str}/decline", public=True, status_code=200, summary="The provider cannot help")
async def decline_orientation(
    token: FromPath[str],
    data: JSONBody[bodies.MotiveBody],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    desk: NamedDependency[Desk],
) -> shapes.OrientationForProvider:
    """Decline with a motive, by the signed link alone."""
    orientation_id = desk.orientation_of(token)
    async with database.transaction(cause) as tx:
        await orienting.decline(tx, orientation_id, motive=data.motive, at=clock.now(), rules=desk.rules)
        return shapes.orientation(await catalogue_reads.orientation(tx, orientation_id))


async def _shown(tx: Transaction, request_id: UUID, agent: Agent, desk: Desk) -> shapes.CaseShape:
    view = await look_at_case(tx, request_id, by=agent, at=clock.now(), today=today_of(agent))
    return shapes.case(view, desk)


async def _change(
    provider_id: UUID, entry: Entry, agent: Agent, database: Database, cause: Cause, desk: Desk
) -> shapes.ProviderShape:
    async with database.transaction(cause) as tx:
        changed = await catalogue.change(tx, provider_id, entry, by=agent, at=clock.now(), territories=desk.territories)
    return shapes.provider(changed, writes=True)


def _as_given(entry: CatalogueEntry) -> dict[str, object]:
    named = bodies.ProviderBody.model_fields
    given = {each.name: getattr(entry, each.name) for each in fields(entry) if each.name in named}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in given.items()}


API = [
    Router(
        "/",
        route_handlers=[
            list_cases,
            show_case,
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
            list_matches,
            list_providers,
            show_provider,
            add_provider,
            replace_provider,
            change_provider,
        ],
        guards=[only(Role.SAT_AGENT, Role.DELEGATE, Role.AUDITOR)],
        tags=["Qualification"],
    ),
    Router(
        "/",
        route_handlers=[show_orientation, accept_orientation, decline_orientation],
        tags=["Orientations"],
    ),
]
