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
from services.qualification.usecases.context import official
from services.qualification.web.context import AgentContext
from services.qualification.web.pacts_forms import PactForm, again, rows_of, typed_rows
from services.qualification.web.pacts_shown import described, pact_as_pdf
from services.qualification.web.pacts_words import ACTION_STATUS, EXPECTED, PACT_STATE, PARTY_KIND, STEPS
from shared import clock
from shared.db import Transaction
from shared.identity.model import Role
from shared.web.forms import Form, read_form
from shared.web.pages import redirect, render
from shared.web.paging import Page


@get("/pactes")
async def show_pacts(
    context: NamedDependency[AgentContext],
    paging: NamedDependency[Page],
    in_state: Annotated[str, QueryParameter(name="state")] = "",
    q: Annotated[str, QueryParameter(max_length=200)] = "",
) -> Response[Any]:
    """List the pacts of the agent's départements."""
    lines, total = await pacts(
        context.database,
        perimeter=context.agent.perimeter,
        states=[PactState(in_state)] if in_state in set(PactState) else [],
        q=q,
        who=official(context.agent),
        today=context.today,
        page=paging,
    )
    return render(
        context.request,
        "pacts/list.html",
        pacts=lines,
        total=total,
        page_asked=paging,
        states=PACT_STATE,
        state_options=[(state, said) for state, (said, _) in PACT_STATE.items()],
        filtered=bool(in_state or q),
        opens=_opens(context),
        today=context.today,
    )


@get("/pactes/nouveau")
async def show_new_pact(
    context: NamedDependency[AgentContext], request_id: FromQuery[UUID | None] = None
) -> Response[Any]:
    """Show the form of a new pact, filled in with what a request says; a request that led to one shows that one."""
    context.agent.require(Role.SAT_AGENT, Role.DELEGATE)
    if request_id is None:
        return await _new_page(context, {}, {}, 200)
    known = await pact_of_request(context.database, request_id, perimeter=context.agent.perimeter)
    if known is not None:
        return redirect(f"/pactes/{known}")
    case = await context.case(context.database, request_id)
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
    return await _new_page(context, values, {}, 200)


@post("/pactes/nouveau")
async def open_pact(context: NamedDependency[AgentContext]) -> Response[Any]:
    """Open a pact, or show the form again with more rows."""
    form = await read_form(context.request, PactForm)
    if await asks_for_rows(context):
        return await _new_page(context, again(form)[0], {}, 200)
    pact_id = clock.new_id()

    async def act(tx: Transaction, pact: PactForm) -> object:
        return await acts.open_pact(
            tx,
            pact_id,
            title=pact.title,
            departement=pact.departement,
            parties=pact.named(),
            request_id=pact.request_id,
            by=context.agent,
            at=clock.now(),
            rules=context.parts.rules,
            territories=context.parts.territories,
        )

    async def shown_again(form: Form[Any], status: int) -> Response[Any]:
        return await _new_page(context, *again(form), status)

    said = "Le pacte est ouvert. Prochaine étape\u00a0: le diagnostic partagé."
    return await context.carry_out(form, act, then=f"/pactes/{pact_id}", said=said, again=shown_again)


@get("/pactes/{pact_id:uuid}")
async def show_pact(pact_id: FromPath[UUID], context: NamedDependency[AgentContext]) -> Response[Any]:
    """Show one pact, with the forms of what may be done now."""
    return await pact_page(context, pact_id)


@get("/pactes/{pact_id:uuid}/imprimer")
async def print_pact(pact_id: FromPath[UUID], context: NamedDependency[AgentContext]) -> Response[Any]:
    """Show the pact as a document."""
    view = await found(context, pact_id)
    return render(context.request, "pacts/print.html", today=context.today, **described(view))


@get("/pactes/{pact_id:uuid}/pacte.pdf")
async def pact_on_paper(pact_id: FromPath[UUID], context: NamedDependency[AgentContext]) -> Response[bytes]:
    """Give the pact as a PDF."""
    return await pact_as_pdf(context.request, await found(context, pact_id))


async def pact_page(
    context: AgentContext, pact_id: UUID, *, form: Form[Any] | None = None, status: int = 200
) -> Response[Any]:
    """Show the page of a pact, with what was typed in one of its forms if that was refused."""
    view = await found(context, pact_id)
    typed, errors = again(form) if form else ({}, {})
    today = context.today.isoformat()
    return render(
        context.request,
        "pacts/pact.html",
        status_code=status,
        values={"on": today, "held_on": today, **typed},
        errors=errors,
        adding=not errors.keys().isdisjoint(("title", "owner", "due_on", "budget", "partners", "indicator")),
        reviewing=not errors.keys().isdisjoint(("summary", "held_on")),
        here=f"/pactes/{pact_id}",
        today=context.today,
        inviting=not errors.keys().isdisjoint(("invited", "email")),
        invitable=[(str(party.id), party.name) for party in view.parties if not party.is_state],
        awaited=_awaited(context, view),
        expected=EXPECTED.get(view.state),
        steps=_steps(view),
        status_options=[(status, said) for status, (said, _) in ACTION_STATUS.items()],
        **described(view),
    )


async def found(context: AgentContext, pact_id: UUID) -> PactView:
    """Give the pact as this agent sees it; `NotFound` outside his perimeter."""
    return await find(
        context.database, pact_id, perimeter=context.agent.perimeter, who=official(context.agent), today=context.today
    )


async def asks_for_rows(context: AgentContext) -> bool:
    """Tell whether the button that was pressed only wants more rows to type in."""
    return "_more" in await context.request.form()


async def _new_page(
    context: AgentContext, values: dict[str, Any], errors: dict[str, str], status: int
) -> Response[Any]:
    return render(
        context.request,
        "pacts/new.html",
        status_code=status,
        values=values,
        errors=errors,
        rows=rows_of(values, "parties", spare=2, least=3),
        kinds=[(kind, said) for kind, said in PARTY_KIND.items() if kind != "state"],
        departement_options=[(code, code) for code in sorted(context.agent.departements)],
    )


def _opens(context: AgentContext) -> bool:
    return context.agent.has(Role.SAT_AGENT, Role.DELEGATE)


def _awaited(context: AgentContext, view: PactView) -> dict[str, Any]:
    """Tell which parties have yet to agree or sign, and for which of them this agent may record it."""
    waiting = view.awaited
    for_state, for_others = context.agent.has(Role.DELEGATE), context.agent.has(Role.SAT_AGENT)
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
