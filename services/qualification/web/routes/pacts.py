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
from services.qualification.web.pacts_shown import described, pact_as_pdf
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
        case = await look_at_case(tx, request_id, by=visit.agent, today=visit.today)
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
    pact_id = clock.new_id()

    async def act(tx: Transaction, pact: PactForm) -> object:
        return await acts.open_pact(
            tx,
            pact_id,
            title=pact.title,
            departement=pact.departement,
            parties=pact.named(),
            request_id=pact.request_id,
            by=visit.agent,
            at=clock.now(),
            rules=visit.desk.rules,
            territories=visit.desk.territories,
        )

    async def shown_again(form: Form[Any], status: int) -> Response[Any]:
        return await _new_page(visit, *again(form), status)

    said = "Le pacte est ouvert. Prochaine étape\u00a0: le diagnostic partagé."
    return await visit.carry_out(form, act, then=f"/pactes/{pact_id}", said=said, again=shown_again)


@get("/pactes/{pact_id:uuid}")
async def show_pact(pact_id: FromPath[UUID], visit: NamedDependency[Visit]) -> Response[Any]:
    """Show one pact, with the forms of what may be done now."""
    return await pact_page(visit, pact_id)


@get("/pactes/{pact_id:uuid}/imprimer")
async def print_pact(pact_id: FromPath[UUID], visit: NamedDependency[Visit]) -> Response[Any]:
    """Show the pact as a document."""
    view = await found(visit, pact_id)
    return render(visit.request, "pacts/print.html", today=visit.today, **described(view))


@get("/pactes/{pact_id:uuid}/pacte.pdf")
async def pact_on_paper(pact_id: FromPath[UUID], visit: NamedDependency[Visit]) -> Response[bytes]:
    """Give the pact as a PDF."""
    return await pact_as_pdf(visit.request, await found(visit, pact_id))


async def pact_page(visit: Visit, pact_id: UUID, *, form: Form[Any] | None = None, status: int = 200) -> Response[Any]:
    """Show the page of a pact, with what was typed in one of its forms if that was refused."""
    view = await found(visit, pact_id)
    typed, errors = again(form) if form else ({}, {})
    today = visit.today.isoformat()
    return render(
        visit.request,
        "pacts/pact.html",
        status_code=status,
        values={"on": today, "held_on": today, **typed},
        errors=errors,
        adding=not errors.keys().isdisjoint(("title", "owner", "due_on", "budget", "partners", "indicator")),
        reviewing=not errors.keys().isdisjoint(("summary", "held_on")),
        here=f"/pactes/{pact_id}",
        today=visit.today,
        inviting=not errors.keys().isdisjoint(("invited", "email")),
        invitable=[(str(party.id), party.name) for party in view.parties if not party.is_state],
        awaited=_awaited(visit, view),
        expected=EXPECTED.get(view.state),
        steps=_steps(view),
        status_options=[(status, said) for status, (said, _) in ACTION_STATUS.items()],
        **described(view),
    )


async def found(visit: Visit, pact_id: UUID) -> PactView:
    """Give the pact as this agent sees it; `NotFound` outside his perimeter."""
    return await find(
        visit.database, pact_id, perimeter=visit.agent.perimeter, who=official(visit.agent), today=visit.today
    )


async def asks_for_rows(visit: Visit) -> bool:
    """Tell whether the button that was pressed only wants more rows to type in."""
    return "_more" in await visit.request.form()


async def _new_page(visit: Visit, values: dict[str, Any], errors: dict[str, str], status: int) -> Response[Any]:
    return render(
        visit.request,
        "pacts/new.html",
        status_code=status,
        values=values,
        errors=errors,
        rows=rows_of(values, "parties", spare=2, least=3),
        kinds=[(kind, said) for kind, said in PARTY_KIND.items() if kind != "state"],
        departement_options=[(code, code) for code in sorted(visit.agent.departements)],
    )


def _opens(visit: Visit) -> bool:
    return visit.agent.has(Role.SAT_AGENT, Role.DELEGATE)


def _awaited(visit: Visit, view: PactView) -> dict[str, Any]:
    """Tell which parties have yet to agree or sign, and for which of them this agent may record it."""
    waiting = view.awaited
    for_state, for_others = visit.agent.has(Role.DELEGATE), visit.agent.has(Role.SAT_AGENT)
    mine = [party for party in waiting if (for_state if party.is_state else for_others)]
    return {
        "names": [party.name for party in waiting],
        "options": [(str(party.id), party.name) for party in mine],
        "state_only": len(mine) == 1 and mine[0].is_state,
        "state_needs_delegate": any(party.is_state for party in waiting) and not for_state,
        "others_need_agent": any(not party.is_state for party in waiting) and not for_others,
    }


def _steps(view: PactView) -> list[dict[str, str]]:
    here = list(STEPS).index(view.state)
    return [
        {"label": label, "state": "done" if place < here else "current" if place == here else "todo"}
        for place, label in enumerate(STEPS.values())
    ]


ROUTES = (show_pacts, show_new_pact, open_pact, show_pact, print_pact, pact_on_paper)
