"""The API of territorial pacts, for programs that act as an agent."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from services.qualification.domain.pact_moves import PactState
from services.qualification.reads.pact import find
from services.qualification.reads.pacts import pacts
from services.qualification.usecases import pacts as acts
from services.qualification.usecases.context import official
from services.qualification.web import pacts_bodies as bodies
from services.qualification.web import pacts_shapes as shapes
from services.qualification.web.context import Parts, today_of
from services.qualification.web.pacts_shown import pact_as_pdf
from shared import clock
from shared.commands import Nothing
from shared.db import Cause, Database, Reader, Transaction
from shared.errors import Invalid
from shared.identity.model import Agent, Role
from shared.web.access import only
from shared.web.paging import Page, Paged, paged
from shared.web.paper import PDF


@get("/pacts", summary="The pacts, those that moved last first")
async def list_pacts(
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    paging: NamedDependency[Page],
    in_state: Annotated[
        str | None, QueryParameter(name="state", description="One state, or several separated by commas")
    ] = None,
    q: Annotated[str | None, QueryParameter(description="Title or party", max_length=200)] = None,
) -> Paged[shapes.PactLineShape]:
    """List the pacts of the caller's départements."""
    lines, total = await pacts(
        database,
        perimeter=agent.perimeter,
        states=states_of(in_state),
        q=q,
        who=official(agent),
        today=today_of(agent),
        page=paging,
    )
    return paged(lines, total, paging, shapes.pact_line)


@post("/pacts", summary="Open a pact")
async def open_pact(
    data: JSONBody[bodies.PactBody],
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    parts: NamedDependency[Parts],
) -> shapes.PactShape:
    """Open a pact between the State and the parties that are named."""
    async with database.transaction(cause) as tx:
        pact = await acts.open_pact(
            tx,
            clock.new_id(),
            title=data.title,
            departement=data.departement,
            parties=[party.named() for party in data.parties],
            request_id=data.request_id,
            by=agent,
            at=clock.now(),
            rules=parts.rules,
            territories=parts.territories,
        )
        return await _shown(tx, pact.id, agent)


@get("/pacts/{pact_id:uuid}", summary="One pact with all that was agreed, signed and done")
async def show_pact(
    pact_id: FromPath[UUID], agent: NamedDependency[Agent], database: NamedDependency[Database]
) -> shapes.PactShape:
    """Show one pact."""
    return await _shown(database, pact_id, agent)


@get("/pacts/{pact_id:uuid}/document.pdf", media_type=PDF, summary="The pact as a document to print and sign")
async def show_pact_on_paper(
    request: Request[Any, Any, Any],
    pact_id: FromPath[UUID],
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
) -> Response[bytes]:
    """Give the pact as a PDF."""
    view = await find(database, pact_id, perimeter=agent.perimeter, who=official(agent), today=today_of(agent))
    return await pact_as_pdf(request, view)


@post("/pacts/{pact_id:uuid}/diagnosis", status_code=200, summary="Put a diagnosis on the table")
async def share_diagnosis(
    pact_id: FromPath[UUID],
    data: JSONBody[bodies.DiagnosisBody],
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
) -> shapes.PactShape:
    """Put a diagnosis on the table; a new version voids the agreements given to the one before."""

    async def act(tx: Transaction) -> None:
        await acts.share_diagnosis(tx, pact_id, data.diagnosis(), by=agent, at=clock.now())

    return await _done(act, pact_id, agent, database, cause)


@post("/pacts/{pact_id:uuid}/invitations", status_code=200, summary="Send a party its link")
async def invite(
    pact_id: FromPath[UUID],
    data: JSONBody[bodies.InvitationBody],
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
) -> shapes.PactShape:
    """Send a party the link by which it agrees, signs and tells how its actions go; another address replaces it."""

    async def act(tx: Transaction) -> None:
        await acts.invite(tx, pact_id, party=data.party, email=data.email, by=agent, at=clock.now())

    return await _done(act, pact_id, agent, database, cause)


@post("/pacts/{pact_id:uuid}/agreements", status_code=200, summary="A party agrees the diagnosis")
async def agree(
    pact_id: FromPath[UUID],
    data: JSONBody[bodies.PartySpeaksBody],
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
) -> shapes.PactShape:
    """Record an agreement: a délégué's for the State, a SAT agent's for another party."""

    async def act(tx: Transaction) -> None:
        await acts.agree(tx, pact_id, party=data.party, on=data.on, by=agent, at=clock.now())

    return await _done(act, pact_id, agent, database, cause)


@post("/pacts/{pact_id:uuid}/actions", summary="Add an action to the plan")
async def add_action(
    pact_id: FromPath[UUID],
    data: JSONBody[bodies.ActionBody],
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
) -> shapes.PactShape:
    """Add an action to the plan, the last of `actions`."""

    async def act(tx: Transaction) -> None:
        await acts.add_action(tx, pact_id, data.planned(), by=agent, at=clock.now())

    return await _done(act, pact_id, agent, database, cause)


@post("/pacts/{pact_id:uuid}/actions/{action_id:uuid}/removal", status_code=200, summary="Take an action out")
async def remove_action(
    pact_id: FromPath[UUID],
    action_id: FromPath[UUID],
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    data: JSONBody[Nothing | None] = None,  # noqa: ARG001 - declared so that unexpected members are refused
) -> shapes.PactShape:
    """Take an action out of a plan that nobody signed yet."""

    async def act(tx: Transaction) -> None:
        await acts.remove_action(tx, pact_id, action_id, by=agent, at=clock.now())

    return await _done(act, pact_id, agent, database, cause)


@post("/pacts/{pact_id:uuid}/signatures", status_code=200, summary="A party signs")
async def sign(
    pact_id: FromPath[UUID],
    data: JSONBody[bodies.PartySpeaksBody],
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
) -> shapes.PactShape:
    """Record a signature: a délégué's for the State, a SAT agent's for another party."""

    async def act(tx: Transaction) -> None:
        await acts.sign(tx, pact_id, party=data.party, on=data.on, by=agent, at=clock.now())

    return await _done(act, pact_id, agent, database, cause)


@post("/pacts/{pact_id:uuid}/progress", status_code=200, summary="Tell how far an action is")
async def report(
    pact_id: FromPath[UUID],
    data: JSONBody[bodies.ProgressBody],
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
) -> shapes.PactShape:
    """Tell how far an action is."""

    async def act(tx: Transaction) -> None:
        await acts.report(
            tx,
            pact_id,
            data.action_id,
            percent=data.percent,
            status=data.status,
            comment=data.comment,
            by=agent,
            at=clock.now(),
        )

    return await _done(act, pact_id, agent, database, cause)


@post("/pacts/{pact_id:uuid}/reviews", summary="Note a yearly review")
async def review(
    pact_id: FromPath[UUID],
    data: JSONBody[bodies.ReviewBody],
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
) -> shapes.PactShape:
    """Note what the parties concluded at a yearly review."""

    async def act(tx: Transaction) -> None:
        await acts.review(tx, pact_id, held_on=data.held_on, summary=data.summary, by=agent, at=clock.now())

    return await _done(act, pact_id, agent, database, cause)


def states_of(asked: str | None) -> list[PactState]:
    """Read the states that a list is asked for; blanks ask nothing, unknown ones are refused (`Invalid`)."""
    states = [value.strip() for value in (asked or "").split(",") if value.strip()]
    if not set(states) <= set(PactState):
        raise Invalid.field("state", f"Valeur non autorisée. Valeurs possibles : {', '.join(PactState)}.")
    return [PactState(value) for value in states]


async def _done(
    act: Callable[[Transaction], Awaitable[None]], pact_id: UUID, agent: Agent, database: Database, cause: Cause
) -> shapes.PactShape:
    """Do it and show the pact as it is then, in one transaction."""
    async with database.transaction(cause) as tx:
        await act(tx)
        return await _shown(tx, pact_id, agent)


async def _shown(reader: Reader, pact_id: UUID, agent: Agent) -> shapes.PactShape:
    view = await find(reader, pact_id, perimeter=agent.perimeter, who=official(agent), today=today_of(agent))
    return shapes.pact(view)


PACTS_API = Router(
    "/",
    route_handlers=[
        list_pacts,
        open_pact,
        show_pact,
        show_pact_on_paper,
        share_diagnosis,
        invite,
        agree,
        add_action,
        remove_action,
        sign,
        report,
        review,
    ],
    guards=[only(Role.SAT_AGENT, Role.DELEGATE, Role.AUDITOR)],
    tags=["Pacts"],
)
