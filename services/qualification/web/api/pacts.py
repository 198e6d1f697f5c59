"""API of territorial pacts: for programs that act as an agent, and by the link of a pact's party."""

from typing import Annotated
from uuid import UUID

from litestar import Response, Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, QueryParameter

from services.qualification.domain.pact_moves import PactState
from services.qualification.reads.pacts import PactLineView, pacts
from services.qualification.web.actions import (
    DIAGNOSIS,
    EDITING,
    ON_PACTS,
    ON_PACTS_BY_LINK,
    OPEN_PACT,
    PARTY_CORRECTION,
    PARTY_REMOVAL,
    REMOVAL,
)
from services.qualification.web.context import AgentContext, provide_party_context
from services.qualification.web.pacts_shown import pact_as_pdf, version_as_pdf
from services.qualification.web.pages.pact_party import PARTY
from services.qualification.web.pages.pacts import PACT, PACT_PARTY, PACTS, PLANNED_ACTION
from shared.errors import Invalid
from shared.identity.model import Role
from shared.web.access import PUBLIC, only
from shared.web.actions import api_read, api_routes
from shared.web.paging import Page, Paged
from shared.web.pdf import PDF


@get("/pacts", summary="The pacts, those that moved last first")
async def list_pacts(
    context: NamedDependency[AgentContext],
    paging: NamedDependency[Page],
    in_state: Annotated[
        str | None, QueryParameter(name="state", description="One state, or several separated by commas")
    ] = None,
    q: Annotated[str | None, QueryParameter(description="Title or party", max_length=200)] = None,
) -> Paged[PactLineView]:
    """List the pacts of the caller's départements."""
    lines, total = await pacts(context.database, context.viewer, paging, states=_states_of(in_state), q=q)
    return Paged(items=lines, total=total, page=paging.number)


@get("/pacts/{pact_id:uuid}/document.pdf", media_type=PDF, summary="The pact as a document to print and sign")
async def show_pact_on_paper(pact_id: FromPath[UUID], context: NamedDependency[AgentContext]) -> Response[bytes]:
    """Return the pact as a PDF."""
    return await pact_as_pdf(context.request, context.database, await context.pact(context.database, pact_id))


@get(
    "/pacts/{pact_id:uuid}/versions/{number:int}/document.pdf",
    media_type=PDF,
    summary="A version exactly as it was put to signature, or with all its signatures",
)
async def show_version_on_paper(
    pact_id: FromPath[UUID],
    number: FromPath[int],
    context: NamedDependency[AgentContext],
    signed: Annotated[
        bool | None, QueryParameter(description="With all signatures, or as it was put to signature")
    ] = None,
) -> Response[bytes]:
    """Return a version as the PDF that was kept."""
    pact = await context.pact(context.database, pact_id)
    return await version_as_pdf(context.request, context.database, pact, number, signed=signed)


def _states_of(asked: str | None) -> list[PactState]:
    """Read the states that a list is asked for; blanks ask nothing, unknown ones are refused (`Invalid`)."""
    states = [value.strip() for value in (asked or "").split(",") if value.strip()]
    if not set(states) <= set(PactState):
        raise Invalid.field("state", f"Valeur non autorisée. Valeurs possibles : {', '.join(PactState)}.")
    return [PactState(value) for value in states]


PACTS_API = Router(
    "/",
    route_handlers=[
        list_pacts,
        api_read(PACT),
        show_pact_on_paper,
        show_version_on_paper,
        *api_routes(PACTS, [OPEN_PACT]),
        *api_routes(PACT, [DIAGNOSIS, *ON_PACTS]),
        *api_routes(PLANNED_ACTION, [EDITING, REMOVAL]),
        *api_routes(PACT_PARTY, [PARTY_CORRECTION, PARTY_REMOVAL]),
    ],
    guards=[only(Role.SAT_AGENT, Role.DELEGATE, Role.AUDITOR)],
    tags=["Pacts"],
)
PARTIES_API = Router(
    "/",
    route_handlers=[api_read(PARTY), *api_routes(PARTY, ON_PACTS_BY_LINK)],
    dependencies={"context": Provide(provide_party_context)},
    opt={PUBLIC: True},
    tags=["Pacts"],
)
