"""Pacts to look at: the list, one pact on the screen and on paper; and a new one, alone or out of a request."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from services.qualification.domain.pact_moves import PactState
from services.qualification.reads.pact import find
from services.qualification.reads.pact_views import PactView
from services.qualification.reads.pacts import pact_of_request, pacts
from services.qualification.usecases import pacts as acts
from services.qualification.usecases.looking import look_at_case
from services.qualification.usecases.telling import official
from services.qualification.web.pacts_forms import PactForm, again, rows_of, typed_rows
from services.qualification.web.pacts_words import ACTION_STATUS, EXPECTED, PACT_STATE, PARTY_KIND, STEPS
from services.qualification.web.visit import Visit
from shared import clock
from shared.db import Transaction
from shared.identity.model import Role
from shared.web.forms import Form, read_form
from shared.web.pages import redirect, render
from shared.web.paging import Page


@get("/pactes")
async def show_pacts(
    visit: NamedDependency[Visit],
    paging: NamedDependency[Page],
    in_state: Annotated[str, QueryParameter(name="state")] = "",
    q: Annotated[str, QueryParameter(max_length=200)] = "",
) -> Response[Any]:
    """List the pacts of the agent's départements."""
    lines, total = await pacts(
        visit.database,
        perimeter=visit.agent.perimeter,
        states=[PactState(in_state)] if in_state in set(PactState) else [],
        q=q,
        who=official(visit.agent),
        today=visit.today,
        page=paging,
    )
    return render(
        visit.request,
        "pacts/list.html",
        pacts=lines,
        total=total,
        page_asked=paging,
        states=PACT_STATE,
        state_options=[(state, said) for state, (said, _) in PACT_STATE.items()],
        filtered=bool(in_state or q),
        opens=_opens(visit),
        today=visit.today,
    )


@get("/pactes/nouveau")
async def show_new_pact(visit: NamedDependency[Visit], request_id: FromQuery[UUID | None] = None) -> Response[Any]:
    """Show the form of a new pact, filled in with what a request says; a request that led to one shows that one."""
    visit.agent.require(Role.SAT_AGENT, Role.DELEGATE)
    if request_id is None:
        return await _new_page(visit, {}, {}, 200)
    known = await pact_of_request(visit.database, request_id, perimeter=visit.agent.perimeter)
    if known is not None:
        return redirect(f"/pactes/{known}")
    async with visit.database.transaction(visit.cause) as tx:
        case = await look_at_case(tx, request_id, by=visit.agent, at=clock.now(), today=visit.today)
    asking = case.request.applicant
    party = {
        "name": asking.name,
        "kind": asking.kind.value,
        "code": asking.code,
        "email": case.request.contact.email,
    }
    values = {
        "title": case.request.title,
        "departement": case.departement,
        "request_id": str(request_id),
        **typed_rows("parties", [party]),
    }
    return await _new_page(visit, values, {}, 200)


@post("/pactes/nouveau")
async def open_pact(visit: NamedDependency[Visit]) -> Response[Any]:
    """Open a pact, or show the form again with more rows."""
    form = await read_form(visit.request, PactForm)
    if await asks_for_rows(visit):
        return await _new_page(visit, again(form)[0], {}, 200)
    opened: list[UUID] = []

    async def act(tx: Transaction) -> str:
        pact = await acts.open_pact(
            tx,
            title=model.title,
            departement=model.departement,
            parties=model.named(),
            request_id=model.request_id,
            by=visit.agent,
            at=clock.now(),
            rules=visit.desk.rules,
            territories=visit.desk.territories,
        )
        return f"/pactes/{pact.id}"
