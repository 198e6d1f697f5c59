"""Pages of pacts: the list, one pact on the screen and on paper, a new one, and its diagnosis."""

from dataclasses import dataclass, replace
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from services.qualification.domain.pact_moves import PactAction, PactState
from services.qualification.reads.pact import earlier_versions, origin
from services.qualification.reads.pact_views import PactView
from services.qualification.reads.pacts import pact_of_request, pacts
from services.qualification.web.actions import DIAGNOSIS, ON_PACTS, OPEN_PACT, REMOVAL
from services.qualification.web.context import AgentContext
from services.qualification.web.pacts_shown import described, pact_as_pdf, rows_of, typed_rows
from services.qualification.web.pacts_words import ACTION_STATUS, EXPECTED, PACT_STATE, PARTY_KIND, STEPS
from shared.db import Reader
from shared.errors import IllegalMove
from shared.identity.model import Role
from shared.web.actions import Refused, Resource, offered, page_read, page_routes
from shared.web.pages import redirect, render
from shared.web.paging import Page


@dataclass(frozen=True, slots=True)
class Awaited:
    """Which parties have yet to agree or sign, and for which of them this agent may record it."""

    names: list[str]
    options: list[tuple[str, str]]
    state_only: bool
    state_needs_delegate: bool
    others_need_agent: bool


@get("/pactes")
async def show_pacts(
    context: NamedDependency[AgentContext],
    paging: NamedDependency[Page],
    in_state: Annotated[str, QueryParameter(name="state")] = "",
    q: Annotated[str, QueryParameter(max_length=200)] = "",
) -> Response[Any]:
    """List the pacts of the agent's départements."""
    states = [PactState(in_state)] if in_state in set(PactState) else []
    lines, total = await pacts(context.database, context.viewer, paging, states=states, q=q)
    return render(
        context.request,
        "pacts/list.html",
        pacts=lines,
        total=total,
        page_asked=paging,
        states=PACT_STATE,
        state_options=[(state, label) for state, (label, _) in PACT_STATE.items()],
        filtered=bool(in_state or q),
        opens=context.agent.has(Role.SAT_AGENT, Role.DELEGATE),
        today=context.today,
    )


@get("/pactes/nouveau")
async def show_new_pact(
    context: NamedDependency[AgentContext], request_id: FromQuery[UUID | None] = None
) -> Response[Any]:
    """Show the form of a new pact, filled in with what a request says; a request that led to one shows that one."""
    context.agent.require(Role.SAT_AGENT, Role.DELEGATE)
    if request_id is None:
        return await _show_new(context)
    known = await pact_of_request(context.database, request_id, perimeter=context.agent.perimeter)
    if known is not None:
        return redirect(f"/pactes/{known}")
    case = await context.case(context.database, request_id)
    asking = case.request.applicant
    party = {"name": asking.name, "kind": asking.kind.value, "code": asking.code, "email": case.contact.email}
    values = {
        "title": case.request.title,
        "departement": case.departement,
        "request_id": str(request_id),
        **typed_rows("parties", [party]),
    }
    return _new_page(context, values, None)


@get("/pactes/{pact_id:uuid}/imprimer")
async def print_pact(pact_id: FromPath[UUID], context: NamedDependency[AgentContext]) -> Response[Any]:
    """Show the pact as a document."""
    pact = await context.pact(context.database, pact_id)
    return render(context.request, "pacts/print.html", today=context.today, **described(pact))


@get("/pactes/{pact_id:uuid}/pacte.pdf")
async def pact_on_paper(pact_id: FromPath[UUID], context: NamedDependency[AgentContext]) -> Response[bytes]:
    """Return the pact as a PDF."""
    return await pact_as_pdf(context.request, await context.pact(context.database, pact_id))


@get("/pactes/{pact_id:uuid}/diagnostic")
async def show_diagnosis(pact_id: FromPath[UUID], context: NamedDependency[AgentContext]) -> Response[Any]:
    """Show the form of the diagnosis, filled in with the version on the table."""
    pact = await context.pact(context.database, pact_id)
    if PactAction.DIAGNOSIS not in pact.allowed_actions:
        raise IllegalMove(state=pact.state, allowed_actions=pact.allowed_actions)
    return _diagnosis_page(context, pact, None)


async def _read(context: AgentContext, reader: Reader, pact_id: UUID) -> PactView:
    """Show one pact."""
    return await context.pact(reader, pact_id)


async def _read_of_action(context: AgentContext, reader: Reader, pact_id: UUID, _: UUID) -> PactView:
    return await context.pact(reader, pact_id)


async def _show(context: AgentContext, pact_id: UUID, *, refused: Refused | None = None) -> Response[Any]:
    """Show one pact, with the forms of what may be done now."""
    pact = await context.pact(context.database, pact_id)
    today = context.today.isoformat()
    dates = {"approbations.on": today, "signatures.on": today, "revues.held_on": today}
    return render(
        context.request,
        "pacts/pact.html",
        status_code=refused.status if refused else 200,
        values={**dates, **(refused.form.values if refused else {})},
        errors=refused.form.errors if refused else {},
        failed=refused.action.path if refused else None,
        actions={action.path: action for action in offered(ON_PACTS, pact.allowed_actions)},
        removal=REMOVAL,
        here=f"/pactes/{pact_id}",
        today=context.today,
        versions=await earlier_versions(context.database, pact),
        origin=await origin(context.database, pact),
        invitable=[(str(party.id), party.name) for party in pact.parties if not party.is_state],
        awaited=_awaited(context, pact),
        expected=EXPECTED.get(pact.state),
        steps=_steps(pact),
        status_options=[(status, label) for status, (label, _) in ACTION_STATUS.items()],
        **described(pact),
    )


async def _show_of_action(
    context: AgentContext, pact_id: UUID, _: UUID, *, refused: Refused | None = None
) -> Response[Any]:
    return await _show(context, pact_id, refused=refused)


async def _show_diagnosis(context: AgentContext, pact_id: UUID, *, refused: Refused) -> Response[Any]:
    return _diagnosis_page(context, await context.pact(context.database, pact_id), refused)


async def _show_new(context: AgentContext, *, refused: Refused | None = None) -> Response[Any]:
    return _new_page(context, {}, refused)


PACT: Final = Resource(
    address="/pacts/{pact_id:uuid}", page="/pactes/{pact_id:uuid}", view=PactView, read=_read, show=_show
)
DIAGNOSING: Final = replace(PACT, show=_show_diagnosis)
PACTS: Final = Resource(address="/pacts", page="/pactes", view=PactView, read=_read, show=_show_new)
PLANNED_ACTION: Final = Resource(
    address="/pacts/{pact_id:uuid}/actions/{action_id:uuid}",
    page="/pactes/{pact_id:uuid}/actions/{action_id:uuid}",
    view=PactView,
    read=_read_of_action,
    show=_show_of_action,
)


def _new_page(context: AgentContext, known: dict[str, Any], refused: Refused | None) -> Response[Any]:
    values = refused.form.values if refused else known
    return render(
        context.request,
        "pacts/new.html",
        status_code=refused.status if refused else 200,
        values=values,
        errors=refused.form.errors if refused else {},
        submit=OPEN_PACT.label,
        rows=rows_of(values, "parties", spare=2, least=3),
        kinds=[(kind, label) for kind, label in PARTY_KIND.items() if kind != "state"],
        departement_options=[(code, code) for code in sorted(context.agent.departements)],
    )


def _diagnosis_page(context: AgentContext, pact: PactView, refused: Refused | None) -> Response[Any]:
    values = refused.form.values if refused else _on_the_table(pact)
    return render(
        context.request,
        "pacts/diagnosis.html",
        status_code=refused.status if refused else 200,
        pact=pact,
        values=values,
        errors=refused.form.errors if refused else {},
        submit=DIAGNOSIS.label,
        rows=rows_of(values, "indicators", spare=2, least=3),
        agreed=[party.name for party in pact.parties if party.agreed_on],
    )


def _on_the_table(pact: PactView) -> dict[str, Any]:
    if pact.diagnosis is None:
        return {}
    indicators = [{"name": each.name, "value": each.value, "source": each.source} for each in pact.diagnosis.indicators]
    return {
        "strengths": pact.diagnosis.strengths,
        "weaknesses": pact.diagnosis.weaknesses,
        **typed_rows("indicators", indicators),
    }


def _awaited(context: AgentContext, pact: PactView) -> Awaited:
    waiting = pact.awaited
    for_state, for_others = context.agent.has(Role.DELEGATE), context.agent.has(Role.SAT_AGENT)
    mine = [party for party in waiting if (for_state if party.is_state else for_others)]
    return Awaited(
        names=[party.name for party in waiting],
        options=[(str(party.id), party.name) for party in mine],
        state_only=len(mine) == 1 and mine[0].is_state,
        state_needs_delegate=any(party.is_state for party in waiting) and not for_state,
        others_need_agent=any(not party.is_state for party in waiting) and not for_others,
    )


def _steps(pact: PactView) -> list[dict[str, str]]:
    here = list(STEPS).index(pact.state)
    return [
        {"label": label, "state": "done" if place < here else "current" if place == here else "todo"}
        for place, label in enumerate(STEPS.values())
    ]


ROUTES = (
    show_pacts,
    show_new_pact,
    page_read(PACT),
    print_pact,
    pact_on_paper,
    show_diagnosis,
    *page_routes(PACTS, [OPEN_PACT]),
    *page_routes(DIAGNOSING, [DIAGNOSIS]),
    *page_routes(PACT, ON_PACTS),
    *page_routes(PLANNED_ACTION, [REMOVAL]),
)
