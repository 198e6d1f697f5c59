"""The API behind the link of a pact's party, for programs that act for it: no account, the token is the right."""

from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from services.qualification.usecases import pacts as acts
from services.qualification.web import pacts_bodies as bodies
from services.qualification.web import pacts_shapes as shapes
from services.qualification.web.context import Parts
from shared import clock
from shared.db import Cause, Database


@get("/pact-parties/{token:str}", public=True, summary="The pact, as one of its parties sees it")
async def show_pact_to_party(
    token: FromPath[str], database: NamedDependency[Database], parts: NamedDependency[Parts]
) -> shapes.PactForPartyShape:
    """Show the pact and what the party may do now."""
    return shapes.pact_for_party(*await parts.pact(database, parts.party_of(token)))


@post("/pact-parties/{token:str}/agreement", public=True, status_code=200, summary="The party agrees the diagnosis")
async def agree_as_party(
    token: FromPath[str],
    data: JSONBody[bodies.SpokenBody],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    parts: NamedDependency[Parts],
) -> shapes.PactForPartyShape:
    """Agree the diagnosis on the table, by the signed link alone."""
    link = parts.party_of(token)
    async with database.transaction(cause) as tx:
        await acts.agree_by_link(tx, link, name=data.name, at=clock.now())
        return shapes.pact_for_party(*await parts.pact(tx, link))


@post("/pact-parties/{token:str}/signature", public=True, status_code=200, summary="The party signs")
async def sign_as_party(
    token: FromPath[str],
    data: JSONBody[bodies.SpokenBody],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    parts: NamedDependency[Parts],
) -> shapes.PactForPartyShape:
    """Sign the pact, by the signed link alone."""
    link = parts.party_of(token)
    async with database.transaction(cause) as tx:
        await acts.sign_by_link(tx, link, name=data.name, at=clock.now())
        return shapes.pact_for_party(*await parts.pact(tx, link))


@post("/pact-parties/{token:str}/progress", public=True, status_code=200, summary="The party tells how an action goes")
async def report_as_party(
    token: FromPath[str],
    data: JSONBody[bodies.ProgressByLinkBody],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    parts: NamedDependency[Parts],
) -> shapes.PactForPartyShape:
    """Tell how far an action is that the party owns or takes part in."""
    link = parts.party_of(token)
    async with database.transaction(cause) as tx:
        await acts.report_by_link(
            tx,
            link,
            data.action_id,
            name=data.name,
            percent=data.percent,
            status=data.status,
            comment=data.comment,
            at=clock.now(),
        )
        return shapes.pact_for_party(*await parts.pact(tx, link))


PARTIES_API = Router(
    "/",
    route_handlers=[show_pact_to_party, agree_as_party, sign_as_party, report_as_party],
    tags=["Pacts"],
)
